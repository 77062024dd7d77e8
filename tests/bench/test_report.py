"""The table of figures: what is held to a limit, what is told for comparison, and where it is written."""

from pathlib import Path

import pytest

from bench import limits, report
from bench.limits import Figure

AT_LEAST = Figure("post", "ratio", "requests a second", 0.5, 0.9, at_least=True)
AT_MOST = Figure("post", "p99_ratio", "p99", 2, 1.2)
NO_AIM = Figure("phones", "lost", "reports lost", 0)
NO_LIMIT = Figure("board", "page_ms", "the page", unit=" ms")


@pytest.mark.parametrize(
    ("figure", "value", "met"),
    [
        (AT_LEAST, 0.9, "aim"), (AT_LEAST, 0.89, "limit"), (AT_LEAST, 0.49, "no"),
        (AT_MOST, 1.2, "aim"), (AT_MOST, 2, "limit"), (AT_MOST, 2.01, "no"),
        (NO_AIM, 0, "yes"), (NO_AIM, 1, "no"),
        (NO_LIMIT, 1e9, ""),
        (AT_MOST, float("inf"), "no"), (AT_MOST, float("nan"), "no"),
    ],
)  # fmt: skip
def test_a_figure_meets_its_aim_or_its_limit_or_neither(figure: Figure, value: float, met: str) -> None:
    assert figure.met(value) == met


def test_the_table_has_a_line_for_whatever_was_measured_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FIGURES", [AT_LEAST, AT_MOST, NO_LIMIT])
    table = report.table({"post": {"ratio": 0.7, "unheld": 3}, "board": {"page_ms": 12.5}, "other": {}})
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    assert rows == [
        ["post", "requests a second", "0.7", "≥ 0.5", "≥ 0.9", "limit"],
        ["board", "the page", "12.5 ms", "", "", ""],
    ]


def test_the_page_is_written_between_its_marks_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"Before\n{report.BEGIN}\nold\n{report.END}\nAfter\n")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(limits, "FIGURES", [AT_MOST])
    told = {"took_s": 5, "measured_on": "2026-03-02", "machine": "2 cores", "others_cores": 0.1}
    for _ in range(2):
        report.write_page({"post": {"p99_ratio": 1.1} | told})

    before, _, rest = page.read_text().partition(report.BEGIN)
    written, _, after = rest.partition(report.END)
    assert (before, after) == ("Before\n", "\nAfter\n")
    assert "old" not in written
    assert "1.1" in written
    assert "0.1 cores busy with other programs" in written


def test_every_part_that_is_held_to_something_is_one_that_is_run() -> None:
    from bench.__main__ import PARTS

    assert {figure.part for figure in limits.FIGURES} <= set(PARTS)


def test_the_page_of_the_repository_has_both_marks() -> None:
    page = report.PAGE.read_text()
    assert page.count(report.BEGIN) == page.count(report.END) == 1
