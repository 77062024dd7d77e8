"""The process that tells the story up to now. Done when the clock has landed.

As a script: `python -m demo.story --help`.
"""

import argparse
from http.client import HTTPException
from pathlib import Path
from typing import Any

import django

TRIES = 3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clock", type=Path, required=True)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--mail", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--patients", type=int, help="at most so many")
    arguments = parser.parse_args()
    django.setup()
    from recovery import tenancy

    tenancy.assume_every_clinic()  # it plays everybody
    tell(**vars(arguments))


def tell(*, base_url: str, **options: Any) -> None:
    """Takes it up again where it was left when the database or the web was away for too long."""
    from django.db import Error, connections

    from demo import plot, staff
    from demo.phones import Refused

    teams = staff.muster()
    for team in teams:
        nurse = team.with_role("nurse")[0]
        _say(f"{team.world.name}: sign in at {base_url} as {nurse.email} with {team.passwords[nurse.email]}")
    for tries_left in reversed(range(TRIES)):
        try:
            return plot.play(teams, base_url=base_url, say=_say, **options)
        except (Error, OSError, HTTPException, Refused) as error:
            if not tries_left:
                raise
            _say(f"{type(error).__name__}: {error}; taking the story up again")
            connections.close_all()


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
