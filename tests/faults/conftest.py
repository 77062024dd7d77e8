"""One running system for all tests here of a worker: what a test broke it mends, or the system is thrown away."""

from collections.abc import Generator
from contextlib import ExitStack

import pytest

from tests.faults.scale import LONGEST_S
from tests.system import System

PROGRAMS = ("web", "worker", "watch", "watch-2")

SMALL = {"max_connections": "40"}
LEASE_S = "8"
"""Longer than a send here takes, on a busy machine as well, and short to wait for."""

METRICS_TOKEN = "a token of thirty-two letters or more"

failed = pytest.StashKey[bool]()


class Standing:
    def __init__(self) -> None:
        self._stack: ExitStack | None = None

    def system(self) -> System:
        """With everything running, and nothing of it out of order."""
        if self._stack is None:
            self._stack = ExitStack()
            self._system = self._stack.enter_context(
                System(postgres=SMALL, DELIVERY_LEASE_S=LEASE_S, METRICS_TOKEN=METRICS_TOKEN)
            )
        self._system.restore(*PROGRAMS)
        return self._system

    def throw_away(self) -> None:
        if self._stack is not None:
            self._stack.close()
            self._stack = None


@pytest.fixture(scope="package")
def standing() -> Generator[Standing]:
    kept = Standing()
    yield kept
    kept.throw_away()


@pytest.fixture
def system(standing: Standing, request: pytest.FixtureRequest) -> Generator[System]:
    """The running system: web, worker and two watches, on a PostgreSQL, a Valkey and a provider of its own."""
    yield standing.system()
    if request.node.stash.get(failed, False):
        standing.throw_away()


@pytest.fixture(autouse=True)
def _django_may_be_asked(django_db_blocker) -> Generator[None]:
    """Of the database of a system (see System.django); there is no other here."""
    with django_db_blocker.unblock():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[failed] = True
        system = getattr(item, "funcargs", {}).get("system")
        report.sections += system.last_words() if system else []
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "faults" in item.path.parts and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONGEST_S))
