"""A phone with the patient's page open, and the thumb that taps on it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recovery.models import CheckIn, Episode
from tests import barriers

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page

EXPECTED = re.compile(r"status of [45]\d\d|net::ERR_|blocked by Playwright")
"""What Chromium logs by itself when a request is refused or there is no network; the page tells the patient."""

COUNT_TAPS = "document.addEventListener('pointerdown', () => (window.taps = (window.taps ?? 0) + 1), true)"
"""On the document, not the window: Playwright stops a click there that would miss what it aims at, and clicks anew."""


class Pocket:
    """`complaints` are errors of the page, and breaches of its security policy."""

    def __init__(self, page: Page, shots: Path | None = None) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.shots = shots
        page.add_init_script(COUNT_TAPS)
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.complaints.append(message.text)

    # --- what is done with it

    def sign_on(self, code: str, name: str = "Ana") -> None:
        self.page.goto("/phone")
        self.page.get_by_label("Your code").fill(code)
        self.tap("Start")
        self.tap(f"Yes, this is {name}'s recovery")
        self.at_home()

    def tap(self, name: str) -> None:
        """A button, by its exact words; the first when there are two."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def tap_link(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).click()

    def pick(self, question: str, answer: str) -> None:
        """An answer to the question with this key."""
        self.question(question).locator("label").filter(has_text=re.compile(f"^{re.escape(answer)}")).click()

    def begin(self, who: str = "I am Ana") -> None:
        self.page.get_by_role("button", name=re.compile("^Check in (now|again)$")).click()
        self.tap(who)
        self.at("Moving and feeling")

    def say_all_is_well(self) -> None:
        """Every question but the free text and the wish for a call, from the home page to the last tap."""
        self.begin()
        self.tap("None of these")
        self.at("Breathing and chest")
        self.tap("None of these")
        self.pick("pain_now", "2")
        self.pick("pain_change", "Better")
        self.pick("pain_where", "Where I was treated")
        self.pick("pain_controlled", "Yes")
        self.tap("Next")
        self.tap("I have no thermometer")
        self.pick("bandage", "On and dry")
        self.tap("None of these")
        self.pick("drowsy", "Not sleepy")
        self.pick("blood_thinner", "I am not on one")
        self.tap("None of these")
        self.pick("mobility", "As usual")
        self.tap("None of these")
        self.at("One last thing")
        self.tap("Next")
        self.tap("Send to my care team")

    def tell(self, question: str, answer: str) -> None:
        """Open the questions of this part and give one answer."""
        self.tap("Yes, one or more")
        self.pick(question, answer)

    def lose_network(self) -> None:
        self.page.context.set_offline(True)

    def find_network(self) -> None:
        self.page.context.set_offline(False)

    # --- what is seen on it

    def at_home(self) -> None:
        """Twenty hours after the procedure, which is the same day late in the evening and the next one otherwise."""
        self.at(re.compile("^Day [01] after your procedure$"))

    def at(self, heading: str | re.Pattern[str]) -> None:
        """Wait for the screen with this heading; the reader stands there."""
        from playwright.sync_api import expect

        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def sees(self, words: str | re.Pattern[str]) -> None:
        from playwright.sync_api import expect

        expect(self.page.get_by_text(words).filter(visible=True).first).to_be_visible()

    def question(self, key: str) -> Locator:
        return self.page.locator(f"#q-{key}")

    @property
    def taps(self) -> int:
        return int(self.page.evaluate("window.taps ?? 0"))

    def kept(self, start: str = "") -> dict[str, Any]:
        """What lies in the phone's memory."""
        entries: dict[str, str] = self.page.evaluate("({...localStorage})")
        found = {name.removeprefix("recovery."): json.loads(text) for name, text in entries.items()}
        return {name: value for name, value in found.items() if name.startswith(start)}

    def examine(self, name: str) -> None:
        """No barrier that axe knows, AAA contrast, nothing wider than the screen: light and dark, phone and desk."""
        enhanced = {"color-contrast-enhanced": {"enabled": True}}
        with barriers.the_same_page(self.page):
            for width, height in ((390, 844), (1280, 900)):
                self.page.set_viewport_size({"width": width, "height": height})
                for scheme in ("light", "dark"):
                    self.page.emulate_media(color_scheme=scheme)
                    if self.shots:
                        self.page.screenshot(path=self.shots / f"{name}-{width}-{scheme}.png", full_page=True)
                    found = barriers.found(self.page, rules=enhanced)
                    assert found == "", f"{name}, {width}, {scheme}: {found}"
            self.fits(name, 1280, 390, 320)
        self.page.set_viewport_size({"width": 390, "height": 844})

    def fits(self, name: str, *widths: int) -> None:
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 844})
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name}: {wide} px wide on {width}"


def stored(episode: Episode) -> list[CheckIn]:
    return list(CheckIn.objects.filter(episode=episode).order_by("received_at"))


def only_one(episode: Episode) -> CheckIn:
    (row,) = stored(episode)
    return row
