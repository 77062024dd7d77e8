from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from recovery import access, enrolment, episodes
from recovery.models import AuditEvent, DeviceToken, EnrolmentCode, Episode
from tests import factories
from tests.factories import T0, at

pytestmark = pytest.mark.django_db


def test_an_episode_starts_watched_until_its_first_slot_closes() -> None:
    episode = factories.episode()

    assert episode.status == Episode.Status.ACTIVE
    assert episode.next_due_at == at(12)


def test_when_only_the_date_is_known_time_zero_is_the_start_of_that_day_where_the_patient_is() -> None:
    episode = factories.episode(time_zone="Pacific/Auckland", time_estimated=True)  # 23:00 there

    assert episode.procedure_at == T0.replace(hour=0) - timedelta(hours=13)


def test_hours_are_counted_across_a_clock_change() -> None:
    """Clocks in London go forward on 29 March 2026: twelve hours after 18:00 it is 07:00 there."""
    evening = datetime(2026, 3, 28, 18, tzinfo=ZoneInfo("Europe/London"))

    assert factories.episode(procedure_at=evening).next_due_at == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert factories.episode(procedure_at=evening, time_estimated=True).next_due_at == datetime(
        2026, 3, 28, 12, tzinfo=UTC
    )


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "BST+1"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(enrolment.EnrolmentRefused, match="Europe/London"):
        factories.episode(time_zone=zone)


def test_a_second_episode_waits_until_the_first_has_ended() -> None:
    first = factories.episode()
    again = enrolment.NewPatient(
        name=first.patient.name, born_on=first.patient.born_on, hospital_number=first.patient.hospital_number
    )

    with pytest.raises(enrolment.EnrolmentRefused, match="still runs"):
        factories.episode(first.team, patient=again)


def test_who_comes_again_keeps_their_row_with_the_contacts_of_today() -> None:
    first = factories.episode()
    nurse = factories.member(first.team)
    episodes.end(episode_id=first.uuid, reason="Over.", by=nurse, now=at(20))
    again = enrolment.NewPatient(
        name=first.patient.name,
        born_on=first.patient.born_on,
        hospital_number=first.patient.hospital_number.lower(),
        phone="020 7946 0999",
        call_first="caregiver",
        caregiver_phone="020 7946 0998",
    )

    second = factories.episode(first.team, patient=again, now=at(30), procedure_at=at(29))

    assert second.patient == first.patient
    assert (second.patient.phone, second.patient.call_first) == ("020 7946 0999", "caregiver")
    assert second.patient.caregiver_name == "Tom Whitfield"  # nobody said anything else


def test_nobody_can_have_agreed_later_than_now() -> None:
    with pytest.raises(enrolment.EnrolmentRefused, match="later than now"):
        factories.episode(consent_at=at(1))


@pytest.mark.parametrize(
    ("hours", "due", "excused"), [(11.9, 12, False), (12, 36, True), (90, 108, True), (3000, 3000, True)]
)
def test_check_ins_whose_time_was_over_before_are_not_expected(
    hours: float, due: float, excused: bool
) -> None:
    episode = factories.episode(now=at(hours))

    assert episode.next_due_at == at(due)
    assert [(pause.from_at, pause.until_at) for pause in episode.pauses.all()] == (
        [(T0, at(hours))] if excused else []
    )


@pytest.mark.hazard("HZ4.3")
def test_a_hospital_number_with_another_birthday_is_somebody_elses() -> None:
    first = factories.episode()
    other = enrolment.NewPatient(
        name="Eva Lind", born_on=T0.date(), hospital_number=first.patient.hospital_number
    )

    with pytest.raises(enrolment.EnrolmentRefused, match="date of birth"):
        factories.episode(first.team, patient=other)


def test_a_code_is_redeemed_for_a_token_of_which_only_the_hash_is_kept() -> None:
    episode = factories.episode()
    code = enrolment.issue_code(episode=episode, now=T0)

    device, token = enrolment.redeem(code=code, device_name="Ana's phone", platform="web", now=at(1))

    assert factories.phone_with(token) == device
    assert token not in str(DeviceToken.objects.filter(pk=device.pk).values())
    assert AuditEvent.objects.filter(what="redeemed enrolment code", device=device).count() == 1


