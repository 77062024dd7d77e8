"""The outline of a protocol document: which keys each part has and of what type. Meaning is checked after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recovery.clinical.problems import Problem

Text = Annotated[str, Field(min_length=1)]
Hours = Annotated[float, Field(ge=0, le=100_000)]
Tiers = Literal["none", "routine", "within_24h", "same_day", "emergency"]
Clears = Literal["C1", "C2", "C3", "C4"]
Cited = list[Any]
FactIds = list[str]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SourceShape(Shape):
    title: Text
    leaflet: Annotated[str, Field(pattern=r"^[0-9]{3}$")] | None = None


class FactShape(Shape):
    leaflets: Annotated[list[str], Field(min_length=1)]
    says: Text


class SettingShape(Shape):
    label: Text
    default: float | str
    value: float | str | None = None
    unit: str = ""
    allowed: tuple[float, float] | None = None
    choices: list[float] = []
    per_patient: bool = False
    leaflets: Text
    sources: Cited
    facts: FactIds = []


class LimitShape(Shape):
    c: float | str
    f: float | str


class PhaseShape(Shape):
    id: Text
    name: Text
    hours: tuple[Hours, Hours]
    expect: Text
    advice: Text
    sources: Cited
    facts: FactIds = []


class ValueShape(Shape):
    label: Text
    help: str = ""
    alarm: bool = False
    mild_alone: bool = False


class ItemShape(Shape):
    id: Text
    kind: Literal["choice", "choices", "integer", "temperature", "text"]
    text: Text
    short: Text
    help: str = ""
    values: dict[str, ValueShape] = {}
    required: bool = False
    required_with: str | None = None
    ask_until_h: Hours | None = None
    show_when: dict[str, list[str]] | None = None
    range: tuple[int, int] | None = None
    ranges: dict[str, tuple[float, float]] | None = None
    max_length: int | None = None


class PageShape(Shape):
    page: Text
    title: Text
    items: list[Any]


class BaselineItemShape(Shape):
    id: Text
    text: Text
    like: str | None = None
    present: bool = False
    show_when: dict[str, list[str]] | None = None


class RiskShape(Shape):
    label: Text
    help: str = ""
    facts: FactIds = []


class ArticleShape(Shape):
    id: Text
    title: Text
    text: Text
    sources: Cited
    facts: FactIds = []


class InformationShape(Shape):
    id: Text
    when: Any
    patient: Text


class ConditionShape(Shape):
    words: Text
    when: Any


class WordsShape(Shape):
    self_harm: Annotated[list[Text], Field(min_length=1)]
    alarm: Annotated[list[Text], Field(min_length=1)]
    worry: Annotated[list[Text], Field(min_length=1)]


class ActionsShape(Shape):
    none: Text
    routine: Text
    within_24h: Text
    same_day: Text
    emergency: Text


class NotTakenShape(Shape):
    kept: Text
    unseen: Text


class RuleShape(Shape):
    id: Text
    name: Text
    when: Any
    tier: Any
    step_up: Any = None
    clears: Clears
    patient: Any
    action_line: bool = True
    team: Text
    sources: Cited
    facts: FactIds = []
    note: Text
    timer: bool = False


class ServiceAlertShape(Shape):
    id: Text
    name: Text
    tier: Tiers
    clears: Clears
    patient: Text
    team: Text
    sources: Cited
    note: Text


ShapeT = TypeVar("ShapeT", bound=Shape)


def shaped(shape: type[ShapeT], raw: Any, place: str, problems: list[Problem]) -> ShapeT | None:
    """The part read by its outline, or None after noting what is missing, unknown or of the wrong type."""
    try:
        return shape.model_validate(_with_tuples(raw) if isinstance(raw, dict) else raw)
    except ValidationError as error:
        for detail in error.errors():
            where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
            problems.append(Problem(place + where, _reason(dict(detail))))
        return None


def _with_tuples(raw: dict[str, Any]) -> dict[str, Any]:
    """YAML has no pairs, only lists; strict reading asks for tuples."""
    pairs = {"hours", "range", "allowed"}
    shaped_raw = {key: tuple(v) if key in pairs and isinstance(v, list) else v for key, v in raw.items()}
    if isinstance(ranges := raw.get("ranges"), dict):
        shaped_raw["ranges"] = {unit: tuple(v) if isinstance(v, list) else v for unit, v in ranges.items()}
    return shaped_raw


def _reason(detail: dict[str, Any]) -> str:
    if detail["type"] == "missing":
        return "is missing"
    if detail["type"] == "extra_forbidden":
        return "is not known here"
    message = str(detail["msg"])
    return message[0].lower() + message[1:]


def entries(raw: Any, place: str, problems: list[Problem], key: str = "id") -> Iterator[tuple[str, Any]]:
    """Each entry of a list with its place, named by its id; notes ids that appear twice."""
    if not isinstance(raw, list) or not raw:
        problems.append(Problem(place, "needs a list"))
        return
    seen: set[str] = set()
    for index, entry in enumerate(raw):
        name = entry.get(key) if isinstance(entry, dict) else None
        if not isinstance(name, str):
            problems.append(Problem(f"{place}[{index}]", f"has no {key}"))
            continue
        if name in seen:
            problems.append(Problem(f"{place}[{name}]", "the same id twice"))
            continue
        seen.add(name)
        yield f"{place}[{name}]", entry


def named(raw: Any, place: str, problems: list[Problem]) -> Iterator[tuple[str, str, Any]]:
    """Each key of a mapping with its place."""
    if not isinstance(raw, dict) or not raw:
        problems.append(Problem(place, "needs a mapping"))
        return
    for key, entry in raw.items():
        yield key, f"{place}.{key}", entry
