"""The service in production's settings behind its proxy, once per file; and the phones of the API's tests."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.api.conftest import ana, episode, eve, set_clock
from tests.faults.scene import Scene
from tests.security.production import Production, production

__all__ = ["ana", "episode", "eve", "set_clock"]


@pytest.fixture(scope="module")
def service(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Production]:
    with django_db_blocker.unblock(), production() as running:
        yield running


@pytest.fixture(scope="module")
def scene(service: Production, django_db_blocker: DjangoDbBlocker) -> Scene:
    """A patient with a phone, and her team, who are signed in."""
    with django_db_blocker.unblock():
        return service.scene()
