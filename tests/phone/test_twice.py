"""A thumb that taps twice, a page that stands open twice, and one that was left open over night."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Route, expect

from recovery import clock
from recovery.models import Episode
from tests.phone.conftest import TakePhone, code_for
from tests.phone.pocket import Pocket, only_one
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TAP_TWICE = """(button) => new Promise((done) => {
  const { left, top, width, height } = button.getBoundingClientRect();
  const under = () => document.elementFromPoint(left + width / 2, top + height / 2);
  const tap = () => under().closest("button, a, label")?.click();
  const again = () => {
    tap();
    done(under().tagName);
  };
  const before = location.hash;
  window.addEventListener("hashchange", () => setTimeout(again), { once: true });
  tap();
  if (location.hash === before) again();
})"""
"""Where a finger points, the second time as soon as something else stands there. Returns what stands there."""


HOLD = """() => {
  const [fetched, waiting] = [window.fetch, []];
  window.fetch = (...asked) => new Promise((go) => waiting.push(() => go(fetched(...asked))));
  window.letGo = async () => {
    window.fetch = fetched;
    waiting.forEach((go) => go());
    await new Promise((done) => setTimeout(done, 500));
  };
}"""
"""A network that answers when it is let go, and half a second for what is done with the answers."""


def tap_twice(phone: Pocket, name: str) -> None:
    button = phone.page.get_by_role("button", name=name, exact=True).first
    button.click(trial=True)
    assert button.evaluate(TAP_TWICE) == "HTML"


def another_tab(phone: Pocket, address: str) -> Pocket:
    page = phone.page.context.new_page()
    page.goto(address)
    return Pocket(page)


def leave_for(phone: Pocket, hours: float) -> None:
    phone.page.clock.set_system_time(clock.now() + timedelta(hours=hours))
    phone.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_the_second_tap_of_a_thumb_answers_nothing_that_was_not_read(ana: Pocket) -> None:
    ana.begin()
    tap_twice(ana, "Yes, one or more")
    assert ana.kept("draft")["draft"]["answers"] == {}

    ana.page.goto("/phone#/part/5")
    ana.at(re.compile("."))
    tap_twice(ana, "None of these")
    assert "mobility" not in ana.kept("draft")["draft"]["answers"]


def test_the_second_tap_sends_nothing_that_was_not_looked_at(ana: Pocket, episode: Episode) -> None:
    ana.begin()
    ana.page.goto("/phone#/part/7")
    ana.at("One last thing")
    tap_twice(ana, "Next")
    ana.at("Your answers")
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "3")
    ana.page.goto("/phone#/review")
    ana.at("Your answers")
    tap_twice(ana, "Send to my care team")

    ana.sees("Your care team's system got this")
    assert only_one(episode).answers == {"pain_now": 3}


def test_a_check_in_that_was_sent_from_another_tab_is_not_asked_on(ana: Pocket, episode: Episode) -> None:
    ana.begin()
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "3")
    other = another_tab(ana, "/phone#/review")
    other.tap("Send to my care team")
    other.sees("Your care team's system got this")

    ana.at_home()
    ana.sees("What we told you last")
    assert other.complaints == []
    assert only_one(episode).answers == {"pain_now": 3}


def test_what_came_of_a_check_in_is_seen_in_the_other_tab_that_had_asked_too_early(ana: Pocket) -> None:
    """The check-in is no longer being answered as soon as it is on its way, and the other tab asks what came of it."""
    on_its_way: list[Route] = []
    ana.begin()
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "3")
    other = another_tab(ana, "/phone#/review")
    other.page.route("**/api/v1/check-ins", lambda route: on_its_way.append(route))
    with ana.page.expect_response(re.compile(r"/api/v1/check-ins\?limit=")):
        other.tap("Send to my care team")
    ana.at_home()

    wait_until(lambda: other.page.title() and on_its_way)
    on_its_way[0].continue_()

    ana.sees("What we told you last")


def test_what_was_answered_in_another_tab_stands_where_one_comes_back_to(ana: Pocket) -> None:
    ana.begin()
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "3")
    other = another_tab(ana, "/phone#/part/3")
    other.pick("pain_now", "8")

    wait_until(lambda: ana.kept("draft")["draft"]["answers"]["pain_now"] == 8)
    ana.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(ana.question("pain_now").get_by_label("8, strong")).to_be_checked()


def test_a_phone_that_was_signed_off_in_another_tab_asks_for_a_code(ana: Pocket) -> None:
    ana.begin()
    other = another_tab(ana, "/phone#/not-me")
    other.tap("Sign this phone off")
    other.tap("Yes, sign this phone off")
    other.at("Welcome")

    ana.at("Welcome")


def test_who_comes_back_the_next_morning_is_asked_whether_it_is_still_so(
    ana: Pocket, episode: Episode
) -> None:
    ana.begin()
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "3")
    leave_for(ana, 13)

    ana.sees("You have not finished a check-in.")
    ana.sees(re.compile("If you feel different now, start again.$"))
    ana.page.goto("/phone#/review")
    ana.sees("You have not finished a check-in.")
    ana.tap("Go on with the old one")
    ana.at("Pain")
    ana.tap("Next")
    ana.at("Pain")
    assert ana.question("pain_now").get_by_label("3, mild").is_checked()


def test_an_emergency_stays_on_the_page_however_long_it_was_left(ana: Pocket) -> None:
    ana.begin()
    ana.tell("bladder", "New or worse")
    ana.at("Call 999 now. Do not drive yourself.")
    leave_for(ana, 13)
    ana.at("Call 999 now. Do not drive yourself.")
    ana.page.reload()
    ana.at("Call 999 now. Do not drive yourself.")


def test_a_refused_report_does_not_take_the_place_of_what_is_being_answered(
    ana: Pocket, episode: Episode
) -> None:
    ana.begin()
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "3")
    ana.page.route("**/api/v1/check-ins", refuse)
    ana.page.goto("/phone#/review")
    ana.tap("Send to my care team")
    ana.sees("This check-in could not be sent as it is.")
    ana.tap("Done")
    ana.page.get_by_role("button", name=re.compile("^Check in (now|again)$")).click()
    ana.tap("I am Ana")
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "7")
    ana.tap_link("See what to do")

    ana.sees("You have not finished a check-in.")
    ana.tap("Go on with it")
    ana.at("Pain")
    assert ana.question("pain_now").get_by_label("7, strong").is_checked()


def refuse(route) -> None:
    problem = {"type": "x", "title": "Cannot be taken", "status": 422, "code": "invalid", "detail": "It is."}
    route.fulfill(status=422, json=problem, content_type="application/problem+json")


def test_what_the_network_brings_late_takes_nobody_away(ana: Pocket, episode: Episode) -> None:
    """Asked for on a slow network, given up, and something else begun."""
    ana.begin()
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "3")
    ana.page.goto("/phone#/review")
    ana.tap("Send to my care team")
    ana.sees("Your care team's system got this")
    ana.page.evaluate(HOLD)
    ana.tap("Change or complete my answers")
    ana.tap("Done")
    ana.at_home()
    ana.begin()
    ana.page.evaluate("window.letGo()")

    ana.at("Moving and feeling")
    assert ana.kept("draft")["draft"]["answers"] == {}


def test_a_newer_page_does_not_take_what_only_this_one_holds(take_phone: TakePhone, episode: Episode) -> None:
    """Storage that is full: answers are in the page alone, and a page that loads itself again has lost them."""
    ana = take_phone(offline=True)
    ana.sign_on(code_for(episode))
    ana.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    ana.page.reload()
    ana.at_home()
    ana.page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') } }"
    )
    ana.lose_network()
    ana.begin()
    ana.page.goto("/phone#/part/3")
    ana.pick("pain_now", "3")
    ana.page.goto("/phone#/review")
    ana.tap("Send to my care team")
    ana.at("Not sent yet")
    ana.page.evaluate("navigator.serviceWorker.dispatchEvent(new Event('controllerchange'))")
    ana.tap("Done")

    ana.sees("This phone cannot keep your answers.")
    ana.find_network()
    wait_until(lambda: episode.check_ins.exists())


def test_digits_of_another_keyboard_are_digits(ana: Pocket) -> None:
    ana.begin()
    ana.page.goto("/phone#/part/4")
    field = ana.page.get_by_label("Your temperature now, if you can")
    field.fill("٣٨٫٤")
    field.press("Tab")
    assert ana.kept("draft")["draft"]["answers"]["temp"] == {"value": 38.4, "unit": "C"}


def test_a_code_in_digits_of_another_keyboard_signs_on(take_phone: TakePhone, episode: Episode) -> None:
    code = code_for(episode)
    phone = take_phone()
    phone.page.goto("/phone")
    phone.page.get_by_label("Your code").fill(
        code.translate({ord(str(n)): chr(0x660 + n) for n in range(10)})
    )
    phone.tap("Start")
    phone.at("Is this you?")
