"""What patients and teams are told, and the trace that explains a finding."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from recovery.clinical.assessment import Finding
from recovery.clinical.cases import judged, parse
from recovery.clinical.protocol import get
from recovery.clinical.tiers import Tier
from recovery.clinical.verdict import Numbers, patient_text, team_text, tell_patient
from tests.clinical.rule_cases import CASES
from tests.clinical.scenes import before, celsius, judge, report, silence
from tests.clinical.strategies import FEW, PROTOCOL, cases

NUMBERS = Numbers("0118 111", "0118 222", "999", "116 123")


def told(assessment):
    return tell_patient(assessment.findings, assessment.notes, PROTOCOL, NUMBERS)


def words(assessment, rule: str) -> list[str]:
    return [
        clause.words for finding in assessment.findings if finding.rule == rule for clause in finding.clauses
    ]


def test_one_action_line_of_the_urgency_and_a_line_for_each_finding():
    verdict = told(judge(report(30, bleeding="oozing", fall="yes", cannot_move="yes")))
    assert verdict.tier is Tier.EMERGENCY
    assert verdict.action == "Call 999 now. Do not drive yourself."
    assert [line.rule for line in verdict.lines] == ["NEURO-MOVE", "BLEED-OOZE", "FALL", "ANSWERS-CONFLICT"]
    assert verdict.lines[1].text == "You told us the spot keeps bleeding. Press on it firmly for ten minutes."
    assert verdict.footer == "This app is not watched all the time. In an emergency call 999."


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"fall": "yes"}, "We have asked your care team to call you within a day. "
                          "Call 0118 111 sooner if you feel worse."),
        ({"bleeding": "oozing"}, "Call your care team now on 0118 111. "
                                 "If no one answers in 30 minutes, call 0118 222."),
        ({"bandage": "off"}, "There is no need to call now. Call 0118 111 if it gets worse."),
        ({}, "Thank you. Nothing you told us sets off an alert today. This is not a check-up. "
             "Call 0118 111 if you are worried."),
    ],
)  # fmt: skip
def test_action_line_is_that_of_the_specification(changes, action):
    assert told(judge(report(30, **changes))).action == action


@pytest.mark.hazard("HZ6.1")
def test_nothing_found_is_never_told_as_all_well():
    verdict = told(judge(report(30)))
    assert verdict.lines == ()
    assert "not a check-up" in verdict.action
    assert verdict.notes == (PROTOCOL.information["expected-soreness"].patient,)


def test_text_depends_on_the_tier_where_the_specification_has_two():
    first_day = {"weakness": "new_or_worse", "weakness_where": ["general"]}
    assert "common on the first day" in told(judge(report(20, **first_day))).lines[0].text
    assert "want to find out why" in told(judge(report(24, **first_day))).lines[0].text
    assert told(judge(report(30, cough="blood"))).lines[0].text == "You told us you cough up blood."
    assert "Call 116 123." in told(judge(report(30, free_text="suicide"))).lines[0].text
    assert "A nurse will read it" in told(judge(report(30, free_text="hello"))).lines[0].text
    spot = judge(report(30, bleeding="spot"), risks=["anticoagulant"])
    assert told(spot).lines[0].text == "You told us about a spot of blood. We want to check it."


def test_reminders_of_a_timer_carry_no_action_line():
    verdict = told(silence(60, report(20)))
    assert (verdict.tier, verdict.action) == (Tier.ROUTINE, "")
    assert verdict.lines[0].text == "We missed your check-in. It takes about three minutes."
    raised = told(silence(60, report(20, cannot_move="yes")))
    assert raised.lines[0].text.startswith("We have not heard from you since you told us about a problem.")


def test_number_that_is_not_set_is_replaced_by_the_emergency_number():
    bare = Numbers("0118 111", "", "999", "")
    assessment = judge(report(30, bleeding="oozing", free_text="suicide"))
    verdict = tell_patient(assessment.findings, (), PROTOCOL, bare)
    assert "Call 999." in verdict.lines[0].text
    assert tell_patient(judge(report(30, calf="one_leg")).findings, (), PROTOCOL, bare).action.endswith(
        "call 999."
    )


@pytest.mark.parametrize("alert", ["UNASSESSED", "UNREADABLE"])
def test_service_alerts_have_texts_but_are_no_rules(alert):
    finding = Finding(alert, PROTOCOL.service_alerts[alert].name, Tier.SAME_DAY, "C1", ())
    assert alert not in PROTOCOL.rules
    assert "call us" in patient_text(finding, PROTOCOL, NUMBERS)
    assert team_text(finding, PROTOCOL)
    assert tell_patient([finding], (), PROTOCOL, NUMBERS).action.startswith("Call your care team now")


@pytest.mark.parametrize("rule", CASES)
def test_every_finding_explains_itself(rule):
    fires, tier, _ = CASES[rule]
    finding = next(finding for finding in fires.judge().findings if finding.rule == rule)
    assert finding.clauses
    assert all(clause.words and "_" not in clause.words for clause in finding.clauses)
    assert patient_text(finding, PROTOCOL, NUMBERS)
    assert "{" not in patient_text(finding, PROTOCOL, NUMBERS)
    assert team_text(finding, PROTOCOL)
    assert Finding.from_document(json.loads(json.dumps(finding.to_document()))) == finding


def test_trace_shows_clause_values_and_hour():
    assessment = judge(report(30, pain_now=5), report(20, pain_now=2))
    (finding,) = assessment.findings
    assert [clause.to_document() for clause in finding.clauses] == [
        {
            "what": "fact rise_since_previous ge 2",
            "value": 3,
            "words": "rise in pain since last time 3, at least 2",
        },
        {"what": "fact pain ge 4", "value": 5, "words": "pain now 5, at least 4"},
        {
            "what": "not is soreness_exempt",
            "value": False,
            "words": "not expected soreness at the needle spot",
        },
        {"what": "fact hours ge 12", "value": 30.0, "words": "hours since the procedure 30, at least 12"},
    ]


def test_trace_names_what_raised_the_tier():
    spot = judge(report(47.999, bleeding="spot"), risks=["anticoagulant"])
    assert words(spot, "BLEED-SPOT") == [
        "bleeding: a small spot",
        "hours since the procedure 47.99, less than 48",
        "risk factor: takes a blood thinner",
    ]


def test_trace_shows_the_limit_that_was_met():
    older = judge(report(30, temp=celsius(37.9)), risks=["age_65_plus"])
    assert words(older, "FEVER") == [
        "risk factor: 65 years or older",
        "temperature 37.9 °C, at least 37.8 °C",
    ]
    assert words(judge(report(30, temp={"value": 101.2, "unit": "C"})), "FEVER") == [
        "temperature 101.2 °F, at least 100.4 °F"
    ]


def test_trace_says_what_is_not_known():
    no_baseline = judge(report(80, pain_now=7), baseline=None)
    assert words(no_baseline, "PAIN-NORELIEF") == [
        "hours since the procedure 80, at least 72",
        "pain before the procedure: not known",
        "pain now 7, at least 7",
    ]
    feverish = judge(report(30, temp=None, feels_feverish="yes", confused="yes"), baseline=before())
    assert words(feverish, "FEVER") == ["feels feverish: yes", "temperature: not known"]
    assert words(feverish, "SEPSIS") == ["together with: Any fever", "new confusion: yes"]
    assert words(judge(report(30, temp=celsius(37.6))), "TEMP-WATCH")[0] == "without: Any fever"


@settings(max_examples=FEW)
@given(cases())
def test_every_assessment_can_be_stored_and_told(case):
    assessment = judged(parse(case, PROTOCOL, "case"), PROTOCOL)
    documents = [finding.to_document() for finding in assessment.findings]
    assert [Finding.from_document(one) for one in json.loads(json.dumps(documents))] == list(
        assessment.findings
    )
    verdict = told(assessment)
    assert verdict.tier == assessment.tier
    assert [line.rule for line in verdict.lines] == [finding.rule for finding in assessment.findings]
    assert [f.tier for f in assessment.findings] == sorted(
        (f.tier for f in assessment.findings), reverse=True
    )


@pytest.mark.parametrize("tier", list(Tier))
def test_tier_has_a_code_and_a_label(tier):
    assert Tier.of(tier.code) is tier
    assert tier.label[0].isupper()
    assert "_" not in tier.label


def test_tiers_step_up_to_emergency_and_no_further():
    assert [tier.one_step_higher for tier in Tier] == [*list(Tier)[1:], Tier.EMERGENCY]
    assert Tier.WITHIN_24H.label == "Within 24 hours"
    with pytest.raises(ValueError, match="soon"):
        Tier.of("soon")


def test_protocol_is_loaded_once():
    assert get() is get()
