"""What a receiver of webhooks can do to us, and what we make of it: tried again, or given up. Nothing holds us up."""

import base64
import json
import re
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from uuid import UUID

import pytest

from recovery import clock
from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.notifications.channels import Message, Permanent, Temporary, post, webhook
from recovery.notifications.channels.webhook import Webhook, signature
from services import ports
from tests.notifications.test_message import TELLING
from tests.provider import Answer, Fate, Provider
from tests.waiting import wait_until

KEY = UUID("11111111-2222-4333-8444-555555555555")
SECRETS = tuple(f"whsec_{base64.b64encode(letter * 32).decode()}" for letter in (b"n", b"o"))


def message(to: str) -> Message:
    link = "https://app.example.org/alerts/aaaaaaaa-2222-4333-8444-555555555555"
    return Message(
        KEY, to, Tier.EMERGENCY, "Urgent item", "Please sign in.\n", links=(link,), secrets=SECRETS
    )


@pytest.fixture
def line() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.close()


def send(line: Webhook, to: str) -> str:
    line.open(to)
    return line.send(message(to))


def test_the_signature_is_that_of_the_published_example():
    """Of Standard Webhooks: what any library of theirs accepts."""
    secret, key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"

    assert signature(secret, key, 1614265330, b'{"test": 2432232314}') == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_what_leaves_is_signed_with_every_live_secret_over_what_arrives(both: Provider, line: Webhook):
    assert send(line, both.web.url("/hook?to=ben")) == "http-204"

    (request,) = both.web.requests
    sent_at = int(request.headers["webhook-timestamp"])
    assert request.to == "/hook?to=ben"
    assert request.headers["webhook-id"] == str(KEY)
    assert abs(sent_at - clock.real().timestamp()) < 60
    assert request.headers["webhook-signature"].split() == [
        signature(secret, str(KEY), sent_at, request.body) for secret in SECRETS
    ]


def test_the_body_says_how_urgent_it_is_and_where_to_sign_in_and_nothing_else(both: Provider, line: Webhook):
    send(line, both.web.url())

    (request,) = both.web.requests
    body = json.loads(request.body)
    assert body.keys() == {"type", "timestamp", "data"}
    assert body["data"] == {"key": str(KEY), "tier": "emergency", "links": list(message("").links)}
    assert TELLING.findall(re.sub("emergency", "", request.body.decode())) == []


def test_s55_the_largest_body_that_can_leave_is_far_below_64_kb():
    """As many links as there are rules: an episode has one open alert of each at most."""
    links = tuple(f"https://app.example.org/alerts/{KEY}" for _ in protocols.get().rules)
    largest = Message(
        KEY, "", Tier.EMERGENCY, "Urgent item", "Please sign in.\n", links=links, secrets=SECRETS
    )

    assert len(webhook.compose(largest)) < 64 * 1024


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_2xx_is_sent(status: int, both: Provider, line: Webhook):
    both.web.answers[None] = Answer(status, body=b"" if status == 204 else b"thanks")

    assert send(line, both.web.url()) == f"http-{status}"


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 410, 422])
def test_what_will_not_go_away_is_final_and_a_redirection_is_not_followed(
    status: int, both: Provider, line: Webhook
):
    both.web.answers["/"] = Answer(status, {"Location": both.web.url("/elsewhere")})

    with pytest.raises(Permanent, match=f"http-{status}"):
        send(line, both.web.url())
    assert [request.to for request in both.web.requests] == ["/"]


@pytest.mark.parametrize(
    ("status", "line_down"),
    [(408, False), (425, False), (429, True), (500, False), (502, True), (503, True), (504, True)],
)
def test_what_may_go_away_is_tried_again(status: int, line_down: bool, both: Provider, line: Webhook):
    both.web.answers[None] = Answer(status)

    with pytest.raises(Temporary) as fault:
        send(line, both.web.url())
    assert (fault.value.code, fault.value.line_down) == (f"http-{status}", line_down)


