"""A mailbox that misbehaves in all the ways a provider does."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.mailbox import Mailbox


class Postbox(Mailbox):
    """`refuse` answers at RCPT, by address (None: everybody); `refuse_mail` after DATA. With `hang_up` and `swallow` a
    mail is kept, but its sender cannot know: the connection is dropped, or no answer comes until `answer` is set. A
    connection is closed politely when it was used for so many mails as it `takes`."""

    def __init__(self) -> None:
        super().__init__()
        self.connections = 0
        self.refuse: dict[str | None, str] = {}
        self.refuse_mail = ""
        self.hang_up = False
        self.swallow = False
        self.silent = False
        self.pipelining = True
        self.takes = 1_000
        self._mails_of = Counter[Session]()
        self.answer = threading.Event()

    @property
    def message_ids(self) -> list[str]:
        return [str(mail.message["Message-ID"]) for mail in self.mails]

    @property
    def recipients(self) -> list[str]:
        return [recipient for mail in self.mails for recipient in mail.recipients]

    @property
    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.mails]

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        if self.silent:
            await self._until_told()
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.pipelining else responses

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return "250 OK" if self._mails_of[session] < self.takes else "421 4.7.0 that was enough"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self.refuse.get(address) or self.refuse.get(None)
        return refusal or await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse_mail:
            return self.refuse_mail
        await super().handle_DATA(server, session, envelope)
        self._mails_of[session] += 1
        if self.hang_up:
            server.transport.abort()
        if self.swallow:
            await self._until_told()
        return f"250 2.0.0 kept as {len(self.mails)}"

    async def _until_told(self) -> None:
        while not self.answer.is_set():
            await asyncio.sleep(0.01)


@contextmanager
def postbox() -> Iterator[Postbox]:
    box = Postbox()
    box.start()
    try:
        yield box
    finally:
        box.answer.set()
        box.stop()
