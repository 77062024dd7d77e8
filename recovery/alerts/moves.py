"""The lifecycle of an alert: every legal move stands in one table, and is made by one function.

Every move is one conditional UPDATE with an event in the same transaction, so of two people at once one wins and the
other is told who it was. What colleagues do with them: hands, record, ending, noise, muting. What comes of it when they
do nothing: recovery/escalation.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from recovery import access, audit
from recovery.clinical.tiers import Tier
from recovery.errors import Refused
from recovery.escalation import steps
from recovery.local_time import clock_time
from recovery.models import Alert, AlertEvent, Membership, User

S, K = Alert.Status, AlertEvent.Kind

# move -> (from which states, to which state or None when it stays, what is remembered)
MOVES: dict[str, tuple[frozenset[Alert.Status], Alert.Status | None, AlertEvent.Kind]] = {
    "acknowledge": (frozenset({S.OPEN}), S.ACKNOWLEDGED, K.ACKNOWLEDGED),
    "ask": (frozenset({S.OPEN, S.ACKNOWLEDGED}), None, K.ASKED),
    "take over": (frozenset({S.ACKNOWLEDGED}), None, K.TAKEN_OVER),
    "give back": (frozenset({S.ACKNOWLEDGED}), S.OPEN, K.GIVEN_BACK),
    "contact": (frozenset({S.OPEN, S.ACKNOWLEDGED}), None, K.CONTACTED),
    "note": (frozenset(S), None, K.NOTED),
    "mute": (frozenset(S), None, K.MUTED),
    "noise": (frozenset(S), None, K.NOISE),
    "close": (frozenset({S.OPEN, S.ACKNOWLEDGED}), S.CLOSED, K.CLOSED),
    "resolve": (frozenset({S.OPEN, S.ACKNOWLEDGED}), S.RESOLVED, K.RESOLVED),
}

ENDS = frozenset({"close", "resolve"})
"""Moves that end an alert: only as it was read, so that nothing which joined it meanwhile is ended with it."""

NOTE_LETTERS = 4_000
"""At most, in a note, a reason or what was said: a page and a half."""

HANDS = frozenset({"acknowledge", "take over"})
"""Moves that put an alert into somebody's hands: from there on nobody is asked any more."""

CLINICIANS = frozenset({Membership.Role.NURSE, Membership.Role.DOCTOR})

_DONE = {
    K.ACKNOWLEDGED: "took this on",
    K.TAKEN_OVER: "took this over",
    K.CLOSED: "closed this",
    K.RESOLVED: "resolved itself",
    K.NOISE: "said whether this was noise",
}
_HELD = (K.ACKNOWLEDGED, K.TAKEN_OVER, K.CLOSED, K.RESOLVED)


class NotAllowed(Refused):
    """The move is not legal now, or not for this person. The message names the colleague who was first, and when."""

    code = "not_allowed"


def done_before(alert: Alert, refused: NotAllowed, **so: Any) -> Alert:
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
    only_if: Q | None = None,
    **columns: Any,
) -> Alert:
    """Make one legal move, or raise NotAllowed. The row that was read earlier is never saved.

    `only_if` is what else must still be so as it was read.
    """
    allowed, target, kind = MOVES[name]
    if target is not None:
        columns["status"] = target
    if name in HANDS | ENDS:
        columns |= {"asked": None, "asked_at": None}
    if name in ENDS:
        columns["next_step_at"] = None
    may_move = Alert.objects.filter(only_if or Q(), pk=alert.pk, status__in=allowed)
    if name in ENDS:
        may_move = may_move.filter(tier=alert.tier, latest_assessment_id=alert.latest_assessment_id)
    if not may_move.update(changed_at=now, **columns):
        raise NotAllowed(_why_not(name, alert))
    AlertEvent.objects.create(
        clinic_id=alert.clinic_id, alert=alert, kind=kind, at=now, by=by, tier=alert.tier, detail=detail or {}
    )
    if by is not None:
        audit.record(what=f"alert: {name}", now=now, clinic=alert.clinic_id, user=by, subject=alert)
    moved = Alert.objects.select_related("owner", "asked", "ended_by").get(pk=alert.pk)
    if name in HANDS:
        steps.taken_on(moved, now=now)
    return moved


def reach(alert_id: UUID, by: User, roles: frozenset[Membership.Role] | None = None) -> Alert:
    """The alert, if it is of a team of this user. Raises Alert.DoesNotExist for a stranger: tenancy before anything."""
    alert = access.alerts(by).get(uuid=alert_id)
    if roles is not None and not may(alert, by, roles):
        raise NotAllowed("Only a nurse or a doctor of the care team can do this. Ask one of them.")
    return alert


def hold(alert_id: UUID, by: User) -> None:
    """Until the transaction ends nobody else moves it: what is read from here on still stands when it is acted on."""
    access.alerts(by).select_for_update(of=("self",), no_key=True).get(uuid=alert_id)


def may(alert: Alert, by: User, roles: frozenset[Membership.Role] = CLINICIANS) -> bool:
    return access.memberships(by).filter(team_id=alert.team_id, role__in=roles).exists()


def reported_again(alert: Alert) -> str:
    tier = Tier(alert.tier).label
    return (
        f"The patient reported again meanwhile (now: {tier}). Nothing was lost; read it before you close it."
    )


def _why_not(name: str, alert: Alert) -> str:
    """Why a move was not made: by whom or what it was prevented, in the sentence that the second one reads."""
    now_is, allowed = Alert.objects.get(pk=alert.pk), MOVES[name][0]
    if now_is.status == S.OPEN and S.OPEN not in allowed:
        return "Nobody has this yet. Take it on."
    if name in ENDS and now_is.status in allowed and as_seen(now_is) != as_seen(alert):
        return reported_again(now_is)
    was_noise = now_is.status in allowed and now_is.noise != alert.noise
    return _who_was_first(alert, (K.NOISE,) if was_noise else _HELD)


def _who_was_first(alert: Alert, kinds: Collection[AlertEvent.Kind]) -> str:
    """Which colleague was first, and when."""
    last = AlertEvent.objects.filter(alert=alert, kind__in=kinds).select_related("by", "clinic").latest("id")
    done = _DONE[K(last.kind)]
    local = clock_time(last.at, last.clinic.time_zone)
    if last.by is None:
        return f"This alert {done} at {local}. Nothing was lost; reload to see it."
    return f"{last.by.name} {done} at {local}. Nothing was lost; reload to see it."
