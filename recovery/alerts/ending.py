"""Closing an alert, and calling one noise."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from recovery import reminders
from recovery.alerts import policy
from recovery.alerts.moves import (
    CLINICIANS,
    NotAllowed,
    as_seen,
    check_length,
    done_before,
    move,
    reach,
    reported_again,
)
from recovery.alerts.telling import closing_words
from recovery.models import Alert, AlertEvent, User

EMERGENCY = Alert.Outcome.SENT_TO_EMERGENCY
NO_NOISE = "Who was sent to emergency care was no noise. Choose another outcome, or say that it was no noise."


def close(
    *,
    alert_id: UUID,
    by: User,
    outcome: str,
    contacted: bool,
    note: str = "",
    noise: str = "",
    tell: str = "",
    tell_words: str = "",
    seen: str | None = None,
    now: datetime,
) -> Alert:
    """End an alert with a coded outcome. A note must say why where only a clinician may end it (policy C1). Closing it
    twice is fine for the person who closed it; anybody else is told who did, and when.

    `seen` is what `as_seen` gave when the person read it: what was reported since is not closed unread.
    `noise` is why it was noise, when it was. `tell` is what the patient reads, one of telling.py, or their own words
    with `tell_words`; of what was called expected before, that it is. There is no closing of many at once, at any tier.
    """
    alert = reach(alert_id, by, CLINICIANS)
    if seen is not None and alert.status in Alert.LIVE and seen != as_seen(alert):
        raise NotAllowed(reported_again(alert))
    if outcome not in Alert.Outcome.values:
        raise NotAllowed(f"Choose an outcome: {', '.join(Alert.Outcome.values)}.")
    if policy.of(alert) == policy.C1 and not note.strip():
        raise NotAllowed(
            "Write in a few words what you found and what was done: only a clinician ends this alert."
        )
    check_length(note)
    if outcome == EMERGENCY and (noise or alert.noise):
        raise NotAllowed(NO_NOISE)
    detail = {"outcome": outcome, "contacted": contacted, "note": note}
    if to_patient := closing_words(alert, tell, tell_words, noise=noise or alert.noise):
        detail["to_patient"] = to_patient
    ending = {"ended_at": now, "ended_by": by, "outcome": outcome, "patient_contacted": contacted}
    as_read = Q(noise=alert.noise)
    try:
        with transaction.atomic():
            closed = move("close", alert, by=by, now=now, detail=detail, only_if=as_read, **ending)
            if to_patient:
                reminders.tell_news(closed, now=now)
            if not noise:
                return closed
            why = note if noise == Alert.Noise.OTHER else ""  # else the history would say it twice
            return call_noise(alert_id=alert_id, by=by, noise=noise, note=why, now=now)
    except NotAllowed as refused:
        return done_before(alert, refused, status=Alert.Status.CLOSED, ended_by=by, outcome=outcome)


def call_noise(*, alert_id: UUID, by: User, noise: str, note: str = "", now: datetime) -> Alert:
    """Say that an alert was noise and why, or with an empty `noise` that it was none after all. It neither ends nor
    mutes anything: it is counted by rule, for the team's alert budget. Who reads of an alert that it has ended, and not
    yet why nothing follows, is told when it is judged expected."""
    alert = reach(alert_id, by, CLINICIANS)
    if noise and noise not in Alert.Noise.values:
        raise NotAllowed(f"Choose why: {', '.join(Alert.Noise.values)}.")
    if noise == Alert.Noise.OTHER and not note.strip():
        raise NotAllowed("Write in a few words why it was noise.")
    if noise and alert.outcome == EMERGENCY:
        raise NotAllowed(NO_NOISE)
    check_length(note)
    if noise == alert.noise:
        return alert
    as_read = Q(noise=alert.noise) & (~Q(outcome=EMERGENCY) if noise else Q())
    detail = {"noise": noise, "note": note}
    if noise == Alert.Noise.EXPECTED:
        as_read &= Q(ended_at=alert.ended_at)
        if alert.ended_at is not None and not _was_told(alert):
            detail["to_patient"] = closing_words(alert, "", "", noise=noise)
    try:
        with transaction.atomic():
            called = move("noise", alert, by=by, now=now, detail=detail, only_if=as_read, noise=noise)
            if "to_patient" in detail:
                reminders.tell_news(called, now=now)
            return called
    except NotAllowed as refused:
        return done_before(alert, refused, noise=noise)


def _was_told(alert: Alert) -> bool:
    """Whether a clinician has said something to the patient about it."""
    said = alert.events.filter(kind__in=[AlertEvent.Kind.CLOSED, AlertEvent.Kind.NOISE])
    return any(detail.get("to_patient") for detail in said.values_list("detail", flat=True))
