"""A provider that is down, or hangs, holds up no other (F31 to F33)."""

import threading
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from recovery import breaker
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Notification, User
from recovery.notifications import delivery, lines
from recovery.notifications.lines import Lines
from recovery.notifications.senders import Senders
from services import ports
from tests.notifications import scenes
from tests.notifications.scenes import told_at, told_by_mail
from tests.provider import Answer, Fate, Provider
from tests.waiting import wait_until


def deliver_due(**options: Any) -> int:
    return delivery.deliver_due(limit=20, road="watch", now=scenes.NOW, **options)


def nobody_there() -> str:
    return f"http://{ports.HOST}:{ports.free()}/"


def by_line() -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for line, status in Notification.objects.values_list("line", "status"):
        told.setdefault(line, set()).add(status)
    return told


@pytest.mark.django_db
def test_a_provider_that_is_down_ends_the_turn_of_its_own_line_alone(both: Provider):
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh", "Eve Lund"))
    ben, dee, _ = User.objects.order_by("pk")
    dead = nobody_there()
    told_at(ben, dead)
    told_at(ben, f"{dead}again")
    told_at(dee, both.web.url("/dee"))
    scenes.planned(alert)

    assert deliver_due() == 3
    assert sorted(Notification.objects.values_list("status", "attempts")) == [
        ("sent", 1), ("sent", 1), ("waiting", 0), ("waiting", 1),
    ]  # fmt: skip
    assert len(both.web.requests) == len(both.mail.mails) == 1


@pytest.mark.django_db
def test_a_mail_server_that_is_down_does_not_hold_up_webhooks(both: Provider):
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    told_at(User.objects.get(name="Dee Marsh"), both.web.url())
    scenes.planned(alert)
    both.mail.stop()
    deliver_due()

    assert len(both.web.requests) == 1
    assert by_line() == {"email": {"waiting"}, f"webhook {ports.HOST}:{both.web.port}": {"sent"}}


@pytest.mark.django_db
def test_a_line_that_failed_three_times_rests_and_is_then_tried_once(
    both: Provider, monkeypatch: pytest.MonkeyPatch
):
    now = 0.0
    monkeypatch.setattr(breaker, "time", SimpleNamespace(monotonic=lambda: now))
    told_at(_ben(), both.web.url())
    both.web.answers["/"] = Answer(503)
    for _ in range(5):
        scenes.planned(scenes.alert(_latest(), f"RULE-{Notification.objects.count()}", Tier.SAME_DAY))
    with closing(Lines()) as kept:
        for _ in range(5):
            deliver_due(lines=kept)
        assert len(both.web.requests) == 3

        both.web.answers.clear()
        now += lines.REST_S
        assert deliver_due(lines=kept) == 2
        assert len(both.web.requests) == 5
        assert kept.resting() == set()


@pytest.mark.django_db
def test_a_resting_line_keeps_what_a_nudge_names_for_later(both: Provider):
    told_at(_ben(), both.web.url())
    kept = Lines()
    for _ in range(lines.REST_AFTER):
        kept.went_down(f"webhook {ports.HOST}:{both.web.port}")
    (lead,) = scenes.planned(Alert.objects.get())

    assert not delivery.deliver(notification_id=lead, road="celery", now=scenes.NOW, lines=kept)
    assert Notification.objects.get().attempts == 0


@pytest.mark.django_db(transaction=True)
def test_while_a_webhook_hangs_the_senders_send_mails(both: Provider):
    alert = scenes.red_flag()
    ben = User.objects.get()
    told_at(ben, both.web.url())
    told_by_mail(ben, "ben@home.example")
    both.web.answers["/"] = Fate.HANG
    stopping = threading.Event()
    with Senders(now=lambda: scenes.NOW, stopping=stopping, every_s=0.05) as senders:
        scenes.planned(alert)
        wait_until(lambda: both.web.requests)
        for number in range(3):
            scenes.planned(scenes.alert(alert.latest_assessment, f"RULE-{number}", Tier.SAME_DAY))
        wait_until(lambda: len(both.mail.mails) == 4)
        assert not both.web.answer.is_set()
        assert len(both.web.requests) == 1
        stopping.set()
        both.web.answer.set()
    assert senders.tried() == 5


@pytest.mark.django_db(transaction=True)
def test_senders_end_after_the_message_they_are_at(both: Provider):
    both.mail.swallow = True
    stopping = threading.Event()
    with Senders(now=lambda: scenes.NOW, stopping=stopping, every_s=0.05):
        scenes.planned(scenes.red_flag(("Ben Okafor", "Dee Marsh", "Eve Lund")))
        wait_until(lambda: both.mail.mails)
        stopping.set()
        both.mail.answer.set()

    assert len(both.mail.mails) == 1
    assert sorted(scenes.statuses()) == ["sent", "waiting", "waiting"]


@pytest.mark.django_db(transaction=True)
def test_senders_survive_a_lost_connection_to_the_database(both: Provider):
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = user"
    ours += " AND datname = current_database()"
    with Senders(now=lambda: scenes.NOW, stopping=threading.Event(), every_s=0.05):
        alert = scenes.red_flag()
        wait_until(lambda: _connections() > 1)
        with connection.cursor() as cursor:
            cursor.execute(ours)
        scenes.planned(alert)
        wait_until(lambda: scenes.statuses() == ["sent"])
    assert len(both.mail.mails) == 1


def _connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def _ben() -> User:
    scenes.red_flag()
    return User.objects.get()


def _latest() -> Any:
    return Alert.objects.latest("pk").latest_assessment
