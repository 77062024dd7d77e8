"""What a patient agrees to, in words. A text that was agreed to is never changed: another one gets another version."""

from recovery.models import Caregiver

WORDING = "caregiver/1"

_MAY = {
    Caregiver.Scope.REPORT: (
        "{name} may send check-ins for me, from their own phone and under their own name.",
        "{name} sees what they sent and what they were told to do. They do not see my other check-ins.",
    ),
    Caregiver.Scope.READ: (
        "{name} may send check-ins for me, from their own phone and under their own name.",
        "{name} may also read my check-ins, what I was told to do, and what my care team did about it.",
    ),
}
_ALWAYS = (
    "My care team sees who answered.",
    "I can end this at any time, on my phone or by telling my care team.",
)


def agreement(scope: str, name: str) -> tuple[str, ...]:
    """The sentences of the current version for somebody of this name."""
    return tuple(words.format(name=name) for words in (*_MAY[Caregiver.Scope(scope)], *_ALWAYS))
