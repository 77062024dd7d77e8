"""What is found on pages that have a barrier, so that nothing found means something."""

from typing import TYPE_CHECKING

import pytest

from tests import barriers

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PALE = "<html lang=en><title>A page</title><main><h1>A page</h1><p style='color: #6b6b6b'>Said softly.</p></main>"


def test_a_barrier_is_told_each_time_that_a_page_is_looked_at(page: "Page") -> None:
    page.set_content("<html lang=en><title>A page</title><main><h1>A page</h1><img src='data:,'></main>")

    assert ["image-alt" in barriers.found(page), "image-alt" in barriers.found(page)] == [True, True]


def test_a_rule_that_is_asked_for_is_looked_at_too(page: "Page") -> None:
    page.set_content(PALE)

    assert barriers.found(page) == ""
    assert "color-contrast-enhanced" in barriers.found(
        page, rules={"color-contrast-enhanced": {"enabled": True}}
    )
