"""Generated cases in the format of scenarios.json: hours near every bound, answers from the questionnaire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from recovery.clinical.protocol import Item, get
from tests.clinical.scenes import ALL_CLEAR, BEFORE, START

FEW = 50
"""A generated case is large and slow to make; the breadth comes from random_cases."""

PROTOCOL = get()
ITEMS = PROTOCOL.questionnaire.items
RISKS = tuple(PROTOCOL.risk_factors)

NOTES = [
    "", "  \n", "I feel fine", "no fever", "not worse, no pain", "my leg is numb", "I can’t breathe",
    "no chest  pain", "chest pain", "fever and no fever", "not suicide", "I want to die", "numbness", "cannot\nfeel it",
    "without pus", "NO BLEEDING", "piano bleeding", "it fell_off", "passed out", "no\tfever",
]  # fmt: skip
BOUNDS = (0, 2, 4, 6, 12, 24, 36, 47.9, 48, 60, 72, 84, 96, 100, 132, 168, 480, 1008, 1992, 2016, 2040)
TEMPERATURES = (
    33.9, 34.0, 36.7, 37.2, 37.4, 37.5, 37.7, 37.8, 37.9, 38.0, 38.4, 39.9, 40.0, 43.0, 43.1, 60.0,
    93.1, 93.2, 98.6, 99.4, 99.5, 99.9, 100.0, 100.3, 100.4, 101.2, 103.9, 104.0, 109.4, 109.5,
)  # fmt: skip

hours = st.one_of(
    st.sampled_from(BOUNDS),
    st.builds(
        lambda bound, us: bound + us / 3_600_000_000,
        st.sampled_from(BOUNDS),
        st.sampled_from((-1, 1, -6e7, 6e7)),
    ),
    st.floats(0, 2100, allow_nan=False),
)


def answer(item: Item) -> st.SearchStrategy[Any]:
    match item.kind:
        case "choice":
            return st.sampled_from(item.codes)
        case "choices":
            return st.lists(st.sampled_from(item.codes), max_size=3, unique=True)
        case "integer":
            return st.integers(item.low, item.high)
        case "temperature":
            return st.fixed_dictionaries(
                {"value": st.sampled_from(TEMPERATURES), "unit": st.sampled_from(("C", "F"))}
            )
        case _:
            return st.sampled_from(NOTES)


def _instant(hours_after: float) -> str:
    return (START + timedelta(microseconds=round(hours_after * 3_600_000_000))).isoformat()


@st.composite
def reports(draw: st.DrawFn, at_h: float | None = None) -> dict[str, Any]:
    changed = draw(st.lists(st.sampled_from(list(ITEMS)), max_size=10, unique=True))
    given = {
        key: draw(st.one_of(answer(ITEMS[key]), answer(ITEMS[key]), answer(ITEMS[key]), st.none()))
        for key in changed
    }
    felt_h = draw(hours) if at_h is None else at_h
    found: dict[str, Any] = {
        **ALL_CLEAR,
        **given,
        "phase": "post",
        "status": draw(st.sampled_from(("completed", "completed", "in-progress"))),
        "observed_at": _instant(felt_h),
    }
    if draw(st.booleans()):
        found["received_at"] = _instant(
            felt_h + draw(st.sampled_from((-30, -0.1, -5 / 60, 0, 1, 6, 6.001, 30)))
        )
    return found


@st.composite
def baselines(draw: st.DrawFn) -> dict[str, Any]:
    form = PROTOCOL.baseline_form
    changed = draw(st.lists(st.sampled_from(list(form)), max_size=5, unique=True))
    given = {key: draw(st.one_of(answer(form[key]), answer(form[key]), st.none())) for key in changed}
    return {
        **BEFORE,
        **given,
        "phase": "baseline",
        "observed_at": _instant(draw(st.sampled_from((-3, -2, -1)))),
    }


@st.composite
def cases(draw: st.DrawFn, timer: bool = False) -> dict[str, Any]:
    history = draw(st.lists(reports(), max_size=4))
    history += draw(st.lists(baselines(), max_size=2, unique_by=lambda form: form["observed_at"]))
    done: dict[str, Any] = {
        "type": draw(st.sampled_from(("vertebroplasty", "kyphoplasty"))),
        "at": START.isoformat(),
        "risk_factors": draw(st.lists(st.sampled_from(RISKS), max_size=3, unique=True)),
    }
    if draw(st.booleans()):
        done["blood_thinner_restart_h"] = draw(st.sampled_from((0, 24, 14.5)))
    case: dict[str, Any] = {"procedure": done, "history": draw(st.permutations(history))}
    if timer:
        return {**case, "check_in": None, "now": _instant(draw(hours))}
    # Near an earlier check-in more often than not, where "at most 48 hours" and "at least 24" matter.
    at_h = draw(st.one_of(st.none(), st.sampled_from(BOUNDS)))
    return {**case, "check_in": draw(reports(at_h))}
