"""What every part of a document needs while it is read: a list of problems, citations and filled texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recovery.clinical.problems import Problem
from recovery.clinical.protocol.model import LeafletFact, Source
from recovery.clinical.protocol.shape import FactShape, SourceShape, named, shaped
from recovery.clinical.protocol.texts import NUMBERS, fill_settings, placeholders


class Reading:
    """Collects while the parts are read: problems, who uses which fact, and which telephone numbers occur."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.sources: dict[str, Source] = {}
        self.settings: dict[str, float | str] = {}
        self.numbers_needed: set[str] = set()
        self._facts: dict[str, FactShape] = {}
        self._used_in: dict[str, list[str]] = {}

    def note(self, place: str, reason: str) -> None:
        self.problems.append(Problem(place, reason))

    def read_sources(self, raw: Any) -> None:
        for key, place, entry in named(raw, "sources", self.problems):
            if shape := shaped(SourceShape, entry, place, self.problems):
                self.sources[key] = Source(key, shape.title, shape.leaflet or "")

    def read_facts(self, raw: Any) -> None:
        leaflets = {source.leaflet for source in self.sources.values() if source.leaflet}
        for key, place, entry in named(raw, "facts", self.problems):
            if shape := shaped(FactShape, entry, place, self.problems):
                self._facts[key] = shape
                for leaflet in shape.leaflets:
                    if leaflet not in leaflets:
                        self.note(f"{place}.leaflets", f"no source is leaflet {leaflet}")

    def facts(self) -> dict[str, LeafletFact]:
        """The facts with the places that use them; one that nothing uses is a problem."""
        for key in self._facts.keys() - self._used_in.keys():
            self.note(f"facts.{key}", "is used nowhere in the document")
        return {
            key: LeafletFact(key, shape.says, tuple(shape.leaflets), tuple(self._used_in.get(key, ())))
            for key, shape in self._facts.items()
        }

    def use_facts(self, ids: Sequence[str], place: str) -> tuple[str, ...]:
        for fact_id in ids:
            if fact_id not in self._facts:
                self.note(f"{place}.facts", f"no fact {fact_id!r}")
            self._used_in.setdefault(fact_id, []).append(place)
        return tuple(ids)

    def cite(self, raw: Sequence[Any], place: str) -> tuple[str, ...]:
        """Citations as words: `Healthgrades (000): call-right-away list`."""
        if not raw:
            self.note(f"{place}.sources", "needs at least one source")
        return tuple(self._citation(entry, f"{place}.sources[{index}]") for index, entry in enumerate(raw))

    def _citation(self, raw: Any, place: str) -> str:
        key, pointer = raw, ""
        if isinstance(raw, dict) and len(raw) == 1:
            ((key, pointer),) = raw.items()
        if not isinstance(key, str) or key not in self.sources or not isinstance(pointer, str):
            self.note(place, f"no source {raw!r}")
            return str(raw)
        leaflet = self.sources[key].leaflet
        shown = f"{key} ({leaflet})" if leaflet else key
        return f"{shown}: {pointer}" if pointer else shown

    def text(self, raw: Any, place: str, shown: bool = True) -> str:
        """A text with its settings filled in. `shown` texts may hold telephone numbers."""
        if not isinstance(raw, str) or not raw.strip():
            self.note(place, "needs a text")
            return ""
        filled, reasons = fill_settings(raw, self.settings)
        for reason in reasons:
            self.note(place, reason)
        numbers = placeholders(filled) & set(NUMBERS)
        if numbers and not shown:
            self.note(place, f"{', '.join(sorted(numbers))}: no number is filled in here")
        self.numbers_needed |= numbers
        return " ".join(filled.split())


def unknown_keys(raw: Mapping[str, Any], known: Sequence[str], reading: Reading) -> None:
    for key in raw.keys() - set(known):
        reading.note(key, "is not a part of a protocol")
    for key in known:
        if key not in raw:
            reading.note(key, "is missing")
