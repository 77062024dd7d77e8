"""A running system, its patients, and all that befalls it, from a seed, until all have reported and all is quiet."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from recovery import auditor, clock
from recovery.models import Episode
from tests.chaos import lateness, mishaps, tally, ward
from tests.chaos.reporting import Reporting
from tests.faults.aftermath import Arrived
from tests.faults.conftest import LEASE_S, PROGRAMS
from tests.faults.scene import Scene
from tests.hold import oracle
from tests.system import System
from tests.waiting import wait_until

RECOVERED_WITHIN_S = 30.0
LATE_AT_MOST_S = 10.0
LOOKED_AT_CLOSELY = 200
"""So many patients are held to all invariants, besides what is counted for each."""

QUIET_WITHIN_S = 300.0

POSTGRES = {"max_connections": "60"} | lateness.REMEMBERS

OVERDUE = """
    SELECT (SELECT count(*) FROM recovery_assessment
             WHERE flagged_at IS NULL AND set_aside_at IS NULL AND judged_at < now() - %s * interval '1 s')
         + (SELECT count(*) FROM recovery_notification
             WHERE status IN ('waiting', 'sending') AND planned_at < now() - %s * interval '1 s')
"""


class Recovery(NamedTuple):
    """PostgreSQL was away, and so long after it was back all was done that was owed then."""

    away: lateness.Away
    took_s: float


@dataclass
class Outcome:
    seed: int
    counted: tally.Tally
    mishaps: Counter[str]
    answers: Counter[int]
    cut_off: int
    recoveries_s: list[float]
    escalated: lateness.Lateness
    took_s: float
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.broken


def run(
    *, red_flags: int, seed: int, rate: float, members: int, say: Callable[[str], None], pause_s: float = 3.0
) -> Outcome:
    """`rate` is how many report each second at most, `members` how many are to be told of each, `pause_s` how long it
    is left alone between two mishaps at most."""
    began = time.monotonic()
    with System(postgres=POSTGRES, DELIVERY_LEASE_S=LEASE_S) as system:
        scene = ward.fill(system, red_flags, members)
        in_a_hurry = lateness.hurry(system)
        system.start(*PROGRAMS)
        say(f"{red_flags} patients, {len(scene.patients[0].team)} to tell of each; seed {seed}")
        reporting = Reporting(scene, seed, rate)
        befell, cut_off, recoveries = _suffer(system, reporting, random.Random(seed), pause_s, say)
        if reporting.failures:
            raise reporting.failures[0]
        say("all have reported; waiting until all is quiet")
        wait_until(
            lambda: lateness.nothing_falls_due(scene), within_s=QUIET_WITHIN_S, why="a step is still due"
        )
        wait_until(lambda: not scene.owed(), within_s=QUIET_WITHIN_S, why="something is still owed")
        counted = tally.count(scene, reporting.kept)
        outcome = Outcome(
            seed=seed,
            counted=counted,
            mishaps=befell,
            answers=reporting.phones.answers,
            cut_off=cut_off,
            recoveries_s=[each.took_s for each in recoveries],
            escalated=lateness.measure(scene, in_a_hurry, [each.away for each in recoveries]),
            took_s=time.monotonic() - began,
        )
        outcome.broken += broken_limits(outcome) + _look_closely(scene, seed, cut_off) + audited(system)
    return outcome


def _suffer(
    system: System, reporting: Reporting, chance: random.Random, pause_s: float, say: Callable[[str], None]
) -> tuple[Counter[str], int, list[Recovery]]:
    """One mishap after the other for as long as reports come."""
    befell, cut_off, recoveries = Counter[str](), 0, list[Recovery]()
    draw = mishaps.drawn(chance)
    reporting.start()
    while not reporting.is_over:
        time.sleep(chance.uniform(0, pause_s))
        mishap = draw()
        of_postgres = mishap in mishaps.OF_POSTGRES
        if of_postgres:
            with reporting.held():
                _wait_until_nothing_is_overdue(system)
            time.sleep(1)
        since = time.time()
        cut_off += mishap(system, chance)
        back = time.time()
        system.revive()
        befell[mishap.__name__] += 1
        if of_postgres:
            recoveries.append(Recovery((since, back), _recovered_after_s(system)))
        say(
            f"{mishap.__name__.replace('_', ' ')}: {len(reporting.kept)} reports kept"
            + (
                f", away for {back - since:.1f} s, recovered after {recoveries[-1].took_s:.1f} s"
                if of_postgres
                else ""
            )
        )
    return befell, cut_off, recoveries


def _wait_until_nothing_is_overdue(system: System) -> None:
    """What an earlier mishap put off is not to be counted against this one."""
    wait_until(
        lambda: _overdue(system, 3) == 0, within_s=QUIET_WITHIN_S, why="what was put off is never done"
    )


def _recovered_after_s(system: System) -> float:
    """PostgreSQL is back: how long until nothing is owed any more that was owed then."""
    back_at = time.monotonic()
    wait_until(
        lambda: _overdue(system, time.monotonic() - back_at) == 0,
        within_s=QUIET_WITHIN_S,
        why="it does not recover",
    )
    return time.monotonic() - back_at


def _overdue(system: System, for_s: float) -> int:
    [(number,)] = system.rows(OVERDUE, for_s, for_s)
    return int(number)


def broken_limits(outcome: Outcome) -> list[str]:
    counted = outcome.counted
    slowest, late = max(outcome.recoveries_s, default=0.0), outcome.escalated
    late_p99 = tally.at_share(late.avoidable_s, 0.99)
    return [
        said
        for broken, said in (
            (counted.lost, f"{len(counted.lost)} lost: {counted.lost[:5]}"),
            (counted.duplicated, f"{len(counted.duplicated)} duplicated: {counted.duplicated[:5]}"),
            (counted.unfounded, f"{len(counted.unfounded)} that nobody reported: {counted.unfounded[:5]}"),
            (counted.extra > outcome.cut_off, f"{counted.extra} extra sends, and {outcome.cut_off} cut off"),
            (slowest > RECOVERED_WITHIN_S, f"PostgreSQL was back for {slowest:.1f} s before all was done"),
            (late.early, f"{late.early} steps of an escalation were early"),
            (late.skipped, f"of {late.skipped} alerts not all steps were taken"),
            (late_p99 > LATE_AT_MOST_S, f"PostgreSQL there, one step in a hundred was {late_p99:.1f} s late"),
            (late.twice, f"{late.twice} steps of an escalation were taken twice"),
        )
        if broken
    ]


def _look_closely(scene: Scene, seed: int, cut_off: int) -> list[str]:
    """Some of the patients, at all invariants."""
    some = random.Random(seed).sample(scene.episodes, min(LOOKED_AT_CLOSELY, len(scene.episodes)))
    with scene.system.django():
        arrived = Arrived(scene.arrived)
        for episode in Episode.objects.filter(pk__in=some):
            try:
                oracle.assert_all_is_well(episode, arrived, deaths=cut_off)
            except AssertionError as broken:
                return [f"patient {episode.pk}: {broken}"]
    return []


def audited(system: System) -> list[str]:
    """What the product's own auditor makes of it, twice, as it does before it calls something a defect."""
    with system.django():
        auditor.look(now=clock.now(), programs=[])
        found = auditor.look(now=clock.now(), programs=[], later=timedelta(seconds=20))
    return [] if found.is_well else [f"the auditor finds {', '.join(sorted(found.kinds))}"]
