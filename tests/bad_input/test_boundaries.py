"""The clinical boundaries, judged twice: by the rule engine alone, and by the whole service over its API. Both agree.

Temperatures as specification 6.4 has them: judged with TEMP-UNIT in the unit that fits, neither rounded nor refused.
"""

import random
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from recovery.clinical.assessment import Assessment as Verdict
from recovery.clinical.facts import Baseline, Report
from recovery.models import Assessment, CheckIn
from tests import factories
from tests.api.conftest import SetClock
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.bad_input.refused import RED, refused, with_answers
from tests.clinical.rule_cases import CASES, At
from tests.clinical.scenes import ALL_CLEAR, before, judge, report
from tests.factories import at

Found = dict[str, str]
"""Rule to tier."""


def found(verdict: Verdict) -> Found:
    return {finding.rule: finding.tier.code for finding in verdict.findings}


@pytest.fixture
def both(db: None, set_clock: SetClock) -> Callable[..., Found]:
    """What is found, and agreed upon by engine and API. Each case has a patient of its own; nothing stays."""

    def of(one: At) -> Found:
        alone = one.judge()
        with transaction.atomic():
            phone = patient(one.risks, one.baseline, one.restart_h)
            for earlier in one.past:
                set_clock(hours_of(earlier))
                assert send(phone, hours_of(earlier), earlier.answers).status_code == 201
            changes = dict(one.changes)
            set_clock(changes.pop("received_h", one.hours))
            completed = changes.pop("completed", True)
            answered = send(phone, one.hours, {**ALL_CLEAR, **changes}, completed=completed)
            stored = Assessment.objects.latest("pk")
            transaction.set_rollback(True)
        assert answered.status_code == 201
        assert {finding["rule"]: finding["tier"] for finding in stored.findings} == found(alone)
        assert answered.json()["urgency"] == alone.tier.code
        assert sorted(line["rule"] for line in answered.json()["lines"]) == sorted(found(alone))
        return found(alone)

    return of


def patient(risks: Any, baseline: Baseline | None, restart_h: float | None) -> Phone:
    episode = factories.episode(
        risk_factors=list(risks),
        blood_thinner_restart_h=restart_h,
        baseline=dict(baseline.answers) if baseline else None,
        baseline_at=baseline.observed_at if baseline else None,
    )
    return Phone(factories.phone(episode)[1], Client())


def hours_of(earlier: Report) -> float:
    return (earlier.observed_at - at(0)).total_seconds() / 3600


def send(phone: Phone, hours: float, answers: Mapping[str, Any], *, completed: bool = True) -> Any:
    status = "completed" if completed else "in-progress"
    return phone.post(CHECK_INS, check_in(hours) | {"answers": dict(answers), "status": status})


def fever(value: Any, unit: str) -> At:
    return At(30, {"temp": {"value": value, "unit": unit}})


# --- pain ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pain", [-1, 11])
def test_pain_beyond_its_range_is_refused(ana: Phone, pain: int) -> None:
    refused(ana, with_answers(pain_now=pain), 422, "invalid", places=["answers.pain_now"])


@pytest.mark.parametrize(
    ("pain", "expected"),
    [
        (0, {}),
        (1, {}),
        (4, {}),
        (6, {}),
        (7, {}),
        (8, {"PAIN-SEVERE": "within_24h"}),
        (9, {"PAIN-SEVERE": "within_24h"}),
        (10, {"PAIN-SEVERE": "within_24h", "PAIN-UP": "same_day"}),  # two above the 8 before the procedure
        (None, {"INCOMPLETE": "within_24h"}),  # not answered, and not 0
    ],
)
def test_pain_at_each_threshold(both: Any, pain: int | None, expected: Found) -> None:
    assert both(At(30, {"pain_now": pain})) == expected


@pytest.mark.parametrize(
    ("pain", "expected"),
    [(3, {}), (4, {"PAIN-UP": "same_day"}), (5, {"PAIN-UP": "same_day"})],
)
@pytest.mark.parametrize("low", [1, 2])
def test_a_rise_of_two_points_counts_from_four_on(both: Any, low: int, pain: int, expected: Found) -> None:
    assert both(At(30, {"pain_now": pain}, baseline=before(pain_now=low))) == expected


