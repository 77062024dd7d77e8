"""A list of patients before it is taken, line by line."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from recovery.clinical import protocol as protocols
from recovery.dashboard.screens.patient_about import risks_in_words
from recovery.dashboard.wording import clinic_day, counted, day
from recovery.importing import Line, Plan
from recovery.models import Episode, Preferences


@dataclass(frozen=True, slots=True)
class ToEnrol:
    number: int
    name: str
    born: str
    hospital_number: str
    procedure: str
    risks: str
    before: str
    reminders: str


@dataclass(frozen=True, slots=True)
class Preview:
    new: list[ToEnrol]
    known: list[Line]
    wrong: list[Line]
    count: int
    written: str
    unreminded: int
    """Of those to enrol: who is not reminded of anything until somebody chooses how."""


def preview_of(plan: Plan, zone: ZoneInfo) -> Preview:
    new = [_to_enrol(line, zone) for line in plan.new]
    unreminded = sum(line.order["reminders"].channel == Preferences.Channel.NONE for line in plan.new)
    return Preview(new, plan.known, plan.wrong, len(plan.lines), plan.written, unreminded)


def _to_enrol(line: Line, zone: ZoneInfo) -> ToEnrol:
    order = line.order
    at, patient = order["procedure_at"], order["patient"]
    if order["time_estimated"]:
        when = f"{clinic_day(at, ZoneInfo(order['time_zone']))}, time not known"
    else:
        when = f"{clinic_day(at, zone)}, {at.astimezone(zone):%H:%M}"
    answers = len(order["baseline"] or {})
    return ToEnrol(
        number=line.number,
        name=patient.name,
        born=day(patient.born_on),
        hospital_number=patient.hospital_number,
        procedure=f"{Episode.Procedure(order['procedure']).label}, {when}",
        risks=", ".join(risks_in_words(order["risk_factors"], protocols.get())) or "none",
        reminders=Preferences.Channel(order["reminders"].channel).label,
        before=counted(answers, "answer", "answers") if answers else "not known",
    )
