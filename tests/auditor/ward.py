"""A ward in which everything happens that may: reports, corrections, red flags at every stage, silence, refused bodies,
mutes, pauses and endings, made by the operations. And the auditor at its look, every so many seconds of real time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from recovery import alerts, auditor, checkins, corrections, episodes, quarantine, watch
from recovery.auditor import Look
from recovery.models import Alert, Assessment, CareTeam, DeviceToken, Notification, User
from tests import factories
from tests.factories import at, submission
from tests.hold.settled import as_next_request

NOW_H = 100.0
EVERY = timedelta(seconds=20)
WITHIN = timedelta(minutes=2)
"""Whatever is broken is found by then."""


@dataclass(frozen=True)
class Ward:
    team: CareTeam
    ben: User
    dora: User
    phones: Sequence[DeviceToken]

    def alert(self, **of: Any) -> Alert:
        return Alert.objects.filter(**of).earliest("pk")


def settle(hours: float) -> None:
    """Everything that is owed is done, as if every grace were over."""
    for _ in range(6):
        Assessment.objects.filter(flagged_at=None).update(next_attempt_at=None)
        Notification.objects.filter(status__in=["waiting", "sending"]).update(next_attempt_at=at(-1_000_000))
        if not +watch.cycle(at(hours)):
            return


def report(phone: DeviceToken, hours: float, **changes: Any) -> Any:
    return checkins.submit(
        device=as_next_request(phone), submission=submission(hours, **changes), now=at(hours)
    )


def make() -> Ward:
    team = factories.team()
    ben = factories.member(team, "Ben Okafor", password=None)
    dora = factories.member(team, "Dora Klein", "doctor", password=None)
    phones = [factories.phone(factories.episode(team, name=f"Ana {n}"))[0] for n in range(8)]
    calm, open_, taken, closed, corrected, muted, silent, paused = phones
    for phone in phones[:-2]:
        report(phone, 6)
    report(silent, 6)
    report(paused, 6)
    settle(7)
    report(open_, 20, bladder="new_or_worse", cough="new")
    report(taken, 20, chest_pain="yes")
    report(closed, 20, bleeding="oozing")
    first = report(corrected, 20, numbness="new_or_worse", numbness_where=["both_legs"])
    report(muted, 20, bleeding="oozing")
    settle(20.1)
    for phone, rule in ((taken, None), (closed, None), (muted, None)):
        alert = Alert.objects.filter(episode=phone.episode_id).earliest("pk")
        alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(20.2))
        alerts.record_contact(alert_id=alert.uuid, by=ben, reached=True, by_what="phone", now=at(20.3))
        del rule
    alert = Alert.objects.filter(episode=closed.episode_id).earliest("pk")
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(21))
    alert = Alert.objects.filter(episode=muted.episode_id).earliest("pk")
    alerts.mute(alert_id=alert.uuid, until=at(400), reason="Known.", by=ben, now=at(21))
    again = submission(20.5, client_id=first.check_in_id, observed_at=at(20))
    checkins.correct(device=as_next_request(corrected), submission=again, base_revision=1, now=at(21))
    quarantine.keep(
        device=as_next_request(calm), body=b'{"answers": 1}', code="invalid", problems=[], readable=False,
        now=at(22),
    )  # fmt: skip
    settle(22)
    for hours in (44.0, 68.0, 92.0):
        for phone in (calm, open_, taken, closed, corrected, muted):
            report(phone, hours)
        report(muted, hours + 0.1, bleeding="oozing")
        settle(hours + 0.2)
        settle(hours + 6)
    corrections.correct_risk_factors(
        episode_id=calm.episode.uuid, risk_factors=["anticoagulant"], blood_thinner_restart_h=None,
        reason="Read in the letter.", by=ben, now=at(99),
    )  # fmt: skip
    episodes.pause(episode_id=paused.episode.uuid, reason="In hospital.", by=ben, now=at(99))
    settle(NOW_H)
    return Ward(team, ben, dora, phones)


def look(*, seconds: float = 0.0, hours: float = NOW_H, programs: Sequence[str] = ()) -> Look:
    """The auditor's look so many seconds later, by both clocks."""
    later = timedelta(seconds=seconds)
    return auditor.look(now=at(hours) + later, later=later, programs=programs)


def looks(*, hours: float = NOW_H) -> set[str]:
    """What is found by two minutes of looking, as the auditor looks."""
    kinds: set[str] = set()
    seconds = 0.0
    while seconds <= WITHIN.total_seconds():
        kinds |= look(seconds=seconds, hours=hours).kinds
        seconds += settings.AUDIT_EVERY_S
    return kinds
