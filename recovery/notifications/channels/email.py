"""Mail over SMTP, one connection for as many messages as there are at the moment."""

import smtplib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.core.mail.utils import DNS_NAME

from recovery.notifications.channels import Message, Permanent, Temporary, Waiting, mail, wire

SENDER_POLICY = b"5.7."
"""Enhanced codes (RFC 3463) by which a server refuses us, not the recipient: blocked, not allowed to relay."""

IDLE_S = 20.0
"""A connection that rested longer is made anew: whether it still stands might take long to find out."""


class Email:
    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None
        self._used_at = 0.0

    def open(self, to: str, waiting: Waiting = wire.nothing) -> None:
        if self._smtp is not None:
            if time.monotonic() - self._used_at < IDLE_S:
                with suppress(smtplib.SMTPException, OSError), self._within_limit(waiting):
                    if self._smtp.rset()[0] == 250:
                        return
            self.close()
        try:
            self._smtp = _connect(wire.Limit(settings.EMAIL_TIMEOUT, waiting=waiting))
        except (smtplib.SMTPException, OSError) as error:
            raise Temporary(_code(error), line_down=True) from None

    def send(self, message: Message, waiting: Waiting = wire.nothing) -> str:
        if self._smtp is None:
            raise Temporary("not-open", line_down=True)
        content = mail.compose(message)
        try:
            with self._within_limit(waiting):
                return _hand_over(self._smtp, message.to, content)
        except (smtplib.SMTPException, OSError) as error:
            self.close()  # whether it was taken is uncertain
            raise Temporary(_code(error), line_down=True) from None

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    @contextmanager
    def _within_limit(self, waiting: Waiting) -> Iterator[None]:
        assert self._smtp is not None
        _limit(self._smtp, wire.Limit(settings.EMAIL_TIMEOUT, waiting=waiting))
        try:
            yield
        finally:
            self._used_at = time.monotonic()


def _connect(limit: wire.Limit) -> smtplib.SMTP:
    """Greeted, in TLS and signed in, as the settings want it."""
    smtp = smtplib.SMTP(local_hostname=DNS_NAME.get_fqdn())
    smtp._host = settings.EMAIL_HOST  # type: ignore[attr-defined] # which STARTTLS holds the certificate to
    try:
        smtp.sock = wire.connect(settings.EMAIL_HOST, settings.EMAIL_PORT, limit=limit)
        if settings.EMAIL_USE_SSL:
            smtp.sock = wire.secure_context().wrap_socket(smtp.sock, server_hostname=settings.EMAIL_HOST)
            _limit(smtp, limit)
        code, reply = smtp.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)
        if settings.EMAIL_USE_TLS:
            smtp.starttls(context=wire.secure_context())
            _limit(smtp, limit)
        smtp.ehlo_or_helo_if_needed()
        if settings.EMAIL_HOST_USER:
            smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _limit(smtp: smtplib.SMTP, limit: wire.Limit) -> None:
    if isinstance(smtp.sock, wire.Wire | wire.SecureWire):
        smtp.sock.limit = limit


def _hand_over(smtp: smtplib.SMTP, recipient: str, content: bytes) -> str:
    """The three steps of one mail. A refusal of the recipient or of the mail is final, one of ourselves is not."""
    code, reply = smtp.mail(mail.sender())
    if code != 250:
        raise Temporary(f"smtp-{code}", line_down=True)
    code, reply = smtp.rcpt(recipient)
    if code >= 500 and not reply.startswith(SENDER_POLICY):
        raise Permanent(f"smtp-{code}")
    if code not in (250, 251):
        raise Temporary(f"smtp-{code}", line_down=code == 421)
    try:
        code, reply = smtp.data(content)
    except smtplib.SMTPDataError as refusal:
        code, reply = refusal.smtp_code, b""
    if code >= 500:
        raise Permanent(f"smtp-{code}")
    if code != 250:
        raise Temporary(f"smtp-{code}", line_down=code == 421)
    return "".join(filter(str.isprintable, reply.decode("ascii", "replace")))[:200]


def _code(error: Exception) -> str:
    """A reply's number or the class of the error. Replies may quote the address, so their text is not kept."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"smtp-{error.smtp_code}"
    return type(error).__name__
