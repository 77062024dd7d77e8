"""The settings that keep a nudge short and a worker honest. Each has cost somebody an outage (see ADR 0003)."""

import re
from pathlib import Path

import pytest

from config import broker
from config.celery import app
from services.children import ROOT

TRANSPORT = {
    "socket_timeout": 0.5,
    "socket_connect_timeout": 0.5,
    "max_retries": 0,
    "health_check_interval": 10,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # a publish: half a second at worst, once
        ("broker_pool_acquire_timeout", 0.5),
        ("task_publish_retry", False),
        # a worker: for ever after its broker, nothing kept of what it did, no loop over a task that kills it
        ("broker_connection_max_retries", None),
        ("broker_connection_retry_on_startup", True),
        ("task_ignore_result", True),
        ("result_backend", None),
        ("task_reject_on_worker_lost", False),
        ("worker_prefetch_multiplier", 1),
        ("worker_enable_remote_control", False),
        # nothing but data may come out of the broker
        ("accept_content", ["json"]),
        ("task_serializer", "json"),
        ("beat_schedule", {}),
        ("task_always_eager", False),
    ],
)
def test_celery_is_trusted_with_no_more_than_this(name: str, value: object):
    assert app.conf[name] == value


def test_f02_a_publish_waits_half_a_second_at_worst():
    options = app.conf.broker_transport_options
    assert {name: options[name] for name in TRANSPORT} == TRANSPORT


def test_the_names_of_the_transport_options_are_those_that_are_read():
    with app.connection_for_write() as connection:
        known = connection.transport.Channel.from_transport_options  # type: ignore[attr-defined]
    assert set(app.conf.broker_transport_options) - set(known) <= {"max_retries"}


def test_f10_no_task_is_put_off_by_the_broker():
    """Deadlines are columns in the database: a broker loses, doubles and delays what it is to hold back."""
    sources = [path for folder in ("recovery", "config") for path in Path(ROOT, folder).rglob("*.py")]
    found = [path.name for path in sources if re.search(r"\b(countdown|eta)=|\.retry\(", path.read_text())]
    assert found == []


def test_f15_the_worker_goes_by_our_road_to_the_broker():
    with app.connection_for_read() as connection:
        assert connection.transport.Channel is broker.Channel  # type: ignore[attr-defined]
        assert connection.transport.Channel.QoS is broker.QoS  # type: ignore[attr-defined]
