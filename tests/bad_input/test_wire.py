"""Rows that are about bytes on a line: sent to the real server, as production starts it, over a real socket.

What a proxy has to do (slow bodies buffered, 413 before the body was sent) is proved where the proxy is.
"""

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from recovery import sealing
from recovery.models.sealed import MARK
from tests.api.phones import CHECK_INS, check_in
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

JSON = ("Content-Type", "application/json")
TEXT = json.dumps(check_in(chest_pain="yes"))
RED = TEXT.encode()


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with System() as system:
        system.start("web")
        with django_db_blocker.unblock():
            scene = Scene.of(system)
        yield scene


@pytest.fixture(autouse=True)
def _nothing_went_wrong_unseen(scene: Scene) -> Iterator[None]:
    before = len(scene.system.said_by("web"))
    yield
    said = scene.system.said_by("web")[before:]
    faults = [line for line in said.splitlines() if " ERROR " in line or "Traceback" in line]
    assert [line for line in faults if "Service Unavailable" not in line] == []  # a line that broke


def head(scene: Scene, *fields: tuple[str, str], line: str = f"POST {CHECK_INS}") -> bytes:
    lines = [
        f"{line} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        f"Authorization: Bearer {scene.tokens[0]}",
    ]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in fields), "", ""]).encode()


def send(
    scene: Scene, body: bytes, *fields: tuple[str, str], line: str = f"POST {CHECK_INS}"
) -> tuple[int, Any]:
    return answered(scene, head(scene, ("Content-Length", str(len(body))), *fields, line=line) + body)


def answered(scene: Scene, sent: bytes) -> tuple[int, Any]:
    """The status, and the body as JSON (as it is when it is none), after all was sent."""
    got = b""
    with socket.create_connection(("127.0.0.1", scene.system.port), timeout=30) as wire:
        wire.sendall(sent)
        while chunk := wire.recv(65_536):
            got += chunk
    assert got.count(b"HTTP/1.1 ") == 1
    header, _, body = got.partition(b"\r\n\r\n")
    is_json = b"json" in header.lower()
    return int(header.split(b" ")[1]), json.loads(body) if is_json else body


def counts(scene: Scene) -> tuple[int, int]:
    """How many check-ins, and how many refused bodies there are."""
    [(check_ins, refused)] = scene.system.rows(
        "SELECT (SELECT count(*) FROM recovery_checkin), (SELECT count(*) FROM recovery_quarantine)"
    )
    return check_ins, refused


def refused(
    scene: Scene, body: bytes, status: int, code: str, *fields: tuple[str, str], urgency: str = "emergency"
) -> Any:
    """Kept as it came and owed to the team; nothing of it is a check-in."""
    before = counts(scene)

    got, problem = send(scene, body, *fields)

    assert (got, problem["code"], problem["urgency"]) == (status, code, urgency)
    assert counts(scene) == (before[0], before[1] + 1)
    [(kept, tier)] = scene.system.rows(
        "SELECT q.body, a.tier FROM recovery_quarantine q JOIN recovery_assessment a ON a.quarantine_id = q.id"
        " ORDER BY q.id DESC LIMIT 1"
    )
    unsealed = sealing.unseal_bytes(bytes(kept).removeprefix(MARK))
    assert (unsealed, tier) == (body[: 256 * 1024], {"emergency": 4, "same_day": 3}[urgency])
    return problem


def padded(size: int) -> bytes:
    """The red flag and then a photo, or whatever it may be, of so many bytes; each body another one."""
    return RED[:-1] + b', "photo": "%08d' % size + b"a" * size + b'"}'


