"""The questions: few taps when all is well, nothing lost, and never a No that nobody said."""

import pytest

from recovery.clinical import protocol as protocols
from recovery.models import Assessment, Episode
from tests.phone.pocket import Pocket, only_one
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LEFT_OUT = {"free_text", "wants_call", "temp"}


def test_all_is_well_in_few_taps(ana: Pocket, episode: Episode) -> None:
    before = ana.taps
    ana.say_all_is_well()
    ana.sees("Nothing you told us sets off an alert today.")

    assert ana.taps - before == 19
    row = only_one(episode)
    assert row.status == "completed"
    assert row.answered_by == "patient"
    assert Assessment.objects.get(check_in=row).findings == []
    asked = {item.link_id for item in protocols.get().questionnaire.asked_at(20) if not item.show_when}
    assert asked - set(row.answers) == LEFT_OUT
    assert row.answers["wound"] == row.answers["allergy"] == []


def test_none_of_these_says_what_it_wrote_and_can_be_changed(ana: Pocket, episode: Episode) -> None:
    ana.begin()
    ana.sees('"None of these" writes "No" for all 5.')
    ana.tap("None of these")
    ana.sees("You said No to all 5 questions of part 1.")
    ana.page.get_by_role("link", name="Look at them or change them").click()

    assert ana.question("bladder").get_by_label("No", exact=True).is_checked()
    ana.pick("numbness", "The same")
    ana.pick("numbness_where", "One leg or foot")
    assert ana.kept("draft")["draft"]["answers"]["numbness"] == "same"


def test_a_question_left_out_is_asked_once_more_and_stays_unanswered(ana: Pocket, episode: Episode) -> None:
    ana.begin()
    ana.tap("Yes, one or more")
    ana.pick("cannot_move", "No")
    ana.tap("Next")
    ana.sees("4 questions have no answer yet")
    ana.tap("Go on without")
    ana.at("Breathing and chest")
    ana.tap("None of these")
    ana.pick("pain_now", "3")
    ana.tap("Next")
    ana.sees("One question has no answer yet")
    ana.tap("Answer now")
    ana.pick("pain_controlled", "Yes")
    ana.tap("Next")
    for _ in range(3):
        ana.tap("None of these")
    ana.tap("Next")
    ana.tap("Send to my care team")
    ana.sees("Some safety questions are blank.")

    answers = only_one(episode).answers
    assert answers["cannot_move"] == "no"
    assert {"weakness", "numbness", "bladder", "bowel", "pain_change", "bandage"}.isdisjoint(answers)

    ana.tap("Change or complete my answers")
    ana.sees("4 safety questions have no answer yet.")
    ana.tap("Answer now")
    ana.at("Moving and feeling")
    ana.tap("No to all the others")
    ana.tap("Back to my answers")
    ana.tap("Send to my care team")
    ana.sees("Nothing you told us sets off an alert today.")
    assert only_one(episode).answers["bladder"] == "no"


def test_nothing_is_lost_on_reload_and_back_works(ana: Pocket) -> None:
    ana.begin()
    ana.tap("None of these")
    ana.tap("None of these")
    ana.pick("pain_now", "7")
    ana.page.reload()
    ana.at("Pain")
    assert ana.question("pain_now").get_by_label("7, strong").is_checked()

    ana.page.go_back()
    ana.at("Breathing and chest")
    ana.page.goto("/phone")
    ana.sees("You have not finished a check-in.")
    ana.tap("Go on with it")
    assert ana.kept("draft")["draft"]["answers"]["bladder"] == "no"


@pytest.mark.hazard("HZ8.1")
def test_a_temperature_in_the_wrong_unit_is_asked_about(ana: Pocket, episode: Episode) -> None:
    """HZ8: 38.4 taken as Fahrenheit would hide a fever."""
    ana.begin()
    ana.page.goto("/phone#/part/4")
    field = ana.page.get_by_label("Your temperature now, if you can")
    ana.page.get_by_label("degrees Fahrenheit").click()
    field.fill("38,4")
    field.press("Tab")
    ana.sees("38.4 °F cannot be right. Did you mean °C?")
    assert ana.kept("draft")["draft"]["answers"]["temp"] is None

    ana.tap("Yes, 38.4 °C")
    assert ana.kept("draft")["draft"]["answers"]["temp"] == {"value": 38.4, "unit": "C"}
    field.fill("60")
    field.press("Tab")
    ana.sees("Please look again.")
    assert ana.kept("draft")["draft"]["answers"]["temp"] is None


@pytest.mark.hazard("HZ5.1")
def test_a_carer_says_so(ana: Pocket, episode: Episode) -> None:
    ana.begin("I help Ana answer")
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "0")
    ana.page.goto("/phone#/review")
    ana.tap("Send to my care team")

    wait_until(lambda: episode.check_ins.exists())
    row = only_one(episode)
    assert (row.answered_by, row.answers) == ("carer", {"pain_now": 0})


def test_a_hidden_detail_is_not_sent(ana: Pocket, episode: Episode) -> None:
    ana.begin()
    ana.tell("numbness", "The same")
    ana.pick("numbness_where", "One leg or foot")
    ana.pick("numbness", "No")
    ana.page.goto("/phone#/review")
    ana.tap("Send to my care team")

    wait_until(lambda: episode.check_ins.exists())
    assert only_one(episode).answers == {"numbness": "no"}


def test_an_empty_check_in_is_not_sent(ana: Pocket, episode: Episode) -> None:
    ana.begin()
    ana.page.goto("/phone#/review")
    ana.tap("Send to my care team")

    ana.sees("There is no answer to send yet.")
    assert not episode.check_ins.exists()


def test_a_check_in_needs_no_pointer(ana: Pocket, episode: Episode) -> None:
    """Tab, arrows, space and enter alone."""
    ana.page.locator("h1").focus()

    def press_until(name: str) -> None:
        for _ in range(60):
            ana.page.keyboard.press("Tab")
            if ana.page.evaluate("document.activeElement.textContent.trim()") == name:
                ana.page.keyboard.press("Enter")
                return
        raise AssertionError(f"{name} cannot be reached")

    press_until("Check in now")
    ana.at("Who is answering?")
    press_until("I am Ana")
    ana.at("Moving and feeling")
    press_until("None of these")
    ana.at("Breathing and chest")
    press_until("None of these")
    ana.at("Pain")
    for _ in range(60):
        ana.page.keyboard.press("Tab")
        if ana.page.evaluate("document.activeElement.name") == "pain_now":
            break
    ana.page.keyboard.press("Space")
    ana.page.keyboard.press("ArrowDown")
    assert ana.kept("draft")["draft"]["answers"]["pain_now"] == 1
    press_until("Next")
    ana.sees("One question has no answer yet")
    press_until("Go on without")
    ana.at("Fever and the needle spot")


def test_a_mistake_is_put_right(ana: Pocket, episode: Episode) -> None:
    ana.say_all_is_well()
    ana.tap("Done")
    ana.tap("I made a mistake")
    ana.at("Your answers")
    ana.tap("Change: Pain")
    ana.pick("pain_controlled", "No")
    ana.tap("Back to my answers")
    ana.tap("Send to my care team")

    ana.sees("You told us your pain medicine is not working well enough.")
    row = only_one(episode)
    assert (row.revision, row.answers["pain_controlled"], row.answers["bladder"]) == (2, "no", "no")
