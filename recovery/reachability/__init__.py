"""Whether people can be reached: who has a working channel, and whether somebody of a team who has one is on call.

What is shown (on the board, on the rota) is worked out when it is asked for, so that it goes as soon as it is mended.
Every afternoon the watch looks at the night to come and puts down what it found (ADR 22).
"""

from .channels import ANSWER_WITHIN, PROOF_HOLDS, reachable, reachable_of, told_in_vain
from .nightly import UNCOVERED, check_due
from .tonight import AHEAD, Tonight, has_urgent_line, needs_cover, night_trouble, outlook, tonight

__all__ = [
    "AHEAD",
    "ANSWER_WITHIN",
    "PROOF_HOLDS",
    "UNCOVERED",
    "Tonight",
    "check_due",
    "has_urgent_line",
    "needs_cover",
    "night_trouble",
    "outlook",
    "reachable",
    "reachable_of",
    "told_in_vain",
    "tonight",
]
