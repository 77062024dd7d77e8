"""The course of pain that the protocol expects, as a ceiling over the hours."""

from collections.abc import Iterator

from recovery.clinical.protocol import Protocol

STILL_RELIEVED = 3
"""Below 4 of 10 nobody is asked for more relief (rule PAIN-NORELIEF)."""
LEAST_RELIEF = 2
"""Points below the baseline that count as relief (source S1; rule PAIN-NORELIEF)."""


def ceiling(protocol: Protocol, baseline: int | None, end_h: float) -> Iterator[tuple[float, float, float]]:
    """Stretches (from hour, to hour, highest expected score), in order.

    For the first hours a flare is expected, whatever the score (`early_flare_h`). Then pain at most as before the
    procedure; and from `relief_due_h` on at least two points less, or three at most. Nothing without a baseline.
    """
    if baseline is None:
        return
    flare, due = (protocol.settings[name].number for name in ("early_flare_h", "relief_due_h"))
    for start, end, top in (
        (0.0, flare, 10),
        (flare, due, baseline),
        (due, end_h, max(baseline - LEAST_RELIEF, STILL_RELIEVED)),
    ):
        if start < end_h:
            yield start, min(end, end_h), top
