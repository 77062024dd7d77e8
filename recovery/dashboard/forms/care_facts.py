"""What a colleague types of what is known of a patient: a check-in told on the telephone, and corrections."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from recovery.clinical.facts import hours_between
from recovery.clinical.protocol import Item, Protocol, RiskFactor
from recovery.clinical.timeline import date_only_procedure, restart_h
from recovery.dashboard.forms.by_hand import initial_of
from recovery.dashboard.forms.care import CareForm, ReasonForm
from recovery.dashboard.forms.questions import CHOOSE, SAID_NOT_KNOWN, answer_of, check_answer, fields_of
from recovery.dashboard.screens.answers import in_words
from recovery.dashboard.wording import NBSP, hour
from recovery.enrolment import LATEST_RESTART_H
from recovery.local_time import clock_time
from recovery.models import Episode

MOVES_FAR = timedelta(hours=12)
"""A procedure that moves as far is asked about: it may be a slip of the pen."""


NONE_IS_AN_ANSWER = frozenset({"allergy", "wound"})
"""Lists of which "none of these" is an answer of its own (as on the phone); elsewhere something has to be named."""


def day_field(label: str, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Say on which day.", "invalid": "Write a day as 2026-03-05."},
        **options,
    )


def time_field(label: str, **options: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "Say at what time.", "invalid": "Write a time as 14:05."},
        **options,
    )


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its fields, and those that only follow on some of its answers."""

    fields: list[forms.BoundField]
    follows: list["Question"]
    only_if: str = ""

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.fields)


@dataclass(frozen=True, slots=True)
class Page:
    """`rest`: the box that says no to what was not answered here."""

    title: str
    questions: list[Question]
    rest: forms.BoundField | None


class Asked(CareForm):
    """Questions as a phone asks them: some only follow on the answer to another."""

    def __init__(self, *args: Any, items: Mapping[str, Item], **options: Any) -> None:
        super().__init__(*args, **options)
        self.items = items
        for item in items.values():
            self.fields |= fields_of(item, not_known=SAID_NOT_KNOWN, asks=self._asks(item), explained=True)
            self.fields[item.link_id].help_text = item.help

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for item in self.items.values():
            check_answer(self, item, cleaned)
            self._check_what_it_follows(item, cleaned)
        return cleaned

    def answers(self) -> dict[str, Any]:
        """What was answered, as a phone would send it: without what does not arise by another answer."""
        given = {
            item.link_id: answer_of(item, self.cleaned_data)
            for item in self.items.values()
            if self._arises(item, self.cleaned_data)
        }
        return {link_id: answer for link_id, answer in given.items() if answer is not None}

    def in_words(self) -> list[tuple[str, str]]:
        """What was typed, for when the form is not offered any more."""
        answers = self.answers() if hasattr(self, "cleaned_data") else {}
        return [
            (self.items[link_id].text, in_words(self.items[link_id], answer))
            for link_id, answer in answers.items()
        ]

    def question(self, item: Item) -> Question:
        names = [item.link_id, f"{item.link_id}-unit"] if item.kind == "temperature" else [item.link_id]
        follows = [self.question(each) for each in self._following(item)]
        return Question([self[name] for name in names], follows, self._only_if(item))

    def _following(self, item: Item) -> Iterator[Item]:
        for each in self.items.values():
            if each.show_when is not None and each.show_when.link_id == item.link_id:
                yield each

    def _asks(self, item: Item) -> set[str]:
        return {
            code
            for each in self._following(item)
            if each.show_when is not None
            for code in each.show_when.codes
        }

    def _only_if(self, item: Item) -> str:
        if item.show_when is None:
            return ""
        asked = self.items[item.show_when.link_id]
        labels = [value.label for value in asked.values if value.code in item.show_when.codes]
        return f"Only if the answer above is “{'” or “'.join(labels)}”."

    def _arises(self, item: Item, cleaned: Mapping[str, Any]) -> bool:
        return item.show_when is None or cleaned.get(item.show_when.link_id) in item.show_when.codes

    def _check_what_it_follows(self, item: Item, cleaned: Mapping[str, Any]) -> None:
        """A detail of what nobody has answered is not dropped: somebody has to say what it is a detail of."""
        if (
            item.show_when is None
            or answer_of(item, cleaned) is None
            or item.show_when.link_id in self.errors
        ):
            return
        if answer_of(self.items[item.show_when.link_id], cleaned) is None:
            self.add_error(item.show_when.link_id, f"Answer this, too: something is chosen at “{item.text}”.")


