"""A mail server on loopback that keeps what it is given and can be told to refuse."""

import email
import email.policy
import logging
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from threading import Lock

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services import ports

logging.getLogger("mail.log").setLevel(logging.WARNING)  # it would tell of every step of every mail

TEMPORARILY = "451 4.3.0 Not now, come again"
PERMANENTLY = "550 5.1.1 Nobody of that name here"


@dataclass(frozen=True)
class Mail:
    """One message as the server was given it. `at` is the monotonic clock's."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage = field(repr=False)
    at: float = field(default_factory=time.monotonic)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self.message.get_content()


class Mailbox:
    """`url` is what EMAIL_URL wants. Thread-safe; all mails in order of arrival."""

    def __init__(self) -> None:
        self.port = ports.free()
        self.url = f"smtp://{ports.HOST}:{self.port}"
        self._mails: list[Mail] = []
        self._refused: list[str] = []
        self._answer: str | None = None
        self._only_to: str | None = None
        self._lock = Lock()
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self, hostname=ports.HOST, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """From now on connections are refused; what was received stays."""
        if self._controller:
            self._controller.stop()
            self._controller = None

    @property
    def mails(self) -> list[Mail]:
        with self._lock:
            return list(self._mails)

    @property
    def refused(self) -> list[str]:
        """The recipient of each refusal."""
        with self._lock:
            return list(self._refused)

    def to(self, address: str) -> list[Mail]:
        return [mail for mail in self.mails if address in mail.recipients]

    @contextmanager
    def refusing(self, answer: str = TEMPORARILY, *, only_to: str | None = None) -> Generator[None]:
        """Answers each recipient, or the one named, with `answer` (TEMPORARILY or PERMANENTLY)."""
        self._answer, self._only_to = answer, only_to
        try:
            yield
        finally:
            self._answer = self._only_to = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._answer and self._only_to in {None, address}:
            with self._lock:
                self._refused.append(address)
            return self._answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        with self._lock:
            self._mails.append(Mail(str(envelope.mail_from), tuple(envelope.rcpt_tos), message))
        return "250 Kept"
