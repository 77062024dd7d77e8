"""The properties of specification section 9, on generated cases, and that nothing depends on order or zone."""

from __future__ import annotations

import os
import time
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recovery.clinical.cases import judged, parse
from recovery.clinical.conditions import View
from recovery.clinical.facts.case import answered
from recovery.clinical.tiers import Tier
from tests.clinical.scenes import judge, report, tiers
from tests.clinical.strategies import FEW, ITEMS, PROTOCOL, RISKS, cases, hours

# negative -> strongest positive (property 1)
STRONGEST: dict[str, tuple[str, str]] = {
    "cannot_move": ("no", "yes"), "weakness": ("no", "new_or_worse"), "numbness": ("no", "new_or_worse"),
    "bladder": ("no", "new_or_worse"), "bowel": ("no", "new_or_worse"), "breathing": ("no", "new_or_worse"),
    "chest_pain": ("no", "yes"), "cough": ("no", "blood"), "bleeding": ("none", "soaking"),
    "pain_change": ("same", "much_worse"), "pain_controlled": ("yes", "no"), "feels_feverish": ("no", "yes"),
    "rigors": ("no", "yes"), "immersion": ("no", "yes"), "calf": ("no", "one_leg"),
    "drowsy": ("no", "hard_to_stay_awake"), "confused": ("no", "yes"), "opioid_taken": ("no", "yes"),
    "drove": ("no", "yes"), "heavy_lifting": ("no", "yes"), "fall": ("no", "yes"), "wants_call": ("no", "yes"),
    "bandage": ("on_dry", "off"), "mobility": ("usual", "cannot_walk"),
}  # fmt: skip

# What taking an answer away may raise (property 2): the rule, and the answers that may be gone.
MAY_RISE: dict[str, set[str]] = {
    "INCOMPLETE": set(ITEMS),
    "FEVER": {"temp"},
    "SEPSIS": {"temp"},
    "TEMP-WATCH": {"rigors"},
    "NEURO-NUMB": {"numbness_where"},
    "NEURO-WEAK": {"weakness_where"},
    "PAIN-UP": {"pain_where"},
    "PAIN-WORSE-SAID": {"pain_where"},
    "PAIN-NEWSITE": {"pain_now"},
}


def _tiers(case: dict[str, Any]) -> dict[str, Tier]:
    return {f.rule: f.tier for f in judged(parse(case, PROTOCOL, "case"), PROTOCOL).findings}


def _urgency(case: dict[str, Any]) -> Tier:
    return max(_tiers(case).values(), default=Tier.NONE)


def _changed(case: dict[str, Any], **answers: Any) -> dict[str, Any]:
    changed = deepcopy(case)
    changed["check_in"].update(answers)
    return changed


@pytest.mark.hazard("HZ1.2")
@settings(max_examples=FEW)
@given(cases(), st.sampled_from(sorted(STRONGEST)))
def test_property_1_a_worse_answer_never_lowers_the_urgency(case, link_id):
    negative, strongest = STRONGEST[link_id]
    assert _urgency(_changed(case, **{link_id: strongest})) >= _urgency(_changed(case, **{link_id: negative}))


@pytest.mark.hazard("HZ1.3")
@settings(max_examples=2 * FEW)
@given(cases(), st.sampled_from(sorted(ITEMS)))
def test_property_2_a_missing_answer_raises_nothing_but_the_agreed(case, link_id):
    full, without = _tiers(case), _tiers(_changed(case, **{link_id: None}))
    risen = {rule for rule, tier in without.items() if tier > full.get(rule, Tier.NONE)}
    assert all(link_id in MAY_RISE.get(rule, set()) for rule in risen), risen


@settings(max_examples=FEW)
@given(cases(), st.integers(-14, 14), st.randoms())
def test_property_3_neither_zone_nor_order_of_arrival_matters(case, offset, random):
    moved = deepcopy(case)
    zone = timezone(timedelta(hours=offset))
    for entry in [moved["procedure"], moved["check_in"], *moved["history"]]:
        for key in {"at", "observed_at", "received_at"} & entry.keys():
            entry[key] = datetime.fromisoformat(entry[key]).astimezone(zone).isoformat()
    instants = [entry["observed_at"] for entry in case["history"]]
    assume(len(set(instants)) == len(instants))  # without ids, nothing else orders two of the same instant
    random.shuffle(moved["history"])
    assert _tiers(moved) == _tiers(case)


PAIRED = [(37.5, 99.5), (37.8, 100.0), (38.0, 100.4), (40.0, 104.0), (36.7, 98.1)]


@pytest.mark.hazard("HZ8.2")
@settings(max_examples=FEW)
@given(cases(), st.sampled_from(PAIRED))
def test_property_3_paired_limits_are_the_same_in_both_units(case, pair):
    in_c, in_f = ({"value": value, "unit": unit} for value, unit in zip(pair, "CF", strict=True))
    assert _tiers(_changed(case, temp=in_c)) == _tiers(_changed(case, temp=in_f))


