"""What axe knows of barriers for people who see, hear or move less, on a page that is open."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

OPTIONS = {"resultTypes": ["violations"]}


@contextmanager
def the_same_page(page: "Page") -> Generator[None]:
    """Whoever examines a page has waited for it: what was there before it has no say, and does not hide it."""
    page.evaluate("window.isExamined = true")
    yield
    assert page.evaluate("window.isExamined"), (
        "another page came while this one was examined: wait for something on it first"
    )


def found(page: "Page", **options: Any) -> str:
    """A report; nothing where there is none. The half megabyte of axe is read once for a document, not each time."""
    from axe_playwright_python.base import AXE_SCRIPT, AxeResults

    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    results = AxeResults(page.evaluate("options => axe.run(options)", OPTIONS | options))
    return results.generate_report() if results.violations_count else ""