@pytest.mark.parametrize(("hours", "tier"), [(11.99, "routine"), (12, "within_24h"), (12.01, "within_24h")])
def test_severe_pain_from_hour_twelve_on(both: Any, hours: float, tier: str) -> None:
    assert both(At(hours, {"pain_now": 8})) == {"PAIN-SEVERE": tier}


# --- temperature ---------------------------------------------------------------------------------------------------

MISFIT, WATCH, FEVER, HIGH = (
    {"TEMP-UNIT": "routine"},
    {"TEMP-WATCH": "routine"},
    {"FEVER": "same_day"},
    {"FEVER": "emergency"},
)
CELSIUS: list[tuple[float, Found]] = [
    (-5, MISFIT), (-0.0, MISFIT), (0, MISFIT), (29.9, MISFIT), (30.0, MISFIT), (33.9, MISFIT), (34.0, {}), (35.0, {}),
    (36.0, {}), (37.4, {}), (37.5, WATCH), (37.9, WATCH), (37.995, WATCH), (38.0, FEVER), (38.1, FEVER), (38.4, FEVER),
    (38.5, FEVER), (39.0, FEVER), (39.9, FEVER), (39.9999, FEVER), (40.0, HIGH), (43.0, HIGH), (43.1, MISFIT),
    (45.0, MISFIT), (45.1, MISFIT), (1e2, MISFIT | WATCH), (98.6, MISFIT), (101.2, MISFIT | FEVER),
]  # fmt: skip
FAHRENHEIT: list[tuple[float, Found]] = [
    (30.0, MISFIT), (37.0, MISFIT), (38.0, MISFIT | FEVER), (85.9, MISFIT), (86.0, MISFIT), (93.1, MISFIT), (93.2, {}),
    (98.6, {}), (99.4, {}), (99.5, WATCH), (100.3, WATCH), (100.399, WATCH), (100.4, FEVER), (100.5, FEVER),
    (103.9, FEVER), (104.0, HIGH), (109.4, HIGH), (109.5, MISFIT), (113.0, MISFIT), (113.1, MISFIT),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), CELSIUS)
def test_celsius_at_each_threshold(both: Any, value: float, expected: Found) -> None:
    assert both(fever(value, "C")) == expected


@pytest.mark.parametrize(("value", "expected"), FAHRENHEIT)
def test_fahrenheit_at_each_threshold(both: Any, value: float, expected: Found) -> None:
    assert both(fever(value, "F")) == expected


@pytest.mark.hazard("HZ8.1")
@pytest.mark.parametrize(
    "temp", [{"value": 38.0}, {"value": 38.0, "unit": "c"}, {"value": 311.0, "unit": "K"}]
)
def test_a_unit_that_is_missing_or_another_is_refused_and_the_others_judged(ana: Phone, temp: Any) -> None:
    refused(ana, with_answers(temp=temp), 422, "invalid", places=["answers.temp.unit"])


def test_a_reading_that_fits_no_unit_leaves_the_feeling_to_count(both: Any) -> None:
    assert both(At(30, {"temp": {"value": 20, "unit": "C"}, "feels_feverish": "yes"})) == MISFIT | FEVER


@pytest.mark.parametrize(
    ("risk", "value", "expected"),
    [
        ("age_65_plus", 37.7, WATCH),
        ("age_65_plus", 37.8, FEVER),
        ("steroids", 37.4, {}),
        ("steroids", 37.5, FEVER),
        ("immunosuppressed", 37.9, FEVER),
        ("immunosuppressed", 38.0, HIGH),
    ],
)
def test_the_fever_limit_is_the_patients_own(both: Any, risk: str, value: float, expected: Found) -> None:
    assert both(At(30, {"temp": {"value": value, "unit": "C"}}, risks=[risk])) == expected


# --- what was skipped, and what does not fit together --------------------------------------------------------------

REQUIRED = [
    "pain_now", "pain_controlled", "cannot_move", "weakness", "numbness", "bladder", "bowel", "breathing", "chest_pain",
    "bleeding",
]  # fmt: skip


