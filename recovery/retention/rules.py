"""For how long a clinic keeps what, and how old the oldest is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from recovery import audit
from recovery.errors import Refused
from recovery.models import Clinic, RetentionRule, RetentionTurn
from recovery.models.retention import LEAST_DAYS
from recovery.retention.kinds import KINDS, Kind


class RetentionRefused(Refused):
    code = "retention_refused"


@dataclass(frozen=True, slots=True)
class Kept:
    """`rules` are the days of clinics that differ, by their names."""

    kind: Kind
    rules: dict[str, int]
    oldest_at: datetime | None
    looked_at: datetime | None
    gone: int


def kept() -> Sequence[Kept]:
    turns = {turn.kind: turn for turn in RetentionTurn.objects.all()}
    rules: dict[str, dict[str, int]] = {}
    for rule in RetentionRule.objects.select_related("clinic").order_by("clinic__name"):
        rules.setdefault(rule.kind, {})[rule.clinic.name] = rule.days
    none = RetentionTurn()
    return [
        Kept(kind, rules.get(name, {}), turn.oldest_at, turn.looked_at, turn.gone)
        for name, kind in KINDS.items()
        for turn in [turns.get(name, none)]
    ]


@transaction.atomic
def keep_for(*, clinic: Clinic, kind: str, days: int, now: datetime) -> None:
    """A clinic keeps a kind for another time than usual. What was let go before does not come back."""
    known = KINDS.get(kind)
    if known is None or not known.of_clinic:
        named = ", ".join(each.name for each in KINDS.values() if each.of_clinic)
        raise RetentionRefused(f"There is no such kind. A clinic decides about: {named}.")
    if not LEAST_DAYS <= days <= 36_500:
        raise RetentionRefused(f"Days are from {LEAST_DAYS} to 36500.")
    RetentionRule.objects.update_or_create(clinic=clinic, kind=kind, defaults={"days": days})
    audit.record(what="changed retention", now=now, clinic=clinic, subject=clinic, kind=kind, days=days)
