"""Answers that are an emergency by themselves: told at once, without a network, and reported half-finished."""

import random
from typing import Any

import pytest
from playwright.sync_api import expect

from recovery.clinical import protocol as protocols
from recovery.clinical.conditions.evaluate import View
from recovery.models import Assessment, Episode
from tests.phone.pocket import Pocket, only_one
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CALL = "Call 999 now. Do not drive yourself."


@pytest.mark.hazard("HZ10.1")
def test_a_red_flag_without_a_network(ana: Pocket, episode: Episode) -> None:
    """HZ10: told at once; reported as soon as it can be; finished later as the same check-in."""
    ana.begin()
    ana.lose_network()
    ana.tell("bladder", "New or worse")

    ana.at(CALL)
    assert ana.page.locator("main a[href='tel:999']").is_visible()
    ana.sees("This is not sent yet.")
    assert not episode.check_ins.exists()

    ana.find_network()
    ana.sees("Your care team's system got this")
    row = only_one(episode)
    assert (row.status, row.answers) == ("in-progress", {"bladder": "new_or_worse"})
    assert Assessment.objects.get(check_in=row).tier == 4

    ana.tap("Go on with the questions")
    ana.sees(CALL)  # every page of the form goes on saying so
    ana.tap("No to all the others")
    ana.tap("Next")
    ana.page.goto("/phone#/review")
    ana.tap("Send to my care team")
    ana.at(CALL)
    ana.sees("Your care team's system got this")
    again = only_one(episode)
    assert (again.client_id, again.revision, again.status) == (row.client_id, 2, "completed")
    assert ana.kept("report.") == {}


def test_the_whole_waits_for_the_half(ana: Pocket, episode: Episode) -> None:
    """Without a network throughout: both steps go in their order, under one id."""
    ana.begin()
    ana.lose_network()
    ana.tell("cannot_move", "Yes")
    ana.at(CALL)
    ana.page.goto("/phone#/review")
    ana.tap("Send to my care team")
    ana.at(CALL)
    ana.sees("Nobody has seen them yet.")
    ana.tap("Done")
    ana.sees(CALL)
    assert ana.page.locator("#unsent a[href='tel:999']").is_visible()
    ana.page.get_by_role("link", name="See what to do").click()
    ana.at(CALL)
    ana.find_network()

    ana.sees("Your care team's system got this")
    row = only_one(episode)
    assert (row.revision, row.status, row.answers) == (2, "completed", {"cannot_move": "yes"})


def test_a_slip_of_the_thumb_can_be_taken_back(ana: Pocket, episode: Episode) -> None:
    ana.begin()
    ana.tap("None of these")
    ana.tell("chest_pain", "Yes")
    ana.at(CALL)
    ana.sees("Your care team's system got this")
    ana.tap("I tapped this by mistake")
    ana.at("Breathing and chest")
    ana.pick("chest_pain", "No")

    expect(ana.page.get_by_text(CALL)).to_be_hidden()
    assert only_one(episode).answers["chest_pain"] == "yes"  # told stays told until more is sent

    ana.pick("breathing", "New or worse")
    ana.at(CALL)
    wait_until(lambda: only_one(episode).revision == 2)
    again = only_one(episode)
    assert (again.answers["chest_pain"], again.answers["breathing"]) == ("no", "new_or_worse")
    assert again.status == "in-progress"


def test_a_correction_that_is_an_emergency_stays_whole(ana: Pocket, episode: Episode) -> None:
    ana.say_all_is_well()
    ana.tap("Done")
    ana.tap("I made a mistake")
    ana.tap("Change: Breathing and chest")
    ana.pick("chest_pain", "Yes")
    ana.at(CALL)

    wait_until(lambda: only_one(episode).revision == 2)
    assert only_one(episode).status == "completed"
    assert only_one(episode).answers["chest_pain"] == "yes"


def random_answers(seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    answers: dict[str, Any] = {}
    for item in protocols.get().questionnaire.items.values():
        codes = [value.code for value in item.values]
        if item.kind == "choice" and chance.random() < 0.6:
            answers[item.link_id] = chance.choices(codes, [6, *[1] * (len(codes) - 1)])[0]
        if item.kind == "choices" and chance.random() < 0.5:
            answers[item.link_id] = chance.sample(codes, chance.randint(1, min(2, len(codes))))
    return answers


def test_the_phone_and_the_protocol_agree_on_what_an_emergency_is(ana: Pocket) -> None:
    """The same condition, read by two programs, on answers of every kind."""
    cases = [random_answers(seed) for seed in range(1500)]
    protocol = protocols.get()
    on_phone = ana.page.evaluate(
        """async (cases) => {
            const { holds } = await import("/static/phone/js/condition.js");
            const { emergency_screen } = JSON.parse(localStorage["recovery.known.questionnaire"]).data;
            return cases.map((answers) => holds(emergency_screen, answers));
        }""",
        cases,
    )
    here = [protocol.emergency_screen(View(in_sets(answers), {}, frozenset(), {})) for answers in cases]

    assert on_phone == here
    assert 200 < sum(here) < 1300  # the cases are of both kinds


def in_sets(answers: dict[str, Any]) -> dict[str, Any]:
    return {key: frozenset(value) if isinstance(value, list) else value for key, value in answers.items()}
