"""The story from where it was left up to now, and who can sign in at its end."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo import finale, memory, newcomer, overseers, roll, telling, world
from demo.clock import DemoClock
from demo.driver import Driver
from demo.phones import Line
from demo.staff import Team
from recovery.models import Episode

LONGEST_RECOVERY = timedelta(days=90)

Say = Callable[[str], None]


def play(
    teams: Sequence[Team],
    *,
    clock: Path,
    base_url: str,
    mail: Path,
    out: Path,
    seed: int,
    patients: int | None,
    say: Say,
) -> None:
    """Ends with the clock on real time. `out` is written last, as a whole."""
    driver = Driver(clock=DemoClock(clock), line=Line(base_url), teams=teams, say=say)
    _cast(driver, seed=seed, at_most=patients)
    lands_at = datetime.now(UTC)
    finale.stage(driver, lands_at=lands_at)
    _report_daily(driver, mail, until=lands_at, say=say)
    driver.drive()
    finale.play(driver, finale.LAST)
    driver.clock.land()
    driver.catch_up()
    _give_everybody_a_phone(driver)
    called = roll.call(driver)
    if problem := roll.shortfall(called, driver.clock.now()):
        say(problem)
    guest = newcomer.welcome(teams[0], now=driver.clock.now())
    told = {
        "staff": _staff(teams),
        "overseers": overseers.muster(teams),
        "patients": _patients(called, driver),
        "newcomer": vars(guest),
        "helper": vars(overseers.let_help(teams[0], guest)),
    }
    telling.put_up(out, told)


def _staff(teams: Sequence[Team]) -> list[dict[str, str]]:
    return [
        {
            "email": member.email,
            "password": team.passwords[member.email],
            "clinic": team.world.name,
            "role": member.role,
            "name": member.name,
        }
        for team in teams
        for member in team.world.staff
    ]


def _patients(called: Sequence[Episode], driver: Driver) -> list[dict[str, Any]]:
    return [
        {
            "name": episode.patient.name,
            "clinic": episode.clinic.name,
            "episode": str(episode.uuid),
            "procedure_at": episode.procedure_at.isoformat(),
            "device_token": driver.phones[episode.patient.hospital_number].token,
            "risk_factors": episode.risk_factors,
        }
        for episode in called
    ]


def _cast(driver: Driver, *, seed: int, at_most: int | None) -> None:
    """Who takes part: those of earlier starts whose recovery goes on, and those who are still to come."""
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


def _give_everybody_a_phone(driver: Driver) -> None:
    """Those too who have not signed in yet, or never would have: each has a token of this start."""
    for number, person in driver.people.items():
        if number not in driver.phones and (episode := memory.running_episode(person)) is not None:
            driver.sign_in(person, episode)


def _report_daily(driver: Driver, mail: Path, *, until: datetime, say: Say) -> None:
    first = driver.clock.now()
    days = (until - first).days
    driver.counts["patients"] = len(driver.people)

    def report(day: int) -> None:
        counts = driver.counts
        mails = sum(1 for file in os.scandir(mail) if file.name.endswith(".eml")) if mail.exists() else 0
        at = driver.clock.now()
        say(
            f"{at.day} {at:%B} (day {day} of {days}): {counts['patients']} patients, {counts['check-ins']} check-ins, "
            f"{counts['alerts']} alerts, {mails} mails"
        )

    for day in range(1, days + 1):
        driver.at(first + timedelta(days=day), lambda day=day: report(day))  # type: ignore[misc]
