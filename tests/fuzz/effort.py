"""How many requests are generated, and from which seed. `make fuzz CASES=100000` tries more, `SEED=...` the same."""

import os
from random import SystemRandom

CASES = int(os.environ.get("FUZZ_CASES") or 1_000)
"""Roughly, of the API and of the pages together."""

SEED = int(os.environ.get("FUZZ_SEED") or (1 if os.environ.get("CI") else SystemRandom().getrandbits(32)))
AGAIN = f"Again: make fuzz SEED={SEED} CASES={CASES}"

PATIENCE_S = max(300, CASES)
"""The longest a test may take: only ends one that hangs."""
