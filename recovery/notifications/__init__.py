"""Telling the care team: who is to be told (plan), and the sending of it (delivery).

Whoever sends, Celery or the watch, does the same: claim in the database, send with no transaction open, record.
"""

from typing import Literal

Road = Literal["celery", "watch", "receipt"]
