"""Many claimers, one send. Real threads and real commits."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models import F

from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Attempt, Notification
from recovery.notifications import claims, delivery, outcomes
from services.provision import connect
from tests.databases import EVERY_CLINIC, in_database
from tests.notifications import scenes
from tests.notifications.postbox import Postbox
from tests.services_plugin import current
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work, times: int = 8) -> list:
    """The results of so many threads that begin together, each with a connection of its own."""
    start = threading.Barrier(times)

    def run(number: int):
        try:
            start.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_eight_nudges_at_once_send_once(mailbox: Postbox):
    first = scenes.red_flag()
    others = [scenes.alert(first.latest_assessment, f"RULE-{n}", Tier.SAME_DAY) for n in range(4)]
    (lead,) = scenes.planned(first, *others)
    sent = at_once(lambda _: delivery.deliver(notification_id=lead, road="celery", now=scenes.NOW))

    assert sent.count(True) == 1
    assert len(mailbox.mails) == 1
    assert Attempt.objects.count() == AlertEvent.objects.filter(kind="told").count() == 5


def test_eight_watches_at_once_share_the_work_and_double_nothing(mailbox: Postbox):
    people = [f"Nurse{n} Lund" for n in range(20)]
    first = scenes.red_flag(people)
    scenes.planned(first, scenes.alert(first.latest_assessment, "BLEED-OOZE", Tier.SAME_DAY))
    tried = at_once(lambda _: delivery.deliver_due(limit=20, road="watch", now=scenes.NOW))

    assert sum(tried) == 20
    assert len(set(mailbox.recipients)) == len(mailbox.mails) == 20
    assert set(scenes.statuses()) == {"sent"}


@pytest.mark.parametrize("statement", [claims._CLAIM_DUE, claims._CLAIM_ANY], ids=["watch", "nudged"])
def test_however_many_wait_a_claim_reads_the_first_of_them(statement: str):
    """Not all, to sort them: after an outage that would be each message as often as there are others."""
    scenes.planned(scenes.red_flag([f"Nurse{n} Lund" for n in range(150)]))
    given = {"lease": timedelta(seconds=30), "channels": [], "lines": []}

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", given)
        ((plan,),) = cursor.fetchall()
        transaction.set_rollback(True)

    (lead,) = [node for node in nodes(plan[0]["Plan"]) if node.get("Subplan Name") == "CTE lead"]
    read = [node["Actual Rows"] for node in nodes(lead) if node.get("Alias") == "n"]
    assert read == [1]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def test_who_holds_the_first_intent_of_a_message_holds_all_of_it():
    """Else two senders would each take a part, and wait for each other's rows until one of them is killed for it."""
    first = scenes.red_flag()
    (lead,) = scenes.planned(first, scenes.alert(first.latest_assessment, "BLEED-OOZE", Tier.SAME_DAY))

    with psycopg.connect(os.environ["DATABASE_URL"], options=EVERY_CLINIC) as other:
        other.execute("SELECT FROM recovery_notification WHERE id = %s FOR UPDATE", [lead])
        assert claims.claim_next() is None
        assert claims.claim(lead) is None
        other.rollback()
    held = claims.claim_next()
    assert held is not None
    assert len(held.intents) == 2


def test_a_claim_holds_until_its_lease_is_over_and_no_longer():
    (lead,) = scenes.planned(scenes.red_flag())
    first = claims.claim(lead)
    assert first is not None
    assert claims.claim(lead) is None
    assert claims.claim_next() is None

    Notification.objects.update(next_attempt_at=F("next_attempt_at") - timedelta(seconds=30))
    second = claims.claim_next()
    assert second is not None
    assert second.attempt == 2
    first.look_again()
    second.look_again()
    assert first.intents == []
    assert [intent.id for intent in second.intents] == [lead]
    assert list(Attempt.objects.order_by("number").values_list("ended_at", flat=True)) == [None, None]


def test_a_claim_whose_lease_ran_out_is_not_sent_even_if_nobody_took_it_over():
    (lead,) = scenes.planned(scenes.red_flag())
    held = claims.claim(lead)
    assert held is not None
    scenes.make_due()
    held.look_again()

    assert held.intents == []


def test_who_waits_for_a_slow_provider_keeps_the_claim(settings, monkeypatch):
    settings.DELIVERY_LEASE_S, passing = 60, 24
    now = 0.0
    monkeypatch.setattr(claims, "time", SimpleNamespace(monotonic=lambda: now))
    (lead,) = scenes.planned(scenes.red_flag())
    held = claims.claim(lead)
    assert held is not None
    held._held_at = now
    for _ in range(6):
        now += passing
        scenes.time_passes(seconds=passing)
        held.keep()
        assert claims.claim_next() is None
    held.look_again()

    assert [intent.id for intent in held.intents] == [lead]
    assert Attempt.objects.count() == 1


