"""Mail over SMTP, one connection for as many messages as there are at the moment."""

import smtplib
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.mail.utils import DNS_NAME

from recovery.notifications.channels import Message, Permanent, Temporary, Waiting, mail, wire

SENDER_POLICY = b"5.7."
"""Enhanced codes (RFC 3463) by which a server refuses us, not the recipient: blocked, not allowed to relay."""

IDLE_S = 20.0
"""A connection that rested longer is made anew: whether it still stands might take long to find out."""

CLOSING = 421
"""The server ends the conversation: it rested for too long, or took as many mails as it takes on one connection."""

GO_ON = 354

FAULTS = (smtplib.SMTPException, OSError)

Reply = tuple[int, bytes]


class Email:
    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None
        self._is_new = True
        self._awaits_mail = False
        self._used_at = 0.0

    def open(self, to: str, waiting: Waiting = wire.nothing) -> None:
        """Up to where the server waits for the mail itself."""
        mail.checked(to)
        if self._awaits_mail or time.monotonic() - self._used_at > IDLE_S:
            self.close()
        if self._smtp is None:
            self._connect(waiting)
        try:
            replies = self._announce(to, waiting)
        except FAULTS as error:
            self.close()
            raise Temporary(_code(error), line_down=True) from None
        self._awaits_mail = replies[-1][0] == GO_ON
        _judge(*replies)

    def send(self, message: Message, waiting: Waiting = wire.nothing) -> str:
        if not self._awaits_mail:
            raise Temporary("not-open", line_down=True)
        content = mail.compose(message)
        self._awaits_mail = False
        try:
            with self._within_limit(waiting) as smtp:
                smtp.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
                code, reply = smtp.getreply()
        except FAULTS as error:
            self.close()  # whether it was taken is uncertain
            raise Temporary(_code(error), line_down=True) from None
        if code != 250:
            raise _refusal(code, reply)
        return "".join(filter(str.isprintable, reply.decode("ascii", "replace")))[:200]

    def close(self) -> None:
        smtp, self._smtp, self._awaits_mail = self._smtp, None, False
        if smtp is not None:
            smtp.close()

    def _announce(self, to: str, waiting: Waiting) -> list[Reply]:
        """The replies to the steps before the mail. Nothing of it has left yet, so a connection that was used before,
        and turns out to stand no longer, is made anew."""
        was_used = not self._is_new
        try:
            with self._within_limit(waiting) as smtp:
                replies = _steps(smtp, to)
            if replies[0][0] != CLOSING or not was_used:
                self._is_new = False
                return replies
        except FAULTS:
            if not was_used:
                raise
        self.close()
        self._connect(waiting)
        return self._announce(to, waiting)

    def _connect(self, waiting: Waiting) -> None:
        try:
            self._smtp = _connect(wire.Limit(settings.EMAIL_TIMEOUT, waiting=waiting))
        except FAULTS as error:
            raise Temporary(_code(error), line_down=True) from None
        self._is_new = True

    @contextmanager
    def _within_limit(self, waiting: Waiting) -> Iterator[smtplib.SMTP]:
        if self._smtp is None:
            raise smtplib.SMTPServerDisconnected("not open")
        _limit(self._smtp, wire.Limit(settings.EMAIL_TIMEOUT, waiting=waiting))
        try:
            yield self._smtp
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


def _steps(smtp: smtplib.SMTP, to: str) -> list[Reply]:
    """Begin anew, and announce a mail: in one go where the server can take it so (RFC 2920), else each step when the
    last was granted. As many replies as steps were answered."""
    steps = ["RSET", f"MAIL FROM:<{mail.sender()}>", f"RCPT TO:<{to}>", "DATA"]
    if smtp.has_extn("pipelining"):
        smtp.send("\r\n".join([*steps, ""]))
    replies: list[Reply] = []
    for step in steps:
        replies.append(smtp.getreply() if smtp.has_extn("pipelining") else smtp.docmd(step))
        if replies[-1][0] == CLOSING or (replies[-1][0] >= 400 and not smtp.has_extn("pipelining")):
            break
    return replies


def _judge(
    reset: Reply, from_us: Reply = (0, b""), to_them: Reply = (0, b""), data: Reply = (0, b"")
) -> None:
    """A refusal of the recipient or of the mail is final, one of ourselves is not."""
    if reset[0] != 250 or from_us[0] != 250:
        raise Temporary(f"smtp-{reset[0] if reset[0] != 250 else from_us[0]}", line_down=True)
    if to_them[0] not in (250, 251):
        raise _refusal(*to_them)
    if data[0] != GO_ON:
        raise _refusal(*data)


def _refusal(code: int, reply: bytes) -> Temporary | Permanent:
    if code >= 500 and not reply.startswith(SENDER_POLICY):
        return Permanent(f"smtp-{code}")
    return Temporary(f"smtp-{code}", line_down=code == CLOSING)


def _code(error: Exception) -> str:
    """A reply's number or the class of the error. Replies may quote the address, so their text is not kept."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"smtp-{error.smtp_code}"
    return type(error).__name__
