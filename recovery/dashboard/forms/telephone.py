"""What a colleague types of a check-in that a patient gives on the telephone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms

from recovery.clinical.facts import hours_between
from recovery.clinical.protocol import Item, Protocol
from recovery.dashboard.forms.asked import Asked, Question, day_field, time_field
from recovery.dashboard.forms.by_hand import initial_of
from recovery.dashboard.forms.questions import CHOOSE
from recovery.local_time import clock_time
from recovery.models import Episode

NONE_IS_AN_ANSWER = frozenset({"allergy", "wound"})
"""Lists of which "none of these" is an answer of its own (as on the phone); elsewhere something has to be named."""


@dataclass(frozen=True, slots=True)
class Page:
    """`rest`: the box that says no to what was not answered here."""

    title: str
    questions: list[Question]
    rest: forms.BoundField | None


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
