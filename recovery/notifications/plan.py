"""Who is to be told of an alert: one intent per alert, step, person and channel, held by a constraint."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db.models import Exists, Min, OuterRef

from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, Membership, Notification, User
from recovery.notifications.database_clock import after

log = logging.getLogger(__name__)

TOLD_FROM = Tier.SAME_DAY
"""From this tier on people are told; below it stands on the board or the review list."""

ROLES = (Membership.Role.NURSE, Membership.Role.DOCTOR, Membership.Role.COORDINATOR, Membership.Role.ADMIN)

UNDER_WAY = (Notification.Status.WAITING, Notification.Status.SENDING, Notification.Status.SENT)

GRACE = {"celery": timedelta(seconds=2), "watch": timedelta()}
"""How long the watch leaves a fresh intent to the nudge that follows it. The nudge itself need not wait."""


def tell_team(
    *, assessment: Assessment, alerts: Sequence[tuple[Alert, str]], now: datetime, road: str = "watch"
) -> list[int]:
    """Plan to tell the care team of these alerts of one assessment, each with the step that is the reason.

    `road` is who plans, Celery or the watch. Called in the transaction that opens or raises the alerts. Returns one
    notification per message, most urgent first; delivering it delivers the whole message.
    """
    urgent = sorted(
        (row for row in alerts if row[0].tier >= TOLD_FROM), key=lambda row: (-row[0].tier, row[0].pk)
    )
    # A key is made here and kept through every retry. It is not derived from the assessment: what a second plan for
    # the same assessment adds must leave as a message of its own, not be dropped as a copy of the first.
    keys: dict[User, UUID] = {}
    intents = [
        Notification(
            clinic_id=alert.clinic_id,
            alert=alert,
            step=step,
            recipient=person,
            channel=Notification.Channel.EMAIL,
            message_key=keys.setdefault(person, uuid4()),
            tier=alert.tier,
            planned_at=now,
            next_attempt_at=after(GRACE.get(road, timedelta())),
        )
        for alert, step in urgent
        for person in _to_tell(alert, step)
    ]
    if urgent and not intents:
        log.error("assessment %s: nobody of the care team can be told; add an active member", assessment.pk)
    Notification.objects.bulk_create(intents, ignore_conflicts=True)
    return _leads(keys.values())


def tell_untold(*, limit: int, now: datetime) -> int:
    """The watch's turn: open alerts of which nobody was or will be told, in a team that has somebody to tell by now.

    So it is when the team was empty, or when everybody who was to be told has left. Returns how many alerts.
    """
    told = Notification.objects.filter(alert=OuterRef("pk"))
    colleagues = Membership.objects.filter(
        team=OuterRef("team"), ended_at=None, user__is_active=True, role__in=ROLES
    ).exclude(user__in=Notification.objects.filter(alert=OuterRef(OuterRef("pk"))).values("recipient"))
    untold = (
        Alert.objects.filter(status=Alert.Status.OPEN, tier__gte=TOLD_FROM)
        .exclude(Exists(told.filter(status__in=UNDER_WAY)))
        .filter(Exists(colleagues))
        .select_related("latest_assessment")
        .order_by("-tier", "pk")[:limit]
    )
    done = 0
    for alert in untold:
        if tell_team(assessment=alert.latest_assessment, alerts=[(alert, "opened")], now=now):
            Alert.objects.filter(pk=alert.pk).update(told_at=now)
            done += 1
    return done


def _to_tell(alert: Alert, step: str) -> list[User]:
    """Everybody who belongs to the team now. What repeats itself on an alert that somebody took on is for them alone,
    as long as they are still there to hear it."""
    members = User.objects.filter(
        is_active=True,
        memberships__team_id=alert.team_id,
        memberships__ended_at=None,
        memberships__role__in=ROLES,
    )
    everybody = list(members.order_by("pk"))
    if step.startswith("repeat") and alert.status == Alert.Status.ACKNOWLEDGED:
        return [person for person in everybody if person.pk == alert.owner_id] or everybody
    return everybody


def _leads(keys: Iterable[UUID]) -> list[int]:
    planned = Notification.objects.filter(message_key__in=list(keys)).values("message_key")
    return [row["lead"] for row in planned.annotate(lead=Min("pk")).order_by("lead")]
