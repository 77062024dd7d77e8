"""The auditor: derives anew, from what patients reported, what must exist, and compares. It asks nothing of the code
that it checks (an import contract holds it), reads by SQL of its own, and judges by the clinical core.

docs/adr/0025 says what it can and cannot see.
"""

from recovery.auditor.findings import KINDS, Found
from recovery.auditor.looking import Look, look
from recovery.auditor.service import PROGRAMS

__all__ = ["KINDS", "PROGRAMS", "Found", "Look", "look"]
