"""How late the steps of escalations are: by the commits of those who took them, which the database remembers, not by
the instant that they were given."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from recovery import clock
from recovery.clinical.tiers import Tier
from recovery.escalation.policy import AGAIN, GRACE, TIERS, Policy, Step, document_of
from recovery.models import CareTeam, EscalationPolicy, Membership
from tests.faults.scene import Scene
from tests.system import System

REMEMBERS = {"track_commit_timestamp": "on"}
"""What the PostgreSQL must be set to."""

IN_A_HURRY = 10
"""Of so many teams one escalates within this run, the others hours after it."""

SOON = (timedelta(0), timedelta(seconds=20), timedelta(seconds=40))
LATER = (timedelta(0), timedelta(hours=6))

TAKEN = """
    SELECT extract(epoch FROM (e.detail->>'due')::timestamptz)::float,
           extract(epoch FROM pg_xact_commit_timestamp(e.xmin))::float,
           e.alert_id, (e.detail->>'step')::int, (e.detail->>'lap')::int
      FROM recovery_alertevent e JOIN recovery_alert a ON a.id = e.alert_id
     WHERE a.episode_id = ANY(%s) AND e.kind = 'escalated'
"""

STEPS = """
    SELECT count(*) FILTER (WHERE a.step <> jsonb_array_length(a.escalation->(CASE a.tier WHEN 4 THEN 'emergency'
                                                                             WHEN 3 THEN 'same_day' END)->'steps'))
      FROM recovery_alert a JOIN recovery_careteam t ON t.id = a.team_id
     WHERE a.episode_id = ANY(%s) AND a.tier >= 3 AND a.team_id = ANY(%s)
"""

DUE = "SELECT count(*) FROM recovery_alert WHERE episode_id = ANY(%s) AND next_step_at < now() + interval '10 min'"


Away = tuple[float, float]
"""From when until when PostgreSQL was not there, in seconds since the epoch."""


@dataclass
class Lateness:
    """`late_s` of each step that was taken, in order; `avoidable_s` is the same without the time in which PostgreSQL
    was away, when nobody could take it; `skipped` are alerts that have not had all of theirs."""

    late_s: list[float] = field(default_factory=list)
    avoidable_s: list[float] = field(default_factory=list)
    early: int = 0
    twice: int = 0
    skipped: int = 0


def hurry(system: System) -> list[int]:
    """Some of the teams escalate soon. Returns their ids."""
    with system.django():
        teams = list(CareTeam.objects.order_by("pk"))
        soon = teams[::IN_A_HURRY]
        for team in teams:
            EscalationPolicy.objects.create(
                clinic_id=team.clinic_id,
                team=team,
                version=1,
                document=document_of(
                    {tier: _policy(tier, SOON if team in soon else LATER) for tier in TIERS}
                ),
                created_at=clock.now(),
                created_by=Membership.objects.filter(team=team).order_by("pk")[0].user,
            )
        return [team.pk for team in soon]


def nothing_falls_due(scene: Scene) -> bool:
    [(number,)] = scene.rows(DUE)
    return number == 0


def measure(scene: Scene, in_a_hurry: list[int], away: Sequence[Away]) -> Lateness:
    taken = scene.rows(TAKEN)
    [(skipped,)] = scene.rows(STEPS, in_a_hurry)
    late_s = sorted(at - due for due, at, *_ in taken)
    return Lateness(
        late_s=late_s,
        avoidable_s=sorted(avoidable_s(due, at, away) for due, at, *_ in taken),
        early=sum(late < 0 for late in late_s),
        twice=len(taken) - len({row[2:] for row in taken}),
        skipped=skipped,
    )


def avoidable_s(due: float, at: float, away: Sequence[Away]) -> float:
    """How long a step that was due waited while there was a PostgreSQL."""
    return at - due - sum(max(0.0, min(at, back) - max(due, since)) for since, back in away)


def _policy(tier: Tier, waits: tuple[timedelta, ...]) -> Policy:
    steps = tuple(Step(wait, ("team",)) for wait in waits)
    return Policy(
        steps, contact=timedelta(hours=4), grace=GRACE[tier], again=max(AGAIN[tier], timedelta(hours=4))
    )
