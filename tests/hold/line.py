"""A phone on a real line to a real service: what it sends, what comes back, and a proxy on the way that cuts it off."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from recovery import clock
from services import ports
from tests.factories import ALL_CLEAR

CHECK_INS = "/api/v1/check-ins"
BATCH = "/api/v1/check-ins/batch"
PATIENCE_S = 30


@dataclass(frozen=True)
class Answered:
    """`headers` by their names in small letters."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Lost(Exception):
    """No answer came: whether it was taken is not known."""


def send(url: str, token: str, method: str, path: str, document: Any) -> Answered:
    """One request on a connection of its own, as after a time without a network."""
    place = urlsplit(url)
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
    signed = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        line.request(method, path, json.dumps(document), signed)
        answer = line.getresponse()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Answered(answer.status, answer.read(), headers)
    except (OSError, http.client.HTTPException) as error:
        raise Lost(type(error).__name__) from None
    finally:
        line.close()


def report(felt_at: datetime | None = None, **changes: Any) -> dict[str, Any]:
    """All clear but for these answers."""
    now = clock.now()
    return {
        "id": str(uuid4()),
        "observed_at": (felt_at or now).isoformat(),
        "sent_at": now.isoformat(),
        "status": "completed",
        "answered_by": "patient",
        "app_version": "test/1",
        "answers": ALL_CLEAR | changes,
    }


@dataclass
class Cutter:
    """While it cuts, requests reach the service and are answered, and the line breaks before the answer is through.
    What the service said is kept in `lost`."""

    url: str
    is_cutting: bool = False
    lost: list[bytes] = field(default_factory=list)


@contextmanager
def cutter(url: str) -> Iterator[Cutter]:
    upstream = urlsplit(url)
    port = ports.free()
    cut = Cutter(f"http://{ports.HOST}:{port}")

    class Line(StreamRequestHandler):
        def handle(self) -> None:
            request = _message(self.rfile)
            with socket.create_connection((upstream.hostname, upstream.port), timeout=PATIENCE_S) as service:
                service.sendall(request)
                answer = _message(service.makefile("rb"))
            if cut.is_cutting:
                cut.lost.append(answer.partition(b"\r\n\r\n")[2])
                self.request.shutdown(socket.SHUT_RDWR)
            else:
                with suppress(OSError):  # the phone has gone away meanwhile
                    self.wfile.write(answer)

    class Server(ThreadingTCPServer):
        daemon_threads, allow_reuse_address, request_queue_size = True, True, 256

    with Server((ports.HOST, port), Line) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield cut
        server.shutdown()


def _message(stream: Any) -> bytes:
    """One whole request or answer: its head, and as much as the head says there is."""
    head = b""
    length = 0
    while (text := stream.readline()) not in {b"\r\n", b""}:
        head += text
        if text.lower().startswith(b"content-length:"):
            length = int(text.partition(b":")[2])
    return head + b"\r\n" + stream.read(length)
