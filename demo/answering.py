"""How a patient fills in the questionnaire (its codes, as vk-default/1 has them) at an hour of the recovery."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from demo.troubles import Sign
from demo.world import Person

if TYPE_CHECKING:
    from demo.diary import Note

NOTHING_WRONG: dict[str, Any] = {
    "cannot_move": "no",
    "weakness": "no",
    "numbness": "no",
    "bladder": "no",
    "bowel": "no",
    "breathing": "no",
    "chest_pain": "no",
    "cough": "no",
    "bleeding": "none",
    "feels_feverish": "no",
    "rigors": "no",
    "wound": [],
    "allergy": [],
    "calf": "no",
    "drowsy": "no",
    "confused": "no",
    "drove": "no",
    "heavy_lifting": "no",
    "fall": "no",
    "wants_call": "no",
}

REMARKS = (
    "Slept well for the first time in months.",
    "Walked to the shop and back today.",
    "When may I swim again?",
    "My brace rubs a little on the left side.",
    "The new tablets make my mouth dry.",
    "Thank you for calling me yesterday.",
)


class Answering:
    """Remembers what was answered last: people compare."""

    def __init__(self, person: Person, random: Random) -> None:
        self.person, self.random = person, random
        self._last_pain = person.pain.before

    def answers(self, hours: float, signs: Sequence[Sign]) -> dict[str, Any]:
        pain = self._pain(hours)
        told = {
            "pain_now": pain,
            "pain_change": self._change(pain),
            "pain_where": ["needle_site"] if hours < 12 else list(self.person.baseline["pain_where"]),
            "pain_controlled": "no" if pain >= 7 and self._happens(0.06) else "yes",
            **NOTHING_WRONG,
            "temp": {"value": self.random.gauss(36.6, 0.18), "unit": "C"} if self.person.unit else None,
            "drowsy": "a_bit" if hours < 30 and self._happens(0.4) else "no",
            "opioid_taken": "yes" if self._happens(0.35 if hours < 80 else 0.08) else "no",
            "mobility": self._mobility(hours),
            "blood_thinner": self._blood_thinner(hours),
            "free_text": self.random.choice(REMARKS) if self._happens(0.015) else None,
        }
        if hours < 72:
            told |= {"bandage": "on_dry" if hours < 50 else "off", "immersion": "no"}
        told |= self._of_old() | self._small_things(hours)
        if (recurrence := self.person.pain.recurrence) and 0 < hours / 24 - recurrence.at_d < 12:
            told["pain_where"].append("new_place")
        for sign in signs:
            told |= sign.answers
        told["temp"] = self._on_thermometer(told["temp"])
        self._last_pain = told["pain_now"]
        return {item: answer for item, answer in told.items() if answer is not None}

    def mistyped(self, note: "Note") -> "Note":
        """The same report with a slip of the finger in it, which is put right afterwards."""
        pain = note.answers["pain_now"]
        slips: list[Mapping[str, Any]] = [{"pain_now": max(0, pain - 2)}, {"heavy_lifting": "yes"}]
        if self.person.unit == "F":
            slips.append({"temp": {"value": 98.2, "unit": "C"}})
        return replace(note, answers={**note.answers, **self.random.choice(slips)})

    def _pain(self, hours: float) -> int:
        """On ordinary days nobody's pain jumps about: a rise of two is left to what makes one."""
        pain = self.person.pain.reported(hours, self.random)
        recurrence = self.person.pain.recurrence
        returning = recurrence is not None and hours / 24 > recurrence.at_d
        if not returning and not self._happens(0.25):
            pain = min(pain, self._last_pain + 1)
        return pain

    def _change(self, pain: int) -> str:
        step = pain - self._last_pain
        if step >= 4:
            return "much_worse"
        if step >= 2 or (step == 1 and self._happens(0.15)):
            return "worse"
        return "better" if step <= -1 else "same"

    def _mobility(self, hours: float) -> str:
        before = str(self.person.baseline["mobility"])
        if hours < 20:
            return "bathroom_only" if self._happens(0.5) else "with_help"
        if hours < 72 or self._happens(0.03):
            return before
        return "usual" if before != "bathroom_only" or hours > 200 else before

    def _blood_thinner(self, hours: float) -> str:
        if "anticoagulant" not in self.person.risk_factors:
            return "not_on"
        late = self.person.hour_of_day == 11  # a few forget
        return "restarted" if hours > (62 if late else (self.person.restart_h or 24)) else "not_restarted"

    def _of_old(self) -> dict[str, Any]:
        return {item: "same" for item in ("bladder", "breathing") if self.person.baseline[item] == "present"}

    def _small_things(self, hours: float) -> dict[str, Any]:
        """What happens in any recovery, and is seldom anything."""
        things: dict[str, Any] = {}
        if hours < 14 and self._happens(0.08):
            things["bleeding"] = "spot"
        if 14 < hours < 48 and self._happens(0.04):
            things["bandage"] = "off"
        if hours < 40 and self._happens(0.06):
            things |= {"weakness": "new_or_worse", "weakness_where": ["general"]}
        if 24 < hours < 100 and self._happens(0.03):
            things["wound"] = ["redness"]
        if hours > 60 and self._happens(0.02):
            things["drove"] = "yes"
        for item, answer, chance in (
            ("cough", "new", 0.006),
            ("heavy_lifting", "yes", 0.012),
            ("wants_call", "yes", 0.012),
            ("allergy", ["itching"], 0.008),
            ("temp", {"value": 37.6, "unit": "C"}, 0.012),
        ):
            if self._happens(chance) and not (item == "temp" and not self.person.unit):
                things[item] = answer
        return things

    def _on_thermometer(self, temp: Any) -> dict[str, Any] | None:
        """One decimal, in the unit of the thermometer. Somebody without one feels it, and says so."""
        if temp is None or self.person.unit is None:
            return None
        value = float(temp["value"])
        if self.person.unit == "F":
            fahrenheit = round(value * 9 / 5 + 32, 1)
            wrong_unit = self._happens(0.01)
            return {"value": fahrenheit, "unit": "C" if wrong_unit else "F"}
        return {"value": round(value, 1), "unit": "C"}

    def _happens(self, chance: float) -> bool:
        return self.random.random() < chance
