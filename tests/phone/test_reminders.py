"""Reminders on the phone: chosen with a few taps or with the keyboard alone, and told of when they are shown."""

from datetime import time, timedelta

import pytest
from playwright.sync_api import expect

from recovery import clock, reminders
from recovery.models import Episode, PhoneSign, Preferences, Reminder
from tests.phone.pocket import Pocket
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def open_page(phone: Pocket) -> None:
    phone.tap_link("Change the reminders")
    phone.at("Reminders")


def test_a_patient_chooses_a_text_message_at_noon(ana: Pocket, episode: Episode) -> None:
    ana.sees("We remind you at 10:00, on this page, on days with a check-in.")
    open_page(ana)
    ana.page.get_by_label("A text message").check()
    ana.page.get_by_label("Your mobile number").fill("+44 7700 900123")
    ana.page.get_by_label("12:00").check()
    ana.page.get_by_label("No", exact=True).check()
    ana.tap("Save")

    ana.at("Saved")
    ana.sees("by text message.")
    row = Preferences.objects.get(episode=episode)
    assert (row.channel, reminders.hint(row), row.remind_at, row.repeats) == ("sms", "...123", time(12), 0)
    ana.tap("Done")
    ana.sees("We remind you at 12:00, by text message, on days with a check-in.")


def test_a_number_that_cannot_be_one_is_refused_with_what_to_do(ana: Pocket, episode: Episode) -> None:
    open_page(ana)
    ana.page.get_by_label("A text message").check()
    ana.page.get_by_label("Your mobile number").fill("07700 900123")
    ana.tap("Save")

    ana.sees("Write the mobile number with its country code, such as +44 7700 900123.")
    assert ana.page.get_by_label("Your mobile number").input_value() == "07700 900123"
    assert Preferences.objects.get(episode=episode).channel == "app"


def test_with_the_keyboard_alone(ana: Pocket, episode: Episode) -> None:
    ana.page.get_by_role("link", name="Change the reminders").focus()
    ana.page.keyboard.press("Enter")
    ana.at("Reminders")
    ana.page.keyboard.press("Tab")
    ana.page.keyboard.press("ArrowDown")  # from "Only on this page" to "Do not remind me"
    expect(ana.page.get_by_label("Do not remind me")).to_be_checked()
    expect(ana.page.get_by_text("At what time of day?")).to_be_hidden()
    ana.page.keyboard.press("Tab")
    expect(ana.page.get_by_role("button", name="Save")).to_be_focused()
    ana.page.keyboard.press("Enter")

    ana.at("Saved")
    assert ana.page.evaluate("document.activeElement.textContent") == "Saved"
    assert Preferences.objects.get(episode=episode).channel == "none"


def test_without_a_network_nothing_is_lost_and_he_is_told(ana: Pocket, episode: Episode) -> None:
    open_page(ana)
    ana.lose_network()
    ana.page.get_by_label("15:00").check()
    ana.tap("Save")
    ana.sees("There is no network now. Nothing is changed.")

    ana.find_network()
    ana.tap("Save")
    ana.at("Saved")
    assert Preferences.objects.get(episode=episode).remind_at == time(15)


def test_a_reminder_that_stands_is_told_as_shown(ana: Pocket, episode: Episode) -> None:
    now = clock.now()
    hour = timedelta(hours=1)
    reminder = Reminder.objects.create(
        clinic=episode.clinic, episode=episode, slot="S1", channel="app", since=now - 8 * hour,
        due_at=now - hour, planned_at=now - hour, expires_at=now + 8 * hour,
    )  # fmt: skip
    ana.page.reload()
    ana.at_home()

    def shown() -> bool:
        reminder.refresh_from_db()
        return reminder.shown_at is not None and reminder.fetched_at is not None

    wait_until(shown)


def test_that_answering_began_is_told_also_when_there_was_no_network_then(
    ana: Pocket, episode: Episode
) -> None:
    ana.lose_network()
    ana.begin()
    assert ana.kept("sign.")

    ana.find_network()
    ana.page.goto("/phone#/home")
    wait_until(lambda: PhoneSign.objects.filter(episode=episode, form_opened_at__isnull=False).exists())
    wait_until(lambda: not ana.kept("sign."))


def test_the_page_has_no_barrier(ana: Pocket) -> None:
    open_page(ana)
    ana.page.get_by_label("An e-mail").check()
    ana.examine("reminders")