@pytest.fixture
def elsewhere():
    """The server in another zone, and back."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Pacific/Kiritimati"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_property_3_the_zone_of_the_server_does_not_matter():
    assert tiers(judge(report(47.9, bandage="off"))) == {"BANDAGE": "routine"}
    assert tiers(judge(report(48, bandage="off"))) == {}


@pytest.mark.hazard("HZ9.1")
def test_property_3_hours_count_across_a_change_of_the_clocks():
    """47 hours on the wall are 48 hours when the clocks went forward... and the other way round."""
    zone = ZoneInfo("Europe/London")
    case = {
        "procedure": {"type": "kyphoplasty", "at": datetime(2026, 3, 28, 10, tzinfo=zone).isoformat()},
        "check_in": {"status": "in-progress", "bandage": "off"},
    }
    bound = datetime(2026, 3, 30, 11, tzinfo=zone)
    for at, fires in [(bound - timedelta(seconds=1), True), (bound, False)]:
        assert ("BANDAGE" in _tiers(_changed(case, observed_at=at.isoformat()))) is fires


@pytest.mark.hazard("HZ10.3")
@settings(max_examples=FEW)
@given(cases(), st.floats(0.1, 500))
def test_property_4_nothing_is_lost_for_being_late_or_partial(case, late_h):
    """Neither arriving later nor being half-finished takes a finding away, INCOMPLETE aside."""
    felt = datetime.fromisoformat(case["check_in"]["observed_at"])
    assume(felt >= datetime.fromisoformat(case["procedure"]["at"]))
    prompt = _changed(case, received_at=felt.isoformat(), status="completed")
    late = _changed(prompt, received_at=(felt + timedelta(hours=late_h)).isoformat(), status="in-progress")
    expected = {rule: tier for rule, tier in _tiers(prompt).items() if rule != "INCOMPLETE"}
    assert {rule: tier for rule, tier in _tiers(late).items() if rule != "LATE-ENTRY"} == expected


RED_FLAGS: list[dict[str, Any]] = [
    {"cannot_move": "yes"},
    {"chest_pain": "yes"},
    {"bleeding": "soaking"},
    {"allergy": ["face_lip_tongue_swelling"]},
    {"allergy": ["trouble_swallowing"]},
    {"allergy": ["wheeze"]},
    {"weakness": "new_or_worse", "weakness_where": ["one_leg"]},
    {"weakness": "new_or_worse", "weakness_where": []},
    {"weakness": "same", "weakness_where": ["both_legs"]},
    {"numbness": "new_or_worse", "numbness_where": ["saddle"]},
    {"numbness": "same", "numbness_where": ["saddle"]},
    {"numbness": "new_or_worse", "numbness_where": ["both_legs", "needle_site"]},
    {"bladder": "new_or_worse"},
    {"bowel": "new_or_worse"},
    {"breathing": "new_or_worse"},
]


@pytest.mark.hazard("HZ1.2")
@given(st.sampled_from(RED_FLAGS), hours, st.lists(st.sampled_from(RISKS), unique=True), st.booleans())
def test_property_5_red_flags_are_emergencies_at_every_hour_for_everyone(flag, at_h, risks, completed):
    check_in = report(at_h, completed=completed, **flag)
    assert judge(check_in, risks=risks).tier is Tier.EMERGENCY
    assert judge(check_in, risks=risks, baseline=None).tier is Tier.EMERGENCY


HEALTHGRADES: list[dict[str, Any]] = [
    {"bleeding": "oozing"},
    {"bleeding": "soaking"},
    {"temp": {"value": 38.0, "unit": "C"}},
    {"temp": None, "feels_feverish": "yes"},
    {"rigors": "yes"},
    {"cannot_move": "yes"},
    {"pain_now": 4, "past": {"pain_now": 2}},
    {"pain_now": 10, "past": {"pain_now": 8}},
    {"numbness": "new_or_worse", "numbness_where": ["arm"]},
    {"weakness": "new_or_worse", "weakness_where": ["arm", "general"]},
    {"pain_controlled": "no"},
]


@given(st.sampled_from(HEALTHGRADES), hours, st.lists(st.sampled_from(RISKS), unique=True))
def test_property_6_the_call_right_away_list_is_at_least_same_day(item, at_h, risks):
    changes = dict(item)
    past = changes.pop("past", None)
    earlier = [] if past is None else [report(at_h - 20, **past)]
    assume(past is None or at_h >= 20)  # a rise counts after hour 12, over a score after time zero
    assert judge(report(at_h, **changes), *earlier, risks=risks).tier >= Tier.SAME_DAY


@settings(max_examples=FEW)
@given(cases())
def test_property_7_what_the_phone_shows_alone_is_an_emergency_here_too(case):
    parsed = parse(case, PROTOCOL, "case")
    assert parsed.check_in is not None
    alone = View(answered(parsed.check_in.answers), {}, frozenset(), {})
    if PROTOCOL.emergency_screen(alone):
        assert judged(parsed, PROTOCOL).tier is Tier.EMERGENCY


@pytest.mark.hazard("HZ10.1")
@pytest.mark.parametrize("flag", [f for f in RED_FLAGS if "same" not in f.values()])
def test_property_7_every_red_flag_shows_the_emergency_screen_without_a_network(flag):
    assert PROTOCOL.emergency_screen(View(answered(report(30, **flag).answers), {}, frozenset(), {}))


def test_property_7_the_all_clear_shows_no_emergency_screen():
    assert not PROTOCOL.emergency_screen(View(answered(report(30).answers), {}, frozenset(), {}))


@settings(max_examples=FEW)
@given(cases())
def test_same_input_gives_the_same_assessment(case):
    parsed = parse(case, PROTOCOL, "case")
    assert judged(parsed, PROTOCOL) == judged(replace(parsed), PROTOCOL)
    assert judged(parsed, PROTOCOL).at.astimezone(UTC).tzinfo is UTC
