"""What the team decides of a patient's phones: a new code, and signing one out."""

import pytest

from recovery import access, checkins, devices, enrolment, episodes
from recovery.models import AuditEvent, DeviceToken, EnrolmentCode, Episode, EpisodeEvent, User
from tests import factories
from tests.factories import at, submission
from tests.waiting import behind

pytestmark = pytest.mark.django_db


@pytest.fixture
def episode() -> Episode:
    return factories.episode()


@pytest.fixture
def ben(episode: Episode) -> User:
    return factories.member(episode.team, "Ben Okafor")


@pytest.fixture
def cleo() -> User:
    return factories.member(factories.team(factories.clinic("Harbour Clinic")), "Cleo Marsh")


def redeem(code: str, hours: float) -> DeviceToken:
    return enrolment.redeem(code=code, device_name="Ana's phone", platform="web", now=at(hours))[0]


def sign_out(
    device: DeviceToken, by: User, hours: float = 30, reason: str = "Lost on the bus."
) -> DeviceToken:
    return devices.revoke(
        episode_id=device.episode.uuid, device_id=device.uuid, reason=reason, by=by, now=at(hours)
    )


def test_a_new_code_puts_an_end_to_the_one_nobody_used(episode: Episode, ben: User) -> None:
    lost = devices.renew_code(episode_id=episode.uuid, by=ben, now=at(1))
    code = devices.renew_code(episode_id=episode.uuid, by=ben, now=at(2))

    with pytest.raises(enrolment.CodeExpired):
        redeem(lost, 3)
    assert redeem(code, 3).episode == episode
    assert [event.what for event in EpisodeEvent.objects.order_by("id")] == ["issued code", "issued code"]
    assert AuditEvent.objects.filter(what="issued enrolment code", user=ben).count() == 2


def test_a_code_renewed_in_the_same_moment_is_worth_nothing_either(episode: Episode, ben: User) -> None:
    lost = devices.renew_code(episode_id=episode.uuid, by=ben, now=at(1))
    devices.renew_code(episode_id=episode.uuid, by=ben, now=at(1))

    with pytest.raises(enrolment.CodeExpired):
        redeem(lost, 1.001)


def test_a_phone_that_joined_before_still_reports_after_a_new_code(episode: Episode, ben: User) -> None:
    device, token = factories.phone(episode)
    devices.renew_code(episode_id=episode.uuid, by=ben, now=at(1))

    assert factories.phone_with(token) == device
    assert EnrolmentCode.objects.exclude(redeemed_at=None).count() == 1


def test_a_recovery_that_has_ended_takes_no_phone(episode: Episode, ben: User) -> None:
    episodes.end(episode_id=episode.uuid, reason="Moved away.", by=ben, now=at(5))

    with pytest.raises(devices.DeviceRefused, match="has ended"):
        devices.renew_code(episode_id=episode.uuid, by=ben, now=at(6))


def test_a_phone_that_is_signed_out_reports_no_more_and_what_it_sent_stays(
    episode: Episode, ben: User
) -> None:
    device, token = factories.phone(episode)
    checkins.submit(device=device, submission=submission(20), now=at(20))

    sign_out(device, ben)

    assert factories.phone_with(token) is None
    assert access.signed_out_phone(token) is not None
    assert episode.check_ins.count() == 1
    event = EpisodeEvent.objects.get()
    assert (event.what, event.by, event.reason) == ("signed out phone", ben, "Lost on the bus.")
    assert AuditEvent.objects.filter(what="revoked phone", user=ben, subject_id=device.uuid).count() == 1


def test_of_two_who_sign_it_out_the_second_is_told_who_was_first(episode: Episode, ben: User) -> None:
    dora = factories.member(episode.team, "Dora Klein", "doctor")
    device, _ = factories.phone(episode)
    sign_out(device, dora, 30)

    with pytest.raises(devices.DeviceRefused, match="Dora Klein signed this phone out at 16:00 on 3 March"):
        sign_out(device, ben, 31)
    sign_out(device, dora, 32)
    assert EpisodeEvent.objects.count() == 1


def test_what_was_signed_off_on_the_phone_itself_is_told_as_such(episode: Episode, ben: User) -> None:
    device, _ = factories.phone(episode)
    enrolment.sign_off(device=device, now=at(30))

    with pytest.raises(devices.DeviceRefused, match="with the phone in hand"):
        sign_out(device, ben, 31)


@pytest.mark.parametrize(("reason", "why"), [(" ", "few words"), ("x" * 4001, "4,000 letters")])
def test_signing_out_needs_a_reason(episode: Episode, ben: User, reason: str, why: str) -> None:
    device, token = factories.phone(episode)

    with pytest.raises(Exception, match=why):
        sign_out(device, ben, reason=reason)
    assert factories.phone_with(token) is not None


def test_strangers_find_neither_patient_nor_phone(episode: Episode, ben: User, cleo: User) -> None:
    device, token = factories.phone(episode)
    other, _ = factories.phone(factories.episode(episode.team, name="Ida Moreau"))

    with pytest.raises(Episode.DoesNotExist):
        devices.renew_code(episode_id=episode.uuid, by=cleo, now=at(1))
    with pytest.raises(Episode.DoesNotExist):
        sign_out(device, cleo)
    with pytest.raises(DeviceToken.DoesNotExist):
        devices.revoke(episode_id=episode.uuid, device_id=other.uuid, reason="Lost.", by=ben, now=at(2))
    assert factories.phone_with(token) is not None


@pytest.mark.django_db(transaction=True)
def test_of_two_codes_made_at_once_one_works(episode: Episode, ben: User) -> None:
    """Whoever comes second sees the first one's code, though both began at once."""

    made: list[str] = []
    code = behind(
        lambda: made.append(devices.renew_code(episode_id=episode.uuid, by=ben, now=at(1))),
        lambda: devices.renew_code(episode_id=episode.uuid, by=ben, now=at(1.1)),
    )
    [first] = made

    with pytest.raises(enrolment.CodeExpired):
        redeem(first, 2)
    assert redeem(code, 2).episode == episode
