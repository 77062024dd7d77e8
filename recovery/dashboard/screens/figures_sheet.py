"""A figure as a file for a spreadsheet. Whoever opens it runs nothing: what looks like a formula is made a word."""

import csv
from io import StringIO

from recovery.dashboard.screens.figure import Figure, Raw
from recovery.figures import Period
from recovery.models import CareTeam

FORMULAS = tuple("=+-@|%\t\r\n＝＋－＠")
"""What a spreadsheet takes for the beginning of a formula or a command, in wide letters as well."""
BYTE_ORDER_MARK = "\ufeff"
"""Without it one spreadsheet reads letters with accents wrongly."""

ABOUT = ("team", "first_day", "last_day", "time_zone")


def sheet(figure: Figure, team: CareTeam, period: Period) -> str:
    """Each row says what it is about, so that files can be put together. Empty: too few to give a number."""
    about: list[Raw] = [team.name, period.first.isoformat(), period.last.isoformat(), period.zone.key]
    text = StringIO()
    text.write(BYTE_ORDER_MARK)
    written = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    written.writerow([*ABOUT, *figure.raw_columns, "definition"])
    for line in figure.lines:
        written.writerow([safe(cell) for cell in (*about, *line.raw, figure.definition)])
    return text.getvalue()


def safe(cell: Raw) -> Raw:
    """A number stays one. A word that begins like a formula, blanks before it or not, gets an apostrophe before it."""
    if not isinstance(cell, str):
        return cell
    return f"'{cell}" if cell.startswith(FORMULAS) or cell.lstrip().startswith(FORMULAS) else cell
