"""The instrument of the delivery tests: what it was told to do with a webhook, it does."""

import http.client
import time

import pytest

from services import ports
from tests.provider import Answer, Fate, Provider, provider
from tests.waiting import wait_until

IMPATIENT_S = 1


def post(
    to: Provider, path: str = "/hook", key: str = "k-1", patience_s: float = 30
) -> http.client.HTTPResponse:
    line = http.client.HTTPConnection(ports.HOST, to.web.port, timeout=patience_s)
    try:
        line.request("POST", path, body=b"{}", headers={"webhook-id": key})
        answer = line.getresponse()
        answer.read()
        return answer
    finally:
        line.close()


def test_a_webhook_is_kept_with_its_headers_and_counted_by_its_key():
    with provider() as both:
        assert [post(both).status for _ in range(2)] == [204, 204]

    assert [(request.to, request.body) for request in both.web.requests] == [("/hook", b"{}")] * 2
    assert both.arrived == {"k-1": 2}


def test_it_refuses_by_path_and_what_is_refused_did_not_arrive():
    with provider() as both:
        both.web.answers["/busy"] = Answer(429, {"Retry-After": "7"}, b"later")
        refused, taken = post(both, "/busy", "k-1"), post(both, "/free", "k-2")

    assert (refused.status, refused.headers["Retry-After"], taken.status) == (429, "7", 204)
    assert both.arrived == {"k-2": 1}


@pytest.mark.parametrize(
    ("fate", "ends_in"),
    [(Fate.HANG, TimeoutError), (Fate.CUT, ConnectionError), (Answer(after_s=60), TimeoutError)],
)
def test_what_is_kept_without_an_answer_arrived(fate: Fate | Answer, ends_in: type[Exception]):
    with provider() as both:
        both.web.answers[None] = fate
        with pytest.raises(ends_in):
            post(both, patience_s=30 if fate is Fate.CUT else IMPATIENT_S)
        wait_until(lambda: both.arrived == {"k-1": 1})


def test_a_dripping_answer_does_not_end_by_a_sockets_own_time_out():
    with provider() as both:
        both.web.answers[None] = Fate.DRIP
        line = http.client.HTTPConnection(ports.HOST, both.web.port, timeout=IMPATIENT_S)
        line.request("POST", "/hook")
        began = time.monotonic()
        while time.monotonic() - began < 3 * IMPATIENT_S:
            assert line.sock.recv(1), "together they take longer than any one wait may"
        line.close()


def test_stopped_it_refuses_connections_and_works_again_once_started():
    with provider() as both:
        both.web.stop()
        with pytest.raises(ConnectionRefusedError):
            post(both)
        both.web.start()
        assert post(both).status == 204
    assert len(both.web.requests) == 1
