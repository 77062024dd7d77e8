"""A provider of messages on loopback, mail, webhooks and text messages: keeps what it is given, and misbehaves as
providers do.

`with provider() as p:` runs all as threads. `p.mail` is a mailbox (tests/notifications/postbox.py), `p.web` a receiver
of webhooks, `p.sms` speaks Twilio's API; `p.env` points a system of processes to them. What `p.arrived` counts was
given to it once too often if it is more than one.
"""

import asyncio
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import parse_qs

from services import ports
from tests.notifications.postbox import Postbox


@dataclass(frozen=True)
class Answer:
    """What a request is answered with. `after_s` is for one that comes too late."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after_s: float = 0.0


class Fate(Enum):
    """Instead of an answer. The request was kept, but its sender cannot know."""

    HANG = "nothing comes until `answer` is set"
    DRIP = "the answer comes byte by byte and never ends"
    CUT = "the line is dropped"


@dataclass(frozen=True)
class Request:
    """A webhook as it arrived. `to` is the path, `at` the monotonic clock's, header names are in small letters."""

    to: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    at: float
    answered: Answer | Fate

    @property
    def key(self) -> str:
        return self.headers.get("webhook-id", "")

    @property
    def was_refused(self) -> bool:
        return isinstance(self.answered, Answer) and not 200 <= self.answered.status < 300


class Receiver:
    """`answers` by path (None: every other); whatever is not named is taken with 204. With `tls` it speaks that."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.port = ports.free()
        self._tls = tls
        self.answers: dict[str | None, Answer | Fate] = {}
        self.answer = threading.Event()
        self.connections = 0
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def url(self, path: str = "/", host: str = ports.HOST) -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def to(self, path: str, body: bytes) -> str:
        """Whom a request is for: by that `answers` are given."""
        return path

    def usual(self) -> Answer:
        return Answer()

    @property
    def requests(self) -> list[Request]:
        """All of them, in order of arrival."""
        with self._lock:
            return list(self._requests)

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(60), "the receiver did not start"

    def stop(self) -> None:
        """From now on connections are refused, and those there are dropped; what was received stays."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, ports.HOST, self.port, ssl=self._tls)
        ready.set()
        await self._stopping.wait()
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the sender hung up, or we do
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take one request. Whether the line stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        fate = self.answers.get(self.to(path, body)) or self.answers.get(None) or self.usual()
        with self._lock:
            self._requests.append(Request(path, headers, body, time.monotonic(), fate))
        if isinstance(fate, Fate):
            await self._suffer(fate, writer)
            return False
        await asyncio.sleep(fate.after_s)
        said = {"Content-Length": str(len(fate.body))} if fate.status != 204 else {}
        lines = [
            f"HTTP/1.1 {fate.status} X",
            *(f"{name}: {value}" for name, value in (said | dict(fate.headers)).items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + fate.body)
        await writer.drain()
        return True

    async def _suffer(self, fate: Fate, writer: asyncio.StreamWriter) -> None:
        if fate is Fate.HANG:
            while not self.answer.is_set():
                await asyncio.sleep(0.01)
        if fate is Fate.DRIP:
            writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not self.answer.is_set():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)


class Twilio(Receiver):
    """Text messages, as Twilio's API takes them. `answers` by number."""

    ACCOUNT, TOKEN, NUMBER = "AC" + "0" * 32, "t0k3n-of-the-account", "+442079460199"
    PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

    def to(self, path: str, body: bytes) -> str:
        return parse_qs(body.decode()).get("To", [path])[0]

    def usual(self) -> Answer:
        said = {"sid": f"SM{len(self.requests):032x}", "status": "queued", "error_code": None}
        return Answer(201, {"Content-Type": "application/json"}, json.dumps(said).encode())

    @property
    def texts(self) -> list[dict[str, str]]:
        """The fields of each message that was taken, whether or not its sender could know."""
        taken = [parse_qs(request.body.decode()) for request in self.requests if not request.was_refused]
        return [{name: values[0] for name, values in fields.items()} for fields in taken]

    @property
    def env(self) -> dict[str, str]:
        return {
            "TWILIO_ACCOUNT_SID": self.ACCOUNT,
            "TWILIO_AUTH_TOKEN": self.TOKEN,
            "TWILIO_FROM": self.NUMBER,
            "TWILIO_API_URL": self.url(""),
        }


class Provider:
    """All of them. `mail`, `web` and `sms` may be stopped, started and told to misbehave alone."""

    def __init__(self) -> None:
        self.mail = Postbox()
        self.web = Receiver()
        self.sms = Twilio()

    @property
    def env(self) -> dict[str, str]:
        networks = f"{ports.HOST}/32"
        return {"EMAIL_URL": self.mail.url, "WEBHOOK_ALLOWED_NETWORKS": networks} | self.sms.env

    @property
    def arrived(self) -> Counter[str]:
        """How often each message was taken, by its key, whether or not its sender could know."""
        mails = (key.strip("<").partition("@")[0] for key in self.mail.message_ids)
        return Counter(mails) + Counter(
            [request.key for request in self.web.requests if not request.was_refused]
            + [text["StatusCallback"].rpartition("/")[2] for text in self.sms.texts]
        )

    def start(self) -> None:
        self.mail.start()
        self.web.start()
        self.sms.start()

    def stop(self) -> None:
        self.mail.answer.set()
        self.web.answer.set()
        self.sms.answer.set()
        self.mail.stop()
        self.web.stop()
        self.sms.stop()


@contextmanager
def provider() -> Iterator[Provider]:
    both = Provider()
    both.start()
    try:
        yield both
    finally:
        both.stop()
