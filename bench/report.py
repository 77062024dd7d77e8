"""The results as one table: printed, and written between two marks of docs/performance.md."""

from pathlib import Path
from typing import Any

from bench import limits

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- written by `make bench` -->", "<!-- until here -->"
HEAD = ("Part", "What", "Measured", "Limit", "Aim", "Met")


def table(results: dict[str, Any]) -> str:
    rows = [HEAD, *(line.cells for line in limits.lines(results))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    shown = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    return "\n".join([shown[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *shown[1:]])


def circumstances(results: dict[str, Any]) -> str:
    """When each part was measured, on what, for how long, and how busy others kept the machine meanwhile."""
    told = [
        f"- {part}: {each['measured_on']}, {each['machine']}, {each['took_s']} s,"
        f" {each['others_cores']} cores busy with other programs"
        for part, each in results.items()
        if "took_s" in each
    ]
    return "\n".join(told)


def write_page(results: dict[str, Any]) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table(results)}\n\n{circumstances(results)}\n{END}{after}")
