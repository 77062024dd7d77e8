"""Nothing a patient wrote is lost, sent twice, or sent as somebody else's."""

import json
import os
import re

import pytest
from django.db import OperationalError
from playwright.sync_api import expect

from recovery import clock, enrolment
from recovery.models import CareTeam, CheckIn, DeviceToken, Episode, Quarantine
from services.provision import connect
from tests.databases import in_database
from tests.phone.conftest import TakePhone, code_for, enrolled
from tests.phone.pocket import Pocket, only_one
from tests.services_plugin import current
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHECK_INS = "**/api/v1/check-ins"
CALL_NOW = "Call your care team now on 020 7946 0101. If no one answers in 30 minutes, call 020 7946 0102."


def short_check_in(phone: Pocket, who: str = "I am Ana", pain: str = "3") -> None:
    phone.begin(who)
    phone.page.goto("/phone#/part/3")
    phone.pick("pain_now", pain)
    phone.page.goto("/phone#/review")
    phone.tap("Send to my care team")


@pytest.mark.hazard("HZ10.2")
def test_without_a_network_it_is_kept_and_said_plainly(ana: Pocket, episode: Episode) -> None:
    ana.lose_network()
    ana.say_all_is_well()
    ana.at("Not sent yet")
    ana.sees("If you are worried, call 020 7946 0101 now.")
    ana.tap("Done")
    ana.sees("Not sent yet - if you are worried call 020 7946 0101.")
    assert len(ana.kept("report.")) == 1

    ana.find_network()
    wait_until(lambda: episode.check_ins.exists())
    wait_until(lambda: ana.kept("report.") == {})
    expect(ana.page.locator("#unsent")).to_be_hidden()
    ana.sees("What we told you last")  # the page fetched what was said to it


