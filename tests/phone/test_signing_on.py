"""A phone is signed on with a one-time code, and it is made sure whose it is."""

import pytest
from playwright.sync_api import expect

from recovery.models import CareTeam, DeviceToken, Episode
from tests.phone.conftest import TakePhone, code_for, enrolled
from tests.phone.pocket import Pocket
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_code_in_small_letters_with_blanks_signs_on(take_phone: TakePhone, episode: Episode) -> None:
    phone = take_phone()
    phone.page.goto("/phone")
    phone.page.get_by_label("Your code").fill(f" {code_for(episode).lower().replace('-', ' ')} ")
    phone.tap("Start")

    phone.at("Is this you?")  # HZ4: name and date before anything else
    phone.sees("Ana")
    phone.sees(f"Vertebroplasty on {episode.procedure_at.strftime('%A')}")
    phone.tap("Yes, this is Ana's recovery")
    phone.at_home()
    assert DeviceToken.objects.get(episode=episode).platform == "web"
    assert phone.kept("device")["device"]["token"]


def test_a_code_comes_with_the_address_and_leaves_it_at_once(take_phone: TakePhone, episode: Episode) -> None:
    phone = take_phone()
    code = code_for(episode)
    phone.page.goto(f"/phone#code={code}")

    phone.at("Welcome")
    assert phone.page.get_by_label("Your code").input_value() == code
    assert code not in phone.page.url
    assert code not in str(phone.page.evaluate("history.state"))
    phone.page.go_back()
    assert code not in phone.page.url


def test_a_wrong_code_is_told_what_to_do(take_phone: TakePhone, episode: Episode) -> None:
    phone = take_phone()
    phone.page.goto("/phone")
    phone.page.get_by_label("Your code").fill("7QK4-2M8C-PX3T")
    phone.tap("Start")

    phone.sees("ask your care team for a new code")
    assert phone.page.evaluate("document.activeElement.id") == "code"


def test_a_short_code_is_counted(take_phone: TakePhone, episode: Episode) -> None:
    phone = take_phone()
    phone.page.goto("/phone")
    phone.page.get_by_label("Your code").fill("7QK4-2M")
    phone.tap("Start")

    phone.sees("You typed 6.")


def sign_off(phone: Pocket) -> None:
    phone.page.get_by_role("link", name="This is not my phone, or sign off").click()
    phone.tap("Sign this phone off")


def is_revoked(episode: Episode) -> bool:
    return DeviceToken.objects.get(episode=episode).revoked_at is not None


def test_somebody_else_signs_the_phone_off_and_nothing_stays(ana: Pocket, episode: Episode) -> None:
    ana.tap("Check in now")
    ana.tap("This is not me")
    ana.tap("Sign this phone off")
    ana.tap("Yes, sign this phone off")

    ana.at("Welcome")
    assert ana.kept() == {}
    assert is_revoked(episode)


def test_signing_off_warns_of_what_is_not_sent(ana: Pocket) -> None:
    ana.lose_network()
    ana.say_all_is_well()
    ana.tap("Done")
    sign_off(ana)

    ana.sees("1 check-in on this phone was not sent.")
    ana.tap("Go back")
    ana.sees("Not sent yet")


def test_what_is_not_sent_can_be_sent_before_signing_off(ana: Pocket, episode: Episode) -> None:
    ana.page.route("**/api/v1/check-ins", lambda route: route.abort())
    ana.say_all_is_well()
    ana.tap("Done")
    sign_off(ana)
    ana.sees("1 check-in on this phone was not sent.")
    ana.page.unroute("**/api/v1/check-ins")
    ana.tap("Try to send now")

    expect(ana.page.get_by_text("1 check-in on this phone was not sent.")).to_be_hidden()
    ana.tap("Yes, sign this phone off")
    ana.at("Welcome")
    assert episode.check_ins.count() == 1
    assert is_revoked(episode)


def test_signing_off_warns_of_a_check_in_that_was_begun(ana: Pocket) -> None:
    ana.begin()
    ana.tap("None of these")
    ana.page.goto("/phone#/not-me")
    ana.tap("Sign this phone off")

    ana.sees("You have not finished a check-in.")


def test_a_phone_that_signed_off_without_a_network_tells_the_service_later(
    ana: Pocket, episode: Episode
) -> None:
    ana.lose_network()
    sign_off(ana)
    ana.tap("Yes, sign this phone off")
    ana.at("Welcome")
    ana.sees("Our system hears of it as soon as there is a network.")
    assert list(ana.kept()) == ["leaving"], "nothing of the patient"
    assert not is_revoked(episode)

    ana.find_network()
    wait_until(lambda: is_revoked(episode))
    wait_until(lambda: ana.kept() == {})


def test_signing_off_is_not_believed_of_somebody_elses_network(ana: Pocket, episode: Episode) -> None:
    """Some answer 204 to everything."""
    ana.page.route("**/api/v1/me/device", lambda route: route.fulfill(status=204))
    sign_off(ana)
    ana.tap("Yes, sign this phone off")
    ana.at("Welcome")
    assert list(ana.kept()) == ["leaving"]

    ana.page.unroute("**/api/v1/me/device")
    ana.page.reload()
    wait_until(lambda: is_revoked(episode))


@pytest.mark.hazard("HZ4.4")
def test_the_next_patient_sees_nothing_of_the_one_before(ana: Pocket, team: CareTeam) -> None:
    ana.begin()
    ana.tap("None of these")
    bo = enrolled(team, "Bo Ferreira")
    ana.page.goto(f"/phone#code={code_for(bo)}")
    ana.at("Type the new code")
    ana.tap("Start")
    ana.tap("Yes, this is Bo's recovery")

    ana.at_home()
    assert not ana.page.get_by_text("You have not finished").is_visible()
    assert ana.kept("draft") == {}
