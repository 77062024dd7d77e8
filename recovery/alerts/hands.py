"""In whose hands an alert is: taken on, a colleague asked, taken over.

Who asks a colleague to take an alert on does not put it into their hands: until they take it, it stays where it is, and
its clocks run on. A colleague who sleeps cannot make an alert look as if somebody had it (docs/adr/0018).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from recovery.alerts.moves import CLINICIANS, NotAllowed, check_length, done_before, move, reach
from recovery.models import Alert, AlertEvent, Membership, User
from recovery.notifications import plan

S = Alert.Status


def acknowledge(*, alert_id: UUID, by: User, now: datetime) -> Alert:
    """Take an alert on. Raises NotAllowed, naming the colleague, when somebody else was first. What a colleague had who
    has left is in nobody's hands, and is taken over by it."""
    alert = reach(alert_id, by, CLINICIANS)
    if alert.status == S.ACKNOWLEDGED and alert.owner_id != by.pk and not _is_there(alert):
        return take_over(alert_id=alert_id, by=by, now=now)
    try:
        return move("acknowledge", alert, by=by, now=now, owner=by, **_since(now))
    except NotAllowed as refused:
        return done_before(alert, refused, status=S.ACKNOWLEDGED, owner=by)


def take_over(*, alert_id: UUID, by: User, now: datetime) -> Alert:
    """Take an alert on that a colleague has, whether one was asked to or not. Of two who do at once one wins."""
    alert = reach(alert_id, by, CLINICIANS)
    if alert.status == S.ACKNOWLEDGED and alert.owner_id == by.pk:
        return alert
    from_whom = {"from": str(alert.owner.uuid), "name": alert.owner.name} if alert.owner else {}
    as_read = Q(owner=alert.owner_id)
    try:
        return move(
            "take over", alert, by=by, now=now, detail=from_whom, only_if=as_read, owner=by, taken_over_at=now
        )
    except NotAllowed as refused:
        return done_before(alert, refused, status=S.ACKNOWLEDGED, owner=by)


@transaction.atomic
def ask(*, alert_id: UUID, to: UUID, by: User, note: str = "", now: datetime) -> Alert:
    """Ask a colleague to take an alert on, or over from whoever has it. They are told, from same_day on.

    Who asks a second colleague takes the first request back. Asking the same one twice is asking once.
    """
    alert = _locked(reach(alert_id, by, CLINICIANS))
    colleague = colleagues(alert).filter(uuid=to).first()
    if colleague is None:
        raise NotAllowed("Choose a nurse or a doctor of the care team.")
    if colleague == by:
        raise NotAllowed("You need not ask yourself: take it on.")
    if colleague.pk == alert.owner_id:
        raise NotAllowed(f"{colleague.name} has it already.")
    check_length(note)
    detail = {"to": str(colleague.uuid), "name": colleague.name, "note": note}
    asked = alert.events.filter(kind=AlertEvent.Kind.ASKED)
    last = asked.order_by("id").last()
    if alert.asked_id == colleague.pk and last and last.by_id == by.pk and last.detail == detail:
        return alert
    moved = move("ask", alert, by=by, now=now, detail=detail, asked=colleague, asked_at=now)
    step = f"{plan.ASKED}-{asked.count()}"
    plan.tell_team(assessment_id=alert.latest_assessment_id, alerts=[(alert.pk, step)], now=now)
    return moved


def colleagues(alert: Alert) -> QuerySet[User]:
    """Who can take it on: the nurses and doctors of its team now, by name."""
    return (
        User.objects.filter(
            is_active=True,
            memberships__team=alert.team_id,
            memberships__ended_at=None,
            memberships__role__in=CLINICIANS,
        )
        .distinct()
        .order_by("name", "pk")
    )


def _since(now: datetime) -> dict[str, Any]:
    """When it was first taken on stays, also of what was given back since: then this is when its owner took it over."""
    first = When(acknowledged_at=None, then=None)
    return {
        "acknowledged_at": Coalesce(F("acknowledged_at"), Value(now)),
        "taken_over_at": Case(first, default=Value(now), output_field=DateTimeField()),
    }


def _is_there(alert: Alert) -> bool:
    """Whether its owner still belongs to the team."""
    return Membership.objects.filter(
        user=alert.owner_id, user__is_active=True, team=alert.team_id, ended_at=None
    ).exists()


def _locked(alert: Alert) -> Alert:
    return Alert.objects.select_for_update(no_key=True).get(pk=alert.pk)
