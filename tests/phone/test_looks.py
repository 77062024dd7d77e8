"""Who has looked, on the phone: the care team, or the patient's own phones, with taps or the keyboard alone."""

import pytest
from playwright.sync_api import expect

from recovery import audit, clock
from recovery.models import Episode
from tests import factories
from tests.phone.pocket import Pocket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def look(episode: Episode, times: int = 1) -> None:
    nurse = factories.member(episode.team, "Nora Berg")
    for _ in range(times):
        audit.record_look(page="patient", now=clock.now(), user=nurse, of={"episode_id": episode.uuid})


def test_the_patient_reads_who_of_the_team_looked_and_what_own_phones_asked(
    ana: Pocket, episode: Episode
) -> None:
    look(episode)
    ana.tap_link("See who has looked")
    ana.at("Who has looked")

    ana.sees("Nurse, Spine team opened your page")
    ana.examine("looks")
    ana.tap("Your phones and helpers")
    ana.sees("opened this app")
    assert "Nora" not in ana.page.content()
    ana.tap_link("Go back")
    ana.at_home()


def test_many_looks_come_part_by_part(ana: Pocket, episode: Episode) -> None:
    look(episode, times=25)
    ana.tap_link("See who has looked")

    expect(ana.page.locator(".looks li")).to_have_count(20)
    ana.page.get_by_role("button", name="Show earlier ones").focus()
    ana.page.keyboard.press("Enter")

    expect(ana.page.locator(".looks li")).to_have_count(25)
    expect(ana.page.get_by_role("button", name="Show earlier ones")).to_have_count(0)


def test_without_a_network_the_page_says_so(ana: Pocket) -> None:
    ana.lose_network()
    ana.tap_link("See who has looked")

    ana.sees("There is no network now. Try again later.")
