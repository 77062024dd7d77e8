from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from services import ports
from tests.notifications.postbox import Postbox, postbox
from tests.provider import Provider, provider


@pytest.fixture
def mailbox(settings) -> Iterator[Postbox]:
    """A real SMTP server, and the product told of it."""
    with postbox() as box:
        settings.EMAIL_HOST, settings.EMAIL_PORT = ports.HOST, box.port
        yield box


@pytest.fixture
def both(settings) -> Iterator[Provider]:
    """A real SMTP server, a receiver of webhooks and one that speaks Twilio's API, and the product told of them."""
    with provider() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = ports.HOST, running.mail.port
        settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network(f"{ports.HOST}/32")]
        for name, value in running.sms.env.items():
            setattr(settings, name, value)
        yield running
