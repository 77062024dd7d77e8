from tests.auditor.conftest import healthy
from tests.notifications.conftest import mailbox

__all__ = ["healthy", "mailbox"]
