"""The instruments of the fault tests: a system of real servers and a mailbox do what they are told."""

import smtplib
import socket
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from tests.databases import EVERY_CLINIC
from tests.mailbox import PERMANENTLY, TEMPORARILY, Mailbox
from tests.system import System
from tests.waiting import wait_until

ONCE = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
MESSAGE = "From: a@here.test\r\nTo: b@here.test\r\nSubject: Greeting\r\n\r\nGood day\r\n"


def _send(mailbox: Mailbox, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.port, timeout=60) as connection:
        connection.sendmail("a@here.test", recipients, MESSAGE)


def _caller(database_url: str, *, patience_s: float = 30) -> socket.socket:
    """Somebody who has asked PostgreSQL whether it speaks TLS, and waits so long for the answer."""
    parts = urlsplit(database_url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=patience_s)
    connection.sendall(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")
    return connection


def test_a_frozen_broker_keeps_its_connections_and_answers_nothing_until_thawed() -> None:
    with (
        System() as system,
        redis.Redis.from_url(system.redis_url, retry=ONCE) as client,
        redis.Redis.from_url(system.redis_url, socket_timeout=0.3, retry=ONCE) as impatient,
    ):
        assert client.ping()
        (standing,) = client.client_list()
        system.freeze("valkey")
        with pytest.raises(redis.TimeoutError):
            impatient.ping()
        system.thaw("valkey")
        assert client.ping()
        assert standing["id"] in {each["id"] for each in client.client_list()}


def test_a_killed_broker_refuses_and_comes_back_with_what_it_had() -> None:
    with System() as system, redis.Redis.from_url(system.redis_url) as client:
        client.set("kept", "yes")
        client.execute_command("WAITAOF", 1, 0, 60_000)
        system.kill("valkey")
        with pytest.raises(redis.ConnectionError):
            client.ping()
        system.start("valkey")
        assert client.get("kept") == b"yes"


@pytest.mark.slow
def test_web_worker_and_watch_start_together_survive_the_broker_and_stop_when_asked() -> None:
    with System() as system:
        system.start("web", "worker", "watch")
        system.kill("valkey")
        wait_until(lambda: "Cannot connect" in system.said_by("worker"))
        system.start("valkey")
        wait_until(lambda: system.said_by("worker").count("Connected to") == 2)
        assert all(system.is_running(name) for name in ("web", "worker", "watch"))
        system.stop("watch", "worker", "web")
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"{system.url}/livez", timeout=5)


def test_each_system_has_tables_of_its_own() -> None:
    with System() as one, System() as other:
        assert one.database_url != other.database_url
        for system in (one, other):
            with psycopg.connect(system.database_url, options=EVERY_CLINIC) as connection:
                assert connection.execute("SELECT count(*) FROM recovery_clinic").fetchone() == (0,)


def test_a_database_server_of_its_own_can_be_frozen_and_killed() -> None:
    with System(own_postgres=True) as system:
        with _caller(system.database_url) as caller:
            assert caller.recv(1) == b"N"
        connection = psycopg.connect(system.database_url, options=EVERY_CLINIC)
        system.freeze("postgres")
        with pytest.raises(TimeoutError), _caller(system.database_url, patience_s=0.5) as caller:
            caller.recv(1)
        system.thaw("postgres")
        assert connection.execute("SELECT 1").fetchone() == (1,)
        system.kill("postgres")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        connection.close()
        system.start("postgres")
        psycopg.connect(system.database_url, options=EVERY_CLINIC).close()


def test_a_mailbox_keeps_each_message_with_its_envelope() -> None:
    mailbox = Mailbox()
    mailbox.start()
    _send(mailbox, "b@here.test", "c@here.test")
    mailbox.stop()
    (mail,) = mailbox.mails
    assert (mail.sender, mail.recipients) == ("a@here.test", ("b@here.test", "c@here.test"))
    assert (mail.subject, mail.text.strip()) == ("Greeting", "Good day")
    assert mailbox.to("c@here.test") == [mail]


@pytest.mark.parametrize(("answer", "code"), [(TEMPORARILY, 451), (PERMANENTLY, 550)])
def test_a_mailbox_refuses_as_it_is_told_and_then_takes_again(answer: str, code: int) -> None:
    mailbox = Mailbox()
    mailbox.start()
    with mailbox.refusing(answer), pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        _send(mailbox, "b@here.test")
    assert caught.value.recipients["b@here.test"][0] == code
    assert (mailbox.mails, mailbox.refused) == ([], ["b@here.test"])
    _send(mailbox, "b@here.test")
    mailbox.stop()
    assert len(mailbox.mails) == 1
    with pytest.raises(ConnectionRefusedError):
        _send(mailbox, "b@here.test")
