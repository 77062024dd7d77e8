"""A download opens in a spreadsheet as what it is, and runs nothing."""

import csv
import io
from datetime import date
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from recovery.dashboard.screens.figure import Cell, Figure, Line
from recovery.dashboard.screens.figures_sheet import safe, sheet
from recovery.figures import Period
from recovery.models import CareTeam, Clinic

PERIOD = Period(date(2026, 3, 1), date(2026, 3, 28), ZoneInfo("Europe/London"))
DANGEROUS = "=+-@\t\r\n|%＝＋－＠"
WORDS = st.text(st.one_of(st.sampled_from(DANGEROUS + " \"',;"), st.characters(codec="utf-8")), max_size=12)


def read_again(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@given(WORDS, WORDS)
def test_no_cell_begins_like_a_formula_and_none_breaks_the_table(name: str, language: str) -> None:
    team = CareTeam(name=name, clinic=Clinic(time_zone="Europe/London"))
    figure = Figure(
        slug="missed-by-language",
        title="",
        definitions=(("Language", "=the patient's own"),),
        columns=("Language", "Due"),
        raw_columns=("language", "due", "percent"),
        lines=[Line(language, [Cell("7")], [language, 7, None])],
        empty="",
    )

    header, row = read_again(sheet(figure, team, PERIOD))

    assert header == [
        "team", "first_day", "last_day", "time_zone", "language", "due", "percent", "definition",
    ]  # fmt: skip
    assert len(row) == len(header)
    assert not any(cell.lstrip().startswith(tuple(DANGEROUS.strip())) for cell in row)
    assert row[1:4] == ["2026-03-01", "2026-03-28", "Europe/London"]
    assert (row[4].removeprefix("'"), row[5], row[6]) == (language.removeprefix("'"), "7", "")


def test_a_number_stays_a_number_and_a_plain_word_stays_itself() -> None:
    assert [safe(cell) for cell in (-3, 0.5, None, "FEVER", "St. Mary's")] == [
        -3,
        0.5,
        None,
        "FEVER",
        "St. Mary's",
    ]
    assert [safe(word) for word in ("=1+1", " @SUM(A1)", "\tx", "－2")] == [
        "'=1+1",
        "' @SUM(A1)",
        "'\tx",
        "'－2",
    ]
