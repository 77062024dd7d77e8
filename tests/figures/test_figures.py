"""Every number of the figures against a count of the same world in plain Python."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recovery import figures
from recovery.clinical import protocol as protocols
from recovery.dashboard.screens.slots import Became, Felt, dues_of
from recovery.figures import AGES, Due, Period, Wait
from recovery.models import CareTeam, Episode, User
from tests import factories
from tests.figures import reckoning, world
from tests.figures.world import NOW

pytestmark = pytest.mark.django_db

ZONES = ("Europe/London", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu")
PERIODS = (
    (date(2026, 3, 16), date(2026, 4, 12)),  # four weeks with the change of the clocks, up to now
    (date(2026, 3, 29), date(2026, 3, 29)),  # the day of 23 hours
    (date(2026, 1, 1), date(2026, 4, 12)),
    (date(2026, 2, 3), date(2026, 2, 20)),
)


def team_in(zone: str) -> tuple[CareTeam, User]:
    team = factories.team(factories.clinic(time_zone=zone))
    return team, factories.member(team)


@pytest.mark.parametrize("seed", range(8))
def test_every_number_is_what_plain_python_counts(seed: int) -> None:
    zone = ZoneInfo(ZONES[seed % len(ZONES)])
    team, ben = team_in(zone.key)
    neighbours = factories.team(team.clinic, "Hip team")
    told = world.drawn(seed)
    world.store(team, ben, told)
    world.store(neighbours, ben, world.drawn(seed + 1000, recoveries=5))

    for first, last in PERIODS:
        within = partial(reckoning.is_within, first=first, last=last, zone=zone)
        found = figures.of(team, Period(first, last, zone), now=NOW)

        assert (found.reports.check_ins, found.reports.recoveries) == reckoning.check_ins(told, within)
        assert {
            (each.rule, int(each.tier)): [each.alerts, each.ended, each.acted_on, each.noise]
            for each in found.raised
        } == reckoning.raised(told, within)
        assert waited(found.waits.taken_on) == reckoning.waits(told, within, reckoning.taken_on_at)
        assert waited(found.waits.reached) == reckoning.waits(told, within, reckoning.reached_at)
        by = partial(reckoning.due, told, within, NOW)
        assert plain(found.due.day) == by(lambda one, day: [day])
        assert plain(found.due.risk) == by(lambda one, day: one.risk_factors or [""])
        assert plain(found.due.language) == by(lambda one, day: [reckoning.language(one)])
        ages = {reckoning.AGES[group]: due for group, due in found.due.age.items()}
        assert plain(ages) == by(lambda one, day: [reckoning.age_group(one)])


def test_the_world_holds_something_of_everything() -> None:
    """Otherwise the comparison above would say little."""
    told = [one for seed in range(8) for one in world.drawn(seed)]
    alerts = [alert for one in told for alert in one.alerts]

    assert {alert.status for alert in alerts} == {"open", "acknowledged", "closed", "resolved"}
    assert {alert.tier for alert in alerts} == {1, 2, 3, 4}
    assert {alert.outcome for alert in alerts} == {"", *world.OUTCOMES}
    for end in (reckoning.taken_on_at, reckoning.reached_at):
        ends = [(alert, end(alert)) for alert in alerts]
        assert any(at is not None and at < alert.tier_at for alert, at in ends)
        assert any(at is None and alert.status in world.LIVE for alert, at in ends)
        assert any(at is None and alert.status not in world.LIVE for alert, at in ends)
    assert any(alert.noise and alert.outcome == "self-care" for alert in alerts)
    asked = reckoning.due(told, lambda at: True, NOW, lambda one, day: [day])
    everything = reckoning.due(told, lambda at: True, NOW, lambda one, day: ["all"])["all"][1]
    slots = sum(
        one.procedure_at + timedelta(hours=close_h) < NOW
        for one in told
        for _, close_h in reckoning.SCHEDULE.values()
    )
    assert len(asked) == len(reckoning.SCHEDULE)
    assert everything < slots, "pauses, ends and late enrolments take some away"
    assert {reckoning.age_group(one) for one in told} == set(reckoning.AGES)


def test_the_same_check_ins_were_missed_as_on_the_strip_of_the_patients_page() -> None:
    team, ben = team_in("Europe/London")
    told = [one for one in world.drawn(3) if one.started_at <= one.procedure_at]
    world.store(team, ben, told)

    found = figures.of(team, Period(date(2026, 1, 1), date(2026, 4, 12), ZoneInfo("UTC")), now=NOW)

    became = [
        due.became
        for episode in Episode.objects.prefetch_related("pauses", "check_ins")
        for due in dues_of(
            episode,
            protocols.get(),
            [
                Felt(episode.hours_at(said.effective_at), said.completed)
                for said in episode.check_ins.all()
                if said.withdrawn_at is None
            ],
            [(pause.from_at, pause.until_at) for pause in episode.pauses.all()],
            NOW,
        )
        if due.closes_at < NOW
    ]
    answered = sum(due.answered for due in found.due.day.values())
    missed = sum(due.missed for due in found.due.day.values())
    assert answered == became.count(Became.ANSWERED) > 0
    assert missed == became.count(Became.MISSED) + became.count(Became.HALF) > 0


def test_a_team_without_anybody_has_empty_figures() -> None:
    team, _ = team_in("Europe/London")

    found = figures.of(team, figures.last_days(28, NOW, ZoneInfo("Europe/London")), now=NOW)

    assert (found.reports.check_ins, found.raised, found.waits.taken_on, found.waits.reached) == (
        0,
        [],
        [],
        [],
    )
    assert not any((found.due.day, found.due.risk, found.due.age, found.due.language))
    assert found.budget.over is None


def test_any_team_and_period_costs_four_statements() -> None:
    empty, _ = team_in("Europe/London")
    full, ben = factories.team(empty.clinic, "Hip team"), factories.member(empty)
    world.store(full, ben, world.drawn(5))
    year = Period(date(2025, 5, 1), date(2026, 4, 12), ZoneInfo("Europe/London"))

    for team in (empty, full):
        with CaptureQueriesContext(connection) as queries:
            figures.of(team, year, now=NOW)
        assert len(queries) == 4


def test_a_recovery_under_a_protocol_that_is_gone_is_counted_by_the_default_one() -> None:
    team, ben = team_in("Europe/London")
    world.store(team, ben, world.drawn(6))
    period = Period(date(2026, 1, 1), date(2026, 4, 12), ZoneInfo("Europe/London"))
    before = figures.of(team, period, now=NOW)

    Episode.objects.filter(pk__in=Episode.objects.order_by("pk")[:10]).update(protocol="vk-lost/7")

    assert figures.of(team, period, now=NOW).due == before.due


def test_the_groups_of_age_are_those_that_are_named() -> None:
    assert len(AGES) + 1 == len(reckoning.AGES)


def waited(waits: Iterable[Wait]) -> dict[int, tuple]:
    return {
        int(wait.tier): (
            wait.alerts,
            wait.timed,
            wait.before,
            wait.waiting,
            near(wait.median),
            near(wait.p90),
        )
        for wait in waits
    }


def near(time: timedelta | None) -> object:
    return None if time is None else pytest.approx(time.total_seconds(), abs=1e-3)


def plain(groups: Mapping[Any, Due]) -> dict[Any, tuple[int, int, int]]:
    return {key: (due.recoveries, due.due, due.answered) for key, due in groups.items()}
