"""What arrives below the application: at the real server, over a real socket."""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.api.phones import CHECK_INS, check_in
from tests.system import System

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def system(django_db_setup: None) -> Iterator[System]:
    with System() as system:
        system.start("web")
        yield system


def request(*headers: bytes, line: bytes = b"GET /api/v1/me HTTP/1.1", body: bytes = b"") -> bytes:
    return b"\r\n".join([line, b"Host: 127.0.0.1", b"Connection: close", *headers, b"", body])


REDEEM = b"POST /api/v1/enrolments/redeem HTTP/1.1"
JSON = b"Content-Type: application/json"

MALFORMED: dict[str, tuple[bytes, set[int]]] = {
    "S32 two lengths": (
        request(JSON, b"Content-Length: 2", b"Content-Length: 5", line=REDEEM, body=b"{}   "),
        {400},
    ),
    "S32 length and chunks": (
        request(
            JSON,
            b"Content-Length: 3",
            b"Transfer-Encoding: chunked",
            line=REDEEM,
            body=b"0\r\n\r\n" + request(line=b"GET /livez HTTP/1.1"),
        ),
        {400},
    ),
    "B18 chunks without a length": (
        request(JSON, b"Transfer-Encoding: chunked", line=REDEEM, body=b"2\r\n{}\r\n0\r\n\r\n"),
        {400},
    ),
    "B38 bytes that are no text in a path": (request(line=b"GET /api/v1/check-ins/%ff%00 HTTP/1.1"), {404}),
    "S25 strange host": (b"GET /api/v1/me HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n", {400}),
    "S30 TRACE": (request(line=b"TRACE /api/v1/problems/invalid HTTP/1.1"), {405}),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_gets_one_refusal(system: System, name: str) -> None:
    sent, expected = MALFORMED[name]

    answered = talk(system, sent)

    assert answered.count(b"HTTP/1.1 ") == 1
    assert int(answered.split(b" ")[1]) in expected


def talk(system: System, sent: bytes) -> bytes:
    """All that is answered until the server closes the connection."""
    answered = b""
    with socket.create_connection(("127.0.0.1", system.port), timeout=20) as wire:
        wire.sendall(sent)
        while chunk := wire.recv(65_536):
            answered += chunk
    return answered


def test_the_server_runs_on_after_a_phone_that_broke_off(system: System) -> None:
    raw = json.dumps(check_in()).encode()
    with socket.create_connection(("127.0.0.1", system.port), timeout=20) as wire:
        length = b"Content-Length: %d" % len(raw)
        wire.sendall(request(JSON, length, line=f"POST {CHECK_INS} HTTP/1.1".encode(), body=raw[:100]))

    assert b"200 OK" in talk(system, request(line=b"GET /livez HTTP/1.1"))
