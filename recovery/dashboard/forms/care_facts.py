"""What a colleague types to correct what is known of a patient: the baseline, the risk factors, the procedure time."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from recovery.clinical.facts import hours_between
from recovery.clinical.protocol import Protocol, RiskFactor
from recovery.clinical.timeline import date_only_procedure, restart_h
from recovery.dashboard.forms.asked import Asked, Question, day_field, time_field
from recovery.dashboard.forms.by_hand import initial_of
from recovery.dashboard.forms.care import ReasonForm
from recovery.dashboard.wording import NBSP, hour
from recovery.enrolment import LATEST_RESTART_H
from recovery.models import Episode

MOVES_FAR = timedelta(hours=12)
"""A procedure that moves as far is asked about: it may be a slip of the pen."""


class Correction(ReasonForm):
    """`seen` is what was recorded when the form was opened."""

    seen = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)


class BaselineForm(Asked, Correction):
    answered_on = day_field("Day when it was answered")
    answered_at = time_field("Time when it was answered")

    def __init__(
        self, *args: Any, episode: Episode, protocol: Protocol, now: datetime, **options: Any
    ) -> None:
        self._zone, self._now = ZoneInfo(episode.clinic.time_zone), now
        at = episode.baseline_at or min(episode.procedure_at, now)
        recorded = initial_of(episode.baseline or {}, felt=at, zone=self._zone)
        recorded |= {"answered_on": recorded.pop("felt_on"), "answered_at": recorded.pop("felt_at")}
        super().__init__(*args, items=protocol.baseline_form, **options | {"initial": recorded})
        self._recorded_at = episode.baseline_at

    def questions(self) -> list[Question]:
        return [self.question(item) for item in self.items.values() if item.show_when is None]

    def in_words(self) -> list[tuple[str, str]]:
        return [*super().in_words(), ("Why?", self.data.get("reason", ""))]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "answered_on" in cleaned and "answered_at" in cleaned and self.baseline_at() > self._now:
            self.add_error("answered_at", "This is still to come. Say when it was answered.")
        return cleaned

    def baseline_at(self) -> datetime:
        """To the second as it was recorded, where the minute was left as it is."""
        on, at = self.cleaned_data["answered_on"], self.cleaned_data["answered_at"]
        return as_recorded(datetime.combine(on, at, tzinfo=self._zone), self._recorded_at)


class RisksForm(Correction):
    risk_factors = forms.MultipleChoiceField(
        label="Which of these does the patient have?", required=False, widget=forms.CheckboxSelectMultiple
    )
    restart_on = day_field(
        "Day on which the blood thinner is planned again",
        required=False,
        help_text="Leave it empty if nothing is planned.",
    )
    restart_at = time_field(
        "Time",
        required=False,
        help_text="Leave it empty if only the day is planned: it counts from its start.",
    )
    field_order = ("risk_factors", "restart_on", "restart_at", "reason")

    def __init__(self, *args: Any, episode: Episode, protocol: Protocol, **options: Any) -> None:
        self._zone, self._procedure_at = ZoneInfo(episode.clinic.time_zone), episode.procedure_at
        recorded: dict[str, Any] = {"risk_factors": episode.risk_factors}
        if episode.blood_thinner_restart_h is not None:
            planned = episode.procedure_at + timedelta(hours=float(episode.blood_thinner_restart_h))
            local = (planned + timedelta(seconds=30)).astimezone(self._zone)  # stored to 36 seconds
            recorded |= {
                "restart_on": local.date(),
                "restart_at": local.time().replace(second=0, microsecond=0),
            }
        super().__init__(*args, **options | {"initial": recorded})
        choices = [(factor.id, _worded(factor)) for factor in protocol.risk_factors.values()]
        self.fields["risk_factors"].choices = choices  # type: ignore[attr-defined]  # it is a MultipleChoiceField

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        on, at = cleaned.get("restart_on"), cleaned.get("restart_at")
        if at and not on and not self.errors.get("restart_on"):
            self.add_error("restart_on", "Say on which day, or leave the time empty.")
        if on and "anticoagulant" not in cleaned.get("risk_factors", []):
            self.add_error("restart_on", "Tick that the patient takes a blood thinner, or leave this empty.")
        if on and not 0 <= (self.restart_h() or 0) <= LATEST_RESTART_H:
            self.add_error("restart_on", "Choose a day between the procedure and twelve weeks after it.")
        return cleaned

    def restart_h(self) -> Decimal | None:
        """The plan, in hours after the procedure, as it is stored."""
        on, at = self.cleaned_data.get("restart_on"), self.cleaned_data.get("restart_at")
        if not on:
            return None
        planned: date | datetime = on if at is None else datetime.combine(on, at, tzinfo=self._zone)
        return Decimal(restart_h(self._procedure_at, planned, self._zone)).quantize(Decimal("0.01"))


class ProcedureForm(Correction):
    """When the procedure ended. One that moves far is confirmed, with what follows from it before one's eyes."""

    done_on = day_field("Day of the procedure")
    only_day = forms.BooleanField(label="Only the day is known", required=False)
    done_at = time_field(
        "Time when it ended", required=False, help_text="Hours and check-ins count from this moment."
    )
    moves_far = forms.BooleanField(required=False)
    field_order = ("done_on", "done_at", "only_day", "reason", "moves_far")

    def __init__(self, *args: Any, episode: Episode, now: datetime, **options: Any) -> None:
        self._episode, self._now = episode, now
        self._zone = ZoneInfo(episode.clinic.time_zone)
        local = episode.procedure_at.astimezone(self._zone)
        recorded: dict[str, Any] = {"done_on": local.date(), "only_day": episode.time_estimated}
        if episode.time_estimated:
            recorded["done_on"] = episode.procedure_at.astimezone(ZoneInfo(episode.time_zone)).date()
        else:
            recorded["done_at"] = local.time().replace(second=0, microsecond=0)
        super().__init__(*args, **options | {"initial": recorded})
        self.asks_to_confirm = bool(self.data.get("moves_far"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("only_day") and cleaned.get("done_at"):
            self.add_error("done_at", "Leave the time empty, or take the tick below away.")
        elif not cleaned.get("only_day") and not cleaned.get("done_at") and "done_at" not in self.errors:
            self.add_error("done_at", "Say at what time, or tick below that only the day is known.")
        if not self.errors.keys() & {"done_on", "done_at"}:
            self._check_how_far(cleaned)
        return cleaned

    def procedure_at(self) -> datetime:
        on = self.cleaned_data["done_on"]
        if self.cleaned_data["only_day"]:
            return date_only_procedure(on, ZoneInfo(self._episode.time_zone))[0]
        at = datetime.combine(on, self.cleaned_data["done_at"], tzinfo=self._zone)
        return as_recorded(at, self._episode.procedure_at)

    def _check_how_far(self, cleaned: Mapping[str, Any]) -> None:
        moved = hours_between(self._episode.procedure_at, self.procedure_at())
        if abs(moved) < MOVES_FAR / timedelta(hours=1):
            self.asks_to_confirm = False
            return
        self.asks_to_confirm = True
        way = "later" if moved > 0 else "earlier"
        now_h, then_h = (
            hours_between(at, self._now) for at in (self._episode.procedure_at, self.procedure_at())
        )
        self["moves_far"].label = (
            f"Yes, it was {abs(moved):.4g}{NBSP}hours {way}: "
            f"now is hour {hour(then_h)} after the procedure, not {hour(now_h)}"
        )
        if not cleaned.get("moves_far"):
            self.add_error("moves_far", "Look at the day once more, and tick this if it is right.")


def as_recorded(typed: datetime, recorded: datetime | None) -> datetime:
    """What was recorded to the second, where its minute was not changed: a form shows minutes, and of an hour that came
    twice in the night when clocks go back it does not show which."""
    if recorded is not None:
        on_the_clock = recorded.astimezone(typed.tzinfo).replace(second=0, microsecond=0, tzinfo=None)
        if on_the_clock == typed.replace(tzinfo=None):
            return recorded
    return typed


def _worded(factor: RiskFactor) -> str:
    label = factor.label[:1].upper() + factor.label[1:]
    return f"{label} ({factor.help})" if factor.help else label
