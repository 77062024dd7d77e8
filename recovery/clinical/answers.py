"""The form of the answers, built from the questionnaire of a protocol, so it is never written twice.

pydantic's strict mode is not strict enough by itself (true passes as 1, NaN and NUL pass) and in one
place too strict (7.0 is 7 in JSON), so the base types are our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from recovery.clinical.problems import Problem
from recovery.clinical.protocol import Item, Protocol

LARGEST_VALUE = 1e6
"""Any reading up to here is taken and judged (TEMP-UNIT); beyond it no thermometer is speaking."""

MOST_CODES = 50
LONGEST_NAME = 64
"""Of an unknown field no more is repeated than this."""


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number")
    if not abs(value) <= LARGEST_VALUE:  # also refuses NaN
        raise ValueError("must be a finite number of reasonable size")
    return value


def _whole(value: object) -> int:
    number = _number(value)
    if number != math.floor(number):
        raise ValueError("must be a whole number")
    return int(number)


def _clean_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    if value != storable(value):
        raise ValueError("holds characters that no text has")
    return value


def storable(text: str) -> str:
    """The text with NUL and lone surrogates replaced: no database and no UTF-8 can hold them."""
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


class TemperatureAnswer(BaseModel):
    """A reading as it was entered. A value out of the range of its unit is for the rules to judge."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    value: Annotated[float, Field(ge=-LARGEST_VALUE, le=LARGEST_VALUE), BeforeValidator(_number)]
    unit: Literal["C", "F"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@lru_cache(maxsize=16)
def answers_model(protocol: Protocol) -> type[BaseModel]:
    """The model of a check-in's answers. Every question is optional, null means not answered."""
    return _model("Answers", protocol.questionnaire.items.values())


@lru_cache(maxsize=16)
def baseline_model(protocol: Protocol) -> type[BaseModel]:
    """The model of the baseline form."""
    return _model("BaselineAnswers", protocol.baseline_form.values())


def valid_part(protocol: Protocol, raw: object) -> tuple[dict[str, Any], list[Problem]]:
    """The answers that are valid by themselves, and what was wrong with the others.

    A list keeps its valid codes, unless only codes are left that would make a finding milder (numb at the
    needle spot alone): what could not be read may be the worse place. A text that is too long or cannot be
    stored as it is stays, repaired, because the word screen can only raise.
    """
    return _valid_part(_adapters(protocol), protocol.questionnaire.items, raw, "answers")


def valid_baseline(protocol: Protocol, raw: object) -> tuple[dict[str, Any], list[Problem]]:
    """The same for a baseline form."""
    return _valid_part(_baseline_adapters(protocol), protocol.baseline_form, raw, "baseline")


def _model(name: str, items: Iterable[Item]) -> type[BaseModel]:
    fields: dict[str, Any] = {item.link_id: (_type_of(item) | None, None) for item in items}
    return create_model(name, __base__=_Form, **fields)


def _type_of(item: Item) -> Any:
    codes: Any = Literal[item.codes] if item.codes else str
    kinds: dict[str, Callable[[], Any]] = {
        "choice": lambda: codes,
        "choices": lambda: Annotated[list[codes], Field(max_length=MOST_CODES)],
        "integer": lambda: Annotated[int, Field(ge=item.low, le=item.high), BeforeValidator(_whole)],
        "temperature": lambda: TemperatureAnswer,
        "text": lambda: Annotated[str, Field(max_length=item.max_length), BeforeValidator(_clean_text)],
    }
    return kinds[item.kind]()


@lru_cache(maxsize=16)
def _adapters(protocol: Protocol) -> Mapping[str, TypeAdapter[Any]]:
    return _adapters_of(protocol.questionnaire.items)


@lru_cache(maxsize=16)
def _baseline_adapters(protocol: Protocol) -> Mapping[str, TypeAdapter[Any]]:
    return _adapters_of(protocol.baseline_form)


def _adapters_of(items: Mapping[str, Item]) -> dict[str, TypeAdapter[Any]]:
    return {link_id: TypeAdapter(_type_of(item), config=_config(item)) for link_id, item in items.items()}


def _config(item: Item) -> ConfigDict | None:
    return None if item.kind == "temperature" else ConfigDict(strict=True)


def _valid_part(
    adapters: Mapping[str, TypeAdapter[Any]], items: Mapping[str, Item], raw: object, place: str
) -> tuple[dict[str, Any], list[Problem]]:
    if not isinstance(raw, Mapping):
        return {}, [Problem(place, "is not an object")]
    valid: dict[str, Any] = {}
    problems: list[Problem] = []
    for link_id, answer in raw.items():
        here = f"{place}.{storable(str(link_id))[:LONGEST_NAME]}"
        if link_id not in adapters:
            problems.append(Problem(here, "is not a question"))
        elif answer is not None:
            try:
                read = adapters[link_id].validate_python(answer)
                valid[link_id] = read.model_dump() if isinstance(read, BaseModel) else read
            except ValidationError as error:
                problems.append(Problem(here, _reason(error)))
                if (kept := _salvaged(items[link_id], answer)) is not None:
                    valid[link_id] = kept
    return valid, problems


def _salvaged(item: Item, answer: object) -> Any:
    if item.kind == "text" and isinstance(answer, str):
        return storable(answer)
    if item.kind == "choices" and isinstance(answer, list):
        known = [code for code in answer[:MOST_CODES] if isinstance(code, str) and code in item.codes]
        mild = {value.code for value in item.values if value.mild_alone}
        return known if set(known) - mild else None
    return None


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    message = (
        str(first["ctx"]["error"]) if first["type"] == "value_error" and "ctx" in first else str(first["msg"])
    )
    return message[0].lower() + message[1:]
