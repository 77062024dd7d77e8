from collections.abc import Generator

import pytest

from tests.fuzz.people import People
from tests.system import System


@pytest.fixture(scope="package")
def system() -> Generator[System]:
    """The web server as in production, on a database and a Valkey of its own."""
    with System() as running:
        running.start("web")
        yield running


@pytest.fixture(scope="package")
def people(system: System) -> People:
    return People.of(system)


@pytest.fixture(autouse=True)
def _nothing_went_wrong_unseen(system: System) -> Generator[None]:
    """A fault that was answered politely still stands in the log."""
    before = len(system.said_by("web"))
    yield
    said = system.said_by("web")[before:]
    assert [line for line in said.splitlines() if " ERROR " in line or "Traceback" in line] == []
