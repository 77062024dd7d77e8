"""The browser of the tests."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
OFF = "--disable-features="


def test_what_playwright_switches_off_stays_off(page: "Page"):
    page.goto("chrome://version")
    line = page.locator("#command_line").inner_text().split()
    *others, last = [set(flag.removeprefix(OFF).split(",")) for flag in line if flag.startswith(OFF)]
    assert others
    assert set().union(*others) <= last
