"""Which rules break the alert budget, and who may set it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery import figures
from recovery.clinical.tiers import Tier
from recovery.figures import FEW, BudgetRefused, Raised, held_against
from recovery.models import AuditEvent, CareTeam, User
from tests import factories
from tests.factories import at

RULES = st.lists(
    st.builds(
        Raised,
        rule=st.sampled_from("ABCDEFG"),
        tier=st.sampled_from([Tier.ROUTINE, Tier.WITHIN_24H, Tier.SAME_DAY, Tier.EMERGENCY]),
        alerts=st.integers(1, 40),
        ended=st.just(0),
        acted_on=st.just(0),
        noise=st.just(0),
    ),
    max_size=12,
)


def raised(rule: str, alerts: int, tier: Tier = Tier.SAME_DAY) -> Raised:
    return Raised(rule, tier, alerts, alerts, 0, 0)


@pytest.mark.hazard("HZ7.3")
def test_the_loudest_rules_are_named_until_the_rest_fits() -> None:
    counted = [raised("PAIN-UP", 25), raised("FEVER", 12), raised("CALL-ME", 10), raised("TEXT", 3)]

    kept = held_against(20, counted, 100)

    assert (kept.alerts, kept.over) == (50, ["PAIN-UP", "FEVER"])


def test_a_rule_is_as_loud_as_its_tiers_together_and_routine_interrupts_nobody() -> None:
    counted = [
        raised("A", 6, Tier.WITHIN_24H),
        raised("A", 6, Tier.EMERGENCY),
        raised("B", 9),
        raised("C", 500, Tier.ROUTINE),
    ]

    kept = held_against(10, counted, 100)

    assert (kept.alerts, kept.over) == (21, ["A"])


def test_of_equally_loud_rules_none_is_spared() -> None:
    assert held_against(15, [raised("A", 10), raised("B", 10)], 100).over == ["A", "B"]


def test_exactly_the_budget_is_within_it() -> None:
    assert held_against(20, [raised("A", 20)], 100).over == []
    assert held_against(20, [raised("A", 21)], 100).over == ["A"]


def test_of_few_check_ins_nothing_is_said() -> None:
    assert held_against(1, [raised("A", 19)], FEW - 1).over is None
    assert held_against(1, [raised("A", 19)], FEW).over == ["A"]


@given(RULES, st.integers(1, 300), st.integers(FEW, 200))
def test_what_is_named_is_loud_enough_and_no_more_than_needed(
    counted: list[Raised], budget: int, check_ins: int
) -> None:
    over = held_against(budget, counted, check_ins).over

    loud = {each.rule: 0 for each in counted if each.tier > Tier.ROUTINE}
    for each in counted:
        if each.tier > Tier.ROUTINE:
            loud[each.rule] += each.alerts
    allowed = budget * check_ins / 100
    rest = [loud[rule] for rule in loud if rule not in over]
    assert sum(rest) <= allowed
    assert all(loud[rule] > other for rule in over for other in rest)
    if over:
        quietest = min(loud[rule] for rule in over)
        assert sum(rest) + sum(loud[rule] for rule in over if loud[rule] == quietest) > allowed


# --- setting it ----------------------------------------------------------------------------------------------------


def test_a_team_starts_with_thirty(team: CareTeam) -> None:
    assert CareTeam.objects.get(pk=team.pk).alert_budget == 30


@pytest.mark.parametrize("role", ["doctor", "admin"])
def test_a_doctor_or_an_administrator_sets_it_and_it_is_audited(team: CareTeam, role: str) -> None:
    dora = factories.member(team, "Dora Klein", role)

    figures.set_budget(team_id=team.uuid, budget=12, was=30, by=dora, now=at(1))

    assert CareTeam.objects.get(pk=team.pk).alert_budget == 12
    event = AuditEvent.objects.get(what="changed alert budget")
    assert (event.user, event.subject_id, event.detail) == (dora, team.uuid, {"was": 30, "budget": 12})


@pytest.mark.parametrize("role", ["nurse", "coordinator"])
def test_others_of_the_team_are_told_whom_to_ask(team: CareTeam, role: str) -> None:
    ben = factories.member(team, role=role)

    with pytest.raises(BudgetRefused, match="doctor or an administrator"):
        figures.set_budget(team_id=team.uuid, budget=12, was=30, by=ben, now=at(1))
    assert CareTeam.objects.get(pk=team.pk).alert_budget == 30


def test_who_leads_one_team_sets_nothing_for_another(team: CareTeam, dee: User) -> None:
    hips = factories.team(team.clinic, "Hip team")
    factories.member(hips)

    with pytest.raises(CareTeam.DoesNotExist):
        figures.set_budget(team_id=hips.uuid, budget=12, was=30, by=dee, now=at(1))


def test_of_two_at_once_the_second_reads_who_and_when(team: CareTeam, dee: User) -> None:
    dora = factories.member(team, "Dora Klein", "doctor")
    figures.set_budget(team_id=team.uuid, budget=12, was=30, by=dee, now=at(1))

    with pytest.raises(BudgetRefused, match="Dee Lund set the budget to 12 at 11:00 on 2 March"):
        figures.set_budget(team_id=team.uuid, budget=40, was=30, by=dora, now=at(2))
    assert CareTeam.objects.get(pk=team.pk).alert_budget == 12
    assert AuditEvent.objects.filter(what="changed alert budget").count() == 1


@pytest.mark.parametrize("budget", [0, -1, 301])
def test_a_budget_that_is_none_is_refused(team: CareTeam, dee: User, budget: int) -> None:
    with pytest.raises(BudgetRefused, match="from 1 to 300"):
        figures.set_budget(team_id=team.uuid, budget=budget, was=30, by=dee, now=at(1))
