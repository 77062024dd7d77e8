"""Who was told, on the page of an alert: queued, sent, delivered and taken on are kept apart."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import contacts
from recovery.models import Alert, Notification, User
from recovery.notifications import delivery, receipts
from tests.dashboard.conftest import SetClock
from tests.notifications import scenes
from tests.provider import Answer, Provider

pytestmark = pytest.mark.django_db

NOW = scenes.NOW
BEN = "+447700900123"


@pytest.fixture
def flag(set_clock: SetClock) -> Alert:
    set_clock(30)
    return scenes.red_flag(("Ben Okafor", "Dora Klein"))


@pytest.fixture
def ben(flag: Alert) -> User:
    return User.objects.get(name="Ben Okafor")


@pytest.fixture
def desk(flag: Alert, client: Client) -> Client:
    client.force_login(User.objects.get(name="Dora Klein"))
    return client


def by_text(person: User) -> None:
    contact = contacts.add_sms(
        user=person, clinic=Alert.objects.get().episode.clinic, number=BEN, now=NOW - timedelta(days=1)
    )
    contacts.verify(contact=contact, now=NOW - timedelta(days=1))


def told(desk: Client, name: str) -> str:
    """What the page says of the message to this colleague."""
    page = desk.get(f"/alerts/{Alert.objects.get().uuid}").content.decode()
    section = page.split('id="told-heading"')[1].split("</section>")[0]
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in section.split("<li")[1:]]
    return next(row for row in rows if name in row)


def send(**options: Any) -> None:
    delivery.deliver_due(limit=10, road="watch", now=NOW, **options)


def test_each_stage_is_shown_when_it_is_reached_and_not_before(
    desk: Client, flag: Alert, ben: User, both: Provider
):
    by_text(ben)
    scenes.planned(flag)
    assert "text message, …123" in told(desk, "Ben")
    assert "Queued 16:00 today Sent waits Delivered not yet Taken on not yet" in told(desk, "Ben")

    send()
    assert "Sent 16:00 today Delivered not confirmed yet" in told(desk, "Ben")
    receipts.take(
        Notification.objects.get(recipient=ben).message_key, "delivered", provider_id="", code="", now=NOW
    )
    assert "Delivered 16:00 today Taken on not yet" in told(desk, "Ben")
    scenes.take_on(flag, ben)
    assert "Taken on" in told(desk, "Ben")
    assert "not yet" not in told(desk, "Ben")
    assert "Taken on not yet" in told(desk, "Dora")


def test_an_open_page_reads_who_was_told_anew_where_that_has_changed_and_only_there(
    desk: Client, flag: Alert, ben: User, both: Provider, set_clock: SetClock
):
    by_text(ben)
    scenes.planned(flag)
    state = f"/alerts/{flag.uuid}/state"
    drawn = re.search(r'data-tag="([^"]+)"', desk.get(f"/alerts/{flag.uuid}").content.decode())
    assert drawn
    known = {"If-None-Match": f'"{drawn[1]}"'}
    assert desk.get(state, headers=known).status_code == 304

    set_clock(30.1)  # the state waits longer by now; nothing else was told
    page = desk.get(state, headers=known).content.decode()
    assert 'id="state"' in page
    assert 'id="told"' not in page

    send()
    page = desk.get(state, headers=known).content.decode()
    assert '<div id="told" hx-swap-oob="true">' in page
    assert "not confirmed yet" in page


def test_a_mail_server_does_not_say_whether_a_mail_arrived(desk: Client, flag: Alert, both: Provider):
    scenes.planned(flag)
    send()

    assert "e-mail that they sign in with" in told(desk, "Ben")
    assert "Delivered mail servers do not say" in told(desk, "Ben")


def test_a_webhook_that_took_it_has_it(desk: Client, flag: Alert, ben: User, both: Provider):
    scenes.told_at(ben, both.web.url("/ben?token=secret"))
    scenes.planned(flag)
    send()

    row = told(desk, "Ben")
    assert "webhook, 127.0.0.1" in row
    assert "Delivered 16:00 today" in row
    assert "secret" not in row


def test_what_is_in_trouble_says_so_and_how_often_it_was_tried(
    desk: Client, flag: Alert, ben: User, both: Provider
):
    by_text(ben)
    both.sms.answers[BEN] = Answer(503)
    scenes.planned(flag)
    send()
    assert "Sent tried once (http-503)" in told(desk, "Ben")


def test_what_cannot_be_sent_or_never_arrived_stands_out_and_where_it_went_instead(
    desk: Client, flag: Alert, ben: User, both: Provider
):
    by_text(ben)
    scenes.planned(flag)
    send()
    key = Notification.objects.get(channel="sms").message_key
    receipts.take(key, "undelivered", provider_id="", code="sms-30003", now=NOW)
    send()

    page = desk.get(f"/alerts/{flag.uuid}").content.decode()
    assert "Could not be sent (sms-30003)" in page
    assert Notification.objects.filter(recipient=ben, contact=None, status="sent").exists()
    assert page.count("e-mail that they sign in with") == 2


def test_what_was_not_needed_any_more_says_so(desk: Client, flag: Alert, ben: User, both: Provider):
    scenes.planned(flag)
    scenes.take_on(flag, ben)
    send()

    assert "No longer needed when its turn came" in told(desk, "Dora")


def test_many_messages_are_one_statement_and_folded(desk: Client, flag: Alert):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.get(f"/alerts/{flag.uuid}")
        return len(queries)

    scenes.planned(flag)
    few = statements()
    for n in range(40):
        scenes.planned(flag, step=f"repeat-{n}")
    assert statements() == few
    page = desk.get(f"/alerts/{flag.uuid}").content.decode()
    assert "52 earlier, and more before them" in page
    assert "because it was reported again" in page
