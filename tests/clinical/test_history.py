"""What counts as earlier, as silence, and as the instant of a check-in (specification 2, 4, 6.3, 6.8, 6.10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from recovery.clinical.assessment import assess, assess_silence
from recovery.clinical.facts import Earlier, Procedure, Report, Temperature, effective_at
from recovery.clinical.protocol import get
from recovery.clinical.tiers import Tier
from tests.clinical.documents import document
from tests.clinical.scenes import (
    ALL_CLEAR,
    START,
    after,
    before,
    celsius,
    judge,
    procedure,
    report,
    silence,
    tiers,
)

SAME_LEG = {"numbness": "same", "numbness_where": ["one_leg"]}


# Earlier


def test_only_strictly_earlier_check_ins_count_whatever_the_order():
    later, equal, earlier = report(31, pain_now=0), report(30, pain_now=0), report(20, pain_now=3)
    for past in [(later, equal, earlier), (earlier, later, equal)]:
        assert tiers(judge(report(30, pain_now=5), *past)) == {"PAIN-UP": "same_day"}
        assert tiers(judge(report(30, pain_now=4), *past)) == {}


def test_of_two_at_the_same_instant_the_later_by_id_is_the_latest():
    first, second = report(20, pain_now=1, id="a"), report(20, pain_now=4, id="b")
    for past in [(first, second), (second, first)]:
        assert tiers(judge(report(30, pain_now=5), *past)) == {}


def test_half_finished_check_ins_are_part_of_the_past():
    assert tiers(judge(report(30, pain_now=4), report(20, completed=False))) == {"PAIN-UP": "same_day"}


def test_previous_score_skips_check_ins_without_one():
    past = report(10, pain_now=1), report(20, pain_now=None)
    assert tiers(judge(report(30, pain_now=4), *past)) == {"PAIN-UP": "same_day"}


def test_latest_score_that_is_too_old_hides_none_behind_it():
    past = report(1, pain_now=5), report(2, pain_now=2)
    assert tiers(judge(report(51, pain_now=5), *past)) == {"PAIN-RECUR": "within_24h"}


def test_earlier_keeps_only_what_judging_needs():
    done = procedure()
    felt = report(
        20, weakness="new_or_worse", weakness_where=["arm"], numbness="same", temp=celsius(101.2), id="x"
    )
    assert Earlier.of(felt, done) == Earlier(
        after(20), "x", True, 2, Temperature(101.2, "F"), {"weakness": frozenset({"arm"})}
    )


# Symptoms called the same (6.3)


@pytest.mark.hazard("HZ15.2")
@pytest.mark.parametrize(
    ("past", "baseline", "fires"),
    [
        # a report covers the places it names
        ([{"numbness": "new_or_worse", "numbness_where": ["one_leg"]}], {}, {"SYMPTOM-ONGOING"}),
        ([{"numbness": "new_or_worse", "numbness_where": ["arm"]}], {}, {"SYMPTOM-ONGOING", "NEURO-NUMB"}),
        # without places it covers one leg and an arm
        ([{"numbness": "new_or_worse", "numbness_where": []}], {}, {"SYMPTOM-ONGOING"}),
        ([{"numbness": "new_or_worse", "numbness_where": None}], {}, {"SYMPTOM-ONGOING"}),
        # an earlier `same` is no report, and a `no` in between cancels none
        ([{"numbness": "same", "numbness_where": ["one_leg"]}], {}, {"BASELINE-UNKNOWN", "NEURO-NUMB"}),
        (
            [{"numbness": "new_or_worse", "numbness_where": ["one_leg"]}, {"numbness": "no"}],
            {},
            {"SYMPTOM-ONGOING"},
        ),
        # the baseline covers too, and several reports together
        ([], {"numbness": "present", "numbness_where": ["one_leg"]}, set()),
        ([], {"numbness": "present"}, set()),
        ([], {"numbness": "present", "numbness_where": ["saddle"]}, {"NEURO-NUMB"}),
        ([], {"numbness": "no", "numbness_where": ["one_leg"]}, {"BASELINE-UNKNOWN", "NEURO-NUMB"}),
    ],
)
def test_same_is_resolved_by_what_was_told_before(past, baseline, fires):
    earlier = [report(10 + index, **changes) for index, changes in enumerate(past)]
    assert set(tiers(judge(report(40, **SAME_LEG), *earlier, baseline=before(**baseline)))) == fires


@pytest.mark.parametrize("place", ["saddle", "both_legs"])
def test_report_without_places_never_covers_the_worst_places(place):
    told = report(10, numbness="new_or_worse", numbness_where=[])
    found = judge(
        report(40, numbness="same", numbness_where=[place]), told, baseline=before(numbness="present")
    )
    assert tiers(found)["NEURO-SADDLE"] == "emergency"


def test_places_that_need_no_cover_resolve_as_before():
    told = report(10, numbness="new_or_worse", numbness_where=["arm"])
    found = judge(report(40, numbness="same", numbness_where=["needle_site", "other"]), told)
    assert set(tiers(found)) == {"SYMPTOM-ONGOING"}


@pytest.mark.hazard("HZ15.2")
def test_weakness_called_the_same_in_a_new_limb_is_new_weakness():
    told = report(10, weakness="new_or_worse", weakness_where=["general"])
    found = judge(report(40, weakness="same", weakness_where=["one_leg"]), told)
    assert tiers(found)["NEURO-WEAK"] == "emergency"


# The instant of a check-in (6.8)


@pytest.mark.parametrize(
    ("observed_h", "received_h", "at_h", "suspect"),
    [
        (30, None, 30, False),
        (30, 40, 30, False),
        (30 + 5 / 60, 30, 30 + 5 / 60, False),
        (30 + 5 / 60 + 1 / 3600, 30, 30, True),
        (0, 3, 0, False),
        (-1 / 3600, 3, 3, True),
        (-5, None, -5, True),
    ],
)
def test_clock_is_believed_within_five_minutes_and_after_time_zero(observed_h, received_h, at_h, suspect):
    received_at = None if received_h is None else after(received_h)
    assert effective_at(after(observed_h), received_at, START) == (after(at_h), suspect)


@pytest.mark.hazard("HZ9.2")
def test_check_in_with_a_suspect_clock_is_judged_when_it_was_received():
    found = judge(report(80, received_h=40, bandage="off"))
    assert (found.clock_suspect, found.hours, found.at) == (True, 40, after(40))
    assert tiers(found) == {"BANDAGE": "routine"}


def test_suspect_clock_is_no_late_entry():
    assert tiers(judge(report(-10, received_h=40))) == {}


def test_earlier_check_in_with_a_suspect_clock_is_ordered_when_it_was_received():
    past = report(90, received_h=20, pain_now=0)
    assert tiers(judge(report(40, pain_now=4), past)) == {"PAIN-UP": "same_day"}


def test_instants_in_one_zone_are_subtracted_as_instants():
    """Two clock faces of the same zone would be an hour off across the change."""
    zone = ZoneInfo("America/New_York")
    done = Procedure("kyphoplasty", datetime(2026, 3, 7, 10, tzinfo=zone))
    found = assess(
        protocol=get(),
        procedure=done,
        baseline=None,
        history=[],
        report=Report(datetime(2026, 3, 9, 10, tzinfo=zone), {**ALL_CLEAR, "bandage": "off"}),
    )
    assert found.hours == 47
    assert tiers(found) == {"BANDAGE": "routine"}
    quiet = assess_silence(
        protocol=get(),
        procedure=done,
        baseline=None,
        reports=[],
        now=datetime(2026, 3, 8, 22, 59, tzinfo=zone),
    )
    assert tiers(quiet) == {"MISSED-1": "routine"}  # 35 h 59 min, not 36 h 59 min


# Silence


def test_nothing_is_missed_before_a_slot_closes():
    assert tiers(silence(11.9)) == {}
    assert tiers(silence(12)) == {"MISSED-1": "routine"}


def test_later_check_in_clears_older_gaps():
    assert tiers(silence(84, report(62))) == {}
    assert tiers(silence(84, report(36))) == {"MISSED-1": "routine"}
    assert tiers(silence(84, report(35.9))) == {"MISSED-2": "within_24h"}


def test_half_finished_check_in_fills_no_slot():
    assert tiers(silence(60, report(20), report(50, completed=False))) == {"MISSED-1": "routine"}


def test_timer_sees_only_what_was_felt_until_now():
    assert tiers(silence(36, report(40))) == {"NEVER-STARTED": "within_24h"}
    assert tiers(silence(40, report(40))) == {}
    assert tiers(silence(60, report(99, received_h=40))) == {}


def test_latest_check_in_is_judged_with_its_own_history():
    """A score of 4 is an alert only because the one before it was 2, and the one after it is not seen."""
    past = report(20), report(30, pain_now=4)
    assert tiers(silence(60, *past)) == {"MISSED-1": "within_24h"}
    assert tiers(silence(60, past[1])) == {"MISSED-1": "routine"}
    assert tiers(silence(60, *past, report(35, completed=False, chest_pain="yes"))) == {
        "MISSED-1": "within_24h"
    }


def test_slots_that_closed_in_a_pause_are_not_missed():
    pause = (after(50), after(70))
    assert tiers(silence(84, report(20), excused=[pause])) == {"MISSED-1": "routine"}
    assert tiers(silence(84, report(20), excused=[(after(60), after(84))])) == {"MISSED-1": "routine"}
    assert tiers(silence(84, report(20), excused=[(after(60), after(84.1))])) == {}
    assert tiers(silence(84, report(20), excused=[(after(61), after(62))])) == {"MISSED-2": "within_24h"}


def test_nothing_fires_during_a_pause_or_after_the_end():
    assert tiers(silence(400, excused=[(after(30), None)])) == {}
    assert tiers(silence(400, ended_at=after(400))) == {}
    assert tiers(silence(400, ended_at=after(401))) == {"NEVER-STARTED": "within_24h"}


def test_episode_ends_at_its_planned_hour_unless_extended():
    assert tiers(silence(2039, report(700))) == {"MISSED-1": "routine"}
    assert tiers(silence(2040, report(700))) == {}
    assert tiers(silence(2041, report(700), ended_at=after(3000))) == {"MISSED-2": "routine"}


def test_silence_names_the_latest_closed_slot():
    found = silence(61, report(20))
    assert (found.slot, found.phase, found.hours, found.tier) == ("S2", "phase-2", 61, Tier.ROUTINE)
    assert silence(5).slot is None


# Expected soreness (7.8)


@pytest.mark.parametrize(
    ("hours", "pain", "noted"),
    [(30, 1, True), (30, 5, True), (30, 0, False), (30, 6, False), (71.9, 2, True), (72, 2, False)],
)
def test_expected_soreness_is_told_when_nothing_was_found(hours, pain, noted):
    found = judge(report(hours, pain_now=pain))
    assert found.tier is Tier.NONE
    assert (found.notes == ("expected-soreness",)) is noted


def test_expected_soreness_is_not_told_beside_a_finding():
    assert judge(report(30, fall="yes")).notes == ()


def test_scenes_use_the_questionnaire_of_the_document():
    asked = {item["id"] for page in document()["questionnaire"] for item in page["items"]}
    assert set(ALL_CLEAR) == asked


def test_times_are_exact_to_the_microsecond():
    just = timedelta(microseconds=1)
    for at, fires in [(after(48) - just, True), (after(48), False)]:
        found = judge(Report(at, {**ALL_CLEAR, "bandage": "off"}))
        assert ("BANDAGE" in tiers(found)) is fires
