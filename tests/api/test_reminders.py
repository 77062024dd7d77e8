"""Preferences, reminders and receipts, by the phone's API. The patient is reminded at ten, which is hour 24."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from recovery import reminders
from recovery.models import Episode, PhoneSign, Preferences, Reminder
from tests import factories
from tests.api.conftest import SetClock
from tests.api.phones import CHECK_INS, ME, Phone, check_in
from tests.factories import at

PREFERENCES = "/api/v1/me/preferences"
REMINDERS = "/api/v1/me/reminders"
FORM = "/api/v1/me/form"

CHOSEN: dict[str, Any] = {
    "channel": "sms",
    "address": "+44 7700 900123",
    "remind_at": "09:30",
    "repeats": 0,
    "quiet_from": "20:00",
    "quiet_until": "08:30",
}


@pytest.fixture
def due(ana: Phone, set_clock: SetClock) -> Reminder:
    """It is soon after the reminder of the first day."""
    reminders.send_due(limit=10, now=at(24))
    set_clock(24.5)
    return Reminder.objects.get(slot="S1", episode=ana.device.episode)


def complaints(answered: Any) -> list[tuple[str, str]]:
    assert answered.status_code == 422, answered.content
    return [(error["place"], error["code"]) for error in answered.json()["errors"]]


def test_whoever_said_nothing_is_reminded_in_the_app_at_ten(ana: Phone) -> None:
    assert ana.get(PREFERENCES).json() == {
        "channel": "app",
        "address_hint": "",
        "remind_at": "10:00",
        "repeats": 1,
        "quiet_from": "21:00",
        "quiet_until": "08:00",
        "time_zone": "Europe/London",
        "next_reminder_at": "2026-03-02T13:00:00Z",
    }


def test_the_patient_chooses_and_reads_the_address_only_as_a_hint(ana: Phone) -> None:
    answered = ana.put(PREFERENCES, CHOSEN)

    assert answered.status_code == 200
    assert answered.json() == ana.get(PREFERENCES).json()
    assert (
        answered.json() | {"address_hint": "...123", "next_reminder_at": "2026-03-03T09:30:00Z"}
        == answered.json()
    )
    assert "7700" not in answered.content.decode()
    assert "7700" not in Preferences.objects.get().sealed_address


def test_put_twice_it_is_put_once(ana: Phone, episode: Episode) -> None:
    first, again = ana.put(PREFERENCES, CHOSEN), ana.put(PREFERENCES, CHOSEN)

    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert episode.events.filter(what=reminders.CHANGED).count() == 1


def test_without_an_address_the_one_that_is_known_stays(ana: Phone) -> None:
    ana.put(PREFERENCES, CHOSEN)
    answered = ana.put(PREFERENCES, CHOSEN | {"address": None, "remind_at": "11:00"})

    assert (answered.json()["address_hint"], answered.json()["remind_at"]) == ("...123", "11:00")


def test_an_address_of_another_channel_does_not(ana: Phone) -> None:
    ana.put(PREFERENCES, CHOSEN)

    assert complaints(ana.put(PREFERENCES, CHOSEN | {"channel": "email", "address": None})) == [
        ("address", "not_an_address")
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"channel": "pigeon"}, [("channel", "unknown_code")]),
        ({"address": "0770"}, [("address", "not_an_address")]),
        ({"channel": "email", "address": "Ana"}, [("address", "not_an_address")]),
        ({"remind_at": "9:30"}, [("remind_at", "not_a_time")]),
        ({"remind_at": "24:00"}, [("remind_at", "not_a_time")]),
        ({"remind_at": 930}, [("remind_at", "not_a_time")]),
        ({"remind_at": "23:00"}, [("remind_at", "quiet_time")]),
        ({"repeats": 3}, [("repeats", "out_of_range")]),
        ({"repeats": "1"}, [("repeats", "wrong_type")]),
        ({"quiet_hours": False}, [("quiet_hours", "unknown_field")]),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_changed(
    ana: Phone, changed: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    before = ana.get(PREFERENCES).json()

    assert complaints(ana.put(PREFERENCES, CHOSEN | changed)) == expected
    assert ana.get(PREFERENCES).json() == before


def test_one_enrolled_before_there_were_reminders_has_none_until_they_choose(
    db: None, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recovery.enrolment.begin.begin_reminders", lambda *_, **__: None)
    ana = Phone(factories.phone(factories.episode())[1], Client())

    before = ana.get(PREFERENCES).json()
    assert (before["channel"], before["next_reminder_at"]) == ("none", None)
    assert ana.put(PREFERENCES, CHOSEN).json()["next_reminder_at"] == "2026-03-03T09:30:00Z"
    assert reminders.send_due(limit=10, now=at(23.5)) == 1


def test_an_app_asks_for_what_is_due(ana: Phone, due: Reminder) -> None:
    (shown,) = ana.get(REMINDERS).json()["reminders"]

    assert shown == {
        "id": str(due.uuid),
        "slot": "S1",
        "due_at": "2026-03-03T10:00:00Z",
        "expires_at": "2026-03-03T22:00:00Z",
        "text": "It is time for today's questions. They take about three minutes.",
        "shown_at": None,
        "opened_at": None,
    }
    due.refresh_from_db()
    assert due.fetched_at == at(24.5)


def test_nothing_is_due_any_more_once_the_check_in_is_sent(ana: Phone, due: Reminder) -> None:
    assert ana.post(CHECK_INS, check_in(24.4)).status_code == 201

    assert ana.get(REMINDERS).json() == {"reminders": []}


def test_nor_when_the_slot_has_closed(ana: Phone, due: Reminder, set_clock: SetClock) -> None:
    set_clock(36)

    assert ana.get(REMINDERS).json() == {"reminders": []}


def test_a_receipt_is_stored_once_and_its_first_time_stands(ana: Phone, due: Reminder) -> None:
    path = f"{REMINDERS}/{due.uuid}"
    first = ana.put(path, {"shown_at": at(24.1).isoformat()})
    again = ana.put(path, {"shown_at": at(24.1).isoformat()})
    later = ana.put(path, {"shown_at": at(24.3).isoformat(), "opened_at": at(24.4).isoformat()})

    assert [answered.status_code for answered in (first, again, later)] == [200] * 3
    assert first.content == again.content
    due.refresh_from_db()
    assert (due.shown_at, due.opened_at) == (at(24.1), at(24.4))
    assert later.json()["shown_at"] == "2026-03-03T10:06:00Z"


def test_a_phone_whose_clock_runs_ahead_tells_nothing_of_the_future(ana: Phone, due: Reminder) -> None:
    ana.put(f"{REMINDERS}/{due.uuid}", {"shown_at": at(90).isoformat()})
    ana.put(FORM, {"opened_at": at(90).isoformat()})

    due.refresh_from_db()
    assert due.shown_at == at(24.5)
    assert PhoneSign.objects.get().form_opened_at == at(24.5)


def test_the_reminder_of_somebody_else_is_not_there(eve: Phone, due: Reminder) -> None:
    foreign = eve.put(f"{REMINDERS}/{due.uuid}", {"shown_at": at(24.1).isoformat()})
    none = eve.put(f"{REMINDERS}/{uuid4()}", {"shown_at": at(24.1).isoformat()})

    assert (foreign.status_code, none.status_code) == (404, 404)
    assert str(due.uuid) not in eve.get(REMINDERS).content.decode()
    due.refresh_from_db()
    assert due.shown_at is None


def test_that_the_form_was_opened_is_noted_by_its_latest_time(ana: Phone, set_clock: SetClock) -> None:
    for hours in (20, 19, 20):
        assert ana.put(FORM, {"opened_at": at(hours).isoformat()}).status_code == 200

    assert PhoneSign.objects.get().form_opened_at == at(20)


def test_a_phone_that_asks_is_heard_from_no_more_often_than_each_five_minutes(
    ana: Phone, set_clock: SetClock
) -> None:
    heard = []
    for hours in (20, 20.05, 20.2):
        set_clock(hours)
        ana.get(ME)
        heard.append(PhoneSign.objects.get().heard_at)

    assert heard == [at(20), at(20), at(20.2)]
