"""Letters: messages about no alert. Planned once for each key, sent like notifications (claim, send, record, over the
same lines), cancelled when they are of no use any more, and dropped when they expire.

    to = letters.To.patient(episode, channel="sms", address=number)
    letters.plan("reminder", key=f"{slot}", clinic=clinic, to=to, due_at=at, expires_at=until)
    letters.cancel("reminder", episode=episode)
"""

from recovery.notifications.letters.planning import To, cancel, opened, plan, send_elsewhere
from recovery.notifications.letters.sending import deliver_due

__all__ = ["To", "cancel", "deliver_due", "opened", "plan", "send_elsewhere"]
