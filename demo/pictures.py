"""Takes the pictures under docs/screens/ from a running demo: `make screens`. Needs a Chromium and the tests' tools."""

import json
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
    for name, size in (("board", DESK), ("board-phone", PHONE)):
        page = browser.new_context(viewport=size, base_url=demo["base_url"]).new_page()
        page.goto("/")
        page.get_by_label("Email").fill(nurse["email"])
        page.get_by_label("Password").fill(nurse["password"])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=SCREENS / f"{name}.png")
        if size is DESK:
            page.locator("main a[href^='/alerts/']").first.click()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=SCREENS / "alert.png")
            _an_alert(page)
            _a_patient(page)
            _enrolling(page)
            _refused_reports(page, demo, clinic=nurse["clinic"])
            _figures(page)


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
    for act in ("mute", "pause", "end", "phones", "summary"):
        page.goto(f"{patient}/{act}")
        page.screenshot(path=SCREENS / f"{act}.png", full_page=act == "summary")


def _facts(page: Any, patient: str) -> None:
    """What is recorded and corrected on that patient's page."""
    for act, name in (
        ("check-in", "check-in-by-telephone"),
        ("baseline", "correct-baseline"),
        ("risk-factors", "correct-risk-factors"),
        ("procedure", "change-procedure-time"),
    ):
        page.goto(f"{patient}/{act}")
        page.screenshot(path=SCREENS / f"{name}.png")


def _enrolling(page: Any) -> None:
    """The form with what is usual in it, the list, and a sheet."""
    page.goto("/enrol")
    page.screenshot(path=SCREENS / "enrol.png", full_page=True)
    page.goto("/enrol/list")
    page.screenshot(path=SCREENS / "enrol-list.png")
    page.goto("/patients")
    page.locator("main a[href^='/patients/']").first.click()
    page.goto(f"{page.url.partition('?')[0]}/sheet")
    page.get_by_role("button", name="Make a code and show the sheet").click()
    page.locator(".paper").screenshot(path=SCREENS / "sheet.png")


def _refused_reports(page: Any, demo: dict[str, Any], *, clinic: str) -> None:
    """A phone whose app is newer than the service sends a report; then the list, and the report that waits longest."""
    patient = next(patient for patient in demo["patients"] if patient["clinic"] == clinic)
    now = datetime.now(UTC).isoformat()
    answers = NOTHING_WRONG | {
        "pain_now": "7", "pain_change": "worse", "pain_where": ["treated_area"], "pain_controlled": "yes",
        "temp": {"value": 36.9, "unit": "C"}, "bleeding": "oozing", "wound": ["redness", "pus"], "opioid_taken": "no",
        "mobility": "with_help", "blood_thinner": "not_on", "free_text": "It keeps coming.", "bandage": "on_dry",
        "immersion": "no",
    }  # fmt: skip
    page.context.request.post(
        "/api/v1/check-ins",
        headers={"Authorization": f"Bearer {patient['device_token']}"},
        data={
            "id": str(uuid4()), "observed_at": now, "sent_at": now, "status": "completed", "answered_by": "patient",
            "app_version": "phone/9.0", "mood": "low", "answers": answers,
        },
    )  # fmt: skip
    page.wait_for_timeout(5_000)
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
    page.get_by_role("button", name="Check in now").wait_for()
    page.screenshot(path=SCREENS / "phone-home.png")
    page.get_by_role("button", name="Check in now").click()
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
