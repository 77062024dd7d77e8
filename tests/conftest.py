"""What every test stands on: its database, no network, repeatable generated examples, a browser if there is one."""

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import hypothesis
import pytest

from tests import chromium, databases, network, signing_in
from tests.services_plugin import worker
from tests.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

hypothesis.settings.register_profile("dev", deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True, max_examples=200)
hypothesis.settings.register_profile("nightly", deadline=None, print_blob=True, max_examples=2_000)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "hazard(control): shows that this control of docs/hazards.yaml works (docs/safety-case.md)"
    )


@pytest.fixture(autouse=True, scope="session")
def _whoever_is_signed_in_by_force_gave_both_factors() -> Generator[None]:
    from django.contrib.auth.signals import user_logged_in

    user_logged_in.connect(signing_in.whole_by_force)
    yield
    user_logged_in.disconnect(signing_in.whole_by_force)


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Generator[None]:
    """A password is hashed as in production but for the number of rounds, which would be 0.4 s for each person."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    with patch.object(PBKDF2PasswordHasher, "iterations", 1):
        yield


@pytest.fixture(autouse=True, scope="session")
def _tests_see_every_clinic() -> None:
    """What they arrange and what they look at. A request begins with what its session, or its phone, may reach; so
    do programs, which are processes of their own."""
    from recovery import tenancy

    tenancy.assume_every_clinic()


@pytest.fixture(autouse=True)
def _each_test_begins_with_every_clinic() -> Generator[None]:
    from recovery import tenancy

    with tenancy.every_clinic():
        yield


@pytest.fixture(autouse=True)
def deeds_are_noted_seldom() -> Generator[None]:
    """The first page after half a minute writes down that its reader is there: one statement more, in tests that count
    them on a crowded machine."""
    from recovery import sessions

    with patch.object(sessions, "NOTED_EVERY", timedelta(minutes=10)):
        yield


@pytest.fixture(autouse=True)
def _mails_that_leave_behind_an_answer_leave_within_the_test() -> Generator[None]:
    """Else the next one would find them in its outbox."""
    yield
    if account_mail := sys.modules.get("recovery.dashboard.account_mail"):
        wait_until(account_mail.nobody_waits, within_s=60, why="mails still wait")


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Generator[None]:
    with network.loopback_only():
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker) -> Generator[None]:
    """In place of pytest-django's: a copy of the migrated database. Tests work in it as the application's role."""
    from django.db import connections
    from django.test import TransactionTestCase

    plan = databases.make_clone(worker())
    databases.tables_to_empty(os.environ["DATABASE_OWNER_URL"])
    with patch.object(TransactionTestCase, "_fixture_teardown", lambda case: databases.empty_tables()):
        yield
    with django_db_blocker.unblock():
        connections.close_all()
    databases.drop(plan)


LONG = ("auditor", "bench", "browser", "demo", "drill", "faults", "fuzz", "guards", "hold", "phone")
"""Where whole systems and browsers are at work."""

SURROUNDINGS = ("bench", "demo", "drill", "house")
"""What the tests of these start stands around the product: its demo, its scripts, the tests' own servers."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A worker takes file after file (`--dist=loadfile`): what takes long comes first, not at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path.parent.name not in LONG)
    for item in items:
        if item.get_closest_marker("browser") or item.path.parent.name in SURROUNDINGS:
            item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=2))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and not chromium.path():
        if chromium.is_required():
            pytest.fail(
                "REQUIRE_BROWSER=1, but no Chromium is installed (or named in CHROMIUM)", pytrace=False
            )
        pytest.skip("no Chromium is installed (or named in CHROMIUM)")


@contextmanager
def answering_slowly(seconds: float) -> Generator[None]:
    """SLOW=0.6 makes the tests' web server take so long before and again after its work: a test that does not wait
    for the page it has asked for fails by it each time, and not once in a hundred runs on somebody else's machine."""
    from django.core.handlers.wsgi import WSGIHandler

    answer = WSGIHandler.__call__

    def slowly(handler: WSGIHandler, *request: object) -> object:
        time.sleep(seconds)
        answered = answer(handler, *request)
        time.sleep(seconds)
        return answered

    with patch.object(WSGIHandler, "__call__", slowly if seconds else answer):
        yield


@pytest.fixture(scope="session")
def browser() -> "Generator[Browser]":
    """One Chromium for the worker. For tests marked `browser`."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=15_000)  # five seconds, its own, are not enough on a crowded machine
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "1"  # playwright runs a loop in this thread; Django must not mind
    )
    with sync_playwright() as playwright, answering_slowly(float(os.environ.get("SLOW", 0))):
        launched = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.FLAGS)
        yield launched
        launched.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: "Browser") -> "Generator[Page]":
    """A page in a browsing context of its own."""
    context = browser.new_context()
    yield context.new_page()
    context.close()
