import pytest

from tests.auditor import ward
from tests.auditor.ward import Ward
from tests.notifications.conftest import mailbox
from tests.notifications.postbox import Postbox

__all__ = ["mailbox"]


@pytest.fixture
def healthy(transactional_db: None, mailbox: Postbox) -> Ward:
    return ward.make()
