"""What a man of 76 sees after he has told something: who saw it, by when they call, whom to call if nobody does, and
what they had to say."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from recovery import alerts, clock
from recovery.models import Alert, CareTeam, Clinic, User
from tests import factories
from tests.clinical.readability import grade
from tests.phone.pocket import Pocket
from tests.phone.test_barriers import NARROW, SENTENCES, SMALL
from tests.phone.test_home import uncontrolled_pain

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LATE = "Nobody has called you in time. Do not wait. Call 020 7946 0102 now."


@pytest.fixture
def ben(team: CareTeam) -> User:
    return factories.member(team)


def late(alert: Alert) -> None:
    Alert.objects.filter(pk=alert.pk).update(tier_at=alert.tier_at - timedelta(hours=5))


def stands_alone(phone: Pocket, name: str) -> None:
    """No barrier, large, plain, and it fits when the type is twice as large."""
    phone.examine(name)
    assert phone.page.evaluate(SMALL) == []
    assert phone.page.evaluate(NARROW) == []
    sentences = phone.page.evaluate(SENTENCES)
    assert grade(" ".join(each if each[-1] in ".!?:" else f"{each}." for each in sentences)) <= 6
    phone.page.evaluate("document.documentElement.style.fontSize = '250%'")
    if phone.shots:
        phone.page.screenshot(path=phone.shots / f"{name}-large.png", full_page=True)
    phone.fits(name, 390, 320)
    phone.page.set_viewport_size({"width": 390, "height": 844})
    phone.page.evaluate("document.documentElement.style.fontSize = ''")


def test_a_promise_that_was_missed_comes_before_everything_with_the_number_to_call_instead(
    ana: Pocket,
) -> None:
    late(uncontrolled_pain(ana))
    ana.page.reload()
    ana.sees(LATE)

    first = ana.page.locator("#screen > *").first
    expect(first).to_contain_text("The call is late")
    button = first.get_by_role("link", name="Call now")
    assert button.get_attribute("href") == "tel:02079460102"
    box = button.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 844, "he need not scroll to it"
    stands_alone(ana, "loop-late")


def test_it_is_said_without_a_network_too_once_the_time_has_passed(ana: Pocket) -> None:
    uncontrolled_pain(ana)
    ana.page.reload()
    ana.sees("They should call you by")
    ana.page.wait_for_load_state(
        "networkidle"
    )  # an answer that came later would say what the server's clock says
    ana.lose_network()
    ana.page.clock.install(time=clock.now() + timedelta(hours=5))
    ana.page.evaluate(
        "const me = JSON.parse(localStorage['recovery.known.me']);"
        "me.at = new Date().toISOString(); me.data.hours += 5;"
        "localStorage['recovery.known.me'] = JSON.stringify(me)"
    )
    ana.tap_link("This is not my phone, or sign off")
    ana.tap("Go back")

    ana.sees(LATE)


def test_he_reads_who_saw_it_and_that_they_tried_to_call(ana: Pocket, ben: User) -> None:
    alert = uncontrolled_pain(ana)
    now = clock.now()
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=now)
    alerts.record_contact(alert_id=alert.uuid, by=ben, reached=False, by_what="phone", now=now)
    ana.page.reload()

    ana.sees(re.compile("^A nurse saw it today at "))
    ana.sees(re.compile("^They tried to call you today at "))
    assert "Ben" not in ana.page.inner_text("body")
    stands_alone(ana, "loop-seen")


def test_by_name_where_the_clinic_wants_it(ana: Pocket, ben: User, team: CareTeam) -> None:
    Clinic.objects.filter(pk=team.clinic_id).update(names_staff=True)
    alerts.acknowledge(alert_id=uncontrolled_pain(ana).uuid, by=ben, now=clock.now())
    ana.page.reload()

    ana.sees(re.compile(r"^Ben Okafor \(nurse\) saw it today at "))


def test_what_the_clinician_wrote_when_closing_is_read_in_large_type(ana: Pocket, ben: User) -> None:
    alert = uncontrolled_pain(ana)
    alerts.close(
        alert_id=alert.uuid, by=ben, outcome="no-problem-found", contacted=True, note="marker", tell="expected",
        now=clock.now(),
    )  # fmt: skip
    ana.page.reload()

    ana.sees("Your care team wrote to you")
    message = ana.page.locator(".answer .message")
    expect(message).to_contain_text("It is expected at this time.")
    expect(message).to_contain_text("Call 020 7946 0101 if it gets worse or you are worried.")
    assert message.evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= 24
    assert "marker" not in ana.page.inner_text("body")
    stands_alone(ana, "loop-answer")