def test_a_claim_that_was_taken_over_is_not_kept():
    (lead,) = scenes.planned(scenes.red_flag())
    first = claims.claim(lead)
    assert first is not None
    scenes.make_due()
    second = claims.claim_next()
    assert second is not None
    due = Notification.objects.get().next_attempt_at
    first.look_again()

    assert first.intents == []
    assert Notification.objects.get().next_attempt_at == due
    assert [attempt.ended_at for attempt in Attempt.objects.all()] == [None, None]


def test_a_nudge_does_not_shorten_a_back_off():
    (lead,) = scenes.planned(scenes.red_flag())
    Notification.objects.update(attempts=1, next_attempt_at=F("next_attempt_at") + timedelta(minutes=1))

    assert claims.claim(lead) is None


def test_nothing_is_claimed_inside_a_transaction_that_would_stay_open_while_sending():
    (lead,) = scenes.planned(scenes.red_flag())

    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        claims.claim(lead)


def alone(work):
    """For a thread: with a connection of its own."""
    try:
        return work()
    finally:
        connection.close()


def test_what_was_sent_while_somebody_held_its_alert_is_written_down_and_not_sent_again(
    mailbox: Postbox, caplog
):
    """They hold it for longer than a statement waits for a lock."""
    scenes.planned(scenes.red_flag())

    def send() -> int:
        return delivery.deliver_due(limit=5, road="watch", now=scenes.NOW)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Alert.objects.select_for_update().get()
            sending = pool.submit(alone, send)
            wait_until(lambda: "not recorded yet" in caplog.text)
        assert sending.result() == 1

    assert scenes.statuses() == ["sent"]
    assert send() == 0
    assert len(mailbox.mails) == 1


def test_who_writes_down_what_was_sent_and_is_killed_for_a_flagging_tries_again(monkeypatch):
    """Each has locked what the other one waits for. PostgreSQL ends who asks first whether it is so: here that is never
    the other one. They may be slow to wake up: before we try again there is a pause, here until they are through."""
    first = scenes.red_flag()
    second = scenes.alert(first.latest_assessment, "CHEST")
    scenes.planned(first, second)
    held = claims.claim_next()
    assert held is not None
    pauses = []
    they_are_through = threading.Event()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        assert they_are_through.wait(30)

    def record() -> None:
        outcomes.sent(held, provider_id="once", road="watch", now=scenes.NOW)

    monkeypatch.setattr(outcomes, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))
    lock = "SELECT FROM recovery_alert WHERE id = %s FOR UPDATE"
    with (
        ThreadPoolExecutor(1) as pool,
        connect(in_database(current().admin_url, os.environ["DATABASE_URL"])) as other,
    ):
        if other.info.parameter_status("is_superuser") != "on":
            pytest.skip("only a superuser can have PostgreSQL never look from one side")
        other.execute("SET deadlock_timeout = '60s'")
        with other.transaction():
            other.execute(lock, [second.pk])
            recording = pool.submit(alone, record)
            wait_until(partial(somebody_waits_for, other))
            other.execute(lock, [first.pk])
        they_are_through.set()
        recording.result()

    assert pauses == [outcomes.AGAIN_S]
    assert scenes.statuses() == ["sent", "sent"]
    assert AlertEvent.objects.filter(kind="told").count() == 2


def somebody_waits_for(other: psycopg.Connection) -> bool:
    """For a lock of theirs; elsewhere on the server anybody may wait for anything."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid)))",
            [other.info.backend_pid],
        )
        return bool(cursor.fetchone()[0])


def test_both_roads_may_find_that_it_was_sent_and_the_history_says_it_once(mailbox: Postbox):
    (lead,) = scenes.planned(scenes.red_flag())
    first = claims.claim(lead)
    assert first is not None
    scenes.make_due()
    second = claims.claim_next()
    assert second is not None
    outcomes.sent(first, provider_id="late", road="celery", now=scenes.NOW)
    outcomes.sent(second, provider_id="again", road="watch", now=scenes.NOW)
    outcomes.failed_for_now(second, code="late")

    assert Notification.objects.get().provider_id == "late"
    assert scenes.statuses() == ["sent"]
    assert AlertEvent.objects.filter(kind="told").count() == 1
