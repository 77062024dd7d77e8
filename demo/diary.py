"""A patient's life with the phone, written down in advance: what is done when. A function of the person alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from demo.answering import Answering
from demo.troubles import QUIET, TROUBLES, Course
from demo.world import Person
from recovery.clinical import protocol as protocols
from recovery.clinical.timeline import Slot

Verb = Literal["enrol", "redeem", "send", "send kept", "correct", "withdraw"]

FULL = "completed"
HALF = "in-progress"
STARTS_H, STARTS_LATE_H = 1.2, 98.0
"""When the enrolment code is typed in: before going home, or days later, when somebody has called."""
OFFLINE_SHARE = 0.03
HALF_SHARE = 0.03
CORRECTED_SHARE = 0.025
WITHDRAWN_SHARE = 0.005


@dataclass(frozen=True)
class Note:
    """One report as the phone keeps it. `unknown` is what an old app sends and nobody knows."""

    id: UUID
    observed_at: datetime
    answers: Mapping[str, Any]
    status: str = FULL
    by_carer: bool = False
    app_version: str = "phone/1.4.2"
    unknown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Deed:
    at: datetime
    verb: Verb
    notes: tuple[Note, ...] = ()
    base_revision: int = 0


def write(person: Person) -> list[Deed]:
    """Everything this patient does with the phone, in order of time."""
    return sorted(_Diary(person).deeds(), key=lambda deed: deed.at)


class _Diary:
    def __init__(self, person: Person) -> None:
        self.person = person
        self.random = Random(f"{person.chances} diary")
        trouble = TROUBLES.get(person.story)
        self.course: Course = trouble.begin(self.random) if trouble else QUIET
        self.answering = Answering(person, self.random)
        self.starts_h = STARTS_LATE_H if self.course.habit == "starts late" else STARTS_H

    def deeds(self) -> Iterator[Deed]:
        person = self.person
        yield Deed(person.enrolled_at, "enrol")
        yield Deed(person.at(self.starts_h), "redeem")
        offline_until = None
        kept: list[Note] = []
        for hours in self._hours():
            note = self._note(hours)
            if offline_until and note.observed_at > offline_until:
                yield Deed(offline_until, "send kept", tuple(kept))
                offline_until, kept = None, []
            if offline_until or self._loses_network(hours):
                offline_until = offline_until or note.observed_at + timedelta(
                    hours=self.random.uniform(5, 20)
                )
                kept.append(note)
                continue
            yield from self._sent(note, hours)
        if offline_until:
            yield Deed(offline_until, "send kept", tuple(kept))

    def _hours(self) -> list[float]:
        """When this patient answers: in the slots that are due, and at once when something is wrong."""
        due = [self._moment_in(slot) for slot in protocols.get("vk-default/1").slots if self._answers(slot)]
        asked_for = self.course.extra_reports()
        return sorted(
            hours for hours in {*due, *asked_for} if self.starts_h < hours and not self.course.is_away(hours)
        )

    def _answers(self, slot: Slot) -> bool:
        first = slot.open_h < 12
        return self.random.random() < (
            max(0.97, self.person.answers_share) if first else self.person.answers_share
        )

    def _moment_in(self, slot: Slot) -> float:
        """At the patient's favourite hour of the day, if the slot has it; soon after it opens otherwise."""
        person = self.person
        opens, closes = person.at(slot.open_h), person.at(slot.close_h)
        local = opens.astimezone(ZoneInfo(person.zone))
        favourite = local.replace(hour=person.hour_of_day, minute=0, second=0) + timedelta(
            minutes=self.random.gauss(15, 20)
        )
        if favourite < opens:
            favourite += timedelta(days=1)
        if not opens <= favourite < closes - timedelta(minutes=30):
            favourite = opens + (closes - opens) * self.random.uniform(0.15, 0.6)
        return person.hours_at(favourite)

    def _note(self, hours: float) -> Note:
        signs = self.course.at(hours)
        return Note(
            id=uuid5(NAMESPACE_URL, f"{self.person.hospital_number} {self.person.chances} {hours:.4f}"),
            observed_at=self.person.at(hours),
            answers=self.answering.answers(hours, signs),
            by_carer=self.person.helped or any(sign.by_carer for sign in signs),
        )

    def _loses_network(self, hours: float) -> bool:
        if any(sign.at_once for sign in self.course.at(hours)):
            return False
        return self.random.random() < (0.2 if self.person.often_offline else OFFLINE_SHARE)

    def _sent(self, note: Note, hours: float) -> Iterator[Deed]:
        at = note.observed_at + timedelta(seconds=self.random.uniform(20, 240))
        if self.course.habit == "old app" and hours < 40:
            yield from self._sent_by_old_app(note, at)
            return
        chance = self.random.random()
        if chance < HALF_SHARE:
            begun = dict(list(note.answers.items())[: self.random.randint(4, 9)])
            yield Deed(at, "send", (replace(note, answers=begun, status=HALF),))
            later = at + timedelta(minutes=self.random.uniform(20, 90))
            yield Deed(later, "correct", (note,), base_revision=1)
        elif chance < HALF_SHARE + CORRECTED_SHARE:
            yield Deed(at, "send", (self.answering.mistyped(note),))
            yield Deed(
                at + timedelta(minutes=self.random.uniform(2, 30)), "correct", (note,), base_revision=1
            )
        elif chance < HALF_SHARE + CORRECTED_SHARE + WITHDRAWN_SHARE:
            twice = replace(
                note, id=uuid5(note.id, "again"), observed_at=note.observed_at - timedelta(seconds=90)
            )
            yield Deed(at, "send", (twice,))
            yield Deed(at + timedelta(minutes=1), "withdraw", (twice,))
            yield Deed(at + timedelta(minutes=3), "send", (note,))
        else:
            yield Deed(at, "send", (note,))

    def _sent_by_old_app(self, note: Note, at: datetime) -> Iterator[Deed]:
        """A field that nobody knows: refused with 422 and kept. After an update the report is sent as it should be."""
        old = replace(note, app_version="phone/0.9.0", unknown={"mood": "fair"})
        yield Deed(at, "send", (old,))
        yield Deed(at + timedelta(hours=self.random.uniform(0.4, 2)), "send", (note,))
