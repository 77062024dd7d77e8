"""What colleagues do to an alert. The whole lifecycle stands in one table.

Every move is one conditional UPDATE with an event in the same transaction, so of two people at once one wins and the
other is told who it was.
"""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from recovery import access
from recovery.alerts import policy
from recovery.clinical.tiers import Tier
from recovery.errors import Refused
from recovery.local_time import clock_time
from recovery.models import Alert, AlertEvent, Membership, User

S, K = Alert.Status, AlertEvent.Kind

# move -> (from which states, to which state or None when it stays, what is remembered)
MOVES: dict[str, tuple[frozenset[Alert.Status], Alert.Status | None, AlertEvent.Kind]] = {
    "acknowledge": (frozenset({S.OPEN}), S.ACKNOWLEDGED, K.ACKNOWLEDGED),
    "contact": (frozenset({S.OPEN, S.ACKNOWLEDGED}), None, K.CONTACTED),
    "note": (frozenset(S), None, K.NOTED),
    "mute": (frozenset(S), None, K.MUTED),
    "close": (frozenset({S.OPEN, S.ACKNOWLEDGED}), S.CLOSED, K.CLOSED),
    "resolve": (frozenset({S.OPEN, S.ACKNOWLEDGED}), S.RESOLVED, K.RESOLVED),
}

ENDS = frozenset({"close", "resolve"})
"""Moves that end an alert: only as it was read, so that nothing which joined it meanwhile is ended with it."""

NOTE_LETTERS = 4_000
"""At most, in a note, a reason or what was said: a page and a half."""

CLINICIANS = frozenset({Membership.Role.NURSE, Membership.Role.DOCTOR})
BY_WHAT = ("phone", "visit", "message")


class NotAllowed(Refused):
    """The move is not legal now, or not for this person. The message names the colleague who was first, and when."""

    code = "not_allowed"


def acknowledge(*, alert_id: UUID, by: User, now: datetime) -> Alert:
    """Take an alert on. Raises NotAllowed, naming the colleague, when somebody else was first."""
    alert = reach(alert_id, by, CLINICIANS)
    try:
        return move("acknowledge", alert, by=by, now=now, owner=by, acknowledged_at=now)
    except NotAllowed as refused:
        return _done_before(alert, refused, status=S.ACKNOWLEDGED, owner=by)


def record_contact(
    *, alert_id: UUID, by: User, reached: bool, by_what: str, note: str = "", now: datetime
) -> Alert:
    """Record that the patient was reached, or not. On an alert that nobody took on, it is taken on by that."""
    if by_what not in BY_WHAT:
        raise NotAllowed(f"Say how contact was tried: {', '.join(BY_WHAT)}.")
    alert = reach(alert_id, by)
    check_length(note)
    with transaction.atomic():
        first_reached = {"contacted_at": Coalesce(F("contacted_at"), Value(now))} if reached else {}
        if alert.status == S.OPEN and _may(alert, by, CLINICIANS):
            alert = acknowledge(alert_id=alert_id, by=by, now=now)
        return move(
            "contact",
            alert,
            by=by,
            now=now,
            detail={"reached": reached, "by_what": by_what, "note": note},
            **first_reached,
        )


def add_note(*, alert_id: UUID, by: User, note: str, now: datetime) -> Alert:
    """Add a note, also to an alert that has ended."""
    alert = reach(alert_id, by)
    if not note.strip():
        raise NotAllowed("The note is empty. Write what the next colleague should know.")
    check_length(note)
    return move("note", alert, by=by, now=now, detail={"note": note})


def close(
    *,
    alert_id: UUID,
    by: User,
    outcome: str,
    contacted: bool,
    note: str = "",
    seen: str | None = None,
    now: datetime,
) -> Alert:
    """End an alert with a coded outcome. A note must say why where only a clinician may end it (policy C1). Closing it
    twice is fine for the person who closed it; anybody else is told who did, and when.

    `seen` is what `as_seen` gave when the person read it: what was reported since is not closed unread.
    """
    alert = reach(alert_id, by, CLINICIANS)
    if seen is not None and alert.status in Alert.LIVE and seen != as_seen(alert):
        raise NotAllowed(_reported_again(alert))
    if outcome not in Alert.Outcome.values:
        raise NotAllowed(f"Choose an outcome: {', '.join(Alert.Outcome.values)}.")
    if policy.of(alert) == policy.C1 and not note.strip():
        raise NotAllowed(
            "Write in a few words what you found and what was done: only a clinician ends this alert."
        )
    check_length(note)
    detail = {"outcome": outcome, "contacted": contacted, "note": note}
    ending = {"ended_at": now, "ended_by": by, "outcome": outcome, "patient_contacted": contacted}
    try:
        return move("close", alert, by=by, now=now, detail=detail, **ending)
    except NotAllowed as refused:
        return _done_before(alert, refused, status=S.CLOSED, ended_by=by, outcome=outcome)