class TelephoneForm(Asked):
    """The questionnaire of this hour. Nothing is chosen beforehand but when it was felt: now, unless it is changed.

    `check_in` is made with the form, so that pressing twice is one check-in. `at_once`: the button of an emergency,
    for which nobody has to go through the rest, or to say so.
    """

    check_in = forms.UUIDField(widget=forms.HiddenInput)
    felt_on = day_field("Day when it was felt")
    felt_at = time_field("Time when it was felt")
    completed = forms.TypedChoiceField(
        label="Did you go through all the questions?",
        choices=[("yes", "Yes"), ("no", "No: it is half-finished")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )

    def __init__(
        self, *args: Any, episode: Episode, protocol: Protocol, now: datetime, **options: Any
    ) -> None:
        zone = ZoneInfo(episode.clinic.time_zone)
        options["initial"] = initial_of({}, felt=now, zone=zone) | {"check_in": uuid4()}
        super().__init__(*args, items=protocol.questionnaire.items, **options)
        self._episode, self._protocol, self._now, self._zone = episode, protocol, now, zone
        self._at_once = "at_once" in self.data or self.holds_alarm
        self.fields["completed"].required = not self._at_once
        hours = hours_between(episode.procedure_at, now)
        self._asked = {item.link_id for item in protocol.questionnaire.asked_at(hours)}
        for page in protocol.questionnaire.pages:
            if sum(self._negative(item) is not None for item in page.items) > 1:
                self.fields[f"rest-{page.id}"] = forms.BooleanField(
                    label="No to all that is left open above", required=False
                )

    @property
    def holds_alarm(self) -> bool:
        """Whether an answer was sent that can be an emergency: then nothing is asked that can wait."""
        return any(not {*item.alarms}.isdisjoint(self._sent(item)) for item in self.items.values())

    def pages(self) -> list[Page]:
        pages = []
        for page in self._protocol.questionnaire.pages:
            asked = [item for item in page.items if item.show_when is None and self._is_shown(item)]
            rest = f"rest-{page.id}"
            pages.append(
                Page(
                    page.title,
                    [self.question(item) for item in asked],
                    self[rest] if rest in self.fields else None,
                )
            )
        return [page for page in pages if page.questions]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "felt_on" in cleaned and "felt_at" in cleaned:
            felt, done = self.observed_at(), self._episode.procedure_at
            if felt > self._now:
                self.add_error("felt_at", "This is still to come. Say when it was felt.")
            elif felt < done:
                when = clock_time(done, self._zone.key)
                self.add_error("felt_at", f"This is before the procedure ({when}). Say when it was felt.")
        if cleaned.get("completed") and not self._at_once:
            self._check_nothing_is_overlooked()
        if not self.errors and not self.answers():
            self.add_error(None, "No answer is filled in. Fill in what the patient tells you.")
        return cleaned

    def answers(self) -> dict[str, Any]:
        """With "no" where somebody said so of the rest of a page; never where the patient does not know."""
        given = super().answers()
        for page in self._protocol.questionnaire.pages:
            if self.cleaned_data.get(f"rest-{page.id}"):
                for item in page.items:
                    said = self.cleaned_data.get(item.link_id)
                    if (no := self._negative(item)) is not None and not said and self._is_shown(item):
                        given[item.link_id] = no
        return given

    def observed_at(self) -> datetime:
        return datetime.combine(self.cleaned_data["felt_on"], self.cleaned_data["felt_at"], tzinfo=self._zone)

    def _sent(self, item: Item) -> list[str]:
        if not self.is_bound or not item.values:
            return []
        sent = self.fields[item.link_id].widget.value_from_datadict(self.data, self.files, item.link_id)
        return sent if isinstance(sent, list) else [sent]

    def _check_nothing_is_overlooked(self) -> None:
        """What has to be asked before a phone calls a check-in finished. "Not known" is what the patient said, too."""
        given = self.answers()
        for group in self._protocol.questionnaire.required_groups:
            items = [self.items[link_id] for link_id in group if self._is_shown(self.items[link_id])]
            touched = any(self.cleaned_data.get(item.link_id) or item.link_id in given for item in items)
            if items and not touched and not any(item.link_id in self.errors for item in items):
                self.add_error(items[0].link_id, "Ask this, too, or choose “Not known”.")

    def _is_shown(self, item: Item) -> bool:
        """Some questions are not asked any more later; one that was answered meanwhile stays."""
        return item.link_id in self._asked or bool(self.data.get(item.link_id))

    def _negative(self, item: Item) -> Any:
        """The answer of a plain no, as on the phone: a question whose first answer is not No has to be asked itself."""
        if item.show_when is not None or item.kind not in ("choice", "choices"):
            return None
        if item.kind == "choices":
            return [] if item.link_id in NONE_IS_AN_ANSWER else None
        first = item.values[0]
        return first.code if first.label == "No" else None


class Correction(ReasonForm):
    """`seen` is what was recorded when the form was opened."""

    seen = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def seen_now(self, seen: str) -> Self:
        """The form as typed, lists of ticks and all, on a page that shows what is recorded by now."""
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data["seen"] = seen
        return self


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
    """What was recorded to the second, where its minute was not changed: a form shows minutes."""
    if recorded is not None and timedelta() <= recorded - typed < timedelta(minutes=1):
        return recorded
    return typed


def _worded(factor: RiskFactor) -> str:
    label = factor.label[:1].upper() + factor.label[1:]
    return f"{label} ({factor.help})" if factor.help else label
