"""What a provider can do to us, and what we make of it: tried again, or given up. Nothing holds us for ever."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from uuid import UUID

import pytest

from recovery.clinical.tiers import Tier
from recovery.notifications.channels import Message, Permanent, Temporary
from recovery.notifications.channels.email import Email
from services import ports
from tests.notifications.postbox import Postbox

KEY = UUID("11111111-2222-4333-8444-555555555555")


def message(to: str = "ben@example.org") -> Message:
    return Message(
        key=KEY, to=to, tier=Tier.EMERGENCY, subject="Urgent item: please sign in", text="Please sign in.\n"
    )


@pytest.fixture
def line() -> Iterator[Email]:
    email = Email()
    yield email
    email.close()


def send(line: Email, **changes: str) -> str:
    line.open(changes.get("to", "ben@example.org"))
    return line.send(message(**changes))


def test_a_mail_says_who_sent_it_by_what_key_and_that_a_machine_did(mailbox: Postbox, line: Email):
    send(line)

    (mail,) = mailbox.mails
    assert mail.message["Message-ID"] == f"<{KEY}@localhost>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Importance"] == "high"
    assert mail.message["To"] == "ben@example.org"
    assert mail.sender == "no-reply@localhost"


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "552 5.2.2 mailbox full", "501 what"])
def test_a_recipient_refused_for_good(answer: str, mailbox: Postbox, line: Email):
    mailbox.refuse[None] = answer

    with pytest.raises(Permanent) as refusal:
        send(line)
    assert refusal.value.code == f"smtp-{answer[:3]}"


@pytest.mark.parametrize("answer", ["450 4.2.1 busy", "452 too many", "554 5.7.1 relay access denied"])
def test_a_recipient_refused_for_now_or_because_of_us(answer: str, mailbox: Postbox, line: Email):
    mailbox.refuse[None] = answer

    with pytest.raises(Temporary) as fault:
        send(line)
    assert (fault.value.code, fault.value.line_down) == (f"smtp-{answer[:3]}", False)
    mailbox.refuse.clear()
    assert send(line), "the line cannot be used again"
    assert mailbox.connections == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("554 no", Permanent),
        ("554 5.6.0 bad content", Permanent),
        ("554 5.7.1 sending host is on a block list", Temporary),
        ("451 local error", Temporary),
    ],
)
def test_a_mail_refused_after_it_was_given(answer: str, kind: type[Exception], mailbox: Postbox, line: Email):
    mailbox.refuse_mail = answer

    with pytest.raises(kind):
        send(line)
    mailbox.refuse_mail = ""
    assert send(line), "the line cannot be used again"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a b@example.org",
        "ben@example.org\nBcc: x@y.z",
        "b\xe9n@example.org",
        "ben@",
        "ben@[::",
        " \0=?utf-8?q?ben@[\t",
    ],
)
def test_an_address_that_cannot_be_one_is_refused_for_good(address: str, mailbox: Postbox, line: Email):
    with pytest.raises(Permanent, match="address"):
        send(line, to=address)
    assert mailbox.mails == []


def test_a_connection_dropped_after_the_mail_was_taken_is_uncertain_and_tried_again(
    mailbox: Postbox, line: Email
):
    mailbox.hang_up = True
    with pytest.raises(Temporary) as fault:
        send(line)
    assert fault.value.line_down

    mailbox.hang_up = False
    send(line)
    assert len(set(mailbox.message_ids)) == 1
    assert len(mailbox.mails) == 2


def test_a_line_that_was_dropped_while_idle_is_opened_again(mailbox: Postbox, line: Email):
    send(line)
    mailbox.stop()
    mailbox.start()

    assert send(line)
    assert mailbox.connections == 2


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_closes_after_some_mails_is_called_anew(
    pipelining: bool, mailbox: Postbox, line: Email
):
    mailbox.pipelining, mailbox.takes = pipelining, 2
    for _ in range(5):
        assert send(line)

    assert (len(mailbox.mails), mailbox.connections) == (5, 3)


@pytest.mark.parametrize("pipelining", [True, False])
def test_each_way_of_announcing_a_mail_hears_every_refusal(pipelining: bool, mailbox: Postbox, line: Email):
    mailbox.pipelining = pipelining
    mailbox.refuse["dee@example.org"] = "550 5.1.1 no such user"

    assert send(line)
    with pytest.raises(Permanent, match="smtp-550"):
        send(line, to="dee@example.org")
    assert send(line)
    assert mailbox.recipients == ["ben@example.org"] * 2
    assert mailbox.connections == 1


def test_a_line_that_stands_ready_for_a_mail_that_never_came_is_made_anew(mailbox: Postbox, line: Email):
    line.open("ben@example.org")

    assert send(line, to="dee@example.org")
    assert mailbox.recipients == ["dee@example.org"]
    assert mailbox.connections == 2


def test_a_line_of_the_text_that_is_a_dot_does_not_end_it(mailbox: Postbox, line: Email):
    line.open("ben@example.org")
    line.send(replace(message(), text=".\n..\n.a\nlast\n"))

    assert mailbox.mails[0].text.splitlines() == [".", "..", ".a", "last"]


def test_a_text_beyond_ascii_arrives_as_it_was(mailbox: Postbox, line: Email):
    line.open("ben@example.org")
    line.send(replace(message(), text="Bitte anmelden: für Sie.\n"))

    assert mailbox.mails[0].text == "Bitte anmelden: für Sie.\n"


def test_a_refused_connection_is_tried_again(settings, line: Email):
    settings.EMAIL_HOST, settings.EMAIL_PORT = ports.HOST, ports.free()

    with pytest.raises(Temporary, match="ConnectionRefusedError"):
        line.open("ben@example.org")


@pytest.mark.parametrize("fault", ["swallow", "silent"])
def test_a_provider_that_falls_silent_is_left_in_time(fault: str, mailbox: Postbox, line: Email, settings):
    settings.EMAIL_TIMEOUT = 0.4
    setattr(mailbox, fault, True)

    with pytest.raises(Temporary) as caught:
        send(line)
    assert caught.value.line_down
    assert not mailbox.answer.is_set(), "it waited for the answer"


def test_a_provider_that_answers_byte_by_byte_is_left_in_time(settings, line: Email):
    settings.EMAIL_TIMEOUT = 1
    with dripping() as (settings.EMAIL_PORT, still_dripping):
        settings.EMAIL_HOST = ports.HOST
        with pytest.raises(Temporary):
            send(line)
        assert still_dripping()


def test_a_password_never_leaves_in_the_clear_where_tls_is_wanted(mailbox: Postbox, settings, line: Email):
    settings.EMAIL_USE_TLS = True

    with pytest.raises(Temporary, match="SMTPNotSupportedError"):
        send(line)
    assert mailbox.mails == []


@contextmanager
def dripping():
    """A server that greets, and then takes for ever over each of its answers."""
    stop = threading.Event()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError), listener.accept()[0] as connection:
            try:
                connection.sendall(b"220 hello\r\n")
                while not stop.wait(0.05):
                    connection.sendall(b"2")
            except OSError:
                stop.wait()

    with socket.create_server((ports.HOST, 0)) as listener:
        listener.settimeout(30)  # should nobody come at all
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        try:
            yield listener.getsockname()[1], thread.is_alive
        finally:
            stop.set()
            thread.join()
