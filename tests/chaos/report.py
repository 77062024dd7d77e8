"""The outcome as a table, which docs/operations.md has a copy of."""

from collections.abc import Iterator, Sequence

from tests.chaos.run import LATE_AT_MOST_S, RECOVERED_WITHIN_S, Outcome
from tests.chaos.tally import at_share


def table(outcome: Outcome) -> str:
    rows = [("", "measured", "limit"), *_rows(outcome)]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    befell = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(outcome.mishaps.items()))
    verdict = (
        ["every limit held"] if outcome.holds else [f"DOES NOT HOLD: {broken}" for broken in outcome.broken]
    )
    return "\n".join([*lines, "", f"Mishaps: {befell}.", f"Seed {outcome.seed}.", *verdict])


def _rows(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    counted, late = outcome.counted, outcome.escalated
    yield "red flags", f"{counted.red_flags:,}", ""
    yield "mishaps", f"{outcome.mishaps.total():,}", ""
    yield "messages", f"{counted.sends:,}", ""
    yield "lost", f"{len(counted.lost):,}", "0"
    yield "alerts twice", f"{len(counted.duplicated):,}", "0"
    yield "alerts of nothing", f"{len(counted.unfounded):,}", "0"
    yield "extra sends", f"{counted.extra:,}", f"{outcome.cut_off:,} (sends that were cut off)"
    tries = outcome.answers.total()
    yield "tries of phones", f"{tries:,}, {tries - outcome.answers[200] - outcome.answers[201]:,} put off", ""
    yield "from the answer to the last of the team", _percentiles(counted.latencies_s), ""
    yield (
        "PostgreSQL back until all is done",
        _percentiles(outcome.recoveries_s),
        f"{RECOVERED_WITHIN_S:.0f} s",
    )
    yield "steps of escalations", f"{len(late.late_s):,}", ""
    yield "late, PostgreSQL there or not", _percentiles(late.late_s), ""
    yield "late while PostgreSQL was there", _percentiles(late.avoidable_s), f"p99 {LATE_AT_MOST_S:.0f} s"
    yield "steps early, twice or skipped", f"{late.early + late.twice + late.skipped:,}", "0"
    yield "took", f"{outcome.took_s:,.0f} s", ""


def _percentiles(values_s: Sequence[float]) -> str:
    if not values_s:
        return "none"
    ordered = sorted(values_s)
    shares = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
    return ", ".join(
        [*(f"{name} {at_share(ordered, share):.2f} s" for share, name in shares), f"most {ordered[-1]:.2f} s"]
    )
