from tests.auditor.conftest import healthy
from tests.notifications.conftest import mailbox
from tests.persons.conftest import ana, ben, eve, team

__all__ = ["ana", "ben", "eve", "healthy", "mailbox", "team"]
