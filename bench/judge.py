"""How long judging one check-in with 42 earlier ones takes, against a fixed piece of pure Python.

Run with `python -m bench judge`. The ratio to the yardstick is what can be compared
between machines; the yardstick must never be changed.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from recovery.clinical.assessment import assess
from recovery.clinical.facts import Baseline, Earlier, Procedure, Report
from recovery.clinical.protocol import get

ROUNDS = 3000
HISTORY = 42
START = datetime(2026, 3, 2, 10, tzinfo=UTC)

ANSWERS: dict[str, Any] = {
    "pain_now": 5, "pain_change": "worse", "pain_where": ["treated_area"], "pain_controlled": "yes",
    "temp": {"value": 36.7, "unit": "C"}, "feels_feverish": "no", "rigors": "no", "cannot_move": "no",
    "weakness": "no", "weakness_where": [], "numbness": "same", "numbness_where": ["one_leg"], "bladder": "no",
    "bowel": "no", "breathing": "no", "chest_pain": "no", "cough": "no", "bleeding": "none", "bandage": "on_dry",
    "wound": [], "immersion": "no", "allergy": [], "calf": "no", "drowsy": "no", "confused": "no",
    "opioid_taken": "no", "drove": "no", "heavy_lifting": "no", "fall": "no", "mobility": "usual",
    "blood_thinner": "not_on", "free_text": "a question about my brace", "wants_call": "no",
}  # fmt: skip


def yardstick() -> int:
    """Some dictionary, integer and string work, about as long as a judgement."""
    table: dict[str, int] = {}
    for number in range(600):
        key = str(number % 97)
        table[key] = table.get(key, 0) + number * number % 7
    return sum(sorted(table.values()))


def measure() -> dict[str, Any]:
    protocol = get()
    procedure = Procedure("vertebroplasty", START, frozenset({"age_65_plus"}))
    baseline = Baseline(START - timedelta(hours=2), {**ANSWERS, "pain_now": 8, "numbness": "no"})
    reports = [
        Report(
            START + timedelta(hours=2 + 3 * index),
            {**ANSWERS, "pain_now": 2 + index % 3, "numbness": "new_or_worse" if index == 1 else "no"},
            id=f"{index:04}",
        )
        for index in range(HISTORY)
    ]
    history = [Earlier.of(report, procedure) for report in reports]
    report = Report(START + timedelta(hours=2 + 3 * HISTORY), ANSWERS)

    def judged(earlier: list[Earlier]) -> Any:
        return assess(
            protocol=protocol, procedure=procedure, baseline=baseline, history=earlier, report=report
        )

    taken = {
        "yardstick": _times(yardstick),
        "judge": _times(lambda: judged(history)),
        "judge_and_read_history": _times(lambda: judged([Earlier.of(one, procedure) for one in reports])),
    }
    measured: dict[str, Any] = {"earlier_check_ins": HISTORY}
    for name, figures in taken.items():
        measured |= {f"{name}_{figure}": value for figure, value in figures.items()}
    base = taken["yardstick"]["median_us"]
    measured["judge_to_yardstick_ratio"] = round(taken["judge"]["median_us"] / base, 2)
    return measured


def _times(run: Callable[[], Any]) -> dict[str, float]:
    for _ in range(200):
        run()
    gc.collect()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        run()
        taken.append((time.perf_counter_ns() - start) / 1000)
    return {
        "median_us": round(statistics.median(taken), 1),
        "p99_us": round(statistics.quantiles(taken, n=100)[98], 1),
    }
