"""Every rule fires where it should and stays silent right beside it; and their numbers hold on both sides."""

from __future__ import annotations

import pytest

from recovery.clinical.protocol import get
from tests.clinical.rule_cases import CASES, FEVERISH, JUST_BEFORE, At, at, timer, with_baseline, with_risk
from tests.clinical.scenes import before, celsius, fahrenheit, report, tiers

EPSILON = JUST_BEFORE


@pytest.mark.hazard("HZ1.1")
def test_every_rule_has_a_case_on_both_sides():
    assert CASES.keys() == get().rules.keys()
    assert len(CASES) == 51


@pytest.mark.parametrize("rule", CASES)
def test_rule_fires(rule):
    fires, tier, _ = CASES[rule]
    assert tiers(fires.judge()).get(rule) == tier


@pytest.mark.hazard("HZ1.1")
@pytest.mark.parametrize("rule", CASES)
def test_rule_just_does_not_fire(rule):
    _, _, misses = CASES[rule]
    assert rule not in tiers(misses.judge())


OLD_FEVER = with_risk(at(30, temp=celsius(37.8)), "age_65_plus")
IMMUNE = "immunosuppressed"
RECUR = {"pain_now": 4}
LOWEST = (report(20, pain_now=1), report(24, pain_now=1))

# (rule, a case, its tier or None): pairs on the two sides of one number or one condition.
BOUNDS: list[tuple[str, At, str | None]] = [
    ("NEURO-NUMB", at(30, numbness="new_or_worse", numbness_where=["needle_site", "other"]), "same_day"),
    ("NEURO-NUMB", with_risk(at(30, numbness="new_or_worse"), "tumour"), "emergency"),
    (
        "NEURO-NUMB",
        with_risk(at(30, numbness="new_or_worse", numbness_where=["needle_site"]), "tumour"),
        "within_24h",
    ),
    ("NEURO-SADDLE", at(30, numbness="new_or_worse", numbness_where=["both_legs"]), "emergency"),
    ("NEURO-RADIATE", at(30, pain_where=["down_both_legs"]), "emergency"),
    (
        "NEURO-RADIATE",
        with_baseline(
            at(30, pain_where=["down_both_legs", "down_one_leg"]), before(pain_where=["down_both_legs"])
        ),
        "same_day",
    ),
    ("NEURO-RADIATE", with_baseline(at(30, pain_where=["down_one_leg"]), None), "same_day"),
    ("TIRED", at(24 - EPSILON, weakness="new_or_worse", weakness_where=["general"]), "routine"),
    ("TIRED", at(24, weakness="new_or_worse", weakness_where=["general"]), "within_24h"),
    ("NEURO-WEAK", at(24, weakness="new_or_worse", weakness_where=[]), "emergency"),
    ("COUGH", with_risk(at(30, cough="new"), "levels_3_plus"), "same_day"),
    ("COUGH", at(30, cough="blood"), "emergency"),
    ("ALLERGY-MILD", at(30, allergy=["itching", "rash_or_hives"]), "same_day"),
    ("BLEED-OOZE", with_risk(at(30, bleeding="oozing"), "anticoagulant"), "emergency"),
    ("BLEED-SPOT", at(48 - EPSILON, bleeding="spot"), "routine"),
    ("BLEED-SPOT", at(48, bleeding="spot"), "within_24h"),
    ("BLEED-SPOT", with_risk(at(48 - EPSILON, bleeding="spot"), "anticoagulant"), "within_24h"),
    ("BLEED-SPOT", with_risk(at(48, bleeding="spot"), "anticoagulant"), "same_day"),
    ("FEVER", at(30, temp=fahrenheit(100.4)), "same_day"),
    ("FEVER", at(30, temp=fahrenheit(100.3)), None),
    ("FEVER", OLD_FEVER, "same_day"),
    ("FEVER", with_risk(at(30, temp=celsius(37.7)), "age_65_plus"), None),
    ("FEVER", with_risk(at(30, temp=fahrenheit(100.0)), "age_65_plus"), "same_day"),
    ("FEVER", with_risk(at(30, temp=fahrenheit(99.9)), "age_65_plus"), None),
    ("FEVER", with_risk(at(30, temp=celsius(37.5)), "steroids"), "same_day"),
    ("FEVER", with_risk(at(30, temp=celsius(37.4)), "steroids"), None),
    ("FEVER", with_risk(at(30, temp=fahrenheit(99.5)), IMMUNE), "same_day"),
    ("FEVER", with_risk(at(30, temp=fahrenheit(99.4)), IMMUNE), None),
    ("FEVER", with_risk(at(30, temp=celsius(38.0)), IMMUNE), "emergency"),
    ("FEVER", with_risk(at(30, temp=celsius(37.9)), IMMUNE), "same_day"),
    ("FEVER", with_risk(at(30, rigors="yes"), IMMUNE), "emergency"),
    ("FEVER", with_risk(at(30, **FEVERISH), IMMUNE), "same_day"),
    ("FEVER", at(30, temp=celsius(40.0)), "emergency"),
    ("FEVER", at(30, temp=celsius(39.9)), "same_day"),
    ("FEVER", at(30, temp=fahrenheit(104.0)), "emergency"),
    ("FEVER", at(30, temp=fahrenheit(103.9)), "same_day"),
    ("FEVER", at(30, temp=celsius(50), feels_feverish="yes"), "same_day"),
    ("FEVER", at(30, temp=celsius(36.7), feels_feverish="yes"), None),
    ("FEVER", at(30, temp=celsius(100.4)), "same_day"),
    ("FEVER", at(30, temp=fahrenheit(38.0)), "same_day"),
    ("SEPSIS", at(30, temp=celsius(38.0), drowsy="hard_to_stay_awake"), "emergency"),
    ("SEPSIS", at(30, temp=celsius(38.0), drowsy="a_bit"), None),
    ("SEPSIS", at(30, temp=celsius(38.0), breathing="new_or_worse"), "emergency"),
    ("TEMP-WATCH", at(30, feels_feverish="yes"), "routine"),
    ("TEMP-WATCH", at(30, temp=fahrenheit(99.5)), "routine"),
    ("TEMP-WATCH", at(30, temp=fahrenheit(99.4)), None),
    ("TEMP-WATCH", at(30, report(6, temp=celsius(37.5)), temp=celsius(37.5)), "within_24h"),
    ("TEMP-WATCH", at(30, report(6 - EPSILON, temp=celsius(37.5)), temp=celsius(37.5)), "routine"),
    ("TEMP-WATCH", at(30, report(6, temp=celsius(37.4)), temp=celsius(37.5)), "routine"),
    (
        "TEMP-WATCH",
        at(30, report(10, temp=celsius(37.5)), report(20, temp=celsius(99)), temp=celsius(37.5)),
        "routine",  # 99 C is 99 F, which is usable and the latest
    ),
    (
        "TEMP-WATCH",
        at(30, report(10, temp=celsius(37.5)), report(20, temp=celsius(60)), temp=celsius(37.5)),
        "within_24h",  # 60 fits neither unit, so the one before counts
    ),
    ("WOUND-INFECT", at(30, wound=["bad_smell"]), "same_day"),
    ("WOUND-WATCH", at(72 - EPSILON, wound=["swelling"]), "routine"),
    ("WOUND-WATCH", at(72, wound=["swelling"]), "within_24h"),
    ("WOUND-WATCH", with_risk(at(72, wound=["swelling"]), "steroids"), "same_day"),
    ("WOUND-WATCH", with_risk(at(72 - EPSILON, wound=["swelling"]), IMMUNE, "steroids"), "within_24h"),
    ("PAIN-UP", with_baseline(at(30, pain_now=4), before(pain_now=2)), "same_day"),
    ("PAIN-UP", with_baseline(at(30, pain_now=4), before(pain_now=3)), None),
    ("PAIN-UP", with_baseline(at(30, pain_now=3), before(pain_now=1)), None),
    ("PAIN-UP", with_baseline(at(30, pain_now=4, pain_where=["needle_site"]), before(pain_now=2)), "same_day"),
    ("PAIN-UP", at(60, report(12), pain_now=4), "same_day"),
    ("PAIN-UP", at(60, report(12 - EPSILON), pain_now=4), None),
    ("PAIN-UP", at(12 - EPSILON, pain_change="much_worse", pain_now=7), None),
    ("PAIN-UP", at(12 - EPSILON, pain_change="much_worse", pain_now=8), "same_day"),
    ("PAIN-UP", at(12, pain_change="much_worse", pain_now=None), "same_day"),
    ("PAIN-UP", at(72 - EPSILON, report(60), pain_now=5, pain_where=["needle_site"]), None),
    ("PAIN-UP", at(72, report(60), pain_now=5, pain_where=["needle_site"]), "same_day"),
    ("PAIN-UP", at(50, report(40), pain_now=6, pain_where=["needle_site"]), "same_day"),
    ("PAIN-UP", at(50, report(40), pain_now=5, pain_where=["needle_site"], pain_controlled="no"), "same_day"),
    ("PAIN-UP", at(50, report(40), pain_now=5, pain_where=["needle_site"], pain_controlled=None), None),
    (
        "PAIN-UP",
        with_baseline(at(50, report(40), pain_now=5, pain_where=["needle_site"]), before(pain_now=5)),
        "same_day",
    ),
    ("PAIN-UP", with_baseline(at(50, report(40), pain_now=5, pain_where=["needle_site"]), None), None),
    ("PAIN-RECUR", at(48 - EPSILON, report(20, pain_now=1), **RECUR), None),
    ("PAIN-RECUR", at(48, report(20, pain_now=1), **RECUR), "within_24h"),
    ("PAIN-RECUR", at(48, report(20, pain_now=2), **RECUR), None),
    ("PAIN-RECUR", at(48, *LOWEST, **RECUR), "within_24h"),
    ("PAIN-RECUR", at(48, report(20, pain_now=0), pain_now=3), None),
    ("PAIN-RECUR", with_baseline(at(48, report(20, pain_now=1), **RECUR), before(pain_now=2)), None),
    ("PAIN-RECUR", with_baseline(at(48, report(20, pain_now=3), pain_now=6), None), "within_24h"),
    ("PAIN-RECUR", with_baseline(at(48, report(20, pain_now=4), pain_now=7), None), None),
    ("PAIN-RECUR", with_risk(at(48, report(20, pain_now=1), **RECUR), "tumour"), "same_day"),
    ("PAIN-RECUR", at(48, report(20, pain_now=1), heavy_lifting="yes", **RECUR), "same_day"),
    ("PAIN-NEWSITE", at(30, pain_where=["new_place"], pain_now=None), "within_24h"),
    ("PAIN-NEWSITE", at(30, pain_where=["new_place"], pain_now=4, fall="yes"), "same_day"),
    ("PAIN-WORSE-SAID", at(30, pain_change="worse", pain_now=3), None),
    ("PAIN-WORSE-SAID", at(30, pain_change="worse", pain_now=4, pain_where=["needle_site"]), None),
    ("PAIN-SEVERE", at(12 - EPSILON, pain_now=8), "routine"),
    ("PAIN-NORELIEF", with_baseline(at(72, pain_now=4), before(pain_now=5)), "routine"),
    ("PAIN-NORELIEF", with_baseline(at(72, pain_now=4), before(pain_now=6)), None),
    ("PAIN-NORELIEF", with_baseline(at(72, pain_now=3), before(pain_now=4)), None),
    ("PAIN-NORELIEF", with_baseline(at(72, pain_now=6), before(pain_now=7)), "routine"),
    ("PAIN-NORELIEF", with_baseline(at(72, pain_now=7), None), "routine"),
    ("PAIN-NORELIEF", with_baseline(at(72, pain_now=6), None), None),
    ("PAIN-NORELIEF", with_risk(with_baseline(at(72, pain_now=7), None), "tumour"), "within_24h"),
    ("DROWSY", at(30, drowsy="hard_to_stay_awake", opioid_taken="yes"), "emergency"),
    ("FALL", with_risk(at(30, fall="yes"), "anticoagulant"), "same_day"),
    ("FALL", at(30, report(20), fall="yes", pain_now=4), "same_day"),
    ("FALL", at(30, report(20), fall="yes", pain_now=3), "within_24h"),
    ("FALL", at(30, fall="yes", pain_where=["new_place"]), "same_day"),
    ("WALK-CANNOT", with_baseline(at(24, mobility="cannot_walk"), before(mobility="cannot_walk")), None),
    ("WALK-CANNOT", with_baseline(at(24, mobility="cannot_walk"), None), "same_day"),
    ("WALK-LITTLE", with_baseline(at(72, mobility="bathroom_only"), before(mobility="cannot_walk")), None),
    ("DRIVE", at(24, drove="yes", opioid_taken="yes"), "routine"),
    ("DRIVE", at(20, drove="yes", drowsy="a_bit"), "within_24h"),
    ("IMMERSION", at(20, immersion="yes", bandage="off"), "within_24h"),
    ("TEXT", at(30, free_text="I think of suicide"), "emergency"),
    ("TEXT", at(30, free_text="no suicide"), "emergency"),
    ("TEXT", at(30, free_text="I can’t  feel it"), "same_day"),
    ("TEXT", at(30, free_text="not passed out"), "routine"),
    ("TEXT", at(30, free_text="the fever is back"), "within_24h"),
    ("ANSWERS-CONFLICT", at(30, cannot_move="yes"), "routine"),
    ("ANSWERS-CONFLICT", at(30, cannot_move="yes", mobility="with_help"), None),
    ("ANSWERS-CONFLICT", at(30, report(20), pain_change="better", pain_now=4), "routine"),
    ("ANSWERS-CONFLICT", at(30, report(20), pain_change="better", pain_now=3), None),
    ("ANSWERS-CONFLICT", at(30, report(20, pain_now=4), pain_change="worse", pain_now=2), "routine"),
    ("ANSWERS-CONFLICT", at(30, report(20, pain_now=4), pain_change="much_worse", pain_now=3), None),
    ("ANSWERS-CONFLICT", at(30, bleeding="soaking", bandage="wet"), None),
    ("INCOMPLETE", at(30, temp=None, feels_feverish=None), "within_24h"),
    ("INCOMPLETE", at(30, temp=None), None),
    ("INCOMPLETE", at(30, temp=celsius(60), feels_feverish=None), None),
    ("LATE-ENTRY", at(30, received_h=24), None),
    ("TEMP-UNIT", at(30, temp=celsius(33.9)), "routine"),
    ("TEMP-UNIT", at(30, temp=celsius(43.0)), None),
    ("TEMP-UNIT", at(30, temp=fahrenheit(93.2)), None),
    ("TEMP-UNIT", at(30, temp=fahrenheit(93.1)), "routine"),
    ("TEMP-UNIT", at(30, temp=fahrenheit(109.4)), None),
    ("TEMP-UNIT", at(30, temp=fahrenheit(109.5)), "routine"),
    ("NEVER-STARTED", timer(36 - EPSILON), None),
    ("NEVER-STARTED", timer(36, report(5, completed=False)), "within_24h"),
    ("NEVER-STARTED", with_risk(timer(36), "tumour"), "same_day"),
    ("MISSED-1", timer(12), "routine"),
    ("MISSED-1", timer(60, report(20, cannot_move="yes")), "within_24h"),
    ("MISSED-1", timer(60, report(20, fall="yes")), "routine"),
    ("MISSED-2", timer(84, report(20, temp=celsius(38.5))), "same_day"),
    ("MISSED-2", timer(528, report(250)), "routine"),
    ("MISSED-2", timer(360, report(160)), "within_24h"),
    ("MISSED-2", timer(528, report(250, bleeding="oozing")), "same_day"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "case", "tier"), BOUNDS, ids=[f"{i}-{rule}-{tier}" for i, (rule, _, tier) in enumerate(BOUNDS)]
)
def test_number_holds_on_this_side(rule, case, tier):
    assert tiers(case.judge()).get(rule) == tier


@pytest.mark.parametrize(
    ("restart_h", "hours", "fires"),
    [(0, 24, True), (0, 24 - EPSILON, False), (14, 38, True), (14, 38 - EPSILON, False), (None, 48, True)],
)
def test_blood_thinner_is_overdue_a_day_after_the_plan(restart_h, hours, fires):
    case = At(hours, {"blood_thinner": "not_restarted"}, (), ("anticoagulant",), restart_h=restart_h)
    assert ("THINNER" in tiers(case.judge())) is fires


def test_blood_thinner_rule_asks_only_who_takes_one():
    assert "THINNER" not in tiers(at(100, blood_thinner="not_restarted").judge())


def test_every_tier_of_every_rule_is_seen():
    seen = {(rule, tier) for rule, _, tier in BOUNDS if tier} | {
        (r, tier) for r, (_, tier, _) in CASES.items()
    }
    possible = {(rule.id, tier.code) for rule in get().rules.values() for tier in rule.tiers}
    assert possible == seen
