"""Who is on call for a care team: a weekly pattern by the clocks of its time zone, and what replaces it (ADR 22)."""

from .night import Night, next_look, tonight
from .plan import FIRST, LEVELS, SECOND, OnCall, Plan, Turn
from .planning import (
    MAY_PLAN,
    WEEKDAYS,
    in_words,
    may_plan,
    members,
    name_lead,
    plan_override,
    plan_shifts,
    planned_overrides,
    planned_shifts,
    remove_override,
    remove_shift,
    set_zone,
    zone_of,
)
from .reading import gaps, on_call, plans, public_ids
from .refusals import RotaRefused

__all__ = [
    "FIRST",
    "LEVELS",
    "MAY_PLAN",
    "SECOND",
    "WEEKDAYS",
    "Night",
    "OnCall",
    "Plan",
    "RotaRefused",
    "Turn",
    "gaps",
    "in_words",
    "may_plan",
    "members",
    "name_lead",
    "next_look",
    "on_call",
    "plan_override",
    "plan_shifts",
    "planned_overrides",
    "planned_shifts",
    "plans",
    "public_ids",
    "remove_override",
    "remove_shift",
    "set_zone",
    "tonight",
    "zone_of",
]
