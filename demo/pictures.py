"""Takes the pictures under docs/screens/ from a running demo: `make screens`. Needs a Chromium and the tests' tools."""

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from demo.answering import NOTHING_WRONG
from tests import chromium

SCREENS = Path("docs/screens")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
NEWS: list[dict[str, Any]] = [
    {"temp": {"value": 38.6, "unit": "C"}, "feels_feverish": "yes"},
    {"pain_now": 7, "pain_controlled": "no", "free_text": "I did not sleep at all."},
    {"cough": "new"},
    {"wants_call": "yes", "free_text": "Could somebody ring me about my tablets?"},
]
"""What patients report before the pictures are taken, one each."""


def main() -> None:
    demo = _running_demo()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.FLAGS)
        _at_the_desk(browser, demo)
        _on_the_phone(browser, demo)
        browser.close()


def _running_demo() -> dict[str, Any]:
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "var/demo.json")
    if not path.exists() or not (demo := json.loads(path.read_text())).get("ready"):
        sys.exit(
            "Start `make demo` first, wait until it says that it is ready, and run this again beside it."
        )
    return dict(demo)


def _at_the_desk(browser: Any, demo: dict[str, Any]) -> None:
    nurse = next(person for person in demo["staff"] if person["role"] == "nurse")
    patients = [patient for patient in demo["patients"] if patient["clinic"] == nurse["clinic"]]
    for name, size in (("board", DESK), ("board-phone", PHONE)):
        page = browser.new_context(viewport=size, base_url=demo["base_url"]).new_page()
        page.goto("/")
        if size is DESK:
            page.screenshot(path=SCREENS / "sign-in.png")
            _reports(page, patients)
        page.get_by_label("Email").fill(nurse["email"])
        page.get_by_label("Password").fill(nurse["password"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Code").fill(page.locator("#demo-code").inner_text())
        page.get_by_role("button", name="Go on").click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=SCREENS / f"{name}.png")
        if size is DESK:
            page.locator("main a[href^='/alerts/']").first.click()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=SCREENS / "alert.png")
            _an_alert(page)
            _a_patient(page)
            _enrolling(page)
            _refused_reports(page)
            _figures(page)
            for other in ("handover", "review", "rota", "escalation", "contacts", "owed", "account/security"):
                page.goto(f"/{other}")
                page.screenshot(path=SCREENS / f"{other.rpartition('/')[2]}.png", full_page=True)


def _reports(page: Any, patients: list[dict[str, Any]]) -> None:
    """What gives the board something to show: reports of several urgencies, one of an app newer than the service."""
    calm = NOTHING_WRONG | {
        "pain_now": 3, "pain_change": "same", "pain_where": ["treated_area"], "pain_controlled": "yes",
        "opioid_taken": "no", "mobility": "usual", "blood_thinner": "not_on",
    }  # fmt: skip
    for patient, answers in zip(patients, NEWS, strict=False):
        _report(page, patient, calm | answers)
    worse = {
        "pain_now": "7",
        "bleeding": "oozing",
        "wound": ["redness", "pus"],
        "free_text": "It keeps coming.",
    }
    _report(page, patients[len(NEWS)], calm | worse, app_version="phone/9.0", mood="low")
    page.wait_for_timeout(5_000)


def _report(page: Any, patient: dict[str, Any], answers: dict[str, Any], **more: str) -> None:
    now = datetime.now(UTC).isoformat()
    page.context.request.post(
        "/api/v1/check-ins",
        headers={"Authorization": f"Bearer {patient['device_token']}"},
        data={
            "id": str(uuid4()), "observed_at": now, "sent_at": now, "status": "completed", "answered_by": "patient",
            "app_version": "phone/1.0", "answers": answers, **more,
        },
    )  # fmt: skip


def _an_alert(page: Any) -> None:
    """The whole of what one reads and does, at the desk and on a phone."""
    for name, size in (("alert-whole", DESK), ("alert-phone", PHONE)):
        page.set_viewport_size(size | {"height": 1800})
        page.screenshot(path=SCREENS / f"{name}.png")
    page.set_viewport_size(DESK)


