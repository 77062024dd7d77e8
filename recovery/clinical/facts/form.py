"""Facts about the form: what was left out, what was written, and the baseline's walking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recovery.clinical.facts.case import Case
from recovery.clinical.facts.registry import Choice, Number, fact

MOBILITY: Final = ("usual", "with_help", "bathroom_only", "cannot_walk")
TEXT_LEVELS: Final = ("plain", "worry", "alarm", "self_harm")


@fact(Choice(MOBILITY), "walking before the procedure")
def baseline_mobility(case: Case) -> str | None:
    """How the patient walked before the procedure."""
    answer: str | None = case.baseline.get("mobility")
    return answer


@fact(Number(0, 100), "safety questions left blank", always=True)
def blank_safety_items(case: Case) -> int:
    """How many of the required questions have no answer. Temperature and feeling feverish count as one.

    A reading that cannot be used still is an answer.
    """
    return sum(_is_blank(case, group) for group in case.protocol.questionnaire.required_groups)


def _is_blank(case: Case, any_of: Sequence[str]) -> bool:
    return all(link_id not in case.answers for link_id in any_of)


@fact(Choice(TEXT_LEVELS), "note from the patient")
def text_level(case: Case) -> str | None:
    """What the word screen makes of the free text (6.9); missing when there is none or only blanks."""
    text: str = case.answers.get("free_text", "")
    return case.protocol.word_screen.level(text) if text.strip() else None
