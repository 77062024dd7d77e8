"""A list of patients from a spreadsheet: read, shown line by line, and taken as a whole or not at all."""

from .cells import Trouble
from .columns import COLUMNS, EXAMPLE, Column
from .plan import Line, Plan, plan
from .reading import MOST_BYTES, MOST_LINES, FileRefused
from .taking import ImportRefused, take

__all__ = [
    "COLUMNS",
    "EXAMPLE",
    "MOST_BYTES",
    "MOST_LINES",
    "Column",
    "FileRefused",
    "ImportRefused",
    "Line",
    "Plan",
    "Trouble",
    "plan",
    "take",
]
