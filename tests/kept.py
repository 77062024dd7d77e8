"""What is made once for all tests of a module: each has a copy of its own, and what a test writes is taken back."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeVar
from unittest.mock import patch

from django.db import connection, transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker

from recovery import clock
from tests import databases
from tests.factories import at

Made = TypeVar("Made")


@contextmanager
def made_once(blocker: DjangoDbBlocker, make: Callable[[], Made], *, hour: float) -> Generator[Made]:
    """Its rows are there until the module is through, whose tests have to take back what they write (the fixture `db`).

    They are committed: one transaction over all the tests would keep the audit of other workers from being bound.
    """
    with blocker.unblock():
        quick = override_settings(ACCOUNT_RATE_LIMITS=False)
        with transaction.atomic(), quick, patch.object(clock, "now", lambda: at(hour)):
            made = make()
            connection.run_on_commit.clear()  # nobody is nudged, as in a test whose transaction never ends
    try:
        yield made
    finally:
        with blocker.unblock():
            databases.empty_tables()


def copy_of(made: Made, clients: Iterable[Client]) -> Made:
    """Clients keep their cookies to themselves, and share what handles their requests."""
    shared: dict[int, Any] = {id(client.handler): client.handler for client in clients}
    return deepcopy(made, shared)
