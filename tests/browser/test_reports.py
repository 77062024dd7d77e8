"""Refused reports in a real browser: read, judged by hand and dismissed with the keyboard alone, and on a telephone."""

import json
from uuid import UUID

import pytest
from playwright.sync_api import expect

from recovery import quarantine
from recovery.models import CareTeam, CheckIn, DeviceToken, Quarantine, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.dashboard.scenes import again, flag_all
from tests.factories import ALL_CLEAR, at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ANSWERS = ALL_CLEAR | {
    "pain_now": "7", "bleeding": "oozing", "wound": ["redness", "pus"], "free_text": "\u0634\u0643\u0631\u0627 <b>",
}  # fmt: skip
SENT = {
    "id": "7d1c0f5e-6a55-4c0e-9c39-5f8a4a3f2b11",
    "observed_at": at(26).isoformat(),
    "status": "completed",
    "mood": "low \u202e and \u0000",
    "answers": ANSWERS,
}


@pytest.fixture
def refused(ana: DeviceToken) -> UUID:
    """An app update: one unknown field, and two answers that the service does not know."""
    readable = {name: value for name, value in ANSWERS.items() if name != "pain_now"}
    quarantine.keep(
        device=again(ana),
        body=json.dumps(SENT, ensure_ascii=False).encode(),
        code="invalid",
        problems=[
            {"place": "mood", "code": "unknown_field"},
            {"place": "answers.pain_now", "code": "wrong_type"},
            {"place": "answers.wound[1]", "code": "unknown_code"},
        ],
        readable=True,
        observed_at=at(26),
        readings=[readable | {"wound": ["redness"]}],
        now=at(26.1),
    )
    flag_all(26.1)
    return Quarantine.objects.get().uuid


@pytest.fixture
def unreadable(team: CareTeam) -> None:
    cy, _ = factories.phone(factories.episode(team, name="Cy Adebayo"))
    quarantine.keep(
        device=again(cy),
        body=b'{"id": "7d1c' + b"a" * 9_000,
        code="not_json",
        problems=[{"place": "character 12", "code": "not_json"}],
        readable=False,
        now=at(2),
    )
    flag_all(2)


def test_the_list_and_the_report_have_no_barrier(
    refused: UUID, unreadable: None, ben: User, dora: User, sit_down: SitDown
) -> None:
    bo, _ = factories.phone(factories.episode(ben.memberships.get().team, name="Bo Ferreira-Lindqvist"))
    quarantine.keep(device=again(bo), body=b"", code="empty_body", problems=[], readable=False, now=at(20))
    quarantine.dismiss(
        kept_id=Quarantine.objects.latest("pk").uuid,
        by=dora,
        dismissed_as="spoken",
        reason="She is well.",
        now=at(21),
    )
    flag_all(21)
    desk = sit_down(ben)

    desk.page.goto("/reports")
    desk.examine("reports")
    for kept in Quarantine.objects.order_by("pk"):
        desk.page.goto(f"/reports/{kept.uuid}")
        desk.examine(f"report-{kept.code}")


def test_a_refused_form_has_no_barrier(refused: UUID, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben)
    desk.page.goto(f"/reports/{refused}")
    desk.page.get_by_role("button", name="Judge and save").click()

    expect(desk.page.get_by_text("Nothing was saved yet.")).to_be_visible()
    desk.examine("report-form-refused")


def test_judged_by_hand_with_the_keyboard_alone(refused: UUID, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben)
    page = desk.page
    page.goto("/reports")
    page.get_by_role("link", name="Read it").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Judge it by hand").focus()
    page.keyboard.press("Enter")
    for group, choice in (
        ("Did the patient finish", "Yes, all that was asked"),
        ("How bad is your back pain", "7"),
    ):
        page.get_by_role("group", name=group).get_by_role("radio", name=choice, exact=True).focus()
        page.keyboard.press("Space")
    page.get_by_role("group", name="What is new or spreading").get_by_role(
        "checkbox", name="Pus or fluid"
    ).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Judge and save").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Judged by hand and saved as a check-in.")).to_be_visible()
    expect(page.get_by_role("heading", name="Tell the patient")).to_be_visible()
    check_in = CheckIn.objects.get()
    assert (check_in.answers["pain_now"], check_in.answers["wound"]) == (
        7,
        ["redness", "pus_or_discharge"],
    )
    assert check_in.answers["bleeding"] == "oozing"  # as it was read
    flag_all(28.2)
    page.reload()
    desk.examine("report-judged")


def test_it_all_works_without_javascript(refused: UUID, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben, java_script_enabled=False)
    page = desk.page
    page.goto(f"/reports/{refused}")
    page.get_by_role("radio", name="Spoke with the patient").check()
    page.get_by_label("What you did").fill("She sends it again.")
    page.get_by_role("button", name="Dismiss the report").click()

    expect(page.get_by_text("Ben Okafor dismissed this")).to_be_visible()
    assert Quarantine.objects.get().reason == "She sends it again."


def test_what_came_cannot_act_hide_or_turn_the_page(refused: UUID, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben)
    desk.page.goto(f"/reports/{refused}")

    raw = desk.page.get_by_role("region", name="Text of the refused report")
    assert r"low ⟨U+202E⟩ and \u0000" in raw.inner_text()
    assert "<b>" in raw.inner_text()
    assert raw.evaluate("element => getComputedStyle(element).unicodeBidi") == "isolate"
    assert desk.page.locator("bdi.sent").first.inner_text() == r'"low ⟨U+202E⟩ and \u0000"'
