"""What colleagues write down about an alert: that the patient was reached or not, and notes."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Least

from recovery import access
from recovery.alerts.hands import acknowledge
from recovery.alerts.moves import MOVES, NotAllowed, check_length, may, move, reach
from recovery.local_time import clock_time
from recovery.models import Alert, AlertEvent, User

BY_WHAT = ("phone", "visit", "message")

TWICE = timedelta(minutes=2)
"""The same words of the same person within this time were sent twice: by two presses, or again after the network
had swallowed the answer."""


@transaction.atomic
def record_contact(
    *,
    alert_id: UUID,
    by: User,
    reached: bool,
    by_what: str,
    at: datetime | None = None,
    also: Collection[UUID] = (),
    note: str = "",
    now: datetime,
) -> Alert:
    """Record that the patient was reached, or not; `at` when it was not just now. On an alert that nobody took on, it
    is taken on by that.

    `also` are other alerts of the same patient that the same call was about: one call is recorded once for all of them.
    Those that have ended by now, or came in after it, are left out.
    """
    if by_what not in BY_WHAT:
        raise NotAllowed(f"Say how contact was tried: {', '.join(BY_WHAT)}.")
    alert = reach(alert_id, by)
    check_length(note)
    when = now if at is None else _when(at, alert, now)
    detail = {"reached": reached, "by_what": by_what, "note": note}
    if at is not None:
        detail["at"] = when.isoformat()
    others = access.alerts(by).live().filter(uuid__in=also, episode=alert.episode_id, opened_at__lte=when)
    together = Q(pk=alert.pk) | Q(pk__in=others.values("pk"))
    # In the order in which flagging locks them: so neither waits for the other.
    about = list(Alert.objects.filter(together).order_by("pk").select_for_update(no_key=True))
    for each in about:
        if each.pk == alert.pk or each.status in Alert.LIVE:
            _record(each, reached=reached, when=when, detail=detail, by=by, now=now)
    return reach(alert_id, by)


def _record(
    alert: Alert, *, reached: bool, when: datetime, detail: dict[str, Any], by: User, now: datetime
) -> None:
    if _was_just_sent("contact", alert, by=by, detail=detail, now=now):
        return
    if alert.status == Alert.Status.OPEN and may(alert, by):
        alert = acknowledge(alert_id=alert.uuid, by=by, now=now)
    columns: dict[str, Any] = {"contacted_at": _first_reached(when)} if reached else {}
    if reached:  # its owner has done what the steps would remind them of
        done = When(status=Alert.Status.ACKNOWLEDGED, tier_at__lte=when, then=None)
        columns["next_step_at"] = Case(done, default=F("next_step_at"))
    move("contact", alert, by=by, now=now, detail=detail, **columns)


def _first_reached(when: datetime) -> Case:
    """The first time since the alert reached its tier; while there is none, the first time at all. One of before it was
    raised is written down later at times, and takes nothing back."""
    after_the_raise = When(contacted_at__lt=F("tier_at"), tier_at__lte=when, then=Value(when))
    before_the_raise = When(contacted_at__gte=F("tier_at"), tier_at__gt=when, then=F("contacted_at"))
    return Case(
        after_the_raise,
        before_the_raise,
        default=Least(Coalesce(F("contacted_at"), Value(when)), Value(when)),
    )


@transaction.atomic
def add_note(*, alert_id: UUID, by: User, note: str, now: datetime) -> Alert:
    """Add a note, also to an alert that has ended."""
    alert = reach(alert_id, by)
    if not note.strip():
        raise NotAllowed("The note is empty. Write what the next colleague should know.")
    check_length(note)
    if _was_just_sent("note", alert, by=by, detail={"note": note}, now=now):
        return alert
    return move("note", alert, by=by, now=now, detail={"note": note})


def _when(at: datetime, alert: Alert, now: datetime) -> datetime:
    """The time of a contact. People write minutes: one within the minute of the alert was after it."""
    if at > now:
        raise NotAllowed("That time is still to come. Write when you tried, or leave the time empty for now.")
    if at < alert.opened_at.replace(second=0, microsecond=0):
        opened = clock_time(alert.opened_at, alert.episode.clinic.time_zone)
        raise NotAllowed(
            f"The alert came in at {opened}. Write a time after that; what was before it belongs into a note."
        )
    return max(at, alert.opened_at)


def _was_just_sent(name: str, alert: Alert, *, by: User, detail: dict[str, Any], now: datetime) -> bool:
    """Whether the last that this person recorded of the kind is the same, and was about what the alert is now. Holds
    the alert, so that of two sendings at once the second sees the first."""
    held = Alert.objects.select_for_update(no_key=True).get(pk=alert.pk)
    since = max(now - TWICE, held.tier_at)
    own = AlertEvent.objects.filter(alert=alert, kind=MOVES[name][2], by=by, at__gte=since)
    last = own.order_by("id").last()
    return last is not None and last.detail == detail
