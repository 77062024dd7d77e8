"""From the texts of one line to what an enrolment is told. Everything that is wrong with a line is said at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from recovery import enrolment, reminders
from recovery.clinical.answers import valid_baseline
from recovery.clinical.protocol import Item, Protocol
from recovery.importing.columns import BEFORE
from recovery.models import Episode, Preferences
from recovery.reminders import Chosen

NOTHING = frozenset({"none", "no", "-"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, in which column, and what to do."""

    column: str
    says: str


@dataclass(slots=True)
class Reader:
    """Reads cell after cell of one line and remembers what was wrong. Times are those of the clinic's zone."""

    cells: Mapping[str, str]
    protocol: Protocol
    zone: ZoneInfo
    now: datetime
    troubles: list[Trouble] = field(default_factory=list)

    def order(self) -> dict[str, Any]:
        """What `enrolment.enrol` is told, but for the team. Worth nothing when there is trouble."""
        today = self.now.astimezone(self.zone).date()
        born_on = self._read(
            "date_of_birth", lambda text: enrolment.birthday_of(text, today=today), needed=True
        )
        levels = self._read("levels", enrolment.levels_of) or []
        zone = self._read("time_zone", _zone_of) or self.zone.key
        procedure_on = self._read("procedure_date", enrolment.day_of, needed=True)
        ended = self._read("procedure_time", enrolment.time_of)
        procedure_at = self._procedure_at(procedure_on, ended, zone)
        risks = self._read(
            "risk_factors", lambda text: _some_of(text, tuple(self.protocol.risk_factors)), needed=True
        )
        if born_on and procedure_on:
            risks = {
                *(risks or ()),
                *enrolment.risks_worked_out(born_on=born_on, procedure_on=procedure_on, levels=levels),
            }
        baseline = self._baseline()
        return {
            "patient": self._patient(born_on),
            "procedure": self._read(
                "procedure", lambda text: _one_of(text, Episode.Procedure.values), needed=True
            ),
            "procedure_at": procedure_at,
            "time_estimated": ended is None,
            "time_zone": zone,
            "levels": levels,
            "risk_factors": sorted(risks or ()),
            "blood_thinner_restart_h": self._read("blood_thinner_restart_h", _hours_of),
            "baseline": baseline or None,
            "baseline_at": procedure_at if baseline else None,
            "consent_wording": enrolment.CONSENT,
            "consent_at": self._consent_at(),
            "reminders": self._reminders(),
        }

    def _read(self, column: str, read: Callable[[str], Any], *, needed: bool = False) -> Any:
        """None when nothing stands there, or nothing that can be read."""
        text = self.cells.get(column, "")
        if not text:
            if needed:
                self.troubles.append(Trouble(column, "This is missing."))
            return None
        try:
            return read(text)
        except ValueError as problem:
            self.troubles.append(Trouble(column, str(problem)))
            return None

    def _patient(self, born_on: date | None) -> enrolment.NewPatient:
        phone, other = (
            self._read("phone", enrolment.phone_of),
            self._read("caregiver_phone", enrolment.phone_of),
        )
        first = self._read("call_first", lambda text: _one_of(text, enrolment.CALL_FIRST.values))
        if not self.cells.get("phone") and not self.cells.get("caregiver_phone"):
            self.troubles.append(Trouble("phone", "Write a number: the patient's, or the caregiver's."))
        elif first == enrolment.CALL_FIRST.CAREGIVER and not self.cells.get("caregiver_phone"):
            self.troubles.append(
                Trouble("caregiver_phone", "Write the caregiver's number, or call the patient first.")
            )
        return enrolment.NewPatient(
            name=self._read("name", enrolment.name_of, needed=True) or "",
            born_on=born_on or date.min,
            hospital_number=self._read("hospital_number", enrolment.number_of, needed=True) or "",
            phone=phone or "",
            language=self._read("language", _language_of) or "en",
            caregiver_name=self._read("caregiver_name", enrolment.name_of) or "",
            caregiver_phone=other or "",
            call_first=first or enrolment.CALL_FIRST.PATIENT,
            call_notes=self._read("call_notes", enrolment.text_of) or "",
        )

    def _reminders(self) -> Chosen:
        """None where nothing stands: nobody has asked this patient, and no app is there that would remind."""
        channel = self._read("reminders", lambda text: _one_of(text, reminders.CHANNELS.values))
        address = self.cells.get("reminder_address", "")
        chosen = Chosen(channel=channel or reminders.CHANNELS.NONE, address=address or None)
        if address and chosen.channel not in Preferences.ADDRESSED:
            if channel or not self.cells.get("reminders"):
                self.troubles.append(
                    Trouble(
                        "reminder_address", "Something stands here, and reminders is neither sms nor email."
                    )
                )
        elif trouble := reminders.trouble_with(chosen):
            self.troubles.append(Trouble("reminder_address", trouble.message))
        return chosen

    def _procedure_at(self, day: date | None, ended: time | None, zone: str) -> datetime | None:
        if day is None or (ended is None and self.cells.get("procedure_time")):
            return None
        if ended is None:
            at = datetime.combine(day, time(0), tzinfo=ZoneInfo(zone))
        else:
            try:
                at = enrolment.instant_of(day, ended, self.zone)
            except ValueError as problem:
                self.troubles.append(Trouble("procedure_time", str(problem)))
                return None
        trouble = enrolment.procedure_trouble(at, now=self.now)
        if trouble:
            self.troubles.append(Trouble("procedure_date", trouble))
        return at

    def _consent_at(self) -> datetime | None:
        """Of a day alone its start: it is not said to be later than it was."""
        day = self._read("consent_date", enrolment.day_of, needed=True)
        if day is None:
            return None
        at = datetime.combine(day, time(0), tzinfo=self.zone)
        if at > self.now:
            self.troubles.append(Trouble("consent_date", "Nobody can have agreed later than today."))
        elif trouble := enrolment.consent_trouble(at, now=self.now):
            self.troubles.append(Trouble("consent_date", trouble))
        return at

    def _baseline(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for item in self.protocol.baseline_form.values():
            answer = self._read(f"{BEFORE}{item.link_id}", partial(_answer, item))
            if answer is not None:
                given[item.link_id] = answer
            shown = item.show_when
            if shown and answer and given.get(shown.link_id) not in shown.codes:
                asked = f"{BEFORE}{shown.link_id}"
                self.troubles.append(
                    Trouble(
                        f"{BEFORE}{item.link_id}",
                        f"Something stands here, and {asked} is not {shown.codes[0]}.",
                    )
                )
        valid, _ = valid_baseline(self.protocol, given)
        return valid


def _answer(item: Item, text: str) -> Any:
    match item.kind:
        case "choice":
            return _one_of(text, item.codes)
        case "choices":
            return _some_of(text, item.codes)
        case "integer":
            if not text.isascii() or not text.isdigit() or not item.low <= int(text[:9]) <= item.high:
                raise ValueError(f"Write a whole number from {item.low} to {item.high}.")
            return int(text)
        case "temperature":
            return _temperature(text, item)
    return enrolment.text_of(text, letters=item.max_length)


def _temperature(text: str, item: Item) -> dict[str, Any]:
    number, unit = text[:-1].rstrip(" \u00b0"), text[-1:].upper()
    ranges = item.ranges or {}
    try:
        value = float(Decimal(number.replace(",", ".")))
    except InvalidOperation:
        raise ValueError("Write it with its unit: 36.6 C or 97.9 F.") from None
    if unit not in ranges:
        raise ValueError("Write it with its unit: 36.6 C or 97.9 F.")
    low, high = ranges[unit]
    if not low <= value <= high:
        raise ValueError(f"From {low:g} to {high:g} {unit}. Check the number and the unit.")
    return {"value": value, "unit": unit}


def _one_of(text: str, codes: tuple[str, ...] | list[str]) -> str:
    code = "_".join(text.lower().split())
    if code not in codes:
        raise ValueError(f"Write one of: {', '.join(codes)}.")
    return code


def _some_of(text: str, codes: tuple[str, ...]) -> list[str]:
    words = text.lower().replace(",", " ").replace(";", " ").replace("|", " ").split()
    if set(words) <= NOTHING:
        return []
    if set(words) - set(codes):
        raise ValueError(f"Write none, or of these, with a blank between them: {', '.join(codes)}.")
    return sorted(set(words))


def _zone_of(text: str) -> str:
    if text not in enrolment.time_zones():
        raise ValueError("Write a name such as Europe/London.")
    return text


def _language_of(text: str) -> str:
    by_name = {name.lower(): code for code, name in enrolment.LANGUAGES.items()}
    code = by_name.get(text.lower(), text.lower())
    if code not in enrolment.LANGUAGES:
        raise ValueError(f"Write one of: {', '.join(enrolment.LANGUAGES)}.")
    return code


def _hours_of(text: str) -> Decimal:
    try:
        hours = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ValueError("Write hours as a number, such as 24.") from None
    if not hours.is_finite() or not 0 <= hours <= enrolment.LATEST_RESTART_H:
        raise ValueError(f"Write 0 to {enrolment.LATEST_RESTART_H} hours.")
    return hours.quantize(Decimal("0.01"))
