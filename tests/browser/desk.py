from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recovery.models import User
from tests import barriers, signing_in
from tests.factories import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page

EXPECTED = ("the server responded with a status of 4",)
"""What Chromium logs by itself when an answer is a refusal; the page shows it to the person."""

SIZES = {"phone": (390, 844), "desk": (1280, 900)}


def press(page: Page, button: str, *, exact: bool = False) -> None:
    """With the keyboard. Ends when the page that it leads to has begun, which `page.keyboard.press` does not."""
    page.get_by_role("button", name=button, exact=exact).first.press("Enter")


class Desk:
    """Somebody in front of a page. `complaints` are errors of the console and breaches of the policy."""

    def __init__(self, page: Page, user: User, shots: Path | None) -> None:
        self.page = page
        self.user = user
        self.complaints: list[str] = []
        self._shots = shots
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self) -> None:
        self.page.goto("/")
        self.give_both_factors()
        self.page.wait_for_url("/")

    def give_both_factors(self) -> None:
        """On the page that asks for the password, wherever it leads then."""
        signing_in.give_app(self.user)
        self.page.get_by_label("Email").fill(self.user.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_label("Code").fill(signing_in.shown_code())
        self.page.get_by_role("button", name="Go on").click()

    def examine(self, name: str) -> None:
        """No barrier that axe knows, and nothing wider than the screen: light and dark, phone and desk."""
        with barriers.the_same_page(self.page):
            for size, (width, height) in SIZES.items():
                self.page.set_viewport_size({"width": width, "height": height})
                for scheme in ("light", "dark"):
                    self.page.emulate_media(color_scheme=scheme)
                    if self._shots:
                        self.page.screenshot(path=self._shots / f"{name}-{size}-{scheme}.png", full_page=True)
                    found = barriers.found(self.page)
                    assert found == "", f"{name}, {size}, {scheme}: {found}"
                    wide = self.page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= width, f"{name}, {size}: the page is {wide} px wide"

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(known in message.text for known in EXPECTED):
            self.complaints.append(message.text)
