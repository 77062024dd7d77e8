from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from recovery.dashboard import wording
from recovery.enrolment import LANGUAGES
from recovery.models import Episode

PATIENT, CAREGIVER = "Patient", "Caregiver"


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is about, by name and two identifiers."""

    name: str
    born: str
    age: int
    number: str


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number with whom it reaches. `dial` is empty when none is recorded. `note`: when and how to call."""

    whom: str
    name: str
    shown: str
    dial: str
    note: str = ""

    @property
    def in_a_list(self) -> str:
        """Where nothing else says whom it reaches: a bare number is the patient's own."""
        return self.shown if self.whom == PATIENT else f"{self.whom.lower()} {self.shown}"


def person_of(episode: Episode, now: datetime) -> Person:
    patient = episode.patient
    today = now.astimezone(ZoneInfo(episode.clinic.time_zone)).date()
    return Person(
        patient.name,
        wording.day(patient.born_on),
        wording.age(patient.born_on, today),
        patient.hospital_number,
    )


def first_number(episode: Episode) -> Number:
    """Whom to phone where there is room for one: the patient, or who is called in their place."""
    return numbers_of(episode)[0]


def numbers_of(episode: Episode) -> list[Number]:
    """Whom the team may want to phone about this patient: first whom the patient wishes to be called first, with when
    and how. Who has no number is not called first."""
    patient, clinic = episode.patient, episode.clinic
    numbers = [_number(PATIENT, patient.name, patient.phone)]
    if patient.caregiver_name or patient.caregiver_phone:
        numbers.append(_number(CAREGIVER, patient.caregiver_name, patient.caregiver_phone))
    if patient.call_first == patient.CallFirst.CAREGIVER:
        numbers.reverse()
    numbers.sort(key=lambda number: not number.dial)
    first, *others = numbers
    language = LANGUAGES.get(patient.language, patient.language) if patient.language != "en" else ""
    first = replace(first, note="; ".join(filter(None, [language, patient.call_notes])))
    return [first, *others, _number("Urgent line", clinic.name, clinic.urgent_line)]


def _number(whom: str, name: str, shown: str) -> Number:
    return Number(whom, name, shown, wording.dialled(shown))
