"""For old eyes and one sore hand: no barrier that axe knows, large type, large targets, plain words."""

import pytest

from recovery.models import Episode
from tests.clinical.readability import grade
from tests.phone.conftest import TakePhone
from tests.phone.pocket import Pocket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SMALL = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.checkVisibility() && !one.closest(".unseen"))
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
  .map((one) => [parseFloat(getComputedStyle(one).fontSize), one.textContent.slice(0, 40)])
  .filter(([size]) => size < 20)"""
NARROW = """() => [...document.querySelectorAll("button, a, label.option, input[type=text], select, textarea, summary")]
  .filter((one) => one.checkVisibility())
  .map((one) => [one.getBoundingClientRect(), one.textContent.slice(0, 40)])
  .filter(([{ width, height }]) => height < 55.5 || width < 55.5)
  .map(([{ width, height }, text]) => [width, height, text])"""
SENTENCES = """() => [...document.querySelectorAll("h1, h2, h3, p, li, dt, legend .question, legend .hint, button")]
  .filter((one) => one.checkVisibility() && !one.querySelector("p, li"))
  .map((one) => one.textContent.trim()).filter((text) => text.split(" ").length > 3)"""


def screens(phone: Pocket):
    """Every screen, with something of everything on it."""
    yield "home"
    phone.tap("Check in now")
    yield "who"
    phone.tap("I am Ana")
    for part in range(1, 8):
        phone.page.goto(f"/phone#/part/{part}")
        phone.page.locator("nav.onward").wait_for()
        yield f"part-{part}"
        if phone.page.get_by_role("button", name="Yes, one or more").is_visible():
            phone.tap("Yes, one or more")
            yield f"part-{part}-open"
    phone.page.goto("/phone#/part/3")
    phone.tap("Next")
    phone.sees("2 questions have no answer yet")
    yield "asked-again"
    phone.pick("pain_controlled", "No")
    phone.page.goto("/phone#/part/2")
    phone.pick("chest_pain", "Yes")
    phone.at("Call 999 now. Do not drive yourself.")
    yield "emergency"
    phone.page.goto("/phone#/review")
    phone.at("Your answers")
    yield "review"
    phone.lose_network()
    phone.tap("Send to my care team")
    phone.sees("Nobody has seen them yet.")
    yield "not-sent"
    phone.find_network()
    phone.sees("Your care team's system got this")
    yield "verdict"
    phone.tap("Done")
    phone.sees("What we told you last")
    yield "home-after"
    phone.tap_link("Change the reminders")
    phone.at("Reminders")
    phone.page.get_by_text("A text message").click()
    phone.tap("Save")
    phone.sees("Write where the reminders go.")
    yield "reminders"
    phone.page.goto("/phone#/not-me")
    phone.tap("Sign this phone off")
    yield "sign-off"


@pytest.mark.slow
def test_screens_have_no_barrier(ana: Pocket) -> None:
    for name in screens(ana):
        ana.examine(name)


def test_the_first_screens_have_no_barrier(take_phone: TakePhone, episode: Episode) -> None:
    phone = take_phone()
    phone.page.goto("/phone")
    phone.tap("Start")
    phone.sees("The code is missing.")
    phone.examine("code")


@pytest.mark.hazard("HZ13.1")
def test_type_and_targets_are_large(ana: Pocket) -> None:
    for name in screens(ana):
        assert ana.page.evaluate(SMALL) == [], name
        assert ana.page.evaluate(NARROW) == [], name


def test_text_twice_as_large_still_fits(ana: Pocket) -> None:
    for name in screens(ana):
        ana.page.evaluate("document.documentElement.style.fontSize = '250%'")
        ana.fits(name, 390, 320)
        ana.page.set_viewport_size({"width": 390, "height": 844})
        ana.page.evaluate("document.documentElement.style.fontSize = ''")


def test_the_number_that_was_picked_stands_out_in_colours_that_the_reader_has_chosen(ana: Pocket) -> None:
    ana.begin()
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "3")
    ana.page.emulate_media(forced_colors="active")

    numbers = ana.question("pain_now").locator("label")
    colours = numbers.evaluate_all("all => all.map((one) => getComputedStyle(one).backgroundColor)")
    assert colours.count(colours[3]) == 1
    assert len(set(colours)) == 2


@pytest.mark.hazard("HZ13.1")
def test_words_are_plain(ana: Pocket) -> None:
    """School grade 6 over each screen, as for the texts of the protocol."""
    for name in screens(ana):
        sentences = ana.page.evaluate(SENTENCES)
        text = " ".join(each if each[-1] in ".!?:" else f"{each}." for each in sentences)
        assert grade(text) <= 6, (name, grade(text), sentences)


def test_focus_moves_to_the_heading_of_each_screen(ana: Pocket) -> None:
    ana.begin()
    assert ana.page.evaluate("document.activeElement.textContent") == "Moving and feeling"
    ana.tap("None of these")
    ana.at("Breathing and chest")
    assert ana.page.evaluate("document.activeElement.textContent") == "Breathing and chest"
    assert ana.page.title() == "Part 2 - Recovery check-in"
