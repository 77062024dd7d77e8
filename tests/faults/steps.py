"""Escalation policies whose waits are seconds, and what became of their steps."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from recovery import clock
from recovery.clinical.tiers import Tier
from recovery.escalation.policy import DEFAULTS, Policy, Step, document_of
from recovery.models import Alert, AlertEvent, CareTeam, Episode, EscalationPolicy, RotaShift, User
from tests.faults.scale import times
from tests.faults.scene import Patient, Scene

LATEST = timedelta(seconds=10)
"""A step is taken within this after it is due."""


def quick(
    *steps: tuple[float, str], again_s: float = 600, contact_s: float = 600, grace_s: float = 600
) -> Policy:
    """In seconds."""
    return Policy(
        tuple(Step(timedelta(seconds=after), (whom,)) for after, whom in steps),
        *(timedelta(seconds=length) for length in (contact_s, grace_s, again_s)),
    )


QUICK = quick((0, "on-call"), (3, "second"), (6, "team"))
APART = quick((0, "on-call"), (times(10, 3), "second"), (times(20, 6), "team"))
"""So far apart that none falls due while another one is late."""


def of_team(patient: Patient) -> CareTeam:
    return Episode.objects.select_related("team__clinic").get(pk=patient.episode_id).team


def follow(scene: Scene, policy: Policy = QUICK) -> None:
    """Each team works under this policy, at every tier; the first of them is on call, the second is second."""
    for patient in scene.patients:
        team = of_team(patient)
        users = [User.objects.get(email=colleague.email) for colleague in patient.team]
        write(team, users[0], policy)
        for level, user in zip(RotaShift.Level.values, users, strict=False):
            RotaShift.objects.bulk_create(
                RotaShift(
                    clinic=team.clinic,
                    team=team,
                    level=level,
                    user=user,
                    weekday=weekday,
                    begins_min=0,
                    lasts_min=24 * 60,
                    created_at=clock.now(),
                )
                for weekday in range(7)
            )


def write(team: CareTeam, by: User, policy: Policy) -> None:
    EscalationPolicy.objects.create(
        clinic=team.clinic,
        team=team,
        version=EscalationPolicy.objects.filter(team=team).count() + 1,
        document=document_of(dict.fromkeys(DEFAULTS, policy)),
        created_at=clock.now(),
        created_by=by,
    )


@dataclass(frozen=True)
class Taken:
    """A step of an alert: when it was due, and when it was taken."""

    alert: int
    tier: Tier
    step: int
    collapsed: tuple[int, ...]
    due: datetime
    at: datetime

    @property
    def late(self) -> timedelta:
        return self.at - self.due


def taken(scene: Scene) -> list[Taken]:
    """In the order in which they were taken."""
    events = AlertEvent.objects.filter(alert__episode__in=scene.episodes, kind=AlertEvent.Kind.ESCALATED)
    return [
        Taken(
            event.alert_id,
            Tier(event.tier),
            event.detail["step"],
            tuple(event.detail["collapsed"]),
            datetime.fromisoformat(event.detail["due"]),
            event.at,
        )
        for event in events.order_by("pk")
    ]


def assert_steps_kept_their_time(scene: Scene, *, latest: timedelta = LATEST) -> None:
    """I8: never early, never twice, none left out, and each within its time."""
    steps = taken(scene)
    assert all(timedelta() <= each.late <= latest for each in steps), max(each.late for each in steps)
    for alert in Alert.objects.filter(episode__in=scene.episodes):
        own = [number for each in steps if each.alert == alert.pk for number in (*each.collapsed, each.step)]
        assert own == list(range(1, len(own) + 1)), own
