"""What a patient answered, in the words of the questionnaire they saw."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from recovery.clinical.assessment import Finding
from recovery.clinical.protocol import Item, Protocol

ANSWER_BEHIND = {
    "pain": "pain_now",
    "rise_since_previous": "pain_now",
    "rise_since_baseline": "pain_now",
    "rise_since_lowest": "pain_now",
    "relief_now": "pain_now",
    "rising_run": "pain_now",
    "new_radiation": "pain_where",
    "temperature": "temp",
    "temperature_misfit": "temp",
    "text_level": "free_text",
}
"""The answer that a fact of the clinical core is drawn from, where its name does not say so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`cited`: a rule of this verdict looked at it and held."""

    question: str
    words: str
    given: bool
    cited: bool


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    answers: list[Answer]


def pages_of(
    protocol: Protocol, answers: Mapping[str, Any], *, hours: float, cited: Collection[str]
) -> list[Page]:
    """Every question that was asked at that hour, page by page. One that only follows from another answer, or is not
    asked any more, is shown when it was answered."""
    asked = {item.link_id for item in protocol.questionnaire.asked_at(hours) if item.show_when is None}
    pages = [
        Page(
            page.title,
            [
                _answer(item, answers.get(item.link_id), item.link_id in cited)
                for item in page.items
                if item.link_id in asked or answers.get(item.link_id) is not None
            ],
        )
        for page in protocol.questionnaire.pages
    ]
    return [page for page in pages if page.answers]


def cited_by(findings: Iterable[Finding]) -> set[str]:
    """The answers that the clauses of these findings looked at."""
    cited: set[str] = set()
    for clause in (clause for finding in findings for clause in finding.clauses):
        source, _, rest = clause.what.removeprefix("not ").partition(" ")
        name = rest.partition(" ")[0]
        if source == "answer":
            cited.add(name)
        elif source == "fact" and name in ("ongoing_symptoms", "unknown_symptoms"):
            cited.update(clause.value or ())
        elif source == "fact":
            cited.add(ANSWER_BEHIND.get(name, name.removeprefix("resolved_")))
    return cited


def in_words(item: Item, value: Any) -> str:
    """One answer as people say it. A code that this version of the protocol does not know is shown as it is."""
    labels = {known.code: known.label for known in item.values}
    match value:
        case None:
            return "Not answered"
        case list() | tuple():
            return ", ".join(labels.get(code, str(code)) for code in value) or "None of these"
        case {"value": degrees, "unit": unit}:
            return f"{degrees:g} °{unit}" if isinstance(degrees, (int, float)) else f"{degrees} °{unit}"
        case int() | float() if item.kind == "integer":
            return f"{value:g} of {item.high}"
        case str() if value in labels:
            known = next(known for known in item.values if known.code == value)
            return f"{known.label} ({known.help})" if known.help and known.code != "same" else known.label
    return str(value)


def _answer(item: Item, value: Any, cited: bool) -> Answer:
    return Answer(item.text, in_words(item, value), value is not None, cited)
