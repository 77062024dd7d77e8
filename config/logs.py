"""Log lines that hold no patient data: of an error its classes and where it happened, never its text. Nor do they hold
what stands in a link by which somebody is let in.

The text of a database's error holds the failing row, and so the answers; that of others what could not be read.
"""

import logging
import re
import traceback
from collections.abc import Iterator

CAUSE = "\nThat was the cause of:\n"
LETS_IN = re.compile(r"(/accounts/(?:invitation|password/reset/key)/)[^\s/]+", re.IGNORECASE)
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class WithoutErrorTexts(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it the frames. What another handler has kept of the error's text is not used."""
        kept, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = kept

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # named by logging
        """One line, whatever somebody put into it: what ends a line or colours a terminal is written out. Where a
        message repeats the text of the error that it is about, it is taken out."""
        line = super().formatMessage(record)
        error = record.exc_info[1] if record.exc_info else None
        texts = {text for each in _chain(error) for text in (repr(each), str(each)) if text}
        for text in sorted(texts, key=len, reverse=True):
            line = line.replace(text, "(not logged)")
        line = LETS_IN.sub(r"\1(not logged)", line)
        return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", line)

    def formatException(self, ei: object) -> str:  # noqa: N802  # named by logging
        error = ei[1] if isinstance(ei, tuple) else None
        return CAUSE.join(map(_without_text, _chain(error)))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error after its causes, each once."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return reversed(chain)


def _without_text(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__module__}.{type(error).__qualname__}"
