"""Settings, limits, phases, slots and the articles: what stands in a document besides questions and rules."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from recovery.clinical.facts.temperature import PairedLimit
from recovery.clinical.protocol.model import Article, RiskFactor, Setting
from recovery.clinical.protocol.reading import Reading
from recovery.clinical.protocol.shape import (
    ArticleShape,
    LimitShape,
    PhaseShape,
    RiskShape,
    SettingShape,
    entries,
    named,
    shaped,
)
from recovery.clinical.timeline import Phase, Slot

# What the derived facts ask of a document. Others may be added and used in rules and texts.
NEEDED_SETTINGS = ("blood_thinner_restart_h",)
PAIR_TOLERANCE_F = 0.15
"""38.0 C is 100.4 F and 37.8 C is 100.04 F: a pair may differ by rounding, not by a typing error."""


def read_settings(raw: Any, reading: Reading) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    for name, place, entry in named(raw, "settings", reading.problems):
        shape = shaped(SettingShape, entry, place, reading.problems)
        if shape is None:
            continue
        value = shape.default if shape.value is None else shape.value
        low, high = shape.allowed or (None, None)
        settings[name] = Setting(
            name=name,
            label=shape.label,
            value=value,
            default=shape.default,
            unit=shape.unit,
            low=low,
            high=high,
            choices=tuple(shape.choices),
            leaflets=shape.leaflets,
            per_patient=shape.per_patient,
            sources=reading.cite(shape.sources, place),
            facts=reading.use_facts(shape.facts, place),
        )
        for key in ("default", "value") if shape.value is not None else ("default",):
            _check_range(settings[name], getattr(shape, key), f"{place}.{key}", reading)
    for name in NEEDED_SETTINGS:
        if name not in settings:
            reading.note(f"settings.{name}", "is missing")
    reading.settings.update({name: setting.value for name, setting in settings.items()})
    return settings


def _check_range(setting: Setting, value: float | str, place: str, reading: Reading) -> None:
    if isinstance(value, str):
        if setting.low is not None or setting.choices:
            reading.note(place, f"{value!r} is not a number")
        elif "{" in value or "}" in value:
            reading.note(place, "nobody fills placeholders inside a setting")
        return
    if setting.choices:
        if value not in setting.choices:
            reading.note(place, f"{value:g} is not one of {', '.join(f'{c:g}' for c in setting.choices)}")
    elif setting.low is None or setting.high is None:
        reading.note(place, "a number needs `allowed` or `choices`")
    elif not setting.low <= value <= setting.high:
        reading.note(place, f"{value:g} is outside {setting.low:g} to {setting.high:g}")


def read_limits(raw: Any, reading: Reading) -> dict[str, PairedLimit]:
    """Pairs of temperatures; a side is a number or the name of a setting."""
    limits: dict[str, PairedLimit] = {}
    for name, place, entry in named(raw, "limits", reading.problems):
        shape = shaped(LimitShape, entry, place, reading.problems)
        if shape is None:
            continue
        sides = [_side(side, f"{place}.{key}", reading) for key, side in (("c", shape.c), ("f", shape.f))]
        c, f = sides
        if c is None or f is None:
            continue
        if abs(f - (c * 9 / 5 + 32)) > PAIR_TOLERANCE_F:
            reading.note(place, f"{f:g} F is not {c:g} C")
        limits[name] = PairedLimit(name, c, f)
    _check_order(limits, reading)
    return limits


def _side(raw: float | str, place: str, reading: Reading) -> float | None:
    value = reading.settings.get(raw) if isinstance(raw, str) else raw
    if isinstance(value, str) or value is None:
        reading.note(place, f"no setting {raw!r} with a number")
        return None
    return value


def _check_order(limits: dict[str, PairedLimit], reading: Reading) -> None:
    """The lowest pair is `fever_low`: TEMP-WATCH reads "a little high" from it."""
    for lower, higher in pairwise(name for name in ("fever_low", "fever_older", "fever") if name in limits):
        if limits[lower].c > limits[higher].c or limits[lower].f > limits[higher].f:
            reading.note(f"limits.{lower}", f"is higher than {higher}")


def read_phases(raw: Any, reading: Reading) -> tuple[Phase, ...]:
    phases: list[Phase] = []
    for place, entry in entries(raw, "phases", reading.problems):
        shape = shaped(PhaseShape, entry, place, reading.problems)
        if shape is None:
            continue
        start_h, end_h = shape.hours
        expected = phases[-1].end_h if phases else 0
        if start_h != expected:
            what = "leaves a gap" if start_h > expected else "overlaps"
            reading.note(
                f"{place}.hours", f"{what}: starts at {start_h:g}, the phase before ends at {expected:g}"
            )
        if end_h <= start_h:
            reading.note(f"{place}.hours", "ends before it starts")
        phases.append(
            Phase(
                id=shape.id,
                name=shape.name,
                start_h=start_h,
                end_h=end_h,
                expect=reading.text(shape.expect, f"{place}.expect"),
                advice=reading.text(shape.advice, f"{place}.advice"),
                sources=reading.cite(shape.sources, place),
                facts=reading.use_facts(shape.facts, place),
            )
        )
    return tuple(phases)


def read_slots(raw: Any, reading: Reading) -> tuple[Slot, ...]:
    slots: list[Slot] = []
    for name, place, window in named(raw, "slots", reading.problems):
        if not (
            isinstance(window, list) and len(window) == 2 and all(type(h) in (int, float) for h in window)
        ):
            reading.note(place, "needs two hours: [open, close]")
            continue
        slot = Slot(name, window[0], window[1])
        if slot.close_h <= slot.open_h:
            reading.note(place, "closes before it opens")
        if slots and slot.open_h < slots[-1].close_h:
            reading.note(place, f"overlaps {slots[-1].id}")
        slots.append(slot)
    return tuple(slots)


def read_risk_factors(raw: Any, reading: Reading) -> dict[str, RiskFactor]:
    risks: dict[str, RiskFactor] = {}
    for name, place, entry in named(raw, "risk_factors", reading.problems):
        if shape := shaped(RiskShape, entry, place, reading.problems):
            risks[name] = RiskFactor(name, shape.label, shape.help, reading.use_facts(shape.facts, place))
    return risks


def read_articles(raw: Any, part: str, reading: Reading) -> dict[str, Article]:
    articles: dict[str, Article] = {}
    for place, entry in entries(raw, part, reading.problems):
        if shape := shaped(ArticleShape, entry, place, reading.problems):
            articles[shape.id] = Article(
                id=shape.id,
                title=shape.title,
                text=reading.text(shape.text, f"{place}.text"),
                sources=reading.cite(shape.sources, place),
                facts=reading.use_facts(shape.facts, place),
            )
    return articles
