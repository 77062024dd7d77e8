"""Questions of a protocol as they are asked one after another: some only follow on the answer to another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from recovery.clinical.protocol import Item
from recovery.dashboard.forms.care import CareForm
from recovery.dashboard.forms.questions import SAID_NOT_KNOWN, answer_of, check_answer, fields_of
from recovery.dashboard.screens.answers import in_words

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""What is further off is a slip of the pen, and at the ends of the calendar no time zone can be reckoned with."""


def day_field(label: str, **options: Any) -> forms.DateField:
    check = "There is nothing on this day. Check the year."
    return forms.DateField(
        label=label,
        validators=[MinValueValidator(FIRST_DAY, check), MaxValueValidator(LAST_DAY, check)],
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
