"""What patients report and what follows of it, made by the operations; and how a page is read."""

import re
from html import unescape
from uuid import UUID

from django.http import HttpResponse

from recovery import alerts, checkins
from recovery.models import Alert, Assessment, DeviceToken, User
from tests import factories
from tests.factories import at


def report(device: DeviceToken, hours: float, *, received: float | None = None, **changes) -> Assessment:
    """A check-in of this phone, received at `received` (or when felt) and flagged at once."""
    received = hours if received is None else received
    receipt = checkins.submit(
        device=again(device), submission=factories.submission(hours, **changes), now=at(received)
    )
    flag_all(received)
    return Assessment.objects.get(check_in__client_id=receipt.check_in_id, is_current=True)


def again(device: DeviceToken) -> DeviceToken:
    """The phone as a door finds it at its next request."""
    return DeviceToken.objects.select_related("episode__clinic", "patient").get(pk=device.pk)


def flag_all(hours: float) -> None:
    owed = Assessment.objects.filter(flagged_at=None, set_aside_at=None).order_by("pk")
    for pk in list(owed.values_list("pk", flat=True)):
        alerts.flag(assessment_id=pk, by="celery", now=at(hours))


def alert_of(rule: str, *, name: str = "Ana Whitfield") -> Alert:
    return Alert.objects.get(rule=rule, episode__patient__name=name)


def take_on(alert: Alert, by: User, hours: float) -> None:
    alerts.acknowledge(alert_id=alert.uuid, by=by, now=at(hours))


def page_of(alert: Alert | UUID, move: str = "") -> str:
    return f"/alerts/{alert.uuid if isinstance(alert, Alert) else alert}{move}"


def said(response: HttpResponse) -> str:
    """The words of a page, as one line."""
    body = re.sub(r"<(script|style|title)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))