def test_a_code_forgives_how_it_is_typed() -> None:
    code = enrolment.issue_code(episode=factories.episode(), now=T0)
    typed = code.lower().replace("-", " ").replace("1", "l").replace("0", "o")

    assert enrolment.redeem(code=typed, device_name="phone", platform="web", now=T0)


@pytest.mark.hazard("HZ4.2")
def test_a_code_works_once() -> None:
    code = enrolment.issue_code(episode=factories.episode(), now=T0)
    enrolment.redeem(code=code, device_name="phone", platform="web", now=T0)

    with pytest.raises(enrolment.CodeExpired):
        enrolment.redeem(code=code, device_name="another", platform="web", now=T0)


@pytest.mark.parametrize(("hours", "good"), [(71.99, True), (72, False)])
def test_a_code_lives_for_72_hours(hours: float, good: bool) -> None:
    code = enrolment.issue_code(episode=factories.episode(), now=T0)

    if good:
        enrolment.redeem(code=code, device_name="phone", platform="web", now=at(hours))
    else:
        with pytest.raises(enrolment.CodeExpired):
            enrolment.redeem(code=code, device_name="phone", platform="web", now=at(hours))


def _mistyped(code: str) -> str:
    return code[:-1] + ("A" if code[-1] != "A" else "B")


def test_five_wrong_tries_lock_a_code_for_good() -> None:
    code = enrolment.issue_code(episode=factories.episode(), now=T0)
    for _ in range(5):
        with pytest.raises(enrolment.CodeInvalid):
            enrolment.redeem(code=_mistyped(code), device_name="phone", platform="web", now=T0)

    with pytest.raises(enrolment.CodeLocked):
        enrolment.redeem(code=_mistyped(code), device_name="phone", platform="web", now=T0)
    with pytest.raises(enrolment.CodeLocked):
        enrolment.redeem(code=code, device_name="phone", platform="web", now=T0)


def test_wrong_tries_on_a_redeemed_code_change_nothing() -> None:
    code = enrolment.issue_code(episode=factories.episode(), now=T0)
    enrolment.redeem(code=code, device_name="phone", platform="web", now=T0)

    for _ in range(7):
        with pytest.raises(enrolment.CodeInvalid):
            enrolment.redeem(code=_mistyped(code), device_name="phone", platform="web", now=T0)
    assert EnrolmentCode.objects.get().wrong_tries == 0


@pytest.mark.parametrize(
    "code", ["", "-", "ABCD", "ZZZZ-ZZZZ-ZZZZ", "\u0667\u0667\u0667\u0667-0000-0000", "x" * 500]
)
def test_an_unknown_code_is_refused_in_words(code: str) -> None:
    with pytest.raises(enrolment.CodeInvalid, match="ask your care team"):
        enrolment.redeem(code=code, device_name="phone", platform="web", now=T0)


def test_a_revoked_phone_is_a_stranger_at_once() -> None:
    device, token = factories.phone(factories.episode())

    enrolment.revoke(device=device, now=T0)

    assert factories.phone_with(token) is None
    assert access.signed_out_phone(token) is not None


@pytest.mark.django_db(transaction=True)
def test_twenty_phones_at_once_redeem_a_code_once() -> None:
    code = enrolment.issue_code(episode=factories.episode(), now=T0)

    def redeem(number: int) -> bool:
        try:
            enrolment.redeem(code=code, device_name=f"phone {number}", platform="web", now=T0)
            return True
        except enrolment.CodeExpired:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(redeem, range(20))) == [False] * 19 + [True]
    assert DeviceToken.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_cannot_pass_the_lock() -> None:
    code = enrolment.issue_code(episode=factories.episode(), now=T0)

    def guess(_: int) -> str:
        try:
            enrolment.redeem(code=_mistyped(code), device_name="phone", platform="web", now=T0)
        except (enrolment.CodeInvalid, enrolment.CodeLocked) as refusal:
            return refusal.code
        finally:
            connection.close()
        return "redeemed"

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(guess, range(30)))
    assert answers.count("code_invalid") == 5
    assert answers.count("code_locked") == 25