@pytest.mark.hazard("HZ1.3")
@pytest.mark.parametrize("link_id", REQUIRED)
def test_a_safety_question_left_out_is_found_and_lowers_nothing(both: Any, link_id: str) -> None:
    assert both(At(30, {link_id: None})) == {"INCOMPLETE": "within_24h"}
    assert both(At(30, {link_id: None, "calf": "one_leg"})) == {
        "INCOMPLETE": "within_24h",
        "LEG-CLOT": "same_day",
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"bleeding": "soaking", "bandage": "on_dry"},
            {"BLEED-HEAVY": "emergency", "ANSWERS-CONFLICT": "routine"},
        ),
        (
            {"cannot_move": "yes", "mobility": "usual"},
            {"NEURO-MOVE": "emergency", "ANSWERS-CONFLICT": "routine"},
        ),
        (
            {"pain_controlled": "no", "pain_now": 2},
            {"PAIN-UNCONTROLLED": "same_day", "ANSWERS-CONFLICT": "routine"},
        ),
    ],
)
def test_of_answers_that_do_not_fit_together_the_worse_counts(
    both: Any, changes: Any, expected: Found
) -> None:
    assert both(At(30, changes)) == expected


# --- the day -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [0, 1, 30, 31, 365])
def test_any_day_since_the_procedure(both: Any, day: int) -> None:
    assert both(At(day * 24, {"chest_pain": "yes"})) == {"CHEST": "emergency"}


def test_a_day_before_the_procedure_is_judged_at_its_arrival(ana: Phone) -> None:
    answered = ana.post(CHECK_INS, RED | {"observed_at": at(-24).isoformat()})

    assert (answered.status_code, answered.json()["urgency"], answered.json()["hours"]) == (
        201,
        "emergency",
        20.0,
    )
    assert CheckIn.objects.get().clock_suspect


# --- every rule, and every two -------------------------------------------------------------------------------------

BY_CHECK_IN = {rule: (fires, near) for rule, (fires, _, near) in CASES.items() if not fires.timer}


@pytest.mark.parametrize("rule", BY_CHECK_IN)
def test_engine_and_api_agree_on_each_rule_where_it_begins_to_hold(both: Any, rule: str) -> None:
    fires, near = BY_CHECK_IN[rule]

    assert rule in both(fires)
    assert rule not in both(near)


def pairs() -> list[tuple[str, str, At]]:
    """Two rules at their boundaries in one report, where they do not ask for two answers to one question."""
    plain = {
        rule: fires
        for rule, (fires, _) in BY_CHECK_IN.items()
        if not fires.past and fires.baseline == before() and fires.hours == 30 and fires.restart_h is None
    }
    return [
        (one, two, At(30, {**a.changes, **b.changes}, risks=[*a.risks, *b.risks]))
        for (one, a), (two, b) in combinations(plain.items(), 2)
        if not set(a.changes) & set(b.changes)
    ]


def test_two_rules_in_one_report_are_as_urgent_as_the_worse() -> None:
    alone = {rule: fires.judge() for rule, (fires, _) in BY_CHECK_IN.items()}

    for one, two, together in pairs():
        assert together.judge().tier >= max(alone[one].tier, alone[two].tier), (one, two)


def test_engine_and_api_agree_on_two_rules_in_one_report(both: Any) -> None:
    for _, _, together in random.Random(1).sample(pairs(), 150):
        both(together)


def test_the_pairs_are_nearly_all_that_there_can_be() -> None:
    assert len(pairs()) > 300


def test_a_reading_and_its_pair_in_the_other_unit_are_one(both: Any) -> None:
    for celsius, fahrenheit in ((37.5, 99.5), (37.8, 100.0), (38.0, 100.4), (40.0, 104.0), (36.7, 98.1)):
        assert both(fever(celsius, "C")) == both(fever(fahrenheit, "F"))


@pytest.mark.hazard("HZ8.2")
def test_every_tenth_of_a_degree_is_judged_alike_in_both_units() -> None:
    for tenths in range(340, 431):
        celsius = {"value": tenths / 10, "unit": "C"}
        fahrenheit = {"value": round(tenths / 10 * 9 / 5 + 32, 1), "unit": "F"}

        assert found(judge(report(30, temp=celsius))) == found(judge(report(30, temp=fahrenheit))), celsius
