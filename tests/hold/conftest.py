from tests.api.conftest import ana, episode, eve, set_clock
from tests.notifications.conftest import mailbox

__all__ = ["ana", "episode", "eve", "mailbox", "set_clock"]
