from typing import Any

import pytest
from django.test import Client

from recovery import assessments, silence
from recovery.models import Assessment, AuditEvent, CheckIn, DeviceToken, Episode
from tests import factories
from tests.api.conftest import SetClock
from tests.api.phones import CHECK_INS, DEVICE, ME, Phone, check_in
from tests.factories import at, without_ids


def test_a_patient_sees_where_they_are_and_what_is_normal_now(ana: Phone, episode: Episode) -> None:
    me = ana.get(ME).json()

    assert me["patient"] == {"first_name": "Ana"}
    assert me["episode"]["id"] == str(episode.uuid)
    assert me["episode"]["protocol"] == "vk-default/1"
    assert (me["hours"], me["day"]) == (20.0, 1)
    assert (me["phase"]["id"], me["phase"]["name"]) == ("phase-1", "First day")
    assert me["phase"]["expect"]
    assert "driv" in me["phase"]["advice"].lower()


def test_the_numbers_to_call_are_the_clinics(ana: Phone) -> None:
    me = ana.get(ME).json()

    assert me["numbers"] == {
        "team_phone": "020 7946 0101",
        "urgent_line": "020 7946 0102",
        "emergency_number": "999",
        "crisis_line": "116 123",
    }
    assert "The number is 020 7946 0101." in me["red_flag_card"]["text"]
    assert me["footer"] == "This app is not watched all the time. In an emergency call 999."


def test_no_second_identifier_leaves_for_the_phone(ana: Phone) -> None:
    text = without_ids(ana.get(ME).content.decode())

    assert "Whitfield" not in text
    assert "1950" not in text
    assert not any(f'"{key}"' in text for key in ("pk", "clinic", "born_on", "hospital_number"))


@pytest.mark.parametrize(
    ("hours", "slot", "open_now"),
    [(1.99, "S0", False), (2, "S0", True), (11.99, "S0", True), (12, "S1", True), (190, "S10", False)],
)
def test_the_next_slot_is_the_open_one_or_the_next_to_open(
    ana: Phone, set_clock: SetClock, hours: float, slot: str, open_now: bool
) -> None:
    set_clock(hours)

    shown = ana.get(ME).json()["next_slot"]

    assert (shown["id"], shown["open_now"]) == (slot, open_now)


def test_once_a_completed_check_in_fills_a_slot_the_one_after_it_is_next(
    ana: Phone, set_clock: SetClock
) -> None:
    ana.post(CHECK_INS, check_in(19) | {"status": "in-progress"})
    before = ana.get(ME).json()
    ana.post(CHECK_INS, check_in(20))
    after = ana.get(ME).json()
    set_clock(36)
    later = ana.get(ME).json()

    assert [(me["next_slot"]["id"], me["next_slot"]["open_now"], me["done_for_now"])
            for me in (before, after, later)] == [
        ("S1", True, False),
        ("S2", False, True),
        ("S2", True, False),
    ]  # fmt: skip


def test_after_the_last_check_in_nothing_is_due(ana: Phone, set_clock: SetClock) -> None:
    set_clock(2000)
    ana.post(CHECK_INS, check_in(2000))

    me = ana.get(ME).json()

    assert (me["next_slot"], me["done_for_now"]) == (None, True)


def test_after_the_last_slot_nothing_is_due(ana: Phone, set_clock: SetClock) -> None:
    set_clock(2040)

    assert ana.get(ME).json()["next_slot"] is None


def test_the_day_is_the_patients_own_and_the_hours_are_between_instants(
    db: None, set_clock: SetClock
) -> None:
    """In Auckland the procedure at 10:00 UTC was at 23:00; two hours later it is the next day."""
    auckland = factories.episode(time_zone="Pacific/Auckland")
    phone = Phone(factories.phone(auckland)[1], Client())
    set_clock(2)

    me = phone.get(ME).json()

    assert (me["hours"], me["day"]) == (2.0, 1)


def missed(phone: Phone) -> list[str]:
    return [line["rule"] for line in phone.get(ME).json()["missed"]]


def test_a_missed_check_in_is_shown_until_one_arrives(ana: Phone, set_clock: SetClock) -> None:
    ana.post(CHECK_INS, check_in(20))
    set_clock(62)
    assert missed(ana) == []

    silence.judge_due(limit=10, now=at(62))
    assert missed(ana) == ["MISSED-1"]

    set_clock(63)
    ana.post(CHECK_INS, check_in(63) | {"status": "in-progress"})
    assert missed(ana) == ["MISSED-1"]  # a half-finished one fills no slot
    ana.post(CHECK_INS, check_in(63))
    assert missed(ana) == []


def test_who_never_started_is_offered_help(ana: Phone, set_clock: SetClock) -> None:
    set_clock(36)
    silence.judge_due(limit=10, now=at(36))

    assert ana.get(ME).json()["missed"] == [
        {"rule": "NEVER-STARTED", "text": "We have not had your first check-in. Can we help you get started?"}
    ]


def test_of_a_silence_that_could_not_be_judged_the_patient_is_told_nothing(
    ana: Phone, episode: Episode, set_clock: SetClock
) -> None:
    Assessment.objects.create(
        clinic_id=episode.clinic_id,
        episode=episode,
        silent_slot=silence.NOT_JUDGED,
        judged_at=at(20),
        **assessments.columns(None, episode=episode, at=at(12)),
    )

    assert missed(ana) == []


def test_a_phone_signs_itself_off_and_no_other(ana: Phone, episode: Episode) -> None:
    other = Phone(factories.phone(episode)[1], Client())

    assert ana.delete(DEVICE).status_code == 204

    assert [ana.get(ME).json()["code"], ana.delete(DEVICE).json()["code"]] == ["device_revoked"] * 2
    assert other.get(ME).status_code == 200
    event = AuditEvent.objects.get(what="signed off")
    assert (event.device, event.user) == (DeviceToken.objects.get(revoked_at__isnull=False), None)


def test_what_was_reported_before_signing_off_stays(ana: Phone) -> None:
    ana.post(CHECK_INS, check_in(20, bleeding="oozing"))
    ana.delete(DEVICE)

    assert CheckIn.objects.get().answers["bleeding"] == "oozing"
    assert Assessment.objects.get().flagged_at is None, "it is still owed to the team"


def test_the_number_of_statements_does_not_grow(
    ana: Phone, set_clock: SetClock, django_assert_max_num_queries: Any
) -> None:
    set_clock(400)
    for hours in range(20):
        ana.post(CHECK_INS, check_in(10 + hours))
    silence.judge_due(limit=10, now=at(400))

    with django_assert_max_num_queries(6):  # that it was heard from, and what it was shown, is written down
        ana.get(ME)
