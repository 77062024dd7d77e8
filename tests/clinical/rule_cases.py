"""For each rule one report at which it fires, and one as close as possible at which it does not.

Every entry: how the report at which it fires looks, with its tier, and how the near miss looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recovery.clinical.assessment import Assessment
from recovery.clinical.facts import Baseline, Report
from tests.clinical.scenes import before, celsius, judge, report, silence

JUST_BEFORE = 1 / 3600  # a second, in hours


@dataclass(frozen=True)
class At:
    """A report at an hour, or with `now` the silence at that hour."""

    hours: float
    changes: Mapping[str, Any] = field(default_factory=dict)
    past: Sequence[Report] = ()
    risks: Sequence[str] = ()
    baseline: Baseline | None = field(default_factory=before)
    restart_h: float | None = None
    timer: bool = False

    def judge(self) -> Assessment:
        if self.timer:
            return silence(self.hours, *self.past, risks=self.risks)
        check_in = report(self.hours, **self.changes)
        return judge(check_in, *self.past, risks=self.risks, baseline=self.baseline, restart_h=self.restart_h)


def at(hours: float, *past: Report, **changes: Any) -> At:
    return At(hours, changes, past)


def with_risk(one: At, *risks: str) -> At:
    return At(one.hours, one.changes, one.past, risks, one.baseline, one.restart_h, one.timer)


def with_baseline(one: At, baseline: Baseline | None) -> At:
    return At(one.hours, one.changes, one.past, one.risks, baseline, one.restart_h, one.timer)


def timer(now_h: float, *past: Report) -> At:
    return At(now_h, past=past, timer=True)


SADDLE = {"numbness": "new_or_worse", "numbness_where": ["saddle"]}
LEG = {"numbness": "new_or_worse", "numbness_where": ["one_leg"]}
GENERAL = {"weakness": "new_or_worse", "weakness_where": ["general"]}
NEEDLE = {"numbness": "new_or_worse", "numbness_where": ["needle_site"]}
FEVERISH = {"temp": None, "feels_feverish": "yes"}

CASES: dict[str, tuple[At, str, At]] = {
    "NEURO-MOVE": (at(30, cannot_move="yes"), "emergency", at(30, cannot_move=None)),
    "NEURO-WEAK": (at(30, weakness="new_or_worse"), "emergency", at(30, **GENERAL)),
    "NEURO-NUMB": (at(12, **NEEDLE), "within_24h", at(12 - JUST_BEFORE, **NEEDLE)),
    "NEURO-SADDLE": (at(30, **SADDLE), "emergency", at(30, **LEG)),
    "NEURO-RADIATE": (
        at(30, pain_where=["around_ribs"]),
        "same_day",
        with_baseline(at(30, pain_where=["around_ribs"]), before(pain_where=["around_ribs"])),
    ),
    "BLADDER": (at(30, bladder="new_or_worse"), "emergency", at(30, bladder="same")),
    "BOWEL": (at(30, bowel="new_or_worse"), "emergency", at(30, bowel="same")),
    "TIRED": (
        at(30, **GENERAL),
        "within_24h",
        at(30, weakness="new_or_worse", weakness_where=["general", "arm"]),
    ),
    "SYMPTOM-ONGOING": (
        at(30, report(20, bladder="new_or_worse"), bladder="same"),
        "routine",
        at(30, report(20, bladder="same"), bladder="same"),
    ),
    "BASELINE-UNKNOWN": (
        at(30, bladder="same"),
        "same_day",
        with_baseline(at(30, bladder="same"), before(bladder="present")),
    ),
    "BREATH": (
        at(30, breathing="new_or_worse"),
        "emergency",
        with_baseline(at(30, breathing="same"), before(breathing="present")),
    ),
    "CHEST": (at(30, chest_pain="yes"), "emergency", at(30, chest_pain=None)),
    "COUGH": (at(30, cough="new"), "within_24h", at(30, cough="same")),
    "LEG-CLOT": (at(30, calf="one_leg"), "same_day", at(30, calf=None)),
    "ALLERGY-SEVERE": (at(30, allergy=["wheeze"]), "emergency", at(30, allergy=["rash_or_hives"])),
    "ALLERGY-MILD": (at(30, allergy=["itching"]), "within_24h", at(30, allergy=["wheeze"])),
    "BLEED-HEAVY": (at(30, bleeding="soaking"), "emergency", at(30, bleeding="oozing")),
    "BLEED-OOZE": (at(30, bleeding="oozing"), "same_day", at(30, bleeding="spot")),
    "BLEED-SPOT": (at(47.9, bleeding="spot"), "routine", at(47.9, bleeding="none")),
    "THINNER": (
        with_risk(at(48, blood_thinner="unsure"), "anticoagulant"),
        "within_24h",
        with_risk(at(48 - JUST_BEFORE, blood_thinner="unsure"), "anticoagulant"),
    ),
    "FEVER": (at(30, temp=celsius(38.0)), "same_day", at(30, temp=celsius(37.9))),
    "SEPSIS": (
        at(30, confused="yes", **FEVERISH),
        "emergency",
        at(30, confused="yes", temp=celsius(37.9), feels_feverish="yes"),
    ),
    "TEMP-WATCH": (at(30, temp=celsius(37.5)), "routine", at(30, temp=celsius(37.4))),
    "WOUND-INFECT": (at(30, wound=["redness", "warmth"]), "same_day", at(30, wound=["redness"])),
    "WOUND-WATCH": (at(30, wound=["redness"]), "routine", at(30, wound=["redness", "opening"])),
    "PAIN-UP": (
        at(30, report(20), pain_now=4),
        "same_day",
        at(30, report(20), pain_now=4, pain_where=["needle_site"]),
    ),
    "PAIN-UNCONTROLLED": (at(2, pain_controlled="no"), "same_day", at(2, pain_controlled="not_taking")),
    "PAIN-RECUR": (
        at(48, report(24, pain_now=1), pain_now=4),
        "within_24h",
        at(48, report(24 + JUST_BEFORE, pain_now=1), pain_now=4),
    ),
    "PAIN-NEWSITE": (
        at(30, pain_where=["new_place"], pain_now=4),
        "within_24h",
        at(30, pain_where=["new_place"], pain_now=3),
    ),
    "PAIN-TREND": (
        at(90, report(80, pain_now=3), report(70, pain_now=2), report(60, pain_now=1), pain_now=4),
        "within_24h",
        at(90, report(80, pain_now=3), report(70, pain_now=2), report(60, pain_now=2), pain_now=4),
    ),
    "PAIN-WORSE-SAID": (
        at(12, pain_change="worse", pain_now=4),
        "within_24h",
        at(12 - JUST_BEFORE, pain_change="worse", pain_now=4),
    ),
    "PAIN-SEVERE": (at(12, pain_now=8), "within_24h", at(12, pain_now=7)),
    "PAIN-NORELIEF": (at(72, pain_now=7), "within_24h", at(72 - JUST_BEFORE, pain_now=7)),
    "DROWSY": (at(30, drowsy="hard_to_stay_awake"), "same_day", at(30, drowsy="a_bit")),
    "CONFUSED": (at(30, confused="yes"), "same_day", at(30, confused=None)),
    "FALL": (at(30, fall="yes"), "within_24h", at(30, fall=None)),
    "WALK-CANNOT": (at(24, mobility="cannot_walk"), "same_day", at(24 - JUST_BEFORE, mobility="cannot_walk")),
    "WALK-LITTLE": (
        at(72, mobility="bathroom_only"),
        "routine",
        at(72 - JUST_BEFORE, mobility="bathroom_only"),
    ),
    "DRIVE": (at(24 - JUST_BEFORE, drove="yes"), "routine", at(24, drove="yes")),
    "BANDAGE": (at(48 - JUST_BEFORE, bandage="wet"), "routine", at(48, bandage="wet")),
    "IMMERSION": (at(48 - JUST_BEFORE, immersion="yes"), "routine", at(48, immersion="yes")),
    "LIFTING": (at(1008 - JUST_BEFORE, heavy_lifting="yes"), "routine", at(1008, heavy_lifting="yes")),
    "TEXT": (at(30, free_text="A question"), "routine", at(30, free_text=" \n ")),
    "CALL-ME": (at(30, wants_call="yes"), "within_24h", at(30, wants_call=None)),
    "ANSWERS-CONFLICT": (
        at(30, pain_controlled="no", pain_now=2),
        "routine",
        at(30, pain_controlled="no", pain_now=3),
    ),
    "INCOMPLETE": (at(30, bowel=None), "within_24h", at(30, bowel=None, completed=False)),
    "LATE-ENTRY": (at(30, received_h=36 + JUST_BEFORE), "routine", at(30, received_h=36)),
    "TEMP-UNIT": (at(30, temp=celsius(43.1)), "routine", at(30, temp=celsius(34.0))),
    "NEVER-STARTED": (timer(36), "within_24h", timer(36, report(5))),
    "MISSED-1": (timer(60, report(20)), "routine", timer(60 - JUST_BEFORE, report(20))),
    "MISSED-2": (timer(84, report(20)), "within_24h", timer(84 - JUST_BEFORE, report(20))),
}
