import pytest

from tests.auditor import ward
from tests.auditor.ward import Ward
from tests.dashboard.conftest import set_clock, sign_in
from tests.notifications.conftest import both, mailbox
from tests.notifications.postbox import Postbox

__all__ = ["both", "mailbox", "set_clock", "sign_in"]


@pytest.fixture
def healthy(transactional_db: None, mailbox: Postbox) -> Ward:
    return ward.make()
