"""`make chaos` with small numbers, and that it sees what it is there to see."""

import random
import time
from collections import Counter
from dataclasses import replace

import psycopg
import pytest

from bench import copies
from tests.chaos import mishaps, report, run, tally
from tests.chaos.lateness import Lateness, avoidable_s
from tests.chaos.reporting import Kept
from tests.faults.phones import RED_FLAG, Phones
from tests.faults.scale import times
from tests.faults.scene import Scene
from tests.system import System

pytestmark = pytest.mark.slow


def test_whatever_happens_nothing_is_lost_and_nothing_told_twice():
    said: list[str] = []
    outcome = run.run(
        red_flags=times(40, 1_000), seed=7, rate=times(4, 20), members=2, pause_s=1.0, say=said.append
    )

    assert outcome.broken == []
    assert outcome.counted.red_flags == times(40, 1_000)
    assert outcome.mishaps.total() >= 2
    assert len(outcome.counted.latencies_s) == outcome.counted.red_flags
    assert outcome.escalated.late_s
    assert report.table(outcome).endswith("every limit held")


def test_what_befalls_follows_from_the_seed():
    def drawn(seed: int) -> list[str]:
        draw = mishaps.drawn(random.Random(seed))
        return [draw().__name__ for _ in range(30)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert set(drawn(1)) == {mishap.__name__ for mishap in mishaps.ALL}


@pytest.fixture
def told(system: System) -> tuple[Scene, list[Kept]]:
    """Three patients whose teams were told."""
    scene = Scene.of(system, patients=3)
    phones = Phones(scene)
    kept = []
    for patient in scene.patients:
        each = phones.report(patient, RED_FLAG)
        phones.send_until_taken(each)
        kept.append(Kept(each, time.monotonic(), repeats=False))
    scene.wait_until_quiet()
    return scene, kept


def test_what_is_well_is_counted_as_that(told: tuple[Scene, list[Kept]]):
    found = tally.count(*told)

    assert (found.red_flags, found.sends, found.extra) == (3, 6, 0)
    assert (found.lost, found.duplicated, found.unfounded) == ([], [], [])
    assert len(found.latencies_s) == 3


def test_a_mail_that_never_came_is_a_loss_and_one_that_came_twice_is_one_too_many(
    told: tuple[Scene, list[Kept]], monkeypatch: pytest.MonkeyPatch
):
    scene, kept = told
    first, second, *others = scene.mails
    monkeypatch.setattr(scene.system.mailbox, "_mails", [second, second, *others])

    found = tally.count(scene, kept)

    assert (len(found.lost), found.extra) == (1, 1)
    assert first.recipients[0] in found.lost[0]


def test_an_alert_that_is_not_there_twice_there_or_of_nothing_is_counted(told: tuple[Scene, list[Kept]]):
    scene, kept = told
    lost, doubled, unfounded = scene.episodes
    with psycopg.connect(scene.system.admin_url) as admin:
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("DROP INDEX one_open_alert_per_rule")
        admin.execute("DELETE FROM recovery_alert WHERE episode_id = %s", [lost])
        an_alert_more(admin, doubled)
        an_alert_more(admin, unfounded, rule="BLEED-OOZE")
    try:
        found = tally.count(scene, kept)
    finally:
        with psycopg.connect(scene.system.admin_url) as admin:
            admin.execute("SET LOCAL session_replication_role = replica")
            admin.execute("DELETE FROM recovery_alert WHERE episode_id = ANY(%s)", [scene.episodes])
            admin.execute(
                "CREATE UNIQUE INDEX one_open_alert_per_rule ON recovery_alert (episode_id, rule)"
                " WHERE status IN ('open', 'acknowledged')"
            )

    assert [line.partition(":")[0] for line in found.duplicated] == [f"patient {doubled}"]
    assert found.unfounded == [f"patient {unfounded}: an alert of BLEED-OOZE"]
    assert f"patient {lost}: no alert of " in found.lost[0]


def an_alert_more(admin: psycopg.Connection, episode: int, **instead: str) -> None:
    new = {"id": "nextval('recovery_alert_id_seq')", "uuid": "gen_random_uuid()"}
    copies.copy(
        admin,
        "recovery_alert",
        where=f"it.episode_id = {episode}",
        many="(SELECT 1) AS n (i)",
        **new | {name: f"'{value}'" for name, value in instead.items()},
    )


@pytest.mark.parametrize(
    ("due", "at", "late"),
    [
        (5, 8, 3),  # before it went away
        (9, 21, 2),  # due before, taken after
        (12, 21, 1),  # due and overdue in vain
        (12, 35, 10),  # it went away twice
        (22, 29, 7),
        (12, 18, 0),  # written by it as it stopped
    ],
)
def test_a_step_is_not_late_for_the_time_in_which_postgresql_was_away(due: float, at: float, late: float):
    assert avoidable_s(due, at, [(10, 20), (30, 35)]) == late


def test_a_limit_that_does_not_hold_is_said_and_ends_with_1(monkeypatch: pytest.MonkeyPatch):
    fine = run.Outcome(
        1, tally.Tally(red_flags=9), Counter(), Counter({201: 9}), 2, [3.0], Lateness([12.5], [0.5]), 10.0
    )
    broken = {
        "lost": replace(fine, counted=tally.Tally(lost=["one"])),
        "extra sends": replace(fine, counted=tally.Tally(extra=3)),
        "PostgreSQL was back for": replace(fine, recoveries_s=[31.0]),
        "10.5 s late": replace(fine, escalated=Lateness([10.5], [10.5])),
        "were early": replace(fine, escalated=Lateness([-0.1], [-0.1], early=1)),
        "taken twice": replace(fine, escalated=Lateness([0.1], [0.1], twice=1)),
        "not all steps": replace(fine, escalated=Lateness([0.1], [0.1], skipped=1)),
    }

    assert run.broken_limits(fine) == []
    for said, outcome in broken.items():
        (line,) = run.broken_limits(outcome)
        assert said in line
        assert "DOES NOT HOLD" in report.table(replace(outcome, broken=[line]))
