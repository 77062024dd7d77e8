"""What goes wrong besides pain, each in about one of fifty patients: far more often than in life, so that every one is
seen, and far rarer than a new fracture.

A trouble is a row of signs: from an hour to an hour, these answers differ from the all-clear. A sign that cannot wait
is reported at once, not at the next check-in that is due.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

EVER_AFTER = 10_000.0


@dataclass(frozen=True)
class Sign:
    from_h: float
    until_h: float
    answers: Mapping[str, Any]
    at_once: bool = False
    by_carer: bool = False


@dataclass(frozen=True)
class Trouble:
    """`hours` is when it begins, at the earliest and the latest. Signs count from there."""

    hours: tuple[float, float]
    signs: tuple[Sign, ...] = ()
    needs_risk: str = ""
    in_hospital_h: float = 0.0
    """From the beginning on, nobody answers: the patient is in hospital."""
    habit: str = ""
    """Not a sign of the body but of the phone: see the diary."""

    def begin(self, random: Random) -> "Course":
        at_h = random.uniform(*self.hours)
        return Course(
            signs=tuple(
                Sign(at_h + sign.from_h, at_h + sign.until_h, sign.answers, sign.at_once, sign.by_carer)
                for sign in self.signs
            ),
            away=(at_h + 0.5, at_h + self.in_hospital_h) if self.in_hospital_h else (0.0, 0.0),
            habit=self.habit,
        )


@dataclass(frozen=True)
class Course:
    """A trouble in one life: hours since the procedure."""

    signs: tuple[Sign, ...] = ()
    away: tuple[float, float] = (0.0, 0.0)
    habit: str = ""

    def at(self, hours: float) -> list[Sign]:
        return [sign for sign in self.signs if sign.from_h <= hours < sign.until_h]

    def extra_reports(self) -> list[float]:
        return [sign.from_h + 0.05 for sign in self.signs if sign.at_once]

    def is_away(self, hours: float) -> bool:
        return self.away[0] <= hours < self.away[1]


QUIET = Course()


def _temp(celsius: float) -> dict[str, Any]:
    """In Celsius here; the diary puts it into the unit of the patient's thermometer."""
    return {"temp": {"value": celsius, "unit": "C"}, "feels_feverish": "yes"}


TROUBLES: dict[str, Trouble] = {
    "wound infection": Trouble(
        hours=(100, 150),
        signs=(
            Sign(0, 24, {"wound": ["redness"]}),
            Sign(24, 72, {"wound": ["redness", "warmth", "pus_or_discharge"]} | _temp(38.3), at_once=True),
            Sign(72, 150, {"wound": ["redness"]}),
        ),
    ),
    "cement leak": Trouble(
        hours=(14, 30),
        signs=(
            Sign(
                0,
                6,
                {
                    "numbness": "new_or_worse",
                    "numbness_where": ["one_leg"],
                    "pain_where": ["treated_area", "down_one_leg"],
                },
                at_once=True,
            ),
            Sign(6, 260, {"numbness": "same", "numbness_where": ["one_leg"]}),
        ),
    ),
    "cement in the lung": Trouble(
        hours=(42, 70),
        signs=(
            Sign(0, 2, {"breathing": "new_or_worse", "chest_pain": "yes", "cough": "new"}, at_once=True),
            Sign(80, 170, {"breathing": "same"}, by_carer=True),
        ),
        needs_risk="levels_3_plus",
        in_hospital_h=80,
    ),
    "urinary retention": Trouble(
        hours=(5, 10),
        signs=(Sign(0, 4, {"bladder": "new_or_worse"}, at_once=True), Sign(4, 80, {"bladder": "same"})),
    ),
    "bleeding on a blood thinner": Trouble(
        hours=(4, 9),
        signs=(Sign(0, 6, {"bleeding": "oozing", "bandage": "wet"}, at_once=True),),
        needs_risk="anticoagulant",
    ),
    "allergy": Trouble(
        hours=(6, 20),
        signs=(
            Sign(0, 14, {"allergy": ["rash_or_hives", "itching"]}, at_once=True),
            Sign(14, 44, {"allergy": ["itching"]}),
        ),
        needs_risk="allergy_history",
    ),
    "clot in the calf": Trouble(hours=(160, 240), signs=(Sign(0, 30, {"calf": "one_leg"}, at_once=True),)),
    "fever": Trouble(
        hours=(44, 64),
        signs=(Sign(0, 10, _temp(38.2), at_once=True), Sign(10, 40, {"temp": {"value": 37.6, "unit": "C"}})),
    ),
    "too drowsy": Trouble(
        hours=(24, 44),
        signs=(
            Sign(
                0,
                8,
                {
                    "drowsy": "hard_to_stay_awake",
                    "confused": "yes",
                    "opioid_taken": "yes",
                    "mobility": "bathroom_only",
                },
                at_once=True,
                by_carer=True,
            ),
            Sign(8, 60, {"drowsy": "a_bit"}),
        ),
    ),
    "fall": Trouble(
        hours=(190, 300),
        signs=(Sign(0, 6, {"fall": "yes", "pain_where": ["treated_area", "new_place"]}, at_once=True),),
    ),
    "dark thoughts": Trouble(
        hours=(260, 360),
        signs=(
            Sign(
                0,
                6,
                {
                    "free_text": "I cannot sleep and am tired of it all. Some days I want to die.",
                    "wants_call": "yes",
                },
                at_once=True,
            ),
        ),
    ),
    "old app": Trouble(hours=(0, 0), habit="old app"),
    "late start": Trouble(hours=(0, 0), habit="starts late"),
    "falls silent": Trouble(hours=(110, 160), in_hospital_h=130),
}
