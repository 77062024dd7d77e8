"""The audit as its auditors read it: one clinic's, filtered, newest first. No name of a patient and no answer is in it,
so none can be shown. What is of no clinic is read by who operates the service."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet, Subquery

from recovery import tenancy
from recovery.audit.looks import IN_VAIN, LOOKED, PRINTED, REFUSED
from recovery.models import (
    AuditBatch,
    AuditEvent,
    AuditRun,
    Clinic,
    Defect,
    DeviceToken,
    Episode,
    Membership,
    Oversight,
    User,
)

OF_NOBODY_KNOWN = (
    "failed to sign in",
    "locked out of signing in",
    "asked for new password",
    "failed to prove who it is",
)
"""What is told of an account, unless there is none of that address."""

KINDS = {
    "looked": Q(what__startswith=LOOKED) | Q(what__startswith=PRINTED),
    "refused": Q(what__startswith=REFUSED),
    "exported": Q(what__startswith="exported") | Q(what__startswith=PRINTED),
    "account": Q(subject="user")
    | Q(subject="invitation")
    | Q(what__in=OF_NOBODY_KNOWN)
    | Q(what__startswith="limited: "),
    "done": ~(Q(what__startswith=LOOKED) | Q(what__startswith=REFUSED) | Q(what__startswith=IN_VAIN)),
}
"""What an auditor may ask for, beside everything."""

PAGE = 50
MOST_EXPORTED = 20_000


@dataclass(frozen=True, slots=True)
class Filters:
    """`since` and `until` bound what is read: the index is by clinic and time."""

    since: datetime
    until: datetime
    who: UUID | None = None
    subject: UUID | None = None
    kind: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """`until` is when the last batch was bound. `rows_wait`: something is not bound yet. `flaws` stand open."""

    until: datetime | None
    batches: int
    rows_wait: bool
    verified_until: int
    rounds: int
    flaws: int


def realms_of(user: User) -> list[Clinic | None]:
    """Whose audit this person reads now. None: what is of no clinic."""
    return [*clinics_of(user), *([None] if is_operator(user) else [])]


def clinics_of(user: User) -> list[Clinic]:
    """Those whose audit this person reads now."""
    rows = Oversight.objects.filter(user=user, role=Oversight.Role.AUDITOR, ended_at=None)
    return [row.clinic for row in rows.select_related("clinic").order_by("clinic__name", "pk") if row.clinic]


def is_operator(user: User) -> bool:
    return Oversight.objects.filter(user=user, role=Oversight.Role.OPERATOR, ended_at=None).exists()


def people_of(clinic: Clinic | None) -> list[User]:
    """Whoever works there, did, or audits it; where it is none, whoever operates the service, or did."""
    if clinic is None:
        operators = Oversight.objects.filter(role=Oversight.Role.OPERATOR).values("user")
        return list(User.objects.filter(pk__in=operators).order_by("name", "pk"))
    there = Q(pk__in=Membership.objects.filter(team__clinic=clinic).values("user"))
    return list(
        User.objects.filter(
            there | Q(pk__in=Oversight.objects.filter(clinic=clinic).values("user"))
        ).order_by("name", "pk")
    )


def events(
    clinic: Clinic | None, filters: Filters, *, before: tuple[datetime, int] | None = None
) -> QuerySet[AuditEvent]:
    """What fits, the newest first. Of no clinic: what is about no patient. Index: audit_by_clinic."""
    rows = AuditEvent.objects.filter(clinic=clinic, at__gte=filters.since, at__lt=filters.until)
    if clinic is None:
        rows = rows.filter(episode=None, device=None)
    if filters.who is not None:
        rows = rows.filter(Q(user=_key_of(User, filters.who)) | Q(subject="user", subject_id=filters.who))
    if filters.subject is not None:
        rows = rows.filter(
            Q(subject_id=filters.subject)
            | Q(episode=_key_of(Episode, filters.subject))
            | Q(device=_key_of(DeviceToken, filters.subject))
        )
    if filters.kind in KINDS:
        rows = rows.filter(KINDS[filters.kind])
    if filters.request_id:
        rows = rows.filter(request_id=filters.request_id)
    if before is not None:
        at, pk = before
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))
    return rows.select_related("user", "device", "episode").order_by("-at", "-pk")


def _key_of(model: type[Model], uuid: UUID) -> Subquery:
    """Found once: a join would look into the other table for each event of the clinic."""
    return Subquery(model._default_manager.filter(uuid=uuid).values("pk"))


COLUMNS = ("at_utc", "who", "who_id", "what", "object", "object_id", "recovery_id", "phone_id", "request_id", "session",
           "detail")  # fmt: skip


def lines(rows: QuerySet[AuditEvent]) -> Iterator[tuple[Any, ...]]:
    """As columns of a file."""
    for row in rows[:MOST_EXPORTED].iterator(chunk_size=1000):
        yield (
            row.at.isoformat(),
            row.user.name if row.user else "",
            str(row.user.uuid) if row.user else "",
            row.what,
            row.subject,
            str(row.subject_id or ""),
            str(row.episode.uuid) if row.episode else "",
            str(row.device.uuid) if row.device else "",
            row.request_id,
            row.browser,
            " ".join(f"{name}={value}" for name, value in row.detail.items()),
        )


@tenancy.every_clinic()
def chain() -> Chain:
    """How far it is bound, and how far the auditor has verified it (recovery/auditor/memory.py). One chain for all
    clinics, in numbers alone."""
    last = AuditBatch.objects.order_by("-number").first()
    run = AuditRun.objects.order_by("-pk").values_list("sweeps", flat=True).first() or {}
    place, rounds = run.get("chain", [0, 0])
    waits = (
        last is None or AuditEvent.objects.filter(xact__gte=last.until_xact, pk__gt=last.after_id).exists()
    )
    return Chain(
        until=last.made_at if last else None,
        batches=last.number if last else 0,
        rows_wait=waits,
        verified_until=place,
        rounds=rounds,
        flaws=Defect.objects.filter(kind__startswith="audit-", gone_at=None).count(),
    )