def test_b20_after_an_app_update_with_an_unknown_field_a_red_flag_reaches_every_mailbox(
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """All the way, with the watch alone to carry it."""
    with django_db_blocker.unblock(), System() as system:
        system.start("web", "watch")
        scene = Scene.of(system, members=3)

        status, problem = send(scene, RED[:-1] + b', "mood": "low"}', JSON)

        assert (status, problem["urgency"]) == (422, "emergency")
        wait_until(scene.everybody_was_told, why="somebody was not told")
        assert len(set(scene.emails)) == 3


@pytest.mark.parametrize("size", [256 * 1024, 300_000, 1_000_000])
def test_b26_a_body_that_is_too_large(scene: Scene, size: int) -> None:
    """At the service; the proxy lets up to 1 MB through, so that what is a little too large is kept."""
    refused(scene, padded(size), 413, "too_large", JSON)


def test_b26_a_body_of_ten_megabytes(scene: Scene) -> None:
    """Nobody listens to the end of it: the sender may find the line closed before it reads the answer."""
    before, body = counts(scene), padded(10_000_000)
    with socket.create_connection(("127.0.0.1", scene.system.port), timeout=30) as wire, suppress(OSError):
        wire.sendall(head(scene, JSON, ("Content-Length", str(len(body)))) + body)
        assert wire.recv(65_536).startswith(b"HTTP/1.1 413 ")

    wait_until(lambda: counts(scene) == (before[0], before[1] + 1), why="it was not kept")


def test_b26_a_batch_that_is_too_large(scene: Scene) -> None:
    before = counts(scene)
    batch = b'{"check_ins": [' + padded(6_000_000) + b"]}"

    status, problem = send(scene, batch, JSON, line=f"POST {CHECK_INS}/batch")

    assert (status, problem["code"], problem["urgency"]) == (413, "too_large", "emergency")
    assert counts(scene)[0] == before[0]


def test_b26_a_check_in_as_large_as_may_be(scene: Scene) -> None:
    """256 kB are read: refused for the unknown field alone."""
    room = 256 * 1024 - len(padded(0))

    refused(scene, padded(room), 422, "invalid", JSON)


@pytest.mark.parametrize(
    "fields", [[("Content-Type", "text/plain")], [], [("Content-Type", "")], [("Content-Type", "text/json")]]
)
def test_b27_no_content_type_or_another(scene: Scene, fields: list[tuple[str, str]]) -> None:
    """Refused, and read as the JSON that it is."""
    refused(
        scene, RED + b" " * len(fields) + b"\n" * len(str(fields)), 415, "unsupported_media_type", *fields
    )


def test_b28_a_form(scene: Scene) -> None:
    form = b"id=1&chest_pain=yes"

    refused(
        scene,
        form,
        415,
        "unsupported_media_type",
        ("Content-Type", "application/x-www-form-urlencoded"),
        urgency="same_day",
    )


@pytest.mark.parametrize("charset", ["utf-7", "klingon", "iso-8859-1", "utf-16"])
def test_b29_another_charset(scene: Scene, charset: str) -> None:
    body = RED + charset.encode().replace(b"-", b"").translate(bytes([32]) * 256)

    refused(
        scene, body, 415, "unsupported_media_type", ("Content-Type", f"application/json; charset={charset}")
    )


ENCODINGS = {
    "utf-16": (TEXT.encode("utf-16"), "not_utf8"),
    "utf-32": (TEXT.encode("utf-32"), "not_utf8"),
    "latin-1": (TEXT.replace("test/1", "caf\u00e9").encode("latin-1"), "not_utf8"),
    "byte order mark": (b"\xef\xbb\xbf" + RED, "byte_order_mark"),
    "cut off": (RED[: RED.index(b'"drowsy"')], "not_json"),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_b30_bytes_that_are_no_utf_8(scene: Scene, name: str) -> None:
    """A byte order mark is refused, as docs/api.md says."""
    body, code = ENCODINGS[name]

    refused(scene, body, 400, code, JSON)


def test_b31_multipart_without_boundary(scene: Scene) -> None:
    refused(
        scene,
        b"--\r\n\r\n--",
        415,
        "unsupported_media_type",
        ("Content-Type", "multipart/form-data"),
        urgency="same_day",
    )


def test_b32_a_bomb_that_is_compressed(scene: Scene) -> None:
    """Ten megabytes in ten kilobytes: nothing is unpacked."""
    bomb = gzip.compress(padded(10_000_000))

    assert len(bomb) < 20_000
    refused(
        scene, bomb, 415, "unsupported_media_type", JSON, ("Content-Encoding", "gzip"), urgency="same_day"
    )


def test_b33_a_body_that_comes_in_drops_is_taken_whole(scene: Scene) -> None:
    before = counts(scene)
    body = json.dumps(check_in()).encode()
    with socket.create_connection(("127.0.0.1", scene.system.port), timeout=30) as wire:
        wire.sendall(head(scene, JSON, ("Content-Length", str(len(body)))))
        for start in range(0, len(body), 100):
            wire.sendall(body[start : start + 100])
        got = b""
        while chunk := wire.recv(65_536):
            got += chunk

    assert got.startswith(b"HTTP/1.1 201 ")
    assert counts(scene) == (before[0] + 1, before[1])


def test_b33_phones_that_break_off_leave_nothing_and_hold_nobody_up(scene: Scene) -> None:
    """The service's half. That slow bodies wait in the proxy, and not in one of the few workers, is proved there."""
    before = counts(scene)
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", scene.system.port), timeout=30) as wire:
            wire.sendall(head(scene, JSON, ("Content-Length", str(len(RED)))) + RED[:200])

    assert answered(scene, head(scene, line="GET /livez"))[0] == 200
    assert counts(scene) == before  # the phone has it still, and sends it again


def test_b39_a_query_of_seven_thousand_characters(scene: Scene) -> None:
    status, problem = answered(scene, head(scene, line=f"GET /api/v1/me?x={'a' * 7_000}"))

    assert (status, problem["code"]) == (414, "uri_too_long")


LINE = f"GET {CHECK_INS}"


def test_b40_three_hundred_headers(scene: Scene) -> None:
    assert (
        answered(scene, head(scene, *((f"X-H{number}", "a") for number in range(300)), line=LINE))[0] == 431
    )


@pytest.mark.parametrize("name", ["X-Long", "Authorization", "Cookie"])
def test_b40_a_header_of_64_kb(scene: Scene, name: str) -> None:
    assert answered(scene, head(scene, (name, "a" * 64 * 1024), line=LINE))[0] == 431


@pytest.mark.parametrize("value", ["a\rX-Injected: b", "a\x00b", "a\nb"])
def test_b40_a_line_break_or_nul_in_a_header(scene: Scene, value: str) -> None:
    status, _ = answered(scene, head(scene, ("X-Odd", value), line=LINE))

    assert status == 400


def test_b40_what_is_sent_back_holds_no_line_break_of_the_sender(scene: Scene) -> None:
    sent = head(scene, line="GET /api/v1/problems/x%0d%0aX-Injected:%20b")

    status, _ = answered(scene, sent)

    assert status == 404