def test_a_lost_answer_gives_one_check_in(ana: Pocket, episode: Episode) -> None:
    sent: list[dict] = []

    def lose_the_first(route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        sent.append(json.loads(route.request.post_data))
        answer = route.fetch()
        return route.abort() if len(sent) == 1 else route.fulfill(response=answer)

    ana.page.route(CHECK_INS, lose_the_first)
    short_check_in(ana)
    ana.at("Not sent yet")
    ana.tap("Try to send now")
    ana.sees("Your care team's system got this")

    assert only_one(episode).revision == 1
    first, second = ({**body, "sent_at": None} for body in sent)
    assert first == second


def test_somebody_elses_answer_is_not_taken_for_ours(ana: Pocket, episode: Episode) -> None:
    """The sign-in page of a hotel answers 200 to everything."""
    ana.page.route(
        CHECK_INS, lambda route: route.fulfill(status=200, content_type="text/html", body="<p>Hi</p>")
    )
    short_check_in(ana)
    ana.at("Not sent yet")
    assert len(ana.kept("report.")) == 1

    ana.page.unroute(CHECK_INS)
    ana.tap("Try to send now")
    ana.sees("Your care team's system got this")
    assert only_one(episode).answers == {"pain_now": 3}


def test_what_to_do_is_shown_although_the_report_could_not_be_stored(
    ana: Pocket, episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away: the service judges what came by itself, says what to do, and wants it again."""
    with monkeypatch.context() as away:
        away.setattr("recovery.checkins.submit", database_is_away)
        ana.begin()
        ana.page.goto("/phone#/part/3")
        ana.pick("pain_controlled", "No")
        ana.page.goto("/phone#/review")
        ana.tap("Send to my care team")
        ana.at(CALL_NOW)
        ana.sees("Not sent yet.")
        ana.sees("Nobody has seen them yet.")
        assert ana.page.locator("main a[href='tel:02079460101']").first.is_visible()
        ana.tap("Done")
        ana.sees(CALL_NOW)
        ana.page.reload()
        ana.sees(CALL_NOW)
        ana.tap_link("See what to do")
        again = ana.page.get_by_role("button", name="Try to send now", exact=True)
        again.first.wait_for()
        assert not episode.check_ins.exists()

    again.evaluate_all("found => found[0]?.click()")  # unless the page has tried by itself meanwhile
    ana.sees("Your care team's system got this")
    assert only_one(episode).answers["pain_controlled"] == "no"
    assert ana.kept("report.") == {}


def database_is_away(**_: object) -> None:
    raise OperationalError


def test_a_report_that_could_not_be_stored_and_says_nothing_alarming_is_not_called_no_alert(
    ana: Pocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can say that nothing was found in what nobody has."""
    monkeypatch.setattr("recovery.checkins.submit", database_is_away)
    short_check_in(ana)

    ana.at("Not sent yet")
    assert not ana.page.get_by_text("No alert today").filter(visible=True).count()


def test_a_refused_report_is_kept_and_its_advice_shown(ana: Pocket, episode: Episode) -> None:
    tries: list[str] = []

    def spoil(route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        body = json.loads(route.request.post_data)
        tries.append(body["id"])
        body["answers"] |= {"pain_controlled": "no", "shoe_size": 43}
        return route.continue_(post_data=json.dumps(body))

    ana.page.route(CHECK_INS, spoil)
    short_check_in(ana)
    ana.at(CALL_NOW)
    ana.sees("This check-in could not be sent as it is.")
    ana.tap("Done")
    ana.sees("Could not be sent - if you are worried call 020 7946 0101.")
    ana.page.reload()
    ana.sees("Could not be sent")

    assert len(tries) == 1  # it is not sent again and again
    assert Quarantine.objects.count() == 1
    assert len(ana.kept("report.")) == 1

    ana.page.unroute(CHECK_INS)
    ana.page.get_by_role("link", name="See what to do").click()
    ana.tap("Look at my answers and send again")
    ana.tap("Send to my care team")
    ana.sees("Your care team's system got this")
    assert only_one(episode).answers == {"pain_now": 3}
    assert str(only_one(episode).client_id) not in tries
    assert ana.kept("report.") == {}


def test_a_phone_that_was_signed_out_keeps_what_it_has(ana: Pocket, episode: Episode) -> None:
    enrolment.revoke(device=DeviceToken.objects.get(episode=episode), by=None, now=clock.now())
    short_check_in(ana)
    ana.sees("This phone is signed out.")
    assert not episode.check_ins.exists()

    ana.page.get_by_role("link", name="Type a new code").click()
    ana.page.get_by_label("Your code").fill(code_for(episode))
    ana.tap("Start")
    ana.tap("Yes, this is Ana's recovery")
    wait_until(lambda: episode.check_ins.exists())
    wait_until(lambda: ana.kept("report.") == {})


@pytest.mark.hazard("HZ4.4")
def test_what_one_patient_wrote_is_never_sent_as_anothers(
    ana: Pocket, episode: Episode, team: CareTeam
) -> None:
    """HZ4."""
    enrolment.revoke(device=DeviceToken.objects.get(episode=episode), by=None, now=clock.now())
    short_check_in(ana)
    ana.sees("This phone is signed out.")
    bo = enrolled(team, "Bo Ferreira")
    ana.page.goto(f"/phone#code={code_for(bo)}")
    ana.tap("Start")
    ana.tap("Yes, this is Bo's recovery")
    ana.at_home()
    short_check_in(ana, who="I am Bo", pain="5")
    ana.sees("Your care team's system got this")

    assert only_one(bo).answers == {"pain_now": 5}
    assert not episode.check_ins.exists()
    assert len(ana.kept("report.")) == 1  # Ana's, should she sign on here again


def test_a_withdrawn_check_in_is_not_kept(ana: Pocket, episode: Episode) -> None:
    from recovery import checkins

    short_check_in(ana)
    ana.sees("Your care team's system got this")
    row = only_one(episode)
    ana.tap("Done")
    ana.tap("I made a mistake")
    device = DeviceToken.objects.get(episode=episode)
    checkins.withdraw(device=device, client_id=row.client_id, now=clock.now())
    ana.tap("Send to my care team")

    ana.at("This check-in was taken back")
    assert ana.kept("report.") == {}


def test_the_page_opens_without_a_network(take_phone: TakePhone, episode: Episode) -> None:
    ana = take_phone(offline=True)
    ana.sign_on(code_for(episode))
    ana.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    ana.lose_network()
    ana.page.reload()

    ana.at_home()
    ana.sees("Call 999 now if")
    ana.begin()
    ana.tell("bladder", "New or worse")
    ana.at("Call 999 now. Do not drive yourself.")
    ana.page.reload()
    ana.at("Call 999 now. Do not drive yourself.")

    kept = ana.page.evaluate(
        """async () => {
            const names = await caches.keys();
            const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
            return requests.flat().map((request) => new URL(request.url).pathname);
        }"""
    )
    assert all(re.match(r"/phone$|/static/phone/", path) for path in kept)


def test_o05_after_a_restore_the_phone_sends_again_what_the_service_lost(
    ana: Pocket, episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As restored to a time before the check-in: it is not there any more, and the history is another one."""
    short_check_in(ana)
    ana.sees("Your care team's system got this")
    first = only_one(episode)
    assert list(ana.kept("sent.")) == [f"sent.{first.client_id}"]
    lose(episode)
    assert not CheckIn.objects.filter(episode=episode).exists()

    monkeypatch.setattr("recovery.epoch.current", lambda: "another")
    ana.page.goto("/phone")
    wait_until(lambda: CheckIn.objects.filter(episode=episode).exists())

    again = only_one(episode)
    assert (again.client_id, again.answers, again.revision) == (
        first.client_id,
        first.answers,
        first.revision,
    )
    wait_until(lambda: not any(kept["owed"] for kept in ana.kept("sent.").values()))
    ana.page.goto("/phone")
    ana.at_home()
    assert only_one(episode).pk == again.pk


def lose(episode: Episode) -> None:
    """What the database's owner can do, and a restore does."""
    with connect(in_database(current().admin_url, os.environ["DATABASE_OWNER_URL"])) as admin:
        for table in ("alertevent", "attempt", "notification"):
            admin.execute(f"DELETE FROM recovery_{table}")
        for table in ("alert", "assessment", "checkinrevision", "checkin"):
            admin.execute(f"DELETE FROM recovery_{table} WHERE episode_id = %s", [episode.pk])
