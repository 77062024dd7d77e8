"""A turn in which nothing is due costs the same however many patients there are: every step asks an index, and reads no
row that is not owed."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from recovery import alerts, checkins, silence, statements, watch
from recovery.audit import chain
from recovery.models import Alert, Assessment, Episode, Notification
from services.provision import connect
from tests import factories
from tests.audit.test_chain import seal
from tests.databases import in_database
from tests.factories import at, submission
from tests.hold.settled import as_next_request, settle
from tests.notifications import scenes
from tests.notifications.postbox import Postbox
from tests.services_plugin import current

PATIENTS = 12
A_FEW = 3
"""Rows that a statement of an idle turn may read. None is owed."""

Asked = tuple[str, Sequence[Any] | Mapping[str, Any] | None]


@pytest.fixture
def busy_past(transactional_db: None, mailbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patients with open alerts of which the team was told, steps that are still to come, silences that were told, and
    reports judged anew; the audit of all this is bound. What the planner knows of the tables is true: what it knew of
    them before belongs to other tests."""
    monkeypatch.setattr(chain, "EVERY", timedelta())
    team, ben, _ = scenes.care_team()
    for number in range(PATIENTS):
        ana, _ = factories.phone(factories.episode(team, name=f"Ana {number}"))
        checkins.submit(device=ana, submission=submission(5, chest_pain="yes"), now=at(5))
        watch.cycle(at(12))
        checkins.submit(device=as_next_request(ana), submission=submission(4), now=at(13))
    watch.cycle(at(84))
    settle(at(84))
    watch.cycle(at(84))
    alert = Alert.objects.filter(status="open").latest("pk")
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(84.05))
    seal()
    _look_large()


def _look_large() -> None:
    """What the planner believes of tables and indexes: that they hold as many rows as years bring, of these kinds."""
    with connect(in_database(current().admin_url, os.environ["DATABASE_OWNER_URL"])) as admin:
        if admin.info.parameter_status("is_superuser") != "on":
            pytest.skip("only a superuser can make small tables look large")
        admin.execute("ANALYZE")
        admin.execute("""
            UPDATE pg_class SET reltuples = reltuples * 10000 WHERE relkind IN ('r', 'i') AND relname LIKE 'recovery%'
        """)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """What is asked by prepared statements, with its parameters."""
    found: list[Asked] = []
    fetch_all = statements.fetch_all

    def overheard(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        found.append((statement, parameters))
        return fetch_all(statement, parameters)

    monkeypatch.setattr(statements, "fetch_all", overheard)
    return found


def test_nothing_due_is_found_without_reading_what_is_not_owed(busy_past: None, asked: list[Asked]) -> None:
    assert Alert.objects.filter(status="open", tier__gte=3).count() >= PATIENTS
    assert Notification.objects.filter(status="sent").count() >= PATIENTS
    assert Episode.objects.filter(next_due_at__gt=at(85)).count() == PATIENTS
    assert Assessment.objects.count() >= 4 * PATIENTS
    assert Alert.objects.filter(next_step_at__gt=at(84.05)).count() >= PATIENTS

    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert not +watch.cycle(at(84.05))

    prepared = {statement for statement, _ in asked}
    queries = [query["sql"] for query in captured.captured_queries if query["sql"] not in prepared]
    steps = [*asked, *((query, None) for query in queries if query.startswith("SELECT"))]
    assert len(steps) >= 5
    for statement, parameters in steps:
        assert _most_rows(statement, parameters) <= A_FEW, statement


def test_silence_is_read_by_index_too(busy_past: None, asked: list[Asked]) -> None:
    """What is due is read for the patients that are due, and of them what counts."""
    Episode.objects.exclude(pk=Episode.objects.earliest("pk").pk).update(next_due_at=at(500))
    assert silence.judge_due(limit=100, now=at(108)) == 1

    for statement, parameters in asked:
        assert _most_rows(statement, parameters) <= A_FEW, statement


def _most_rows(statement: str, parameters: Any) -> float:
    """Of any step of the plan."""
    with transaction.atomic():
        with psycopg.Cursor(connection.connection) as plain:
            explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
            [(plan,)] = plain.execute(explain, parameters).fetchall()
        transaction.set_rollback(True)
    return max(_rows(plan[0]["Plan"]))


def _rows(plan: dict[str, Any]) -> Iterator[float]:
    removed = sum(value for name, value in plan.items() if name.startswith("Rows Removed"))
    if "Scan" in plan["Node Type"]:
        yield (plan["Actual Rows"] + removed) * plan["Actual Loops"]
    else:
        yield 0
    for part in plan.get("Plans", ()):
        yield from _rows(part)
