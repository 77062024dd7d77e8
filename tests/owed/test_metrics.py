"""/metrics: for who holds the token, within five seconds of the truth (O9), and of no patient anything (I11)."""

import re
import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from config.celery import app
from recovery import enrolment, heartbeats, nudges
from recovery.breaker import Breaker
from recovery.models import Alert, Assessment, AuditRun, Heartbeat, Notification, Quarantine
from tests import factories
from tests.auditor import ward
from tests.auditor.ward import Ward
from tests.dashboard.conftest import SetClock
from tests.factories import T0, at

TOKEN = "t" * 40


@pytest.fixture
def metrics(healthy: Ward, set_clock: SetClock, settings: Any):
    set_clock(ward.NOW_H)
    settings.METRICS_TOKEN = TOKEN

    def read() -> dict[str, float]:
        answer = Client(headers={"Authorization": f"Bearer {TOKEN}"}).get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    return read


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer no"}, {"Authorization": TOKEN}])
def test_from_outside_there_is_no_such_page(db: None, settings: Any, given: dict[str, str]):
    settings.METRICS_TOKEN = TOKEN
    assert Client(headers=given).get("/metrics").status_code == 404
    settings.METRICS_TOKEN = ""
    assert Client(headers={"Authorization": "Bearer "}).get("/metrics").status_code == 404


def test_o9_it_tells_what_is_stored_now(metrics: Any):
    before = metrics()
    assert (
        before['recovery_owed{state="alert-open",owner="care team"}']
        == Alert.objects.filter(status="open").count()
    )
    assert (
        before['recovery_owed{state="report-refused",owner="care team"}'] == Quarantine.objects.count() == 1
    )
    assert before["recovery_dead_rows"] == 0

    alert = Alert.objects.filter(status="open", tier=4).earliest("pk")
    held = Notification.objects.filter(alert=alert).order_by("pk")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE recovery_notification SET status = 'sending', sent_at = NULL,"
            " next_attempt_at = now() - interval '1 minute' WHERE id = %s",
            [held[0].pk],
        )
    row = Assessment.objects.filter(check_in__isnull=False).latest("pk")
    Assessment.objects.filter(pk=row.pk).update(flagged_at=None, flagged_by="", set_aside_at=row.judged_at)

    after = metrics()
    assert after['recovery_owed{state="message-uncertain",owner="senders"}'] == 1
    oldest = after['recovery_owed_oldest_seconds{state="message-uncertain",owner="senders"}']
    assert oldest == pytest.approx((at(ward.NOW_H) - held[0].planned_at).total_seconds(), abs=5)
    assert after["recovery_dead_rows"] == 1


def test_a_heartbeat_says_when_a_row_was_drained(metrics: Any):
    assert metrics()['recovery_program_at_work{program="watch"}'] == 0
    heartbeats.forget("watch")
    began = time.monotonic()
    heartbeats.drain("watch")

    told = metrics()
    assert told['recovery_program_at_work{program="watch"}'] == 1
    assert told['recovery_heartbeat_age_seconds{program="watch"}'] <= time.monotonic() - began
    with connection.cursor() as cursor:
        cursor.execute("UPDATE recovery_heartbeat SET drained_at = drained_at - interval '31 seconds'")
    assert metrics()['recovery_program_at_work{program="watch"}'] == 0


def test_a_row_is_drained_once_in_a_while_by_whoever_comes_first(db: None):
    for _ in range(3):
        heartbeats.forget("watch")
        heartbeats.drain("watch")

    beat = Heartbeat.objects.get()
    assert beat.drained_at is not None
    assert beat.due_at > beat.drained_at


def test_what_the_broker_did_not_take_is_counted_over_all_processes(metrics: Any, monkeypatch: Any):
    monkeypatch.setattr(nudges, "breaker", Breaker(failures=3, seconds=3600))
    monkeypatch.setattr(app, "send_task", lambda *_, **__: 1 / 0)
    for _ in range(5):
        nudges.flag(7)

    assert metrics()["recovery_publish_failures_total"] == 3


def test_s19_codes_that_were_wrong_are_counted_whether_or_not_there_is_such_a_one(metrics: Any):
    code = enrolment.issue_code(episode=factories.episode(), now=T0)
    for tried in (f"{code[:4]}-0000-0000", "ZZZZ-0000-0000", "ZZZZ-0000-0000"):
        with pytest.raises(enrolment.CodeInvalid):
            enrolment.redeem(code=tried, device_name="x", platform="web", now=T0)
    enrolment.redeem(code=code, device_name="x", platform="web", now=T0)

    assert metrics()["recovery_wrong_codes_total"] == 3


def test_the_auditors_look_has_an_age_and_what_it_found_a_number(metrics: Any):
    began = time.monotonic()
    ward.look()
    told = metrics()

    assert told["recovery_auditor_age_seconds"] <= time.monotonic() - began
    assert told["recovery_auditor_took_seconds"] == AuditRun.objects.get().took_ms / 1000


def test_nothing_of_a_patient_stands_in_it(metrics: Any):
    told = " ".join(metrics())

    for private in ("Ana", "Whitfield", "H0", "bladder", "BLADDER", "Ben", "example.org"):
        assert private not in told
    assert re.fullmatch(r"[\x20-\x7e]+", told)
