"""Tells the story up to now, then writes down who can sign in. A process of its own, done when the clock has landed.

As a script: `python -m demo.story --help`.
"""

import argparse
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

LONGEST_RECOVERY = timedelta(days=90)


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
    tell(**vars(arguments))


def tell(*, clock: Path, base_url: str, mail: Path, out: Path, seed: int, patients: int | None) -> None:
    from demo import finale, newcomer, roll, staff, telling
    from demo.clock import DemoClock
    from demo.driver import Driver
    from demo.phones import Line

    teams = staff.muster()
    for team in teams:
        nurse = team.with_role("nurse")[0]
        _say(f"{team.world.name}: sign in at {base_url} as {nurse.email} with {team.passwords[nurse.email]}")
    driver = Driver(clock=DemoClock(clock), line=Line(base_url), teams=teams, say=_say)
    _cast(driver, seed=seed, at_most=patients)
    lands_at = datetime.now(UTC)
    finale.stage(driver, lands_at=lands_at)
    _report_daily(driver, mail, until=lands_at)
    driver.drive()
    finale.play(driver, finale.LAST)
    driver.clock.land()
    driver.catch_up()
    _give_everybody_a_phone(driver)
    called = roll.call(driver)
    if problem := roll.shortfall(called, driver.clock.now()):
        _say(problem)
    guest = newcomer.welcome(teams[0], now=driver.clock.now())
    telling.put_up(
        out,
        {
            "staff": [
                {
                    "email": member.email,
                    "password": team.passwords[member.email],
                    "clinic": team.world.name,
                    "role": member.role,
                    "name": member.name,
                }
                for team in teams
                for member in team.world.staff
            ],
            "patients": [
                {
                    "name": episode.patient.name,
                    "clinic": episode.clinic.name,
                    "episode": str(episode.uuid),
                    "procedure_at": episode.procedure_at.isoformat(),
                    "device_token": driver.phones[episode.patient.hospital_number].token,
                    "risk_factors": episode.risk_factors,
                }
                for episode in called
            ],
            "newcomer": vars(guest),
        },
    )


def _cast(driver: Any, *, seed: int, at_most: int | None) -> None:
    """Who takes part: those of earlier starts whose recovery goes on, and those who are still to come."""
    from demo import memory, world

    now = driver.clock.now()
    past = list(world.people(seed=seed, since=now - LONGEST_RECOVERY, until=now))
    known = [person for person in past if memory.is_known(person)]
    for person in known:
        episode = memory.running_episode(person)
        if episode is not None:
            driver.go_on(person, episode)
    coming = [
        person
        for person in world.people(seed=seed, since=now - timedelta(hours=1), until=datetime.now(UTC))
        if person.enrolled_at > now and person not in known
    ]
    for person in coming[: None if at_most is None else max(0, at_most - len(known))]:
        driver.expect(person)


def _give_everybody_a_phone(driver: Any) -> None:
    """Those too who have not signed in yet, or never would have: each has a token of this start."""
    from demo import memory

    for number, person in driver.people.items():
        if number not in driver.phones and (episode := memory.running_episode(person)) is not None:
            driver.sign_in(person, episode)


def _report_daily(driver: Any, mail: Path, *, until: datetime) -> None:
    first = driver.clock.now()
    days = (until - first).days
    driver.counts["patients"] = len(driver.people)

    def report(day: int) -> None:
        counts = driver.counts
        mails = sum(1 for file in os.scandir(mail) if file.name.endswith(".eml")) if mail.exists() else 0
        at = driver.clock.now()
        _say(
            f"{at.day} {at:%B} (day {day} of {days}): {counts['patients']} patients, {counts['check-ins']} check-ins, "
            f"{counts['alerts']} alerts, {mails} mails"
        )

    for day in range(1, days + 1):
        driver.at(first + timedelta(days=day), lambda day=day: report(day))


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
