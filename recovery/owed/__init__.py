"""Everything that is owed: each state that must not last, how much is in it, since when, and whose it is; and how the
service itself stands. Read from the database at the instant at which somebody asks."""

from recovery.owed.counting import Item, Owed, everything, of_teams
from recovery.owed.exposition import CONTENT_TYPE, text
from recovery.owed.service import Program, Service, service
from recovery.owed.states import STATES, State

__all__ = [
    "CONTENT_TYPE",
    "STATES",
    "Item",
    "Owed",
    "Program",
    "Service",
    "State",
    "everything",
    "of_teams",
    "service",
    "text",
]
