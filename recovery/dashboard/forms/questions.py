"""The questions of a protocol as fields of a form: the questionnaire, and the form before the procedure. "Not known" is
no answer, and never "no"."""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms

from recovery.clinical.protocol import Item, Value

NONE_OF_THESE = "none-of-these"
NOT_KNOWN = ("", "Not known")
UNITS = [("C", "°C"), ("F", "°F")]
SAID_NOT_KNOWN = ("not-known", "Not known")
"""The same where nothing is chosen beforehand: what was not asked is told from what the patient does not know."""

CHOOSE = {"required": "Choose one.", "invalid_choice": "Choose one."}


class Marked:
    """Some choices bear a mark for the style sheet. `marks`: the attributes of an answer."""

    def __init__(self, marks: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__()
        self.marks = marks

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **options)  # type: ignore[misc]
        option["attrs"] |= self.marks.get(str(value), {})
        return option


class MarkedRadios(Marked, forms.RadioSelect):
    pass


class MarkedBoxes(Marked, forms.CheckboxSelectMultiple):
    pass


def fields_of(
    item: Item, *, not_known: tuple[str, str] = NOT_KNOWN, asks: Collection[str] = (), explained: bool = False
) -> dict[str, forms.Field]:
    """`asks`: the answers on which another question follows. They are marked, and so are those that are an alarm.
    `explained`: with what the phone says to explain a question or an answer."""
    options = [(value.code, _worded(value) if explained else value.label) for value in item.values]
    marks = {value.code: {"data-alarm": ""} if value.alarm else {} for value in item.values}
    for code in asks:
        marks[code] |= {"data-asks": ""}
    match item.kind:
        case "choice":
            return {item.link_id: _one_of(item.text, [*options, not_known], marks)}
        case "integer":
            numbers = [(str(number), str(number)) for number in range(item.low, item.high + 1)]
            return {item.link_id: _one_of(item.text, [*numbers, not_known], {})}
        case "choices":
            field = forms.MultipleChoiceField(
                label=item.text,
                choices=[*options, (NONE_OF_THESE, "None of these")],
                required=False,
                widget=MarkedBoxes(marks),
            )
            return {item.link_id: field}
        case "temperature":
            number = forms.FloatField(
                label=item.text,
                required=False,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
                error_messages={"invalid": "Write a number such as 38.2."},
            )
            return {item.link_id: number, f"{item.link_id}-unit": _one_of("Unit", UNITS, {})}
    text = forms.CharField(
        label=item.text,
        required=False,
        max_length=item.max_length,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    return {item.link_id: text}


def _worded(value: Value) -> str:
    """What "the same" means is the same with every question: it is not said with each."""
    return f"{value.label} ({value.help})" if value.help and value.code != "same" else value.label


def check_answer(form: forms.Form, item: Item, cleaned: Mapping[str, Any]) -> None:
    """What no single field can see: a contradiction in a list, a temperature without its unit or out of its range."""
    chosen = cleaned.get(item.link_id)
    if item.kind == "choices" and chosen and NONE_OF_THESE in chosen and len(chosen) > 1:
        form.add_error(item.link_id, "Choose either some of them or none of these.")
    if item.kind == "temperature" and chosen is not None:
        unit = cleaned.get(f"{item.link_id}-unit")
        if not unit:
            form.add_error(f"{item.link_id}-unit", "Choose °C or °F.")
        elif item.ranges and not item.ranges[unit][0] <= chosen <= item.ranges[unit][1]:
            low, high = item.ranges[unit]
            form.add_error(item.link_id, f"From {low:g} to {high:g} °{unit}. Check the number and the unit.")


def _one_of(
    label: str, choices: list[tuple[str, str]], marks: Mapping[str, Mapping[str, str]]
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, required=False, widget=MarkedRadios(marks), error_messages=CHOOSE
    )


def answer_of(item: Item, cleaned: Mapping[str, Any]) -> Any:
    value = cleaned.get(item.link_id)
    if value is None or value in ("", [], SAID_NOT_KNOWN[0]):
        return None
    match item.kind:
        case "integer":
            return int(value)
        case "choices":
            return [code for code in value if code != NONE_OF_THESE]
        case "temperature":
            return {"value": value, "unit": cleaned.get(f"{item.link_id}-unit", "")}
    return value
