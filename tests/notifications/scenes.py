"""Ana's alerts, as the flagging of a check-in leaves them, and what the team was told of them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from recovery import contacts
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, CareTeam, CheckIn, Clinic, Contact, Episode, Notification, User
from recovery.notifications import plan
from tests import factories

NOW = factories.at(30)


def care_team() -> tuple[CareTeam, User, User]:
    """Ana's team with nurse Ben and admin Dee, and beside it another clinic with nurse Cleo."""
    team = factories.team()
    ben, dee = (
        factories.member(team, "Ben Okafor", password=None),
        factories.member(team, "Dee Marsh", "admin", password=None),
    )
    factories.member(
        factories.team(factories.clinic("Other Clinic"), "Other team"), "Cleo Hart", password=None
    )
    return team, ben, dee


def assessment(of: Episode) -> Assessment:
    submitted = factories.submission(20)
    check_in = CheckIn.objects.create(
        clinic_id=of.clinic_id,
        patient_id=of.patient_id,
        episode=of,
        client_id=submitted.client_id,
        status="completed",
        observed_at=submitted.observed_at,
        sent_at=submitted.sent_at,
        received_at=submitted.sent_at,
        effective_at=submitted.observed_at,
        answered_by="patient",
        app_version="test/1",
        answers=submitted.answers,
        fingerprint="0" * 64,
    )
    return Assessment.objects.create(
        clinic_id=of.clinic_id,
        episode=of,
        check_in=check_in,
        revision=1,
        protocol=of.protocol,
        judged_at=NOW,
        effective_at=submitted.observed_at,
        hours=20,
        phase="phase-0",
        slot=None,
        tier=Tier.EMERGENCY,
    )


def alert(of: Assessment, rule: str = "CORD-BLADDER", tier: Tier = Tier.EMERGENCY, **fields: Any) -> Alert:
    return Alert.objects.create(
        **{
            "clinic_id": of.clinic_id,
            "team_id": of.episode.team_id,
            "episode_id": of.episode_id,
            "rule": rule,
            "tier": tier,
            "opened_at": NOW,
            "tier_at": NOW,
            "first_assessment": of,
            "latest_assessment": of,
            "changed_at": NOW,
        }
        | fields
    )


def planned(*alerts: Alert, step: str = "opened", road: str = "watch") -> list[int]:
    """The team is to be told of these alerts, found by one check-in."""
    tell = [(alert.pk, step) for alert in alerts]
    return plan.tell_team(assessment_id=alerts[0].latest_assessment_id, alerts=tell, now=NOW, road=road)


def red_flag(recipients: Sequence[str] = ("Ben Okafor",), **fields: Any) -> Alert:
    """An emergency of Ana's, in a team of these people."""
    team = factories.team(factories.clinic())
    for name in recipients:
        factories.member(team, name, password=None)
    return alert(assessment(factories.episode(team)), **fields)


def make_due() -> None:
    """As if the back-off, the grace or the lease of everything were over."""
    Notification.objects.filter(status__in=["waiting", "sending"]).update(next_attempt_at=Now())


def time_passes(*, seconds: float) -> None:
    """For what waits, or is being sent: its back-off, its grace or its lease is so much nearer to its end."""
    passed = F("next_attempt_at") - timedelta(seconds=seconds)
    Notification.objects.filter(status__in=["waiting", "sending"]).update(next_attempt_at=passed)


def statuses() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("status", flat=True))


def take_on(alert: Alert, by: User) -> None:
    Alert.objects.filter(pk=alert.pk).update(status="acknowledged", owner=by, acknowledged_at=F("opened_at"))


def end(alert: Alert, by: User) -> None:
    Alert.objects.filter(pk=alert.pk).update(
        status="closed", ended_at=NOW, ended_by=by, outcome="seen", patient_contacted=True
    )


@contextmanager
def meanwhile(work: Callable[[], Any]) -> Iterator[Future]:
    """It is done in another thread, with a connection of its own to the database."""

    def alone() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(alone)


def told_at(person: User, url: str) -> Contact:
    """They are told by a webhook from now on."""
    contact, _ = contacts.add_webhook(user=person, clinic=_clinic_of(person), url=url, now=NOW)
    contacts.verify(contact=contact, now=NOW)
    return contact


def told_by_mail(person: User, address: str) -> Contact:
    """They are told at another mailbox from now on."""
    contact = contacts.add_email(user=person, clinic=_clinic_of(person), address=address, now=NOW)
    contacts.verify(contact=contact, now=NOW)
    return contact


def _clinic_of(person: User) -> Clinic:
    return Clinic.objects.get(teams__memberships__user=person)
