"""Mail over SMTP, one connection for as many messages as there are at the moment."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr

from django.conf import settings
from django.core.mail.utils import DNS_NAME

from recovery.notifications.channels import Message, Permanent, Temporary

SENDER_POLICY = b"5.7."
"""Enhanced codes (RFC 3463) by which a server refuses us, not the recipient: blocked, not allowed to relay."""


class Email:
    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None

    def open(self) -> None:
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError), self._time_limit():
                if self._smtp.rset()[0] == 250:
                    return
            self.close()
        try:
            self._smtp = self._connect()
            with self._time_limit():
                self._introduce(self._smtp)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Temporary(_code(error), line_down=True) from None

    def send(self, message: Message) -> str:
        if self._smtp is None:
            raise Temporary("not-open", line_down=True)
        body = _compose(message)
        try:
            with self._time_limit():
                return self._hand_over(self._smtp, message.to, body)
        except (smtplib.SMTPException, OSError) as error:
            self.close()  # whether it was taken is uncertain
            raise Temporary(_code(error), line_down=True) from None

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _connect(self) -> smtplib.SMTP:
        options = {"local_hostname": DNS_NAME.get_fqdn(), "timeout": settings.EMAIL_TIMEOUT / 2}
        if settings.EMAIL_USE_SSL:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(settings.EMAIL_HOST, settings.EMAIL_PORT, context=context, **options)
        return smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, **options)

    @staticmethod
    def _introduce(smtp: smtplib.SMTP) -> None:
        if settings.EMAIL_USE_TLS:
            smtp.starttls(context=ssl.create_default_context())
        if settings.EMAIL_HOST_USER:
            smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        smtp.ehlo_or_helo_if_needed()

    @staticmethod
    def _hand_over(smtp: smtplib.SMTP, recipient: str, body: bytes) -> str:
        """The three steps of one mail. A refusal of the recipient or of the mail is final, one of ourselves is not."""
        code, reply = smtp.mail(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
        if code != 250:
            raise Temporary(f"smtp-{code}", line_down=True)
        code, reply = smtp.rcpt(recipient)
        if code >= 500 and not reply.startswith(SENDER_POLICY):
            raise Permanent(f"smtp-{code}")
        if code not in (250, 251):
            raise Temporary(f"smtp-{code}", line_down=code == 421)
        try:
            code, reply = smtp.data(body)
        except smtplib.SMTPDataError as refusal:
            code, reply = refusal.smtp_code, b""
        if code >= 500:
            raise Permanent(f"smtp-{code}")
        if code != 250:
            raise Temporary(f"smtp-{code}", line_down=code == 421)
        return "".join(filter(str.isprintable, reply.decode("ascii", "replace")))[:200]

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        """Cut the wire after EMAIL_TIMEOUT. The socket's own time-out bounds one wait; a server may make many."""
        timer = threading.Timer(settings.EMAIL_TIMEOUT, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        wire = self._smtp.sock if self._smtp else None
        if wire is not None:
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)


def _compose(message: Message) -> bytes:
    mail = EmailMessage(policy=SMTP)
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    mail["From"] = settings.DEFAULT_FROM_EMAIL
    try:
        mail["To"] = Address(addr_spec=message.to)
        message.to.encode("ascii")
    except (ValueError, IndexError, MessageError):  # what the parser of addresses raises
        raise Permanent("address") from None
    mail["Subject"] = message.subject
    mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2]}>"
    mail["Date"] = formatdate()
    mail["Auto-Submitted"] = "auto-generated"
    if message.urgent:
        mail["Importance"] = "high"
    mail.set_content(message.text)
    return mail.as_bytes()


def _code(error: Exception) -> str:
    """A reply's number or the class of the error. Replies may quote the address, so their text is not kept."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"smtp-{error.smtp_code}"
    return type(error).__name__