@pytest.mark.parametrize(
    ("asked", "waits_s"),
    [("7", 7), ("86400", 300), ("0", 0), ("-5", 0), ("soon", 0), ("9" * 400, 300), ("9" * 5_000, 0), ("", 0)],
)
def test_retry_after_is_honoured_within_bounds(asked: str, waits_s: int, both: Provider, line: Webhook):
    both.web.answers[None] = Answer(429, {"Retry-After": asked})

    with pytest.raises(Temporary) as fault:
        send(line, both.web.url())
    assert fault.value.not_before == timedelta(seconds=waits_s)


@pytest.mark.parametrize("after_s", [60, 7200, -60])
def test_retry_after_may_be_a_date(after_s: int, both: Provider, line: Webhook):
    began = time.monotonic()
    when = format_datetime(clock.real() + timedelta(seconds=after_s), usegmt=True)
    both.web.answers[None] = Answer(503, {"Retry-After": when})

    with pytest.raises(Temporary) as fault:
        send(line, both.web.url())
    earliest = after_s - 1 - (time.monotonic() - began)  # a date has whole seconds
    assert bounded(earliest) <= fault.value.not_before.total_seconds() <= bounded(after_s)


def bounded(seconds: float) -> float:
    return min(max(seconds, 0), 300)


@pytest.mark.parametrize("fate", [Fate.HANG, Fate.DRIP, Fate.CUT])
def test_a_receiver_that_hangs_drips_or_hangs_up_is_left_in_time_and_it_is_uncertain(
    fate: Fate, both: Provider, line: Webhook, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(post, "TOTAL_S", 1.0)
    both.web.answers[None] = fate

    with pytest.raises(Temporary) as caught:
        send(line, both.web.url())
    assert caught.value.line_down
    assert not both.web.answer.is_set(), "it waited for the answer"
    wait_until(lambda: both.arrived == {str(KEY): 1})
    both.web.answers.clear()
    monkeypatch.undo()
    assert send(line, both.web.url())
    assert both.arrived == {str(KEY): 2}, "the same key"


def test_whoever_waits_says_that_they_are_still_there(
    both: Provider, line: Webhook, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(post, "TOTAL_S", 3.0)
    both.web.answers[None] = Fate.HANG
    said: list[None] = []
    line.open(both.web.url())

    with pytest.raises(Temporary):
        line.send(message(both.web.url()), lambda: said.append(None))
    assert len(said) >= 2


def test_a_receiver_that_answers_for_ever_is_not_listened_to(both: Provider, line: Webhook):
    both.web.answers[None] = Answer(200, body=b"x" * 1_000_000)

    assert send(line, both.web.url()) == "http-200"
    assert send(line, both.web.url()) == "http-200"
    assert both.web.connections == 2, "what is left of an answer is not read on the same connection"


def test_several_messages_to_one_receiver_share_a_connection(both: Provider, line: Webhook):
    for _ in range(3):
        send(line, both.web.url())
    assert both.web.connections == 1

    both.web.stop()
    both.web.start()
    assert send(line, both.web.url())
    assert both.web.connections == 2


def test_a_refused_connection_is_tried_again(both: Provider, line: Webhook):
    with pytest.raises(Temporary) as fault:
        line.open(f"http://{ports.HOST}:{ports.free()}/")
    assert fault.value.line_down


def test_a_receiver_that_takes_no_connections_is_left_in_three_seconds(
    both: Provider, line: Webhook, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("recovery.notifications.channels.wire.CONNECT_S", 0.3)
    with socket.socket() as deaf:
        deaf.bind((ports.HOST, 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]  # the queue is full
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex((ports.HOST, port))
            with pytest.raises(Temporary) as fault:
                line.open(f"http://{ports.HOST}:{port}/")
        finally:
            for each in waiting:
                each.close()
    assert fault.value.line_down


def test_nothing_of_what_is_secret_shows(both: Provider):
    shown = repr(message(both.web.url()))

    assert not any(secret in shown for secret in SECRETS)
