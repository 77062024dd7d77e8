"""What a clinician types about a refused report: the questionnaire that the patient saw, or why it is dismissed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from recovery.clinical.protocol import Item, Protocol
from recovery.dashboard.forms.asked import day_field, time_field
from recovery.dashboard.forms.questions import CHOOSE, NONE_OF_THESE, answer_of, check_answer, fields_of
from recovery.dashboard.screens.answers import in_words
from recovery.models import Quarantine


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its fields. `is_settled`: its answer could be read. `sent`: what the report holds where it could
    not be taken."""

    fields: list[forms.BoundField]
    is_settled: bool
    sent: list[str]


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    questions: list[Question]


class ByHandForm(forms.Form):
    """Nothing is chosen but what could be read of the report. "Not known" is no answer, and never "no"."""

    use_required_attribute = False

    felt_on = day_field("Day when it was felt")
    felt_at = time_field("Time when it was felt")
    completed = forms.TypedChoiceField(
        label="Did the patient finish the check-in?",
        choices=[("yes", "Yes, all that was asked"), ("no", "No, or not known")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )

    def __init__(
        self,
        *args: Any,
        protocol: Protocol,
        read: Mapping[str, Any],
        sent: Mapping[str, list[str]],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._protocol, self._read, self._sent = protocol, read, sent
        for item in protocol.questionnaire.items.values():
            self.fields |= fields_of(item)

    def pages_to_ask(self) -> list[Page]:
        """The questions whose answers could not be read, page by page as the patient saw them."""
        return self._pages(lambda question: question.sent or not question.is_settled)

    def pages_read(self) -> list[Page]:
        """Those whose answers could be read, or that do not arise by an answer that could."""
        return self._pages(lambda question: question.is_settled and not question.sent)

    @property
    def any_read_has_errors(self) -> bool:
        return any(field.errors for page in self.pages_read() for it in page.questions for field in it.fields)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for item in self._protocol.questionnaire.items.values():
            check_answer(self, item, cleaned)
        return cleaned

    def answers(self) -> dict[str, Any]:
        """What was answered, as a phone would send it."""
        given = {
            item.link_id: answer_of(item, self.cleaned_data)
            for item in self._protocol.questionnaire.items.values()
        }
        return {link_id: answer for link_id, answer in given.items() if answer is not None}

    def observed_at(self, zone: ZoneInfo) -> datetime:
        return datetime.combine(self.cleaned_data["felt_on"], self.cleaned_data["felt_at"], tzinfo=zone)

    def in_words(self) -> list[tuple[str, str]]:
        """What was typed, for when the form is not offered any more."""
        items = self._protocol.questionnaire.items
        answers = self.answers() if hasattr(self, "cleaned_data") else {}
        return [
            (items[link_id].text, in_words(items[link_id], answer)) for link_id, answer in answers.items()
        ]

    def _pages(self, which: Callable[[Question], object]) -> list[Page]:
        pages = [
            Page(page.title, [it for it in map(self._question, page.items) if which(it)])
            for page in self._protocol.questionnaire.pages
        ]
        return [page for page in pages if page.questions]

    def _question(self, item: Item) -> Question:
        names = [item.link_id, f"{item.link_id}-unit"] if item.kind == "temperature" else [item.link_id]
        shown = item.show_when
        does_not_arise = (
            shown is not None and self._read.get(shown.link_id, shown.codes[0]) not in shown.codes
        )
        return Question(
            fields=[self[name] for name in names],
            is_settled=item.link_id in self._read or does_not_arise,
            sent=self._sent.get(item.link_id, []),
        )


def initial_of(read: Mapping[str, Any], *, felt: datetime | None, zone: ZoneInfo) -> dict[str, Any]:
    """The form as it is opened: the answers that could be read, and when it was felt."""
    initial: dict[str, Any] = {}
    for link_id, answer in read.items():
        match answer:
            case {"value": value, "unit": unit}:
                initial |= {link_id: value, f"{link_id}-unit": unit}
            case list():
                initial[link_id] = answer or [NONE_OF_THESE]
            case _:
                initial[link_id] = answer
    if felt is not None:
        local = felt.astimezone(zone)
        initial |= {"felt_on": local.date(), "felt_at": local.time().replace(second=0, microsecond=0)}
    return initial


class DismissForm(forms.Form):
    use_required_attribute = False

    dismissed_as = forms.ChoiceField(
        label="Why is nothing more needed?",
        choices=Quarantine.Dismissal.choices,
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    reason = forms.CharField(
        label="What you did",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write a few words."},
    )

    def in_words(self) -> list[tuple[str, str]]:
        return [("What you did", self.data.get("reason", ""))]
