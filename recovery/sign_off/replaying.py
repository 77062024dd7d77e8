"""The last check-ins judged by two protocols: what each would have found in them, with the history that was known."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recovery.assessments import baseline_of, procedure_of
from recovery.clinical.assessment import assess
from recovery.clinical.facts import Earlier, Report
from recovery.clinical.protocol import Protocol
from recovery.clinical.tiers import Tier
from recovery.models import CheckIn, Episode

LAST = 10_000
EPISODES = 200
"""Recoveries that are read at a time."""

CANNOT_JUDGE = "cannot be judged"
_GENERATED = ("pain", "temperature_c", "fever", "numbness", "bandage", "reported")


@dataclass
class Difference:
    """`rules` and `tiers` count what changed, as "from -> to". A red flag is same-day or emergency."""

    judged: int = 0
    same: int = 0
    tiers: Counter[str] = field(default_factory=Counter)
    rules: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    red_flags_lost: int = 0
    red_flags_new: int = 0

    def add(self, old: Mapping[str, Tier], new: Mapping[str, Tier]) -> None:
        self.judged += 1
        if old == new:
            self.same += 1
            return
        for rule in sorted(old.keys() | new.keys()):
            if old.get(rule) != new.get(rule):
                self.rules[rule][f"{_code(old.get(rule))} -> {_code(new.get(rule))}"] += 1
        was, becomes = max(old.values(), default=Tier.NONE), max(new.values(), default=Tier.NONE)
        if was != becomes:
            self.tiers[f"{was.code} -> {becomes.code}"] += 1
        self.red_flags_lost += was >= Tier.SAME_DAY and becomes < was
        self.red_flags_new += becomes >= Tier.SAME_DAY and becomes > was

    def document(self) -> dict[str, Any]:
        """The same difference gives the same document."""
        return {
            "judged": self.judged,
            "the_same": self.same,
            "tiers": dict(sorted(self.tiers.items())),
            "rules": {rule: dict(sorted(found.items())) for rule, found in sorted(self.rules.items())},
            "red_flags_lost": self.red_flags_lost,
            "red_flags_new": self.red_flags_new,
        }


def replay(old: Protocol, new: Protocol, *, last: int = LAST) -> Difference:
    """The last check-ins that stand, of all clinics, canaries' left out. Nothing is stored, and nobody is told."""
    standing = CheckIn.objects.filter(withdrawn_at=None).exclude(episode__team__canary__isnull=False)
    newest = standing.order_by("-pk")[:last]
    wanted = dict(newest.values_list("pk", "episode"))
    episodes = sorted(set(wanted.values()))
    difference = Difference()
    for start in range(0, len(episodes), EPISODES):
        _compare(episodes[start : start + EPISODES], wanted, old, new, difference)
    return difference


def _compare(
    episode_ids: Sequence[int], wanted: Mapping[int, int], old: Protocol, new: Protocol, into: Difference
) -> None:
    reports: dict[int, list[CheckIn]] = defaultdict(list)
    rows = CheckIn.objects.filter(episode__in=episode_ids, withdrawn_at=None)
    for row in rows.order_by("effective_at", "client_id").defer(*_GENERATED):
        reports[row.episode_id].append(row)
    for episode in Episode.objects.filter(pk__in=episode_ids).order_by("pk"):
        said = [_report(row) for row in reports[episode.pk]]
        for place, row in enumerate(reports[episode.pk]):
            if row.pk in wanted:
                into.add(_found(old, episode, said, place), _found(new, episode, said, place))


def _found(protocol: Protocol, episode: Episode, said: Sequence[Report], place: int) -> dict[str, Tier]:
    """The rules that hold, each with its tier."""
    procedure = procedure_of(episode)
    try:
        verdict = assess(
            protocol=protocol,
            procedure=procedure,
            baseline=baseline_of(episode),
            history=[Earlier.of(report, procedure) for report in said[:place]],
            report=said[place],
        )
    except Exception:  # a rule that fails is a difference like another, and the worst
        return {CANNOT_JUDGE: protocol.service_alerts["UNASSESSED"].tier}
    return {finding.rule: finding.tier for finding in verdict.findings}


def _report(row: CheckIn) -> Report:
    return Report(
        observed_at=row.observed_at,
        answers=row.answers,
        received_at=row.received_at,
        completed=row.completed,
        id=str(row.client_id),
    )


def _code(tier: Tier | None) -> str:
    return "nothing" if tier is None else tier.code
