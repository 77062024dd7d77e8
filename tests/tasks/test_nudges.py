"""A nudge leaves after the commit, carries an id and nothing else, and cannot do harm."""

import base64
import json
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.db import transaction

from recovery import nudges
from recovery.breaker import Breaker
from tests import factories


@pytest.fixture
def queue(monkeypatch) -> Iterator["Queue"]:
    """What lies at the broker; nobody works on it."""
    monkeypatch.setattr(nudges, "breaker", Breaker(failures=3, seconds=3600))
    monkeypatch.setattr(nudges, "counts", type(nudges.counts)())
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete("celery")
        yield Queue(client)
        client.delete("celery")


class Queue:
    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def messages(self) -> list[dict]:
        return [json.loads(raw) for raw in reversed(self._client.lrange("celery", 0, -1))]

    def nudges(self) -> list[tuple[str, list]]:
        return [(message["headers"]["task"], _body(message)[0]) for message in self.messages()]


def _body(message: dict) -> list:
    return json.loads(base64.b64decode(message["body"]))


@pytest.mark.django_db(transaction=True)
def test_a_nudge_waits_for_the_commit_and_is_dropped_with_its_transaction(queue: Queue):
    with transaction.atomic():
        nudges.flag(7)
        assert queue.nudges() == []
    assert queue.nudges() == [("recovery.tasks.flag_red_flags", [7])]

    with transaction.atomic():
        nudges.deliver(8)
        transaction.set_rollback(True)
    assert len(queue.nudges()) == 1


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_leaves_at_once(queue: Queue):
    nudges.deliver(9)

    assert queue.nudges() == [("recovery.tasks.deliver", [9])]
    assert nudges.counts == {"published": 1}


@pytest.mark.django_db(transaction=True)
def test_all_that_lies_at_the_broker_is_an_id(queue: Queue):
    nudges.flag(7)
    (message,) = queue.messages()

    assert _body(message)[:2] == [[7], {}]
    assert message["headers"]["argsrepr"] == "[7]"
    assert message["headers"]["kwargsrepr"] == "{}"
    assert message["headers"]["eta"] is None


@pytest.mark.django_db(transaction=True)
def test_a_nudge_that_cannot_be_published_leaves_the_row_and_those_after_it(queue: Queue):
    after: list[str] = []
    with transaction.atomic():
        clinic = factories.clinic()
        nudges.flag(object())  # no broker takes this
        transaction.on_commit(lambda: after.append("ran"))

    clinic.refresh_from_db()
    assert after == ["ran"]
    assert nudges.counts == {"failed": 1}


@pytest.mark.django_db(transaction=True)
def test_after_three_failures_nothing_is_tried_for_a_while(queue: Queue, caplog):
    for _ in range(5):
        nudges.flag(object())
    nudges.flag(7)

    assert nudges.counts == {"failed": 3, "skipped": 3}
    assert queue.nudges() == []
    assert caplog.text.count("nudges rest") == 1
