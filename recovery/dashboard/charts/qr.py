"""A QR code as the one path of an SVG."""

from dataclasses import dataclass

import segno

QUIET = 4  # modules of white around it, without which scanners do not find it


@dataclass(frozen=True, slots=True)
class Qr:
    """`path` is drawn black on a white square of `size` modules, also where a page is dark."""

    size: int
    path: str


def qr(text: str) -> Qr:
    code = segno.make(text, error="m", micro=False)
    return Qr(len(code.matrix) + 2 * QUIET, "".join(_runs(code)))


def _runs(code: segno.QRCode) -> list[str]:
    """Of each row the dark stretches, as rectangles one module high."""
    runs = []
    for y, row in enumerate(code.matrix):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                runs.append(f"M{start + QUIET} {y + QUIET}h{x - start}v1h-{x - start}z")
            x += 1
    return runs