def _done_before(alert: Alert, refused: NotAllowed, **so: Any) -> Alert:
    """Of what was sent twice the second is answered as the first, also when both are under way at once. What somebody
    else did first stays refused."""
    stands = Alert.objects.select_related("owner", "ended_by").filter(pk=alert.pk, **so).first()
    if stands is None:
        raise refused
    return stands


def check_length(text: str) -> None:
    if len(text) > NOTE_LETTERS:
        raise NotAllowed(f"A text may have {NOTE_LETTERS:,} letters; this one has {len(text):,}. Shorten it.")


def as_seen(alert: Alert) -> str:
    """A word for what an alert tells now. It changes with every report that joins or raises it."""
    told = f"{alert.uuid}:{alert.latest_assessment_id}:{alert.tier}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@transaction.atomic
def move(
    name: str,
    alert: Alert,
    *,
    now: datetime,
    by: User | None = None,
    detail: dict[str, Any] | None = None,
    **columns: Any,
) -> Alert:
    """Make one legal move, or raise NotAllowed. The row that was read earlier is never saved."""
    allowed, target, kind = MOVES[name]
    if target is not None:
        columns["status"] = target
    may_move = Alert.objects.filter(pk=alert.pk, status__in=allowed)
    if name in ENDS:
        may_move = may_move.filter(tier=alert.tier, latest_assessment_id=alert.latest_assessment_id)
    if not may_move.update(changed_at=now, **columns):
        raise NotAllowed(_why_not(alert, allowed))
    AlertEvent.objects.create(
        clinic_id=alert.clinic_id, alert=alert, kind=kind, at=now, by=by, tier=alert.tier, detail=detail or {}
    )
    return Alert.objects.select_related("owner", "ended_by").get(pk=alert.pk)


def reach(alert_id: UUID, by: User, roles: frozenset[Membership.Role] | None = None) -> Alert:
    """The alert, if it is of a team of this user. Raises Alert.DoesNotExist for a stranger: tenancy before anything."""
    alert = access.alerts(by).get(uuid=alert_id)
    if roles is not None and not _may(alert, by, roles):
        raise NotAllowed("Only a nurse or a doctor of the care team can do this. Ask one of them.")
    return alert


def _may(alert: Alert, by: User, roles: frozenset[Membership.Role]) -> bool:
    return access.memberships(by).filter(team_id=alert.team_id, role__in=roles).exists()


def _why_not(alert: Alert, allowed: frozenset[Alert.Status]) -> str:
    now_is = Alert.objects.get(pk=alert.pk)
    return _reported_again(now_is) if now_is.status in allowed else _who_was_first(alert)


def _reported_again(alert: Alert) -> str:
    tier = Tier(alert.tier).label
    return (
        f"The patient reported again meanwhile (now: {tier}). Nothing was lost; read it before you close it."
    )


def _who_was_first(alert: Alert) -> str:
    """Which colleague was first, and when: the sentence that the second one reads."""
    last = (
        AlertEvent.objects.filter(alert=alert, kind__in=[K.ACKNOWLEDGED, K.CLOSED, K.RESOLVED])
        .select_related("by", "clinic")
        .latest("id")
    )
    done = {K.ACKNOWLEDGED: "took this on", K.CLOSED: "closed this", K.RESOLVED: "resolved itself"}[
        K(last.kind)
    ]
    local = clock_time(last.at, last.clinic.time_zone)
    if last.by is None:
        return f"This alert {done} at {local}. Nothing was lost; reload to see it."
    return f"{last.by.name} {done} at {local}. Nothing was lost; reload to see it."
