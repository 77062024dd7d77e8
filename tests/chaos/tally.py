"""What became of every red flag, counted from what is stored and from what the provider was given: nothing here asks
the product what it thinks of itself. What must have been found is derived by the pure core."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from recovery import assessments
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import assess
from recovery.clinical.facts import Report as Told
from recovery.clinical.tiers import Tier
from recovery.models import Episode
from tests.chaos.reporting import Kept
from tests.faults.scene import Scene

ALERTS = "SELECT episode_id, rule, count(*) FROM recovery_alert WHERE episode_id = ANY(%s) GROUP BY 1, 2"

MESSAGES = """
    SELECT DISTINCT a.episode_id, u.email, n.message_key::text
      FROM recovery_notification n JOIN recovery_alert a ON a.id = n.alert_id
      JOIN recovery_user u ON u.id = n.recipient_id
     WHERE a.episode_id = ANY(%s)
"""


@dataclass
class Tally:
    """`lost`: red flags that were answered 2xx and have no alert, or of which somebody of the team was not told.
    `duplicated`: alerts beyond the one there may be of each patient and rule. `unfounded`: alerts nobody reported.
    `latencies_s`: from the answer until the last of the team was told, in order."""

    red_flags: int = 0
    sends: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unfounded: list[str] = field(default_factory=list)
    extra: int = 0
    latencies_s: list[float] = field(default_factory=list)


def at_share(ordered: Sequence[float], share: float) -> float:
    """A percentile; 0 of none."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def count(scene: Scene, kept: list[Kept]) -> Tally:
    tally = Tally(red_flags=sum(not each.repeats for each in kept))
    first_at, arrivals = _arrived(scene)
    tally.sends = arrivals.total()
    tally.extra = arrivals.total() - len(arrivals)
    alerts: dict[int, Counter[str]] = defaultdict(Counter)
    for episode, rule, number in scene.rows(ALERTS):
        alerts[episode][rule] = number
    keys: dict[tuple[int, str], set[str]] = defaultdict(set)
    for episode, email, key in scene.rows(MESSAGES):
        keys[episode, email].add(key)

    with scene.system.django():
        ought = _Oracle(scene.episodes[0])
        for each in kept:
            patient, what = each.report.patient, ought.find(each.report.body)
            found, who = alerts[patient.episode_id], f"patient {patient.episode_id}"
            tally.lost += [f"{who}: no alert of {rule}" for rule in what - found.keys()]
            if each.repeats:
                continue
            tally.unfounded += [f"{who}: an alert of {rule}" for rule in found.keys() - what]
            tally.duplicated += [
                f"{who}: {number} alerts of {rule}" for rule, number in found.items() if number > 1
            ]
            told_at = [
                min(
                    (first_at[key] for key in keys[patient.episode_id, member.email] if key in first_at),
                    default=None,
                )
                for member in patient.team
            ]
            tally.lost += [
                f"{who}: {member.email} was not told"
                for member, at in zip(patient.team, told_at, strict=True)
                if at is None
            ]
            if None not in told_at:
                tally.latencies_s.append(max(0.0, max(told_at) - each.at))  # type: ignore[type-var]
    tally.latencies_s.sort()
    return tally


def _arrived(scene: Scene) -> tuple[dict[str, float], Counter[str]]:
    """When each message was taken first, and how often it was."""
    first_at: dict[str, float] = {}
    arrivals = Counter[str]()
    for mail in scene.mails:
        key = str(mail.message["Message-ID"]).strip("<").partition("@")[0]
        first_at.setdefault(key, mail.at)
        arrivals[key] += 1
    return first_at, arrivals


class _Oracle:
    """All patients are alike: what is found depends on what they report alone."""

    def __init__(self, episode_id: int) -> None:
        episode = Episode.objects.get(pk=episode_id)
        self._protocol = protocols.get(episode.protocol)
        self._procedure = assessments.procedure_of(episode)
        self._baseline = assessments.baseline_of(episode)
        self._find = cache(self._judge)

    def find(self, body: dict[str, Any]) -> frozenset[str]:
        """The rules of which the team must be told."""
        given = {name: answer for name, answer in body["answers"].items() if answer is not None}
        return self._find(
            repr(sorted(given.items())), _Given(given, datetime.fromisoformat(body["observed_at"]))
        )

    def _judge(self, _: str, given: "_Given") -> frozenset[str]:
        report = Told(
            observed_at=given.at, received_at=given.at, answers=given.answers, completed=True, id=""
        )
        verdict = assess(
            protocol=self._protocol,
            procedure=self._procedure,
            baseline=self._baseline,
            history=[],
            report=report,
        )
        return frozenset(finding.rule for finding in verdict.findings if finding.tier >= Tier.ROUTINE)


@dataclass(frozen=True)
class _Given:
    """Answers and when; told apart by the text of the answers alone."""

    answers: dict[str, Any] = field(compare=False, hash=False)
    at: datetime = field(compare=False, hash=False)
