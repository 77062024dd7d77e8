"""A nurse at the desk, and very many alerts: one is opened by the operations, the others are copies of it."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from bench import copies, load, sql, world
from bench.stage import Stage
from bench.world import First

WARM_UP = 8
"""Rounds that do not count: each of a server's processes has to meet a page once."""
_CASES = """
    SELECT alert.uuid, episode.uuid FROM recovery_alert alert JOIN recovery_episode episode ON episode.id = episode_id
    WHERE alert.status = 'open' ORDER BY alert.id
"""
ALERTS = ("recovery_alert", "recovery_notification")


@dataclass(frozen=True)
class Case:
    """A live alert and whose it is, as in addresses."""

    alert: UUID
    episode: UUID


def open_alert(first: First) -> First:
    """The first patient reports a red flag, and the nurse has been told of it. The patient as they stand then."""
    from recovery import alerts
    from recovery.models import Assessment

    now = datetime.now(UTC)
    world.report_to(first.device_id, at=now, answers=world.RED_FLAG)
    alerts.flag(assessment_id=Assessment.objects.latest("pk").pk, by="celery", now=now)
    return world.first(first.phone.token)


def copy_alerts(first: First, *, patients: int, live: int, total: int, owner_url: str) -> list[Case]:
    """So many alerts, of which the live ones are returned.

    Those belong to as many patients, evenly out of all, whose last report (that of the first patient, copied here) is a
    red flag; they lie scattered among the others, which are closed. A quarter of the live ones is an emergency.
    """
    step, more, red_day = total // live, patients - 1, len(first.check_ins) - 1
    numbers = f"""(
        SELECT i, i % {step} = 0 AS is_live, i / {step} AS nth,
               CASE WHEN i % {step} = 0 THEN i / {step} * {more // live} ELSE 1 + i % {more} END AS patient
        FROM generate_series(1, {total - 1}) AS i) AS n"""
    judged = f"""CASE WHEN n.is_live THEN {first.assessment_of("n.patient", day=red_day, more=more)}
        ELSE {first.assessment_of("n.patient", day=0, more=more)} END"""
    opened_at = f"""CASE WHEN n.is_live THEN now() - n.nth % 1440 * interval '1 min'
        ELSE now() - interval '2 days' - ({total} - n.i) * interval '1 min' END"""
    with copies.copying(owner_url) as owner:
        with_red_flags = f"(SELECT nth * {more // live} AS i FROM generate_series(1, {live - 1}) AS nth) AS n"
        world.copy_day(owner, first, red_day, more=more, many=with_red_flags)
        copies.go_on_behind(owner, *world.REPORTS)
        alert, message = _first_alert(owner)
        copies.copy(
            owner, "recovery_alert", where=f"it.id = {alert}", many=numbers,
            id=f"{alert} + n.i", uuid="gen_random_uuid()", episode_id=f"{first.phone.episode_id} + n.patient",
            first_assessment_id=judged, latest_assessment_id=judged,
            tier="CASE WHEN n.nth % 4 = 0 THEN 4 ELSE 2 + n.nth % 2 END",
            opened_at=opened_at, tier_at=opened_at, told_at=opened_at, changed_at=opened_at,
            status="CASE WHEN n.is_live THEN 'open' ELSE 'closed' END",
            ended_at=f"CASE WHEN NOT n.is_live THEN {opened_at} + interval '3 h' END",
            ended_by_id="CASE WHEN NOT n.is_live THEN (SELECT min(id) FROM recovery_user) END",
            outcome="CASE WHEN n.is_live THEN '' ELSE 'seen' END",
            patient_contacted="CASE WHEN NOT n.is_live THEN true END",
            next_step_at="CASE WHEN n.is_live THEN it.next_step_at END",
        )  # fmt: skip
        copies.copy(
            owner, "recovery_notification", where=f"it.id = {message}", many=numbers,
            id=f"{message} + n.i", alert_id=f"{alert} + n.i", message_key="gen_random_uuid()", planned_at=opened_at,
        )  # fmt: skip
        copies.settle(owner, *ALERTS)
        return [Case(*row) for row in owner.execute(_CASES).fetchall()]


def _first_alert(owner: psycopg.Connection) -> tuple[int, int]:
    """The ids of the only alert and its message, which counts as sent."""
    owner.execute("UPDATE recovery_notification SET status = 'sent', sent_at = now(), sent_by = 'celery'")
    row = owner.execute("SELECT alert_id, id FROM recovery_notification").fetchone()
    assert row is not None
    return row


def sign_in() -> str:
    """The nurse's cookie."""
    from django.test import Client

    from recovery import sessions
    from recovery.models import User

    nurse, browser = User.objects.get(email="nurse@example.org"), Client()
    browser.force_login(nurse)
    signed_in = browser.session
    signed_in[sessions.SECOND_FACTOR] = str(nurse.pk)  # a password alone opens nothing
    signed_in.save()
    return "; ".join(f"{name}={cookie.value}" for name, cookie in browser.cookies.items())


def page(port: int, path: str, cookie: str) -> Callable[[], object]:
    """Asking for a page, which must be there."""

    def ask() -> object:
        status, headers = load.ask(port, load.get(path, cookie=cookie))
        if status != 200:
            raise RuntimeError(f"{path} was answered {status}")
        return headers

    return ask


def poll(port: int, path: str, cookie: str) -> Callable[[], object]:
    """Asking whether a list has changed since it was fetched, which it has not."""
    _, headers = load.ask(port, load.get(path, cookie=cookie))

    def ask() -> object:
        status, _ = load.ask(port, load.get(path, cookie=cookie, known=headers["etag"]))
        if status != 304:
            raise RuntimeError(f"{path} was answered {status}, but nothing has changed")
        return status

    return ask


def unchanged(port: int, path: str, cookie: str) -> int:
    """The bytes of the answer that nothing has changed, headers included."""
    _, headers = load.ask(port, load.get(path, cookie=cookie))
    connection = load.Connection(port)
    try:
        connection.send(load.get(path, cookie=cookie, known=headers["etag"]))
        while (status := connection.status()) is None:
            pass
    finally:
        connection.wire.close()
    if status != 304:
        raise RuntimeError(f"{path} was answered {status}, but nothing has changed")
    return len(connection.buffer)


def timed(run: Callable[[], object]) -> Callable[[], float]:
    """Milliseconds."""

    def measured() -> float:
        began = time.perf_counter()
        run()
        return (time.perf_counter() - began) * 1000

    return measured


def queried(stage: Stage, run: Callable[[], object]) -> Callable[[], float]:
    """Milliseconds in the database, of what is logged there."""
    return lambda: sql.statements_of(stage, run).ms


def compare(few: Callable[[], float], many: Callable[[], float], *, rounds: int) -> dict[str, Any]:
    """What each takes, in turns: medians in milliseconds, and the median of the ratios of neighbours."""
    taken: dict[str, list[float]] = {"few": [], "many": []}
    for number in range(-WARM_UP, rounds):
        for name, measured in sorted({"few": few, "many": many}.items(), reverse=bool(number % 2)):
            ms = measured()
            if number >= 0:
                taken[name].append(ms)
    ratios = [many / few for few, many in zip(taken["few"], taken["many"], strict=True)]
    medians = {f"{name}_ms": round(statistics.median(times), 2) for name, times in taken.items()}
    return medians | {"ratio": round(statistics.median(ratios), 2)}


def named(what: str, figures: dict[str, Any]) -> dict[str, Any]:
    return {f"{what}_{name}": value for name, value in figures.items()}