def _a_patient(page: Any) -> None:
    """The patient of that alert, at the desk and on a phone; then the list of patients."""
    page.locator("h1 a[href^='/patients/']").click()
    page.wait_for_load_state("networkidle")
    for name, size in (("patient", DESK), ("patient-phone", PHONE)):
        page.set_viewport_size(size | {"height": 1800})
        page.screenshot(path=SCREENS / f"{name}.png")
    page.set_viewport_size(DESK)
    address = page.url
    _facts(page, address)
    _watch(page, address)
    page.goto("/patients")
    page.screenshot(path=SCREENS / "patients.png")


def _watch(page: Any, patient: str) -> None:
    """What is changed about how that patient is watched, and the summary."""
    for act in ("mute", "pause", "extend", "end", "phones", "caregivers", "summary"):
        page.goto(f"{patient}/{act}")
        page.screenshot(path=SCREENS / f"{act}.png", full_page=act == "summary")


def _facts(page: Any, patient: str) -> None:
    """What is recorded and corrected on that patient's page."""
    for act, name in (
        ("check-in", "check-in-by-telephone"),
        ("baseline", "correct-baseline"),
        ("risk-factors", "correct-risk-factors"),
        ("procedure", "change-procedure-time"),
        ("contacts", "change-how-to-call"),
        ("identity", "correct-who-it-is"),
    ):
        page.goto(f"{patient}/{act}")
        page.screenshot(path=SCREENS / f"{name}.png")


def _enrolling(page: Any) -> None:
    """The form with what is usual in it, the list, and a sheet."""
    page.goto("/enrol")
    page.screenshot(path=SCREENS / "enrol.png", full_page=True)
    for name in ("list", "waiting"):
        page.goto(f"/enrol/{name}")
        page.screenshot(path=SCREENS / f"enrol-{name}.png")
    page.goto("/patients")
    page.locator("main a[href^='/patients/']").first.click()
    page.goto(f"{page.url.partition('?')[0]}/sheet")
    page.get_by_role("button", name="Make a code and show the sheet").click()
    page.locator(".paper").screenshot(path=SCREENS / "sheet.png")


def _refused_reports(page: Any) -> None:
    """The list, and the report that waits longest."""
    page.goto("/reports")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=SCREENS / "reports.png")
    page.locator("main a[href^='/reports/']").first.click()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=SCREENS / "report.png")


def _figures(page: Any) -> None:
    """Of the last four weeks, at the desk and on a phone."""
    page.goto("/figures")
    for name, size in (("figures", DESK), ("figures-phone", PHONE)):
        page.set_viewport_size(size | {"height": 1800})
        page.screenshot(path=SCREENS / f"{name}.png")
    page.set_viewport_size(DESK)


def _on_the_phone(browser: Any, demo: dict[str, Any]) -> None:
    """The last patient of the list opens the page, and says that a part of the body cannot be moved."""
    context = browser.new_context(viewport=PHONE, base_url=demo["base_url"], device_scale_factor=2)
    page = context.new_page()
    token = demo["patients"][-1]["device_token"]
    me = context.request.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    holder = {"token": token, "patient": me["patient"], "episode": me["episode"], "confirmed": True}
    page.goto("/phone")
    page.evaluate("holder => localStorage.setItem('recovery.device', JSON.stringify(holder))", holder)
    page.goto("/phone")
    check_in = page.get_by_role("button", name=re.compile("^Check in (now|again)$"))
    check_in.wait_for()
    page.screenshot(path=SCREENS / "phone-home.png")
    for name in ("helpers", "looks"):
        page.goto(f"/phone#/{name}")
        page.wait_for_timeout(1_000)
        page.screenshot(path=SCREENS / f"phone-{name}.png")
    page.goto("/phone#/home")
    check_in.click()
    page.get_by_role("button", name="I am ").click()
    page.get_by_role("button", name="None of these").first.wait_for()
    page.screenshot(path=SCREENS / "phone-questions.png")
    page.get_by_role("button", name="Yes, one or more").click()
    page.locator("#q-cannot_move label").filter(has_text="Yes").click()
    page.locator("a[href^='tel:']").first.wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=SCREENS / "phone-verdict.png")


if __name__ == "__main__":
    main()
