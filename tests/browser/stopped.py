"""A page's clock that stands still, however slow the machine is."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def open_and_stop(page: "Page", address: str) -> None:
    """Open this by a clock that goes on by `page.clock.run_for` alone, until `page.clock.resume`."""
    now = datetime.now(UTC)
    page.clock.install(time=now)
    page.clock.pause_at(now + timedelta(minutes=5))
    page.goto(address)
