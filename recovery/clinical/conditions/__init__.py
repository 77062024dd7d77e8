"""The condition language of a protocol: small, total and typed.

A condition always has an answer, needs no loop and cannot fail: whatever could go wrong (an unknown
name, a comparison of the wrong type, something that can never hold) is refused when a document is loaded.
"""

from recovery.clinical.conditions.evaluate import Condition, View
from recovery.clinical.conditions.explain import explain
from recovery.clinical.conditions.nodes import (
    All,
    Any,
    Clause,
    Fired,
    Named,
    Node,
    Not,
    Subject,
    Test,
    leaves_of,
)
from recovery.clinical.conditions.parse import Parser
from recovery.clinical.conditions.possible import never_holds, satisfiable
from recovery.clinical.conditions.vocabulary import Vocabulary

__all__ = [
    "All",
    "Any",
    "Clause",
    "Condition",
    "Fired",
    "Named",
    "Node",
    "Not",
    "Parser",
    "Subject",
    "Test",
    "View",
    "Vocabulary",
    "explain",
    "leaves_of",
    "never_holds",
    "satisfiable",
]
