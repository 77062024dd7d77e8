"""What the proxy alone can prove: sizes, slow senders, malformed framing, forged headers, and nobody behind it."""

import gzip
import json
import threading
from collections.abc import Generator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from services import ports
from tests.api.phones import CHECK_INS, check_in
from tests.faults.scene import Scene
from tests.security.production import Production, read
from tests.security.proxy import Proxy, proxy, request, status_of, until_closed, waits, with_nginx
from tests.waiting import wait_until

pytestmark = [with_nginx, pytest.mark.slow]

JSON = "Content-Type: application/json"
POST = f"POST {CHECK_INS}"
MEGABYTE = 1_000_000


class _Upstream(BaseHTTPRequestHandler):
    """Answers with the number of bytes it was sent, and remembers the headers."""

    heard: list[dict[str, str]]

    def do_POST(self) -> None:
        self.heard.append({name.lower(): value for name, value in self.headers.items()})
        body = str(len(self.rfile.read(int(self.headers["Content-Length"])))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def upstream() -> Generator[ThreadingHTTPServer]:
    _Upstream.heard = []
    server = ThreadingHTTPServer((ports.HOST, 0), _Upstream)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def bare(tmp_path: Path, upstream: ThreadingHTTPServer) -> Generator[Proxy]:
    """The proxy before an upstream that answers anything."""
    with proxy(tmp_path / "proxy", upstream.server_port) as running:
        yield running


def signed(scene: Scene) -> str:
    return f"Authorization: Bearer {scene.tokens[0]}"


# --- whole bodies, and those that are too large -----------------------------------------------------------------------


@pytest.mark.parametrize(("path", "size"), [(CHECK_INS, 300_000), (f"{CHECK_INS}/batch", 5_500_000)])
def test_what_is_a_little_too_large_still_reaches_the_service_which_keeps_it(
    bare: Proxy, path: str, size: int
) -> None:
    answer = read(bare.talk(request(f"POST {path}", f"Content-Length: {size}", body=b" " * size)))

    assert (answer.status, answer.body) == (200, str(size).encode())


@pytest.mark.parametrize(
    ("path", "size"),
    [(CHECK_INS, 10 * MEGABYTE), (CHECK_INS, 60 * MEGABYTE), (f"{CHECK_INS}/batch", 7 * MEGABYTE)],
)
def test_b26_what_is_far_too_large_is_refused_before_it_was_sent(
    service: Production, scene: Scene, path: str, size: int
) -> None:
    """By its announced length alone: not a byte of the body has to come."""
    answer = service.ask(f"POST {path}", JSON, signed(scene), f"Content-Length: {size}")

    assert (answer.status, answer.headers["content-type"]) == (413, "application/problem+json")
    assert answer.document["code"] == "too_large"


def test_b26_one_that_does_not_say_how_long_it_is_is_refused_on_the_way(
    service: Production, scene: Scene
) -> None:
    chunk = b"%x\r\n" % MEGABYTE + b"a" * MEGABYTE + b"\r\n"
    sent = request(POST, JSON, signed(scene), "Transfer-Encoding: chunked", body=chunk + chunk)

    answered = service.proxy.talk(sent)

    assert status_of(answered) == 413


def test_b32_what_is_compressed_comes_through_compressed_and_is_refused(
    service: Production, scene: Scene
) -> None:
    bomb = gzip.compress(b" " * 50 * MEGABYTE)
    headers = (JSON, signed(scene), "Content-Encoding: gzip", f"Content-Length: {len(bomb)}")

    answer = service.ask(POST, *headers, body=bomb)

    assert (answer.status, answer.document["code"]) == (415, "unsupported_media_type")


# --- slow senders -----------------------------------------------------------------------------------------------------


def test_b33_five_hundred_slow_senders_reach_no_web_process(bare: Proxy) -> None:
    half = request(POST, JSON, "Content-Length: 100", body=b"a" * 50)
    with ExitStack() as slow:
        for _ in range(500):
            slow.enter_context(bare.line()).sendall(half)

        whole = read(bare.talk(request(POST, JSON, "Content-Length: 2", body=b"{}")))

        assert whole.body == b"2"
        assert [heard["content-length"] for heard in _Upstream.heard] == ["2"]


def test_b33_while_five_hundred_send_slowly_the_others_are_answered(
    service: Production, scene: Scene
) -> None:
    """Two processes of one thread each stand behind it."""
    raw = json.dumps(check_in()).encode()
    half = request(POST, JSON, signed(scene), f"Content-Length: {len(raw)}", body=raw[:50])
    with ExitStack() as slow:
        for _ in range(500):
            slow.enter_context(service.proxy.line()).sendall(half)

        answers = [service.ask("GET /api/v1/me", signed(scene)).status for _ in range(5)]

    assert answers == [200] * 5


@pytest.mark.parametrize(
    "begun",
    [f"{POST} HTTP/1.1\r\nHost: recov".encode(), request(POST, JSON, "Content-Length: 100", body=b'{"id"')],
    ids=["headers", "body"],
)
def test_b33_who_stops_sending_is_left(tmp_path: Path, upstream: ThreadingHTTPServer, begun: bytes) -> None:
    with proxy(tmp_path / "proxy", upstream.server_port, waits(1)) as impatient, impatient.line() as wire:
        wire.sendall(begun)

        assert b" 200 " not in until_closed(wire)

    assert _Upstream.heard == []


def test_b33_a_body_in_drops_is_handed_on_whole(bare: Proxy) -> None:
    with bare.line() as wire:
        wire.sendall(request(POST, JSON, "Content-Length: 6"))
        for drop in (b'{"', b'a"', b":1"):
            bare.talk(request(POST, JSON, "Content-Length: 2", body=b"{}"))
            wire.sendall(drop)
        answered = until_closed(wire)

    assert read(answered).body == b"6"
    assert [heard["content-length"] for heard in _Upstream.heard] == ["2", "2", "2", "6"]


# --- framing ----------------------------------------------------------------------------------------------------------

SMUGGLED = b"GET /livez HTTP/1.1\r\nHost: recovery.test\r\n\r\n"
AMBIGUOUS = {
    "a length and chunks": request(
        POST, JSON, "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED
    ),
    "chunks and a length": request(
        POST, JSON, "Transfer-Encoding: chunked", "Content-Length: 5", body=b"0\r\n\r\n" + SMUGGLED
    ),
    "two lengths": request(POST, JSON, "Content-Length: 2", "Content-Length: 50", body=b"{}" + SMUGGLED),
    "a length with a sign": request(POST, JSON, "Content-Length: +2", body=b"{}" + SMUGGLED),
    "a length that is none": request(POST, JSON, "Content-Length: 0x2", body=b"{}" + SMUGGLED),
    "a chunk without a size": request(
        POST, JSON, "Transfer-Encoding: chunked", body=b"no\r\n{}\r\n0\r\n\r\n" + SMUGGLED
    ),
    "a chunk that is longer than it says": request(
        POST, JSON, "Transfer-Encoding: chunked", body=b"1\r\n{}\r\n0\r\n\r\n" + SMUGGLED
    ),
    "a blank before the colon": request(POST, JSON, "Content-Length : 2", body=b"{}" + SMUGGLED),
    "a coding that nobody knows": request(POST, JSON, "Transfer-Encoding: xchunked", body=b"{}" + SMUGGLED),
    "a NUL in a header": request("GET /api/v1/me", "X-Thing: a\0b"),
    "two hosts": request("GET /api/v1/me", "Host: evil.example"),
}


@pytest.mark.parametrize("what", AMBIGUOUS)
def test_s32_what_can_be_read_in_two_ways_is_refused_and_its_line_closed(
    service: Production, scene: Scene, what: str
) -> None:
    """One answer alone: what was smuggled behind it was heard by nobody."""
    with service.proxy.line() as wire:
        wire.sendall(AMBIGUOUS[what])
        answered = until_closed(wire)

    assert answered.count(b"HTTP/1.1 ") == 1
    assert status_of(answered) in {400, 501}
    assert b" /livez " not in service.proxy.log.read_bytes()


def test_s32_a_header_that_is_too_long_is_refused_as_a_problem(service: Production) -> None:
    answer = service.ask("GET /api/v1/me", "X-Thing: " + "a" * 64_000)

    assert (answer.status, answer.document["code"]) == (400, "bad_request")


# --- what a client says of itself -------------------------------------------------------------------------------------

FORGED = (
    "X-Forwarded-For: 192.0.2.7",
    "X-Forwarded-For: 192.0.2.8",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Port: 80",
    "X-Forwarded-User: admin",
    "X-Real-IP: 192.0.2.9",
    "X-User-Id: 1",
    "Forwarded: for=192.0.2.10;host=evil.example;proto=http",
    "X_Forwarded_For: 192.0.2.11",
    "X_Forwarded_Proto: http",
)


def test_s33_what_a_client_says_of_itself_is_overwritten_or_taken_away(bare: Proxy) -> None:
    bare.talk(request(POST, JSON, *FORGED, "Content-Length: 2", body=b"{}"))

    [heard] = _Upstream.heard
    assert {name: heard[name] for name in heard if "forward" in name or "real" in name or "user" in name} == {
        "x-forwarded-for": ports.HOST,
        "x-forwarded-proto": "https",
    }
    assert heard["host"] == "recovery.test"


def test_s33_the_service_believes_the_proxy_alone(service: Production, scene: Scene) -> None:
    answer = service.ask("GET /api/v1/me", signed(scene), *FORGED)

    assert answer.status == 200
    assert "evil" not in str(answer.headers) + answer.body.decode()


# --- nobody behind it -------------------------------------------------------------------------------------------------


def test_a_phone_is_told_to_come_again_when_nobody_stands_behind_the_proxy(tmp_path: Path) -> None:
    with proxy(tmp_path / "proxy", ports.free()) as alone:
        answer = read(alone.talk(request(POST, JSON, "Content-Length: 2", body=b"{}")))

    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    assert (answer.document["code"], answer.headers["retry-after"]) == ("unavailable", "5")


def test_s43_a_line_of_the_proxys_log_holds_neither_query_nor_token_nor_referrer(
    service: Production, scene: Scene
) -> None:
    service.ask(
        "GET /api/v1/me?name=Marker-Query", signed(scene), "Referer: https://x/Marker", "User-Agent: Marker"
    )

    wait_until(lambda: "/api/v1/me" in service.proxy.log.read_text())
    log = service.proxy.log.read_text()
    assert "Marker" not in log
    assert scene.tokens[0] not in log


LINKS = ("/accounts/invitation/Marker-Token/", "/ACCOUNTS/Password/reset/key/1-Marker")
"""By which somebody is let in."""


def test_s43_no_line_of_the_proxys_log_holds_a_link_that_lets_somebody_in(bare: Proxy) -> None:
    for path in (*LINKS, "/patients/last"):
        bare.talk(request(f"GET {path}"))

    wait_until(lambda: "GET /patients/last " in bare.log.read_text())
    log = bare.log.read_text()
    assert "GET /accounts/invitation/... " in log
    assert "Marker" not in log


def test_s43_no_line_of_the_proxys_errors_does_either(tmp_path: Path) -> None:
    with proxy(tmp_path / "proxy", ports.free()) as alone:
        answered = [status_of(alone.talk(request(f"GET {path}"))) for path in (*LINKS, "/livez")]

    errors = (tmp_path / "proxy" / "error.log").read_text()
    assert answered == [503, 503, 503]
    assert "GET /livez " in errors  # what goes wrong elsewhere is told
    assert "Marker" not in errors
