"""What the watch costs: a turn in which nothing is due, and judging the silence of those who missed a check-in.

An idle turn is measured with ten thousand and with a million active recoveries, in turns, on two databases of one
server; one patient in a hundred has an open alert of which the team was told. A missed check-in is what one patient
costs when the slot of ten thousand closes empty, each with 19 to 41 check-ins before it. It stands against the least
that could be written for it: one row inserted and one updated, by prepared statements, as many to a transaction.
"""

import gc
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import copies, desk, size, world
from bench.stage import Stage
from bench.world import First

FEW, MANY = size.pick(10_000, 200), size.pick(1_000_000, 2_000)
TURNS = size.pick(1_000, 5)
ALERTED = 100
"""One patient in so many has an open alert."""

MISSED = size.pick(10_000, 40)
BATCH = size.pick(250, 20)
"""As many as the watch judges together."""
REPORTED_DAYS = 41
"""Everybody reported last on this day, before the slot opened that closes on day 43."""
FEWEST = 19
RED_SHARE = 20

_INSERT = """
    INSERT INTO recovery_assessment (clinic_id, episode_id, silent_slot, is_current, protocol, judged_at, effective_at,
        hours, phase, slot, tier, findings, notes, flagged_at, flagged_by, attempts, last_error)
    VALUES (%s, %s, 'bare', true, 'vk-default/1', %s, %s, 1032, 'phase-4', 'S42', 1, %s::jsonb, '[]', %s, 'watch',
        0, '')
    RETURNING id
"""
_UPDATE = "UPDATE recovery_episode SET next_due_at = %s, sequence = sequence + 1 WHERE id = %s RETURNING id"


def measure() -> dict[str, Any]:
    with Stage() as stage:
        first = desk.open_alert(world.begin())
        _see_to_it()
        many, missed = stage.copy("many"), stage.copy("missed")
        for count, owner_url in ((FEW, stage.services.owner_url), (MANY, many["DATABASE_OWNER_URL"])):
            _let_all_be_quiet(first, count, owner_url=owner_url)
        _let_them_miss_a_slot(first, owner_url=missed["DATABASE_OWNER_URL"])
        return _idle("many") | _missed("missed")


# --- nothing is due


def _see_to_it() -> None:
    """Do all that is owed to the first patient: what is copied is quiet."""
    from recovery import watch

    while +watch.cycle(datetime.now(UTC), sends=False):
        pass


def _let_all_be_quiet(first: First, count: int, *, owner_url: str) -> None:
    world.multiply(first, count, days=1, owner_url=owner_url)
    alerts = max(count // ALERTED, 2)
    desk.copy_alerts(first, patients=count, live=alerts, total=2 * alerts, owner_url=owner_url)
    with copies.copying(owner_url) as owner:
        owner.execute(
            "UPDATE recovery_episode SET next_due_at = now() + interval '1 day' + id * interval '1 s'"
        )
        owner.execute(
            "UPDATE recovery_assessment SET flagged_at = now(), flagged_by = 'watch' WHERE flagged_at IS NULL"
        )
        owner.execute(
            "UPDATE recovery_notification SET status = 'sent', sent_at = now() WHERE status <> 'sent'"
        )
        owner.execute("UPDATE recovery_letter SET status = 'sent', sent_at = now() WHERE status <> 'sent'")
        copies.settle(owner, *world.PEOPLE, *world.REPORTS, *desk.ALERTS)


def _idle(many: str) -> dict[str, Any]:
    from recovery import watch

    def turn() -> None:
        if done := +watch.cycle(watch.now(), sends=True):
            raise RuntimeError(f"something was due: {dict(done)}")

    def on(database: str | None) -> Callable[[], float]:
        use = _connection(database)
        timed = desk.timed(turn)

        def measured() -> float:
            use()
            return timed()

        return measured

    return {"few_patients": FEW, "many_patients": MANY} | desk.named(
        "idle", desk.compare(on(None), on(many), rounds=TURNS)
    )


def _connection(database: str | None) -> Callable[[], None]:
    """Makes a connection of its own to that database the one of this process; None is the one that it has."""
    from django.db import connections

    wrapper = connections["default"]
    if database is not None:
        wrapper = wrapper.copy()
        wrapper.settings_dict["NAME"] = database

    def use() -> None:
        connections["default"] = wrapper

    return use


# --- a slot closes empty


@dataclass
class Spent:
    """Seconds: on the clock, and of this process's own."""

    wall: float = 0.0
    own: float = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        gc.collect()
        wall, own = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.own += time.process_time() - own


def _let_them_miss_a_slot(first: First, *, owner_url: str) -> None:
    """Twice as many patients as are to miss it; those of the other half have nothing due."""
    more = 2 * MISSED - 1
    world.multiply(first, 2 * MISSED, days=0, owner_url=owner_url)
    with copies.copying(owner_url) as owner:
        for day in range(REPORTED_DAYS):
            spread = REPORTED_DAYS - FEWEST + 1
            who = f"(SELECT i FROM generate_series(1, {more}) AS i WHERE {day} >= i % {spread}) AS n"
            world.copy_day(owner, first, day, more=more, many=who)
        copies.go_on_behind(owner, *world.REPORTS)
        original = first.phone.episode_id
        owner.execute(f"""
            UPDATE recovery_episode SET next_due_at = CASE WHEN (id - {original}) % 2 = 1
                THEN procedure_at + interval '1032 h' ELSE now() + interval '9 days' END""")
        owner.execute(f"""
            UPDATE recovery_assessment SET tier = 3 FROM recovery_checkin reported
            WHERE check_in_id = reported.id AND reported.episode_id % {RED_SHARE} = 0
              AND reported.episode_id <> {original}""")
        copies.settle(owner, *world.PEOPLE, *world.REPORTS)


def _missed(database: str) -> dict[str, Any]:
    """In turns of one batch each, so that both meet the same machine."""
    from django.db import transaction

    from recovery import silence, statements
    from recovery.models import Assessment, Episode

    _connection(database)()
    now = datetime.now(UTC)
    due = Episode.objects.filter(next_due_at__lte=now)
    others = list(Episode.objects.filter(next_due_at__gt=now).order_by("pk").values_list("pk", "clinic"))
    judged, bare = Spent(), Spent()
    for start in range(0, MISSED, BATCH):
        with judged.measured():
            done = silence.judge_due(limit=BATCH, now=now)
        if done != BATCH:
            raise RuntimeError(f"{done} of {BATCH} were judged")
        found = json.dumps(Assessment.objects.filter(silent_slot="S42").latest("pk").findings)
        with bare.measured(), transaction.atomic():
            for pk, clinic in others[start : start + BATCH]:
                statements.fetch_all(_INSERT, [clinic, pk, now, now, found, now])
                statements.fetch_all(_UPDATE, [now + timedelta(days=19), pk])
    tiers = Counter(Assessment.objects.filter(silent_slot="S42").values_list("tier", flat=True))
    if due.exists() or tiers != {1: MISSED - MISSED // (RED_SHARE // 2), 2: MISSED // (RED_SHARE // 2)}:
        raise RuntimeError(f"not every patient was judged as they should be: {dict(tiers)}")
    return {
        "missed_patients": MISSED,
        "missed_us": round(judged.wall / MISSED * 1e6),
        "missed_own_us": round(judged.own / MISSED * 1e6),
        "bare_us": round(bare.wall / MISSED * 1e6),
        "missed_to_bare_ratio": round(judged.wall / bare.wall, 2),
    }
