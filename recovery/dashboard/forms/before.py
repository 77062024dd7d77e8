"""How it was before the procedure, asked when a patient is enrolled."""

from collections.abc import Mapping
from typing import Any

from django import forms

from recovery.clinical.protocol import Protocol
from recovery.dashboard.forms.questions import NONE_OF_THESE, answer_of, check_answer, fields_of


class Before(forms.Form):
    """`ask` puts the questions of a protocol into the form. That nobody asked has to be said."""

    no_baseline = forms.BooleanField(label="Nobody asked before the procedure", required=False)

    def ask(self, protocol: Protocol) -> None:
        self._items = tuple(protocol.baseline_form.values())
        for item in self._items:
            self.fields |= fields_of(item)

    @property
    def baseline(self) -> list[list[forms.BoundField]]:
        """The questions of the form before the procedure, as fields: each with those that follow from it."""
        questions: list[list[forms.BoundField]] = []
        for item in self._items:
            fields = [self[name] for name in fields_of(item)]
            if item.show_when and questions:
                questions[-1] += fields
            else:
                questions.append(fields)
        return questions

    def answers_in(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Of the form before the procedure. What follows from an answer that was not given says nothing."""
        given: dict[str, Any] = {}
        for item in self._items:
            if item.kind == "temperature" and not cleaned.get(f"{item.link_id}-unit"):
                continue
            if item.show_when and given.get(item.show_when.link_id) not in item.show_when.codes:
                continue
            answer = answer_of(item, cleaned)
            if answer is not None:
                given[item.link_id] = answer
        return given

    def check_before(self, cleaned: Mapping[str, Any]) -> None:
        for item in self._items:
            check_answer(self, item, cleaned)
            chosen = set(cleaned.get(item.link_id) or ()) - {NONE_OF_THESE} if item.show_when else ()
            if item.show_when and chosen and cleaned.get(item.show_when.link_id) not in item.show_when.codes:
                self.add_error(
                    item.link_id, "Something is ticked here, and the question before it is not a yes."
                )
        answered = bool(self.answers_in(cleaned))
        if answered and cleaned.get("no_baseline"):
            self.add_error(
                "no_baseline", "Something is filled in below. Take it back, or take this tick away."
            )
        elif not answered and not cleaned.get("no_baseline"):
            self.add_error("no_baseline", "Fill in the questions below, or tick this.")
