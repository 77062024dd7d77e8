"""Doing what is owed, and reading what then stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recovery import alerts, assessments
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, DeviceToken, Episode
from tests.hold.recoveries import Recovery

TURNS = 10
"""More turns than anything owed may take."""


def as_next_request(device: DeviceToken) -> DeviceToken:
    """The phone as the door would see it at its next request."""
    return DeviceToken.objects.select_related("episode__clinic", "patient").get(pk=device.pk)


def turn(now: datetime) -> None:
    """The watch's turn, when the grace it leaves to Celery is over."""
    Assessment.objects.filter(flagged_at=None).update(next_attempt_at=None)
    alerts.flag_owed(limit=100, now=now)
    assessments.rejudge_owed(limit=100, now=now)


def settle(now: datetime) -> None:
    """Turn after turn until nothing is owed."""
    for _ in range(TURNS):
        turn(now)
        if not owed():
            return
    raise AssertionError(f"still owed after {TURNS} turns: {owed()}")


def owed() -> list[str]:
    rows = Assessment.objects.filter(flagged_at=None, set_aside_at=None)
    episodes = Episode.objects.filter(rejudge_from__isnull=False)
    return [*map(str, rows), *map(str, episodes)]


@dataclass(frozen=True)
class Final:
    """The final state of a recovery. Not part of it: how many alerts came and went below same_day, who was told when.

    `verdicts`: the current verdict of every report that was not withdrawn.
    `told`: rules that ever had an alert at same_day or above, with the highest tier.
    `live`: rules with a live alert, and its tier; every urgent one counts by itself, the others as "not urgent",
    because a routine finding that joins an open alert does not lower it, and one that comes first does not raise it.
    `found`: (report, rule, tier) of all that was ever found, also before an earlier report arrived or a correction.
    """

    verdicts: dict[UUID, dict[str, Any]]
    told: dict[str, int]
    live: dict[str, int]
    found: frozenset[tuple[UUID | None, str, int]]
    next_due_at: datetime | None

    def found_of(self, rule: str) -> set[tuple[UUID | None, int]]:
        return {(report, tier) for report, of, tier in self.found if of == rule}


VERDICT = ("revision", "tier", "hours", "phase", "slot", "effective_at", "findings", "notes")


def final(episode: Episode) -> Final:
    rows = Assessment.objects.filter(episode=episode)
    current = rows.filter(is_current=True, check_in__withdrawn_at=None, check_in__isnull=False)
    opened = Alert.objects.filter(episode=episode).values_list("rule", "tier")
    return Final(
        verdicts={
            row["check_in__client_id"]: {name: row[name] for name in VERDICT}
            for row in current.values("check_in__client_id", *VERDICT)
        },
        told=highest((rule, tier) for rule, tier in opened if tier >= Tier.SAME_DAY),
        live=highest(
            (rule, tier if tier >= Tier.SAME_DAY else Tier.NONE)
            for rule, tier in opened.filter(status__in=Alert.LIVE)
        ),
        found=frozenset(
            (client_id, finding["rule"], Tier.of(finding["tier"]))
            for client_id, findings in rows.values_list("check_in__client_id", "findings")
            for finding in findings
        ),
        next_due_at=Episode.objects.get(pk=episode.pk).next_due_at,
    )


def highest(of: Iterable[tuple[str, int]]) -> dict[str, int]:
    highest: dict[str, int] = {}
    for rule, tier in of:
        highest[rule] = max(int(tier), highest.get(rule, 0))
    return highest


def assert_same_end(first_felt_first: Final, as_it_came: Final, recovery: Recovery) -> None:
    """The same verdicts, and no alert missing that the order in which things were felt would have opened."""
    assert as_it_came.verdicts == first_felt_first.verdicts
    assert as_it_came.next_due_at == first_felt_first.next_due_at
    for stands in (first_felt_first, as_it_came):
        must = must_be_told(stands, recovery)
        assert falls_short(stands.told, of=must) == {}
        assert falls_short(stands.live, of=must) == {}


def must_be_told(stands: Final, recovery: Recovery) -> dict[str, int]:
    """All that was found at same_day or above, also in what was corrected afterwards.

    Of the verdicts that stand it is the same in every order. Of superseded revisions it need not be: what rests on
    earlier reports is found only if those had come by then. Left out are reports that were taken back (what nobody was
    told by then stays untold: it was entered in error), and superseded revisions that stood at another time.
    """
    return highest(
        (rule, tier)
        for report, rule, tier in stands.found
        if tier >= Tier.SAME_DAY and report not in recovery.withdrawn | recovery.moved
    )


def falls_short(stands: dict[str, int], *, of: dict[str, int]) -> dict[str, int]:
    return {rule: tier for rule, tier in of.items() if stands.get(rule, 0) < tier}
