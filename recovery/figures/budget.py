"""The team's alert budget: how many alerts it means to work on, and which rules bring more than that."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from recovery import access, audit
from recovery.clinical.tiers import Tier
from recovery.errors import Refused
from recovery.figures.alerts import Raised
from recovery.figures.shares import FEW
from recovery.local_time import clock_time
from recovery.models import AuditEvent, CareTeam, Membership, User

MAY_SET = frozenset({Membership.Role.DOCTOR, Membership.Role.ADMIN})
CHANGED = "changed alert budget"


class BudgetRefused(Refused):
    code = "budget_refused"


@dataclass(frozen=True, slots=True)
class Kept:
    """How the alerts of a period stand to the budget. `over` names the rules that break it, the loudest first; None
    when there were too few check-ins to say."""

    budget: int
    alerts: int
    check_ins: int
    over: list[str] | None


def held_against(budget: int, raised: Iterable[Raised], check_ins: int) -> Kept:
    """Alerts that come on the board (within 24 hours and more urgent), for each 100 check-ins. When they are more than
    the budget, it is broken by the loudest rules: as many, from the top, as it takes until the rest fits. Of rules that
    are equally loud none is spared."""
    loud: Counter[str] = Counter()
    for each in raised:
        if each.tier > Tier.ROUTINE:
            loud[each.rule] += each.alerts
    alerts = rest = loud.total()
    if check_ins < FEW:
        return Kept(budget, alerts, check_ins, None)
    over: list[str] = []
    for rule, count in sorted(loud.items(), key=lambda each: (-each[1], each[0])):
        fits = rest * 100 <= budget * check_ins
        if fits and not (over and count == loud[over[-1]]):
            break
        over.append(rule)
        rest -= count
    return Kept(budget, alerts, check_ins, over)


@transaction.atomic
def set_budget(*, team_id: UUID, budget: int, was: int, by: User, now: datetime) -> CareTeam:
    """Change how many alerts for each 100 check-ins the team means to work on. `was` is what the person saw: whoever
    changed it meanwhile is named. Raises CareTeam.DoesNotExist for a stranger."""
    team = access.teams(by).select_related("clinic").get(uuid=team_id)
    if not access.memberships(by).filter(team=team, role__in=MAY_SET).exists():
        raise BudgetRefused(
            "Only a doctor or an administrator of the care team can change this. Ask one of them."
        )
    low, high = CareTeam.BUDGETS
    if not low <= budget <= high:
        raise BudgetRefused(f"The budget is a number from {low} to {high}.")
    if not CareTeam.objects.filter(pk=team.pk, alert_budget=was).update(alert_budget=budget):
        raise BudgetRefused(_who_was_first(team))
    audit.record(what=CHANGED, now=now, clinic=team.clinic, user=by, subject=team, was=was, budget=budget)
    team.alert_budget = budget
    return team


def _who_was_first(team: CareTeam) -> str:
    stands = CareTeam.objects.values_list("alert_budget", flat=True).get(pk=team.pk)
    last = (
        AuditEvent.objects.filter(clinic=team.clinic, what=CHANGED, subject_id=team.uuid)
        .select_related("user")
        .order_by("-pk")
        .first()
    )
    if last is None or last.user is None:
        return f"The budget is {stands} by now. Look again before you change it."
    at = clock_time(last.at, team.clinic.time_zone)
    return f"{last.user.name} set the budget to {stands} at {at}. Look again before you change it."
