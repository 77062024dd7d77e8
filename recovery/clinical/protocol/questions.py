"""The questionnaire and the baseline form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from recovery.clinical.facts.records import PLACE_OF, SYMPTOMS
from recovery.clinical.facts.temperature import PLAUSIBLE
from recovery.clinical.protocol.model import Item, Page, Questionnaire, ShowWhen, Value
from recovery.clinical.protocol.reading import Reading
from recovery.clinical.protocol.shape import BaselineItemShape, ItemShape, PageShape, entries, shaped

# What the derived facts read: without these questions, or with other codes, a rule would silently never hold.
NEEDED_KINDS: Mapping[str, str] = {
    "pain_now": "integer",
    "pain_where": "choices",
    "temp": "temperature",
    "free_text": "text",
    "mobility": "choice",
    **dict.fromkeys(SYMPTOMS, "choice"),
    **dict.fromkeys(PLACE_OF.values(), "choices"),
}
SYMPTOM_CODES = ("no", "same", "new_or_worse")
BOUNDS: Mapping[str, str] = {
    "choice": "values",
    "choices": "values",
    "integer": "range",
    "temperature": "ranges",
    "text": "max_length",
}
"""What bounds the answers of each kind of question."""

PRESENT = (Value("no", "No"), Value("present", "Yes"))


def read_questionnaire(raw: Any, reading: Reading) -> Questionnaire:
    pages: list[Page] = []
    items: dict[str, Item] = {}
    for place, entry in entries(raw, "questionnaire", reading.problems, key="page"):
        if (page := shaped(PageShape, entry, place, reading.problems)) is None:
            continue
        on_page = [
            item
            for item_place, item_raw in entries(page.items, f"{place}.items", reading.problems)
            if (item := _item(item_raw, item_place, reading)) is not None
        ]
        for item in on_page:
            if item.link_id in items:
                reading.note(f"{place}.items[{item.link_id}]", "the same id twice")
        items.update({item.link_id: item for item in on_page})
        pages.append(Page(page.page, page.title, tuple(on_page)))
    _check_needed(items, reading)
    _check_show_when(items, "questionnaire", reading)
    return Questionnaire(tuple(pages), items, tuple(_required_groups(items, reading)))


def _item(raw: Any, place: str, reading: Reading) -> Item | None:
    shape = shaped(ItemShape, raw, place, reading.problems)
    if shape is None:
        return None
    for key in sorted(set(BOUNDS.values())):
        if bool(getattr(shape, key)) != (BOUNDS[shape.kind] == key):
            reading.note(
                f"{place}.{key}", "is missing" if BOUNDS[shape.kind] == key else "does not belong here"
            )
            return None
    low, high = shape.range or (0, 0)
    return Item(
        link_id=shape.id,
        kind=shape.kind,
        text=shape.text,
        short=shape.short,
        help=shape.help,
        values=tuple(Value(code, v.label, v.help, v.alarm, v.mild_alone) for code, v in shape.values.items()),
        required=shape.required,
        required_with=shape.required_with,
        ask_until_h=shape.ask_until_h,
        show_when=_show_when(shape.show_when, f"{place}.show_when", reading),
        low=low,
        high=high,
        max_length=shape.max_length or 0,
        ranges=shape.ranges,
    )


def _show_when(raw: dict[str, list[str]] | None, place: str, reading: Reading) -> ShowWhen | None:
    if raw is None:
        return None
    if len(raw) != 1:
        reading.note(place, "names one question")
        return None
    ((link_id, codes),) = raw.items()
    return ShowWhen(link_id, tuple(codes))


def _check_show_when(items: Mapping[str, Item], part: str, reading: Reading) -> None:
    for item in items.values():
        if (shown := item.show_when) is None:
            continue
        asked = items.get(shown.link_id)
        if asked is None or not set(shown.codes) <= set(asked.codes) or not shown.codes:
            reading.note(
                f"{part}[{item.link_id}].show_when", f"no such answer: {shown.link_id} {shown.codes}"
            )


def _check_needed(items: Mapping[str, Item], reading: Reading) -> None:
    for link_id, kind in NEEDED_KINDS.items():
        if link_id not in items:
            reading.note(f"questionnaire.{link_id}", "is missing, and facts are derived from it")
        elif items[link_id].kind != kind:
            reading.note(f"questionnaire.{link_id}.kind", f"must be {kind}: facts are derived from it")
        elif link_id in SYMPTOMS and items[link_id].codes != SYMPTOM_CODES:
            reading.note(f"questionnaire.{link_id}.values", f"must be {', '.join(SYMPTOM_CODES)}")
        elif kind == "temperature" and items[link_id].ranges != PLAUSIBLE:
            reading.note(f"questionnaire.{link_id}.ranges", "must be 34.0 to 43.0 C and 93.2 to 109.4 F")
        elif kind == "integer" and (items[link_id].low, items[link_id].high) != (0, 10):
            reading.note(f"questionnaire.{link_id}.range", "must be 0 to 10")


def _required_groups(items: Mapping[str, Item], reading: Reading) -> Iterator[tuple[str, ...]]:
    for item in items.values():
        if item.required:
            yield (item.link_id,)
        elif (other := item.required_with) is not None:
            if other not in items or items[other].required_with != item.link_id:
                reading.note(
                    f"questionnaire.{item.link_id}.required_with", f"{other} does not name it in return"
                )
            elif item.link_id < other:
                yield (item.link_id, other)


def _short(link_id: str, questionnaire: Questionnaire) -> str:
    item = questionnaire.items.get(link_id)
    return link_id if item is None else item.short


def read_baseline_form(raw: Any, questionnaire: Questionnaire, reading: Reading) -> dict[str, Item]:
    form: dict[str, Item] = {}
    for place, entry in entries(raw, "baseline_form", reading.problems):
        shape = shaped(BaselineItemShape, entry, place, reading.problems)
        if shape is None:
            continue
        show_when = _show_when(shape.show_when, f"{place}.show_when", reading)
        if shape.like is None and shape.present:
            short = _short(shape.id, questionnaire)
            form[shape.id] = Item(shape.id, "choice", shape.text, short, values=PRESENT, show_when=show_when)
        elif shape.like is None or shape.present:
            reading.note(place, "needs either `like` or `present: true`")
        elif shape.like not in questionnaire.items:
            reading.note(f"{place}.like", f"no question {shape.like!r}")
        else:
            like = questionnaire.items[shape.like]
            form[shape.id] = replace(
                like,
                link_id=shape.id,
                text=shape.text,
                show_when=show_when,
                required=False,
                required_with=None,
            )
    _check_show_when(form, "baseline_form", reading)
    return form
