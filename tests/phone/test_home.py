"""The home page: where the recovery stands, and what became of what was told."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from recovery import alerts, checkins, clock
from recovery.models import Alert, Assessment, CareTeam, DeviceToken, Episode
from tests import factories
from tests.phone.conftest import TakePhone
from tests.phone.pocket import Pocket
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def uncontrolled_pain(phone: Pocket) -> Alert:
    phone.begin()
    phone.page.goto("/phone#/part/3")
    phone.pick("pain_controlled", "No")
    phone.page.goto("/phone#/review")
    phone.tap("Send to my care team")
    phone.sees("Call your care team now on 020 7946 0101.")
    assert phone.page.locator("main a[href='tel:02079460101']").is_visible()
    phone.tap("Done")
    for assessment in Assessment.objects.filter(flagged_at=None):
        alerts.flag(assessment_id=assessment.pk, by="celery", now=clock.now())
    return Alert.objects.get(rule="PAIN-UNCONTROLLED")


def test_today_says_what_is_normal_and_whom_to_call(ana: Pocket) -> None:
    ana.sees("What is normal now")
    ana.sees("Hour 20")
    ana.sees("Your check-in is due.")
    ana.sees("This app is not watched all the time. In an emergency call 999.")
    numbers = ana.page.locator("#screen .call").evaluate_all("links => links.map((link) => link.href)")
    assert numbers == ["tel:02079460101", "tel:02079460102", "tel:999"]


def test_once_a_check_in_is_done_the_next_one_is_named(ana: Pocket) -> None:
    ana.say_all_is_well()
    ana.tap("Done")

    ana.sees("This check-in is done. Thank you.")
    ana.sees(re.compile(r"^Your next check-in: .* You may check in at any time\.$"))
    expect(ana.page.get_by_role("button", name="Check in now")).to_be_hidden()
    ana.tap("Check in again")
    ana.at("Who is answering?")


def test_a_tap_is_not_lost_when_the_page_is_brought_up_to_date_under_the_finger(
    ana: Pocket, episode: Episode
) -> None:
    ana.page.get_by_role("button", name="Check in now").hover()
    ana.page.mouse.down()
    device = DeviceToken.objects.select_related("episode__clinic", "patient").get(episode=episode)
    now = clock.now()
    elsewhere = factories.submission(observed_at=now, sent_at=now, bleeding="oozing")
    checkins.submit(device=device, submission=elsewhere, now=now)
    with ana.page.expect_response("**/api/v1/alerts"):
        ana.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(lambda: "BLEED-OOZE" in str(ana.kept("known.checkIns")))
    ana.page.mouse.up()

    ana.at("Who is answering?")


@pytest.mark.hazard("HZ6.2")
@pytest.mark.parametrize("screen", ["home", "who", "part/1", "review", "not-me"])
def test_the_red_flag_card_is_on_every_screen(ana: Pocket, screen: str) -> None:
    """HZ6."""
    ana.begin()
    ana.page.goto(f"/phone#/{screen}")
    ana.sees("Call 999 now if")
    ana.sees("you cannot move a part of your body")


@pytest.mark.hazard("HZ6.2")
def test_before_anybody_signed_in_the_card_is_there_too(take_phone: TakePhone) -> None:
    stranger = take_phone()
    stranger.page.goto("/phone")

    stranger.sees("Call your emergency number now if")
    stranger.sees("you cannot move a part of your body")


def test_the_loop_is_seen_to_close(ana: Pocket, team: CareTeam) -> None:
    ben = factories.member(team)
    alert = uncontrolled_pain(ana)
    ana.page.reload()
    ana.sees("No one has seen it yet.")
    ana.sees("They should call you by")

    now = clock.now()
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=now)
    ana.page.reload()
    ana.sees(re.compile("^A nurse saw it today at "))

    alerts.record_contact(alert_id=alert.uuid, by=ben, reached=True, by_what="phone", note="", now=now)
    ana.page.reload()
    ana.sees("They spoke with you today")


def test_a_phone_set_wrong_does_not_break_the_promise(ana: Pocket) -> None:
    """Whether a call is late is read by the service's clock."""
    uncontrolled_pain(ana)
    ana.page.clock.set_system_time(clock.now() + timedelta(hours=6))
    ana.page.reload()

    ana.sees("They should call you by")
    expect(ana.page.get_by_text("The call is late")).to_be_hidden()


def test_a_page_that_cannot_go_on_says_whom_to_call(ana: Pocket) -> None:
    ana.lose_network()
    ana.tap("Check in now")
    ana.at("Who is answering?")
    ana.page.evaluate("localStorage['recovery.known.checkIns'] = '{\"data\": null}'")
    ana.page.go_back()

    ana.at("This page does not work now")
    assert ana.page.locator("main a[href='tel:02079460101']").is_visible()
    ana.complaints.clear()


def test_without_a_network_the_days_go_on(ana: Pocket) -> None:
    """What was due when the service last said so is over by now; what the phone knows by itself is told."""
    ana.say_all_is_well()
    ana.tap("Done")
    ana.sees("This check-in is done. Thank you.")
    ana.lose_network()
    ana.page.clock.set_system_time(clock.now() + timedelta(days=3))
    ana.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    ana.at(re.compile("^Day [34] after your procedure$"))
    ana.sees(re.compile("^This phone has had no news from your care team since .* at "))
    ana.sees("A check-in may be due. Please check in now.")
    expect(ana.page.get_by_text("This check-in is done. Thank you.")).to_be_hidden()
    expect(ana.page.get_by_text("Hour 20")).to_be_hidden()


def test_a_check_in_that_waits_for_the_network_is_not_asked_for_again(ana: Pocket) -> None:
    ana.lose_network()
    ana.say_all_is_well()
    ana.at("Not sent yet")
    ana.tap("Done")

    ana.sees("You have answered. It is sent as soon as there is a network.")
    expect(ana.page.get_by_role("button", name="Check in again")).to_be_visible()
    expect(ana.page.get_by_text("Your check-in is due.")).to_be_hidden()
