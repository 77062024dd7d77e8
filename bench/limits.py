"""What the figures are held to. The limit must hold; the aim is what we work towards.

Every limit is a ratio inside one run, a count, or a time that a person waits. A ratio does not depend on how fast the
machine is; a time that a person waits must not.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: the result `name` of a part, in words. Without a limit it is told for comparison."""

    part: str
    name: str
    what: str
    limit: float | None = None
    aim: float | None = None
    at_least: bool = False
    unit: str = ""

    def met(self, value: float) -> str:
        if self.limit is None:
            return ""
        if self.aim is not None and self._holds(value, self.aim):
            return "aim"
        if self._holds(value, self.limit):
            return "limit" if self.aim is not None else "yes"
        return "no"

    def bound(self, value: float | None) -> str:
        if value is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {value:g}{self.unit}"

    def _holds(self, value: float, bound: float) -> bool:
        return value >= bound if self.at_least else value <= bound


# fmt: off
FIGURES = [
    Figure("post", "throughput_ratio", "full POST to bare DRF + INSERT: requests a second", 0.5, 0.9, at_least=True),
    Figure("post", "p99_ratio", "p99, median of the rounds", 2, 1.2),
    Figure("post", "p99_ratio_pooled", "p99, of all samples", 2, 1.2),
    Figure("post", "statements_per_post", "statements per full POST, 5 % with a red flag", 6),
    Figure("post", "web_cpu_ratio", "processor time of the web server"),
    Figure("post", "database_cpu_ratio", "processor time of the database"),
    Figure("telling", "told_to_bare_p99_ratio", "red flag to message taken, to a bare Celery task: p99", 10, 3),
    Figure("telling", "told_p99_ms", "red flag to message taken: p99", unit=" ms"),
    Figure("telling", "lost", "red flags that nobody was told of, faults included", 0),
    Figure("telling", "not_taken", "check-ins refused, faults included", 0),
    Figure("telling", "frozen_worst_s", "the longest to a message: broker frozen", 15, unit=" s"),
    Figure("telling", "emptied_worst_s", "broker emptied every second", 15, unit=" s"),
    Figure("telling", "gone_worst_s", "broker killed", 15, unit=" s"),
    Figure("telling", "deaf_workers", "workers that did not work on after the broker was back", 0),
    Figure("telling", "killed_worst_s", "worker killed while it holds the messages", 60, 10, unit=" s"),
    Figure("telling", "frozen_post_p99_ms", "POST while the broker freezes: p99", 1_000, unit=" ms"),
    Figure("phones", "lost", "a thousand phones come back within 10 s: reports lost", 0),
    Figure("phones", "untold", "their red flags that nobody was told of", 0),
    Figure("phones", "all_in_s", "until all are in, since the first came back", 60, 20, unit=" s"),
    Figure("phones", "put_off_share", "share of requests answered 503 or 429"),
    Figure("phones", "no_answer_share", "share of requests without an answer"),
    Figure("phones", "answered_p99_s", "p99 of an answer meanwhile", 20, 5, unit=" s"),
    Figure("drain", "messages_per_second", "a thousand red flags at once: messages a second", 150, 425, True),
    Figure("drain", "red_flags_per_second", "a thousand red flags at once: told in a second", 150, 425, at_least=True),
    Figure("drain", "lost", "messages lost", 0),
    Figure("drain", "double", "messages sent twice", 0),
    Figure("queue", "p99_ratio", "board with 1,000 open alerts to bare DRF + INSERT: p99", 3, 2),
    Figure("queue", "changed_p99_ratio", "the same, an alert changed before each look: p99"),
    Figure("queue", "refresh_statements", "has it changed? Statements when it has not", 2),
    Figure("queue", "refresh_bytes", "bytes of the answer, headers included", 1_000),
    Figure("board", "query_ratio", "board, 2,000 open of 1,000,000 alerts to 2,000 of 10,000: database", 1.3, 1.05),
    Figure("board", "page_ratio", "the page", 1.3, 1.05),
    Figure("board", "poll_ratio", "has it changed?", 1.3, 1.05),
    Figure("board", "statements", "statements of the page"),
    Figure("board", "page_many_ms", "the page with 2,000 open alerts", unit=" ms"),
    Figure("board", "poll_many_ms", "has it changed?", unit=" ms"),
    Figure("growth", "query_ratio", "a patient's page, 10,000,000 check-ins to hardly any: database", 1.5, 1.1),
    Figure("growth", "page_ratio", "the page", 1.5, 1.1),
    Figure("growth", "alert_page_ratio", "an alert's page", 1.5, 1.1),
    Figure("growth", "post_ratio", "full POST, likewise: requests a second", 0.8, 0.95, at_least=True),
    Figure("growth", "post_p99_ratio", "p99"),
    Figure("memory", "web_grown", "memory after 100,000 check-ins, share grown since 2,000: web", 0.1, 0.02),
    Figure("memory", "worker_grown", "worker", 0.1, 0.02),
    Figure("memory", "watch_grown", "watch", 0.1, 0.02),
    Figure("watch", "idle_ratio", "a turn with nothing due, 1,000,000 active recoveries to 10,000", 1.5, 1.1),
    Figure("watch", "idle_many_ms", "the turn with 1,000,000", unit=" ms"),
    Figure("watch", "missed_us", "judging one missed check-in, 10,000 at once", 500, 100, unit=" µs"),
    Figure("watch", "missed_to_bare_ratio", "the same, to one bare INSERT and one bare UPDATE"),
    Figure("auditor", "look_worst_s", "a look of the auditor, 1,000,000 check-ins: the longest", 5, 4, unit=" s"),
    Figure("auditor", "looks_to_see_every_report", "looks, one in 20 s, until each verdict was looked at", 6),
    Figure("auditor", "judged_anew_share_per_look", "share of recoveries judged anew in one look"),
]
# fmt: on


@dataclass(frozen=True, slots=True)
class Line:
    figure: Figure
    value: Any

    @property
    def cells(self) -> tuple[str, ...]:
        figure = self.figure
        shown = f"{self.value}{figure.unit}" if isinstance(self.value, int | float) else str(self.value)
        met = figure.met(self.value) if isinstance(self.value, int | float) else ""
        return figure.part, figure.what, shown, figure.bound(figure.limit), figure.bound(figure.aim), met


def lines(results: dict[str, Any]) -> list[Line]:
    """Of all that was measured, in the order of the parts' figures."""
    return [
        Line(figure, results[figure.part][figure.name])
        for figure in FIGURES
        if figure.name in results.get(figure.part, {})
    ]
