"""The signed document: what it holds, that it can be read, and that its settings drive the rules and the texts."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from recovery.clinical.conditions import leaves_of
from recovery.clinical.protocol import ProtocolError, get
from recovery.clinical.protocol.questions import NEEDED_KINDS
from recovery.clinical.timeline import date_only_procedure, day_number, restart_h
from tests.clinical.documents import PATH, document, with_settings
from tests.clinical.readability import grade
from tests.clinical.rule_cases import JUST_BEFORE
from tests.clinical.scenes import START, celsius, fahrenheit, judge, procedure, report, tiers

PROTOCOL = get()


def test_document_holds_what_the_specification_counts():
    assert PROTOCOL.version == "vk-default/1"
    assert len(PROTOCOL.rules) == 51
    assert len(PROTOCOL.questionnaire.items) == 33
    assert len(PROTOCOL.questionnaire.pages) == 6
    assert len(PROTOCOL.slots) == 14
    assert len(PROTOCOL.phases) == 6
    assert set(PROTOCOL.service_alerts) == {"UNASSESSED", "UNREADABLE"}
    assert PROTOCOL.review_on > date(2027, 1, 1)


@pytest.mark.hazard("HZ11.1")
def test_unknown_version_is_no_protocol():
    for version in ("vk-default/2", "../vk-default/1", "vk-default", ""):
        with pytest.raises(KeyError):
            get(version)


FACTS = [
    *(f"F{number}" for number in range(1, 29)),
    *(f"C{number}" for number in range(1, 12)),
    *(f"B{number}" for number in range(1, 8)),
]


@pytest.mark.hazard("HZ11.2")
@pytest.mark.parametrize("fact_id", FACTS)
def test_every_leaflet_fact_can_be_found_with_its_leaflet(fact_id):
    fact = PROTOCOL.facts[fact_id]
    assert fact.says
    assert set(fact.leaflets) <= {source.leaflet for source in PROTOCOL.sources.values()} - {""}
    assert fact.leaflets
    assert fact.used_in


def test_rule_sources_name_the_key_of_the_leaflet():
    assert PROTOCOL.rules["FEVER"].sources[0] == "Healthgrades (000): no fever at all is to be expected"
    assert PROTOCOL.rules["SEPSIS"].sources == ("S4", "S5")


def _patient_texts() -> list[tuple[str, str]]:
    texts = [(rule.id, text) for rule in PROTOCOL.rules.values() for text in rule.patient.all()]
    texts += [(alert.id, text) for alert in PROTOCOL.service_alerts.values() for text in alert.patient.all()]
    texts += [(phase.id, text) for phase in PROTOCOL.phases for text in (phase.expect, phase.advice)]
    texts += [(article.id, article.text) for article in PROTOCOL.education.values()]
    texts += [(tier.code, text) for tier, text in PROTOCOL.actions.items()]
    texts += [(info.id, info.patient) for info in PROTOCOL.information.values()]
    texts += [("footer", PROTOCOL.footer)]
    texts += [("kept", PROTOCOL.not_taken.kept), ("unseen", PROTOCOL.not_taken.unseen)]
    texts += [(name, f"Call 999 now if {text}.") for name, text in PROTOCOL.call_now_if.items()]
    for item in [*PROTOCOL.questionnaire.items.values(), *PROTOCOL.baseline_form.values()]:
        texts.append((item.link_id, f"{item.text} {item.help}"))
    return texts


@pytest.mark.hazard("HZ13.1")
@pytest.mark.parametrize(("name", "text"), _patient_texts())
def test_patient_text_is_at_school_grade_six_or_lower(name, text):
    assert grade(text) <= 6


def test_school_grade_is_counted_as_published():
    assert grade("The cat sat on the mat.") == pytest.approx(-1.45, abs=0.01)
    assert grade("Pulmonary embolism necessitates immediate anticoagulation therapy.") > 20


def test_rules_of_a_check_in_never_look_at_the_facts_of_silence():
    asked = {test.subject.name for rule in PROTOCOL.check_in_rules for test in leaves_of(rule.when.node)}
    assert not asked & {"missed_slots", "latest_completed_tier", "completed_check_ins"}
    assert {rule.id for rule in PROTOCOL.timer_rules} == {"MISSED-1", "MISSED-2", "NEVER-STARTED"}


def test_required_questions_are_those_of_the_specification():
    groups = set(PROTOCOL.questionnaire.required_groups)
    single = {
        "pain_now", "pain_controlled", "cannot_move", "weakness", "numbness", "bladder", "bowel", "breathing",
        "chest_pain", "bleeding",
    }  # fmt: skip
    assert groups == {(name,) for name in single} | {("feels_feverish", "temp")}


def test_bandage_and_bath_are_not_asked_after_hour_72():
    asked = {item.link_id for item in PROTOCOL.questionnaire.asked_at(72)}
    assert {"bandage", "immersion"} == set(PROTOCOL.questionnaire.items) - asked
    assert len(PROTOCOL.questionnaire.asked_at(71.9)) == 33


def test_places_are_asked_only_of_who_has_the_symptom():
    shown = PROTOCOL.questionnaire.items["weakness_where"].show_when
    assert shown is not None
    assert (shown.link_id, shown.codes) == ("weakness", ("same", "new_or_worse"))


def test_what_facts_read_is_in_the_questionnaire():
    assert NEEDED_KINDS.keys() <= PROTOCOL.questionnaire.items.keys()


# Phases and slots


@pytest.mark.parametrize(
    ("hours", "phase"),
    [(-1, "phase-0"), (1.99, "phase-0"), (2, "phase-1"), (24, "phase-2"), (72, "phase-3"), (168, "phase-4"),
     (1008, "phase-5"), (2016, "phase-5"), (9999, "phase-5")],
)  # fmt: skip
def test_phase_begins_at_its_hour(hours, phase):
    assert PROTOCOL.phase_at(hours).id == phase


@pytest.mark.parametrize(
    ("hours", "now", "following"),
    [
        (0, None, "S0"),
        (2, "S0", "S0"),
        (12, "S1", "S1"),
        (200, None, "S10"),
        (2039, "S84", "S84"),
        (2040, None, None),
    ],
)
def test_slot_is_open_from_its_first_hour_until_just_before_its_last(hours, now, following):
    slot, next_slot = PROTOCOL.slot_at(hours), PROTOCOL.next_slot(hours)
    assert (slot and slot.id, next_slot and next_slot.id) == (now, following)


@pytest.mark.parametrize(
    ("hours", "reported_h", "following"),
    [(20, 11.99, "S1"), (20, 12, "S2"), (200, 190, "S10"), (230, 229, "S14"), (2000, 1992, None)],
)
def test_a_slot_that_is_filled_is_not_the_next_one(hours, reported_h, following):
    next_slot = PROTOCOL.next_slot(hours, reported_h)
    assert (next_slot and next_slot.id) == following


@pytest.mark.parametrize(
    ("hours", "due_h"), [(None, 12), (0, 12), (1.9, 12), (2, 36), (12, 60), (1992, None)]
)
def test_check_in_leaves_the_next_unfilled_slot_to_be_watched(hours, due_h):
    assert PROTOCOL.due_h_after(hours) == due_h


def test_day_number_counts_dates_in_the_zone_of_the_patient():
    zone = ZoneInfo("Asia/Tokyo")
    at = datetime(2026, 3, 2, 16, tzinfo=zone)
    assert day_number(at, at + timedelta(hours=7, minutes=59), zone) == 0
    assert day_number(at, at + timedelta(hours=8), zone) == 1
    assert day_number(at, at + timedelta(hours=8), ZoneInfo("UTC")) == 0


def test_planned_date_counts_from_midnight_where_the_patient_is():
    zone = ZoneInfo("America/New_York")
    at = datetime(2026, 3, 7, 10, tzinfo=zone)
    assert restart_h(at, date(2026, 3, 8), zone) == 14
    assert restart_h(at, date(2026, 3, 9), zone) == 37  # the clocks went forward in between
    assert restart_h(at, at + timedelta(hours=5), zone) == 5


def test_restrictions_count_from_the_latest_time_when_only_the_date_is_known():
    zone = ZoneInfo("UTC")
    earliest, latest = date_only_procedure(START.date(), zone)
    assert (latest - earliest) == timedelta(hours=23, minutes=59)
    late = procedure(latest_at=START + timedelta(hours=23, minutes=59)).latest_at
    changes = {"bandage": "off", "immersion": "yes", "drove": "yes", "heavy_lifting": "yes"}
    known, estimated = judge(report(50, **changes)), judge(report(50, **changes), latest_at=late)
    assert set(tiers(known)) == {"LIFTING"}
    assert set(tiers(estimated)) == {"LIFTING", "BANDAGE", "IMMERSION"}
    assert "DRIVE" in tiers(judge(report(47, drove="yes"), latest_at=late))
    assert "LIFTING" in tiers(judge(report(1031.9, heavy_lifting="yes"), latest_at=late))
    assert tiers(judge(report(48, bleeding="spot"), latest_at=late)) == {"BLEED-SPOT": "within_24h"}


# Settings


# (setting, new value, rule, hour at which the default and the new value differ, answers, fires before, fires after)
DRIVEN = [
    ("walk_by_h", 6, "WALK-CANNOT", 10, {"mobility": "cannot_walk"}, None, "same_day"),
    ("relief_due_h", 48, "PAIN-NORELIEF", 50, {"pain_now": 7}, None, "within_24h"),
    ("early_flare_h", 4, "PAIN-WORSE-SAID", 5, {"pain_change": "worse", "pain_now": 4}, None, "within_24h"),
    ("early_flare_h", 4, "PAIN-SEVERE", 5, {"pain_now": 8}, "routine", "within_24h"),
    ("early_flare_h", 24, "PAIN-UP", 20, {"pain_change": "much_worse"}, "same_day", None),
    ("soreness_h", 48, "WOUND-WATCH", 50, {"wound": ["redness"]}, "routine", "within_24h"),
    ("local_numb_h", 4, "NEURO-NUMB", 5, {"numbness": "new_or_worse", "numbness_where": ["needle_site"]}, None,
     "within_24h"),
    ("bandage_h", 72, "BANDAGE", 60, {"bandage": "off"}, None, "routine"),
    ("immersion_h", 24, "IMMERSION", 30, {"immersion": "yes"}, "routine", None),
    ("lifting_h", 2184, "LIFTING", 1500, {"heavy_lifting": "yes"}, None, "routine"),
    ("drive_h", 48, "DRIVE", 30, {"drove": "yes"}, None, "routine"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "rule", "hours", "answers", "default", "changed"), DRIVEN)
def test_setting_drives_its_rule(name, value, rule, hours, answers, default, changed):
    check_in = report(hours, **answers)
    assert tiers(judge(check_in)).get(rule) == default
    assert tiers(judge(check_in, protocol=with_settings(**{name: value}))).get(rule) == changed


def test_setting_of_soreness_drives_the_exemption():
    check_in, earlier = report(50, pain_now=4, pain_where=["needle_site"]), report(40)
    assert tiers(judge(check_in, earlier)) == {}
    assert "PAIN-UP" in tiers(judge(check_in, earlier, protocol=with_settings(soreness_h=48)))


def test_setting_of_the_fever_pairs_drives_fever():
    lower = with_settings(
        fever_c=37.8,
        fever_f=100.0,
        fever_older_c=37.5,
        fever_older_f=99.5,
        fever_low_c=37.2,
        fever_low_f=99.0,
    )
    for temp in (celsius(37.8), fahrenheit(100.0)):
        assert tiers(judge(report(30, temp=temp))) == {"TEMP-WATCH": "routine"}
        assert tiers(judge(report(30, temp=temp), protocol=lower)) == {"FEVER": "same_day"}
        immune = judge(report(30, temp=temp), risks=["immunosuppressed"], protocol=lower)
        assert tiers(immune) == {"FEVER": "emergency"}
    assert tiers(judge(report(30, temp=celsius(37.2)), protocol=lower)) == {"TEMP-WATCH": "routine"}
    assert tiers(judge(report(30, temp=celsius(37.5)), risks=["age_65_plus"], protocol=lower)) == {
        "FEVER": "same_day"
    }


def test_setting_of_the_assumed_restart_drives_the_blood_thinner_rule():
    check_in = report(24, blood_thinner="unsure")
    assert tiers(judge(check_in, risks=["anticoagulant"])) == {}
    same_day = with_settings(blood_thinner_restart_h=0)
    assert "THINNER" in tiers(judge(check_in, risks=["anticoagulant"], protocol=same_day))
    early = report(24 - JUST_BEFORE, blood_thinner="unsure")
    assert tiers(judge(early, risks=["anticoagulant"], protocol=same_day)) == {}


def test_numbers_in_texts_come_from_the_settings():
    changed = with_settings(
        lifting_h=2016, drive_h=48, immersion_h=72, relief_due_h=48, soreness_h=48, ice_min_per_hour=20,
        bed_rest_text="Rest for a day.",
    )  # fmt: skip
    assert PROTOCOL.rules["LIFTING"].patient.otherwise == "Please do not lift heavy things for six weeks."
    assert changed.rules["LIFTING"].patient.otherwise == "Please do not lift heavy things for twelve weeks."
    assert PROTOCOL.rules["DRIVE"].patient.otherwise.endswith("or on the first day.")
    assert changed.rules["DRIVE"].patient.otherwise.endswith("or in the first two days.")
    assert changed.rules["IMMERSION"].patient.otherwise.endswith("for the first 72 hours.")
    assert changed.rules["IMMERSION"].name == "Bath, pool or hot tub before 72 hours"
    assert "can take two days" in changed.rules["PAIN-NORELIEF"].patient.otherwise
    assert "can take three days" in PROTOCOL.rules["PAIN-NORELIEF"].patient.otherwise
    soreness = "Soreness is common for two or three days. Ice in a cloth for 15 minutes each hour can help."
    assert PROTOCOL.information["expected-soreness"].patient == soreness
    changed_soreness = changed.information["expected-soreness"].patient
    assert changed_soreness.startswith("Soreness is common for two days. Ice in a cloth for 20")
    assert changed.phases[1].advice.startswith("Rest for a day. Do not drive.")


def test_odd_hours_are_written_as_hours():
    assert "for 1100 hours" in with_settings(lifting_h=1100).rules["LIFTING"].patient.otherwise


def test_settings_out_of_range_are_no_protocol():
    with pytest.raises(ProtocolError, match="outside"):
        with_settings(early_flare_h=25)


def test_every_setting_says_what_the_leaflets_say():
    for setting in PROTOCOL.settings.values():
        assert setting.leaflets
        assert setting.value == setting.default
        assert setting.sources


def test_fixed_numbers_are_no_settings():
    """BLEED-SPOT, TIRED, WALK-LITTLE, PAIN-RECUR and 40.0/104.0 stay whatever a clinic chooses."""
    extreme = with_settings(walk_by_h=48, relief_due_h=48, early_flare_h=24, soreness_h=48, local_numb_h=4)
    assert tiers(judge(report(48, bleeding="spot"), protocol=extreme)) == {"BLEED-SPOT": "within_24h"}
    assert tiers(judge(report(71, mobility="bathroom_only"), protocol=extreme)) == {}
    assert "WALK-LITTLE" in tiers(judge(report(72, mobility="bathroom_only"), protocol=extreme))
    assert tiers(judge(report(30, temp=celsius(40.0)), protocol=extreme))["FEVER"] == "emergency"


def test_clinical_core_needs_neither_django_nor_a_network():
    program = (
        "import sys, recovery.clinical.cases, recovery.clinical.verdict;"
        "names = {name.split('.')[0] for name in sys.modules};"
        "print(sorted(names & {'django', 'celery', 'redis', 'psycopg', 'httpx'}))"
    )
    root = PATH.parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.hazard("HZ11.1")
def test_document_on_disk_is_what_is_loaded():
    assert document()["version"] == PROTOCOL.version
    assert PATH.is_file()
