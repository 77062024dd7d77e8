"""What the watch costs: a turn in which nothing is due, and judging the silence of those who missed a check-in.

An idle turn is measured with few and with very many patients, in rounds that take turns, on databases side by side. A
missed check-in is measured as what one patient costs when the slot of ten thousand closes empty, against the least that
could be written for it: one row inserted and one updated, by prepared statements, as many to a transaction.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import crowd
from bench.stage import Stage

FEW, MANY = 10_000, 1_000_000
ROUNDS, TURNS = 15, 100
MISSED = 10_000
BATCH = 500
LAST_H, CLOSED_H = 640, 696
"""Everybody reported last before the slot that closes at hour 696 had opened."""

_INSERT = """
    INSERT INTO recovery_assessment (clinic_id, episode_id, silent_slot, is_current, protocol, judged_at, effective_at,
        hours, phase, slot, tier, findings, notes, flagged_at, flagged_by, attempts, last_error)
    VALUES (1, %s, 'bare', false, 'vk-default/1', %s, %s, 696, 'phase-4', 'S28', 1, %s::jsonb, '[]', %s, 'watch', 0, '')
    RETURNING id
"""
_UPDATE = "UPDATE recovery_episode SET next_due_at = %s WHERE id = %s RETURNING id"


def measure() -> dict[str, Any]:
    with Stage() as stage:
        urls = _databases(stage, "few", "many", "missed")
        later = "now() + interval '1 day' + patient.n * interval '1 s'"
        for name, count in (("few", FEW), ("many", MANY)):
            crowd.fill_with_patients(
                urls[name], count, procedure_at="now() - interval '20 days'", next_due_at=later
            )
            crowd.settle(urls[name])
        crowd.fill_with_patients(
            urls["missed"], 2 * MISSED,
            procedure_at=f"now() - interval '{CLOSED_H} h' - interval '1 min'",
            next_due_at="CASE WHEN patient.n % 2 = 1 THEN now() - interval '1 min' ELSE now() + interval '1 day' END",
        )  # fmt: skip
        crowd.report_until(urls["missed"], last_h=LAST_H, red_share=40)
        for url in urls.values():
            crowd.analyze(url)
        return _idle() | _missed()


def _idle() -> dict[str, Any]:
    from recovery import watch

    taken: dict[str, list[float]] = {"few": [], "many": []}
    for number in range(ROUNDS):
        for name in ("few", "many") if number % 2 else ("many", "few"):
            with _database(name):
                for _ in range(TURNS // 5):
                    _nothing(watch.cycle)
                taken[name] += [_wall_us(lambda: _nothing(watch.cycle)) for _ in range(TURNS)]
    few, many = (statistics.median(taken[name]) for name in ("few", "many"))
    rounds = [
        statistics.median(taken["many"][at : at + TURNS]) / statistics.median(taken["few"][at : at + TURNS])
        for at in range(0, ROUNDS * TURNS, TURNS)
    ]
    return {
        "idle_turn_10000_patients_us": round(few),
        "idle_turn_1000000_patients_us": round(many),
        "idle_turn_ratio": round(many / few, 2),
        "idle_turn_ratio_worst_round": round(max(rounds), 2),
    }


def _nothing(cycle: Callable[..., Any]) -> None:
    if done := +cycle(datetime.now(UTC)):
        raise RuntimeError(f"something was due: {dict(done)}")


def _missed() -> dict[str, Any]:
    """In turns of one batch each, so that both meet the same machine."""
    from django.db import connection, transaction

    from recovery import silence, statements
    from recovery.models import Assessment, Episode

    wall, cpu = {"judged": 0.0, "bare": 0.0}, {"judged": 0.0, "bare": 0.0}
    now = datetime.now(UTC)

    @contextmanager
    def measured(what: str) -> Iterator[None]:
        gc.collect()
        started, worked = time.perf_counter(), time.process_time()
        yield
        wall[what] += time.perf_counter() - started
        cpu[what] += time.process_time() - worked

    with _database("missed"):
        others = list(Episode.objects.filter(next_due_at__gt=now).order_by("pk").values_list("pk", flat=True))
        findings = None
        done = 0
        while done < MISSED:
            with measured("judged"):
                judged = silence.judge_due(limit=BATCH, now=now)
            if judged != BATCH:
                raise RuntimeError(f"{judged} of {BATCH} were judged")
            findings = findings or _one_finding()
            batch = others[done : done + BATCH]
            with measured("bare"), transaction.atomic():
                for pk in batch:
                    statements.fetch_all(_INSERT, [pk, now, now, findings, now])
                    statements.fetch_all(_UPDATE, [now + timedelta(days=9), pk])
            done += judged
        silent = Assessment.objects.filter(silent_slot="S28")
        if silent.count() != MISSED or not silent.filter(tier=2).exists():
            raise RuntimeError("not every patient was judged to have missed the slot")
        connection.close()
    per_us = {name: round(seconds / MISSED * 1e6, 1) for name, seconds in wall.items()}
    return {
        "missed_patients": MISSED,
        "missed_us_each": per_us["judged"],
        "missed_cpu_us_each": round(cpu["judged"] / MISSED * 1e6, 1),
        "bare_insert_update_us_each": per_us["bare"],
        "bare_insert_update_cpu_us_each": round(cpu["bare"] / MISSED * 1e6, 1),
        "missed_to_bare_ratio": round(wall["judged"] / wall["bare"], 2),
    }


def _one_finding() -> str:
    import json

    from recovery.models import Assessment

    return json.dumps(Assessment.objects.filter(silent_slot="S28").values_list("findings", flat=True)[0])


def _wall_us(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * 1e6


def _databases(stage: Stage, *names: str) -> dict[str, str]:
    """Empty copies of the migrated database, by the owner's address."""
    from services import provision

    plans = {name: replace(stage.services.plan, database=name) for name in names}
    with provision.connect(stage.services.admin_url) as admin:
        for plan in plans.values():
            provision.make_database(admin, plan, template=stage.services.plan.database)
    return {name: plan.owner_url(stage.services.admin_url) for name, plan in plans.items()}


@contextmanager
def _database(name: str) -> Iterator[None]:
    """Let this process work on that database."""
    from django.db import connection

    connection.close()
    before, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
