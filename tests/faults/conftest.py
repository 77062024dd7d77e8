from collections.abc import Generator

import pytest


@pytest.fixture(autouse=True)
def _django_may_be_asked(django_db_blocker) -> Generator[None]:
    """Of the database of a system (see System.django); there is no other here."""
    with django_db_blocker.unblock():
        yield
