"""Texts that want to be obeyed: by the database, a log, a mail, a template, a file system."""

import io
import logging
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client

from recovery.dashboard import account_mail
from recovery.models import CheckIn, Quarantine
from tests import factories
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.waiting import wait_until

FOR_ONE_MAILBOX, FOR_ONE_CALLER = 5, 20
"""Mails with which a password is set anew, in a minute."""

SQL = [
    "' OR '1'='1",
    "'; DROP TABLE recovery_checkin; --",
    '" OR ""="',
    "1); SELECT pg_sleep(30); --",
    "\\'; SELECT 1; --",
    "%' AND 1=CAST((SELECT version()) AS int)--",
    "$$; SELECT 1; $$",
    "') UNION SELECT password FROM recovery_user --",
    "{{ 7*7 }}{% debug %}%(password)s${7*7}",
    "\u02bc OR 1=1",
]


@pytest.fixture
def nurse(ana: Phone) -> Client:
    client = Client()
    client.force_login(factories.member(ana.device.episode.team))
    return client


@pytest.mark.parametrize("text", SQL)
def test_s34_what_the_database_might_obey_is_a_text_like_any_other(
    ana: Phone, nurse: Client, text: str
) -> None:
    stored = ana.post(CHECK_INS, check_in(free_text=text))
    statuses = {
        ana.post(CHECK_INS, check_in() | {"app_version": text}).status_code,
        ana.post(CHECK_INS, check_in() | {text: text}).status_code,
        ana.post(CHECK_INS, check_in(**{text: "yes"})).status_code,
        ana.get(f"{CHECK_INS}/x{text}").status_code,
        ana.client.get(
            CHECK_INS, {"cursor": text}, headers={"Authorization": f"Bearer {ana.token}"}
        ).status_code,
        ana.client.get(CHECK_INS, {text: "1"}, headers={"Authorization": f"Bearer {ana.token}"}).status_code,
        ana.client.get(
            "/api/v1/me", headers={"Authorization": f"Bearer {text}".encode("ascii", "replace").decode()}
        ).status_code,
        nurse.post("/patients", {"q": text, "search": text}).status_code,
        nurse.get("/", {"team": text, "owner": text, "tier": text, "page": text}).status_code,
        nurse.get("/figures", {"from": text, "team": text}).status_code,
    }

    assert stored.status_code == 201
    assert max(statuses) < 500
    assert CheckIn.objects.get(client_id=stored.json()["id"]).answers["free_text"] == text


NAMES = [
    "../../etc/passwd",
    "..\\..\\x.csv",
    "a\0.csv",
    'x"; filename="y.exe',
    "\u202evsc.exe",
    "n" * 5_000 + ".csv",
    "=cmd|' /C calc'!A0.csv",
]


@pytest.mark.parametrize("name", NAMES)
def test_s38_the_name_of_an_uploaded_file_means_nothing(ana: Phone, nurse: Client, name: str) -> None:
    upload = SimpleUploadedFile("list.csv", b"name,born_on\r\nx,1950-01-01\r\n")
    upload._name = name  # type: ignore[attr-defined]  # as a client may send it

    answered = nurse.post("/enrol/list", {"team": str(ana.device.episode.team.uuid), "file": upload})

    assert answered.status_code in {400, 422}
    assert "passwd" not in answered.content.decode()
    assert ".exe" not in answered.content.decode()


@pytest.mark.parametrize("path", ["/enrol/list/example", "/figures/alerts-by-rule.csv"])
def test_s38_a_download_is_named_by_the_service(nurse: Client, path: str) -> None:
    told = nurse.get(path, {"name": "x.exe", "filename": "x.exe"}).headers["Content-Disposition"]

    assert re.fullmatch(r'attachment; filename="[a-z0-9-]+\.csv"', told)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the formatter of the settings makes of every line."""
    [root_handler] = [each for each in logging.root.handlers if type(each) is logging.StreamHandler]
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(root_handler.formatter)
    logging.root.addHandler(handler)
    yield written
    logging.root.removeHandler(handler)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\x0b", "\x1b[2J", "\x85", "\u2028", "\0"])
def test_s41_one_message_is_one_line_of_the_log(lines: io.StringIO, ending: str) -> None:
    forged = f"harmless{ending}2026-01-01 00:00:00 ERROR recovery: forged"

    logging.getLogger("recovery.test").error("could not read %s", forged)

    assert lines.getvalue().count("\n") == 1
    assert len(lines.getvalue().splitlines()) == 1
    assert "\x1b" not in lines.getvalue()


@pytest.mark.parametrize("door", ["/accounts/invitation/", "/accounts/password/reset/key/"])
def test_s43_a_link_that_lets_somebody_in_is_not_logged_when_it_cannot_be_answered(
    lines: io.StringIO, client: Client, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("recovery.dashboard.sessions.SessionStore.load", away)
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    client.raise_request_exception = False

    status = client.get(f"{door}1-Marker-Token/").status_code

    assert status == 503
    assert f"{door}(not logged)" in lines.getvalue()
    assert "Marker" not in lines.getvalue()


def test_s41_where_it_happened_still_stands_below_it(lines: io.StringIO) -> None:
    text = "\n".join(["marker", "for" + "ged"])
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("recovery.test").exception("failed")

    assert "builtins.ValueError" in lines.getvalue()
    assert "forged" not in lines.getvalue()


def test_s57_nobodys_mailbox_is_filled_by_asking_for_new_passwords(ana: Phone) -> None:
    """However often, for one address and for many."""
    ben = factories.member(ana.device.episode.team)
    path = "/accounts/password/reset/"

    told = [Client().post(path, {"email": ben.email}).status_code for _ in range(60)]
    others = [Client().post(path, {"email": f"{number}@example.org"}).status_code for number in range(40)]

    assert (told.count(302), told.count(429)) == (FOR_ONE_MAILBOX, 60 - FOR_ONE_MAILBOX)
    assert others.count(302) <= FOR_ONE_CALLER
    wait_until(account_mail.nobody_waits, why="a mail still waits")
    assert [message.to for message in mail.outbox] == [[ben.email]] * FOR_ONE_MAILBOX


def test_s57_what_a_phone_may_pile_up_has_an_end(ana: Phone) -> None:
    for number in range(Quarantine.PER_DEVICE_AND_DAY + 5):
        ana.post(CHECK_INS, check_in() | {"mood": str(number)})

    kept = Quarantine.objects.order_by("pk")
    assert kept.count() == Quarantine.PER_DEVICE_AND_DAY
    assert sum(row.beyond for row in kept) == 5
