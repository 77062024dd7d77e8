"""`make guards`: without each guard a named test fails. Ends with 1 if one is not missed."""

import os
import sys

from tests.guards.check import Finding, check, unguarded
from tests.guards.guards import GUARDS


def main(names: list[str]) -> int:
    guards = [guard for guard in GUARDS if not names or any(name in guard.name for name in names)]
    if not guards:
        sys.exit(f"There is no guard called {' or '.join(names)}.")
    if failing := unguarded(guards):
        _say("\n".join(["With all guards in place these fail, so nothing can be said:", *failing]))
        return 1
    found = check(guards, at_once=int(os.environ.get("WORKERS") or 2), say=_tell)
    missed = [finding for finding in found if not finding.is_noticed]
    _say(f"{len(found) - len(missed)} of {len(found)} guards are missed by a test when they are gone.")
    return 1 if missed else 0


def _tell(finding: Finding) -> None:
    if finding.is_noticed:
        _say(f"  noticed   {finding.guard.name}: {', '.join(finding.noticed_by)}")
    else:
        _say(
            f"  UNNOTICED {finding.guard.name}: {finding.trouble or finding.guard.test + ' passes without it'}"
        )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
