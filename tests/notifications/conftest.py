from collections.abc import Iterator

import pytest

from tests.notifications.postbox import Postbox, postbox


@pytest.fixture
def mailbox(settings) -> Iterator[Postbox]:
    """A real SMTP server, and the product told of it."""
    with postbox() as box:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        yield box
