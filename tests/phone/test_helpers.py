"""Ana lets her son Tom help: on her phone she says how far, on his he answers under his own name."""

import re

import pytest

from recovery.models import Caregiver, DeviceToken, Episode, Quarantine
from tests import factories
from tests.phone.conftest import TakePhone, code_for
from tests.phone.pocket import Pocket, only_one
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOM = "Tom Whitfield"
HOME = re.compile("^Day [01] after Ana's procedure$")


def at_helpers(phone: Pocket) -> None:
    phone.tap_link("Who helps me, and my phones")
    phone.at("Who helps me")


def let_help(ana: Pocket, *, scope: str = "Only send check-ins") -> str:
    """The code that Ana reads out to Tom."""
    at_helpers(ana)
    ana.tap("Let somebody help me")
    ana.at("Let somebody help me")
    ana.page.get_by_label("Their name").fill(TOM)
    ana.page.get_by_label("Who are they to you?").fill("my son")
    ana.page.get_by_label(scope).check()
    ana.tap("Yes, I agree")
    ana.at(f"A code for {TOM}")
    return ana.page.locator(".given.code").inner_text()


def sign_on(phone: Pocket, code: str) -> None:
    phone.page.goto("/phone")
    phone.page.get_by_label("Your code").fill(code)
    phone.tap("Start")
    phone.sees("You help")
    phone.tap(f"Yes, I am {TOM}")
    phone.at(HOME)


def begin(phone: Pocket) -> None:
    phone.tap("Check in now")
    phone.at("You answer for Ana")
    phone.tap("Start")
    phone.at("Moving and feeling")


@pytest.mark.hazard("HZ5.2")
def test_a_patient_lets_somebody_help_who_then_answers_by_name(
    ana: Pocket, take_phone: TakePhone, episode: Episode
) -> None:
    ana.sees("Nobody else may answer for you on a phone of their own.")
    code = let_help(ana)
    ana.examine("helper-code")
    tom = take_phone()
    sign_on(tom, code)

    begin(tom)
    tom.sees("You answer for Ana.")
    tom.tell("cannot_move", "No")
    tom.page.goto("/phone")
    tom.tap("Go on with it")
    tom.page.evaluate("location.hash = '#/review'")
    tom.tap("Send to my care team")

    wait_until(lambda: episode.check_ins.exists(), why="nothing came")
    row = only_one(episode)
    assert row.caregiver is not None
    assert (row.answered_by, row.caregiver.name) == ("carer", TOM)


def test_every_screen_is_without_barriers(ana: Pocket, take_phone: TakePhone) -> None:
    at_helpers(ana)
    ana.examine("helpers-none")
    ana.tap("Let somebody help me")
    ana.examine("helper-new")
    ana.page.goto("/phone")
    code = let_help(ana, scope="Send check-ins, and read mine")
    tom = take_phone()
    tom.page.goto("/phone")
    tom.page.get_by_label("Your code").fill(code)
    tom.tap("Start")
    tom.sees(f"Yes, I am {TOM}")
    tom.examine("helper-is-this-you")
    tom.tap(f"Yes, I am {TOM}")
    tom.at(HOME)
    tom.examine("helper-home")
    tom.tap("Check in now")
    tom.examine("helper-who")
    tom.page.goto("/phone#/helpers")
    tom.sees("My phones")
    tom.examine("helper-own")
    ana.tap("Done")
    ana.sees("May send check-ins, and read yours.")
    ana.examine("helpers-one")


def test_what_is_agreed_to_is_shown_with_the_name(ana: Pocket) -> None:
    at_helpers(ana)
    ana.tap("Let somebody help me")
    ana.page.get_by_label("Their name").fill(TOM)

    ana.sees(f"{TOM} sees what they sent and what they were told to do.")
    ana.page.get_by_label("Send check-ins, and read mine").check()
    ana.sees(f"{TOM} may also read my check-ins, what I was told to do, and what my care team did about it.")


def test_without_a_name_nobody_helps_and_it_says_what_to_do(ana: Pocket) -> None:
    at_helpers(ana)
    ana.tap("Let somebody help me")
    ana.tap("Yes, I agree")

    ana.sees(re.compile("at least 1 character|Write"))
    assert not Caregiver.objects.exists()


def test_a_scope_is_widened_and_a_helper_is_stopped_with_the_keyboard(
    ana: Pocket, take_phone: TakePhone
) -> None:
    tom = take_phone()
    sign_on(tom, let_help(ana))
    tom.sees("Ana has not agreed that you see others.")
    ana.tap("Done")

    ana.page.get_by_role("button", name=f"Let {TOM} read my check-ins").focus()
    ana.page.keyboard.press("Enter")
    ana.page.keyboard.press("Tab")
    ana.page.keyboard.press("Enter")
    ana.sees("May send check-ins, and read yours.")
    tom.page.reload()
    tom.sees("Ana lets you read all check-ins, and what the care team did.")
    ana.tap(f"Stop {TOM} helping")
    ana.tap(f"Yes, stop {TOM}")
    ana.sees("Nobody helps you now.")

    tom.page.reload()
    tom.sees("This phone is signed out.")
    assert Caregiver.objects.get().revoked_on == "patient"


@pytest.mark.hazard("HZ5.3")
def test_y17_what_a_helper_had_not_sent_is_handed_in_when_they_were_stopped(
    ana: Pocket, take_phone: TakePhone, episode: Episode
) -> None:
    tom = take_phone()
    sign_on(tom, let_help(ana))
    begin(tom)
    tom.tell("cannot_move", "No")
    tom.page.goto("/phone")
    tom.tap("Go on with it")
    tom.lose_network()
    tom.page.evaluate("location.hash = '#/review'")
    tom.tap("Send to my care team")
    ana.tap("Done")
    ana.tap(f"Stop {TOM} helping")
    ana.tap(f"Yes, stop {TOM}")
    ana.sees("Nobody helps you now.")

    tom.find_network()

    wait_until(lambda: Quarantine.objects.exists(), why="nothing was handed in")
    kept = Quarantine.objects.select_related("device__caregiver").get()
    assert kept.device.caregiver is not None
    assert (kept.code, kept.device.caregiver.name) == ("device_revoked", TOM)
    assert not episode.check_ins.exists()


def test_a_helper_may_stop(ana: Pocket, take_phone: TakePhone) -> None:
    tom = take_phone()
    sign_on(tom, let_help(ana))

    tom.tap_link("My phones, or stop helping")
    tom.at("You help Ana")
    tom.tap("Stop helping")
    tom.tap("Yes, stop")

    tom.at("Welcome")
    assert Caregiver.objects.get().revoked_on == "caregiver"


def test_a_phone_that_was_lost_is_signed_out_from_another(
    ana: Pocket, take_phone: TakePhone, episode: Episode
) -> None:
    tablet = take_phone()
    tablet.sign_on(code_for(episode))

    at_helpers(ana)
    ana.sees("This phone in your hand")
    ana.page.get_by_role("button", name="Sign this phone out").click()
    ana.tap("Yes, sign it out")

    wait_until(lambda: DeviceToken.objects.exclude(revoked_at=None).count() == 1, why="it is not signed out")
    tablet.page.reload()
    tablet.sees("This phone is signed out.")


def test_help_at_the_patients_phone_is_told_as_before(ana: Pocket, episode: Episode) -> None:
    factories.caregiver(episode)
    ana.tap("Check in now")

    ana.at("Who is answering?")
    ana.sees("I help Ana answer")
