"""Ana's reports as they come to the team, and what is before the team then."""

from datetime import datetime
from typing import Any

from recovery import alerts, checkins
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, DeviceToken, User
from tests.factories import at, submission


def as_next_request(device: DeviceToken) -> DeviceToken:
    """The phone as the door would see it at its next request."""
    return DeviceToken.objects.select_related("episode__clinic", "patient").get(pk=device.pk)


def report(device: DeviceToken, hours: float, *, received: float | None = None, **changes: Any) -> Assessment:
    """A check-in of this phone, received at `received` (or when felt) and flagged at once."""
    received = hours if received is None else received
    receipt = checkins.submit(
        device=as_next_request(device), submission=submission(hours, **changes), now=at(received)
    )
    flag_all(at(received))
    return Assessment.objects.get(check_in__client_id=receipt.check_in_id, is_current=True)


def correct(first: Assessment, *, base: int = 1, received: float, **changes: Any) -> None:
    """The same check-in with other answers, all clear but for the changes; flagged at once."""
    check_in = first.check_in
    assert check_in is not None
    assert check_in.device is not None
    felt = {"observed_at": check_in.observed_at} | changes
    again = submission(received, client_id=check_in.client_id, **felt)
    checkins.correct(
        device=as_next_request(check_in.device), submission=again, base_revision=base, now=at(received)
    )
    flag_all(at(received))


def flag_all(now: datetime) -> None:
    """Celery's road."""
    owed = Assessment.objects.filter(flagged_at=None, set_aside_at=None)
    for pk in owed.order_by("pk").values_list("pk", flat=True):
        alerts.flag(assessment_id=pk, by="celery", now=now)


def close(alert: Alert, by: User, hours: float, **words: Any) -> Alert:
    said = {"outcome": "seen", "contacted": True, "note": "Seen."} | words
    return alerts.close(alert_id=alert.uuid, by=by, now=at(hours), **said)


def live() -> dict[str, str]:
    """The rules with a live alert, and its tier."""
    return {alert.rule: Tier(alert.tier).code for alert in Alert.objects.filter(status__in=Alert.LIVE)}


def kinds(alert: Alert) -> list[str]:
    """The history of an alert, in order."""
    return list(alert.events.order_by("id").values_list("kind", flat=True))
