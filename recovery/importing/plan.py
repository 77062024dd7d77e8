"""What a file would do: line by line who is enrolled, who is already, and what is wrong. Nothing is written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models.functions import Upper

from recovery import access, enrolment
from recovery.clinical import protocol as protocols
from recovery.importing.cells import Reader, Trouble
from recovery.importing.reading import FileRefused, Row, read
from recovery.models import CareTeam, Episode, Patient, User


@dataclass(slots=True)
class Line:
    """`order` is what the enrolment is told; `known`: this very recovery was enrolled before."""

    number: int
    name: str
    born: str
    hospital_number: str
    order: Mapping[str, Any] = field(repr=False)
    troubles: list[Trouble]
    known: bool = False

    @property
    def is_new(self) -> bool:
        return not self.troubles and not self.known


@dataclass(frozen=True, slots=True)
class Plan:
    lines: list[Line]
    written: str

    @property
    def new(self) -> list[Line]:
        return [line for line in self.lines if line.is_new]

    @property
    def known(self) -> list[Line]:
        return [line for line in self.lines if line.known and not line.troubles]

    @property
    def wrong(self) -> list[Line]:
        return [line for line in self.lines if line.troubles]


def plan(raw: bytes, *, team: CareTeam, by: User, now: datetime) -> Plan:
    """Raises FileRefused when the file cannot be read at all. Three queries, however long it is."""
    found = read(raw)
    if not found.rows:
        raise FileRefused("The file names its columns, and no patient.")
    zone = ZoneInfo(team.clinic.time_zone)
    lines = [_line(row, zone, now) for row in found.rows]
    _mark_twice(lines)
    _mark_known([line for line in lines if not line.troubles], team=team, by=by)
    return Plan(lines, found.written)


def _line(row: Row, zone: ZoneInfo, now: datetime) -> Line:
    reader = Reader(row.cells, protocols.get(), zone, now)
    order = reader.order()
    if row.too_many:
        reader.troubles.append(
            Trouble(
                "", "There are more cells than columns, or one is too long. Is a separator inside a cell?"
            )
        )
    return Line(
        row.number,
        row.cells.get("name", ""),
        row.cells.get("date_of_birth", ""),
        row.cells.get("hospital_number", ""),
        order,
        reader.troubles,
    )


def _mark_twice(lines: Iterable[Line]) -> None:
    """One person on two lines: by the number, or by name and date of birth."""
    first: dict[Any, int] = {}
    for line in lines:
        patient: enrolment.NewPatient = line.order["patient"]
        number = patient.hospital_number
        person = (patient.born_on, enrolment.plain_name(patient.name)) if patient.name else None
        before = first.get(number) if number else None
        if before is not None:
            line.troubles.append(Trouble("hospital_number", f"The same number stands on line {before}."))
        elif person and person in first and not line.troubles:
            line.troubles.append(
                Trouble(
                    "name",
                    f"The same name and date of birth stand on line {first[person]}, with another number.",
                )
            )
        if number:
            first.setdefault(number, line.number)
        if person:
            first.setdefault(person, line.number)


def _mark_known(lines: list[Line], *, team: CareTeam, by: User) -> None:
    """Against what is stored of this clinic; of other teams no more is told than an enrolment by hand would tell."""
    numbers = [line.order["patient"].hospital_number for line in lines]
    here = Patient.objects.filter(clinic_id=team.clinic_id)
    people = {
        person.hospital_number.upper(): person
        for person in here.annotate(number=Upper("hospital_number")).filter(number__in=numbers)
    }
    episodes: dict[int, list[Episode]] = {}
    for episode in Episode.objects.filter(patient__in=people.values()).order_by("-started_at"):
        episodes.setdefault(episode.patient_id, []).append(episode)
    born = {line.order["patient"].born_on for line in lines}
    mine = here.filter(born_on__in=born, episodes__in=access.episodes(by)).distinct()
    alike = {(person.born_on, enrolment.plain_name(person.name)): person for person in mine}
    for line in lines:
        patient: enrolment.NewPatient = line.order["patient"]
        person = people.get(patient.hospital_number)
        if person is not None:
            _compare(line, person, episodes.get(person.pk, []))
        elif other := alike.get((patient.born_on, enrolment.plain_name(patient.name))):
            line.troubles.append(
                Trouble(
                    "hospital_number",
                    f"{other.name} with this date of birth is known under {other.hospital_number}. Correct the number,"
                    " or enrol by hand if they are two people.",
                )
            )


def _compare(line: Line, person: Patient, episodes: list[Episode]) -> None:
    patient: enrolment.NewPatient = line.order["patient"]
    if person.born_on != patient.born_on:
        line.troubles.append(
            Trouble(
                "hospital_number", "This number belongs to somebody with another date of birth. Check both."
            )
        )
    elif not enrolment.same_name(person.name, patient.name):
        line.troubles.append(
            Trouble("name", "This number belongs to somebody with another name. Check it, or enrol by hand.")
        )
    elif any(_is_the_same(line.order, episode) for episode in episodes):
        line.known = True
    elif any(episode.status != Episode.Status.ENDED for episode in episodes):
        line.troubles.append(
            Trouble(
                "hospital_number",
                "Another recovery of this patient still runs. End it before you start a new one.",
            )
        )


def _is_the_same(order: Mapping[str, Any], episode: Episode) -> bool:
    """The same procedure at the same time, as an earlier reading of the same line stored it."""
    return bool(
        episode.procedure == order["procedure"]
        and episode.procedure_at == order["procedure_at"]
        and episode.time_estimated == order["time_estimated"]
    )
