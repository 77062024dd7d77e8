"""Who can be reached, whether the night is covered, and what follows when it is not."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from recovery import enrolment, reachability, rota, watch
from recovery.models import CareTeam, Clinic, Episode, Letter, Membership, NightCheck
from recovery.reachability import nightly
from tests import factories
from tests.factories import T0
from tests.rota import scenes
from tests.rota.test_plan import CHANGES
from tests.watch import test_idle as idle

HOUR = timedelta(hours=1)
EVENING = T0 + 6 * HOUR
"""Monday 2 March, 16:00 in London: four hours before the night."""


def works(team: CareTeam, user, now=T0) -> bool:
    return user.pk in reachability.reachable([user.pk], clinic_id=team.clinic_id, now=now)


# --- a channel that works ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"verified_at": None}, False),
        ({"ended_at": T0}, False),
        ({"tested_at": T0 - 19 * HOUR}, True),  # it may still be answered
        ({"tested_at": T0 - 21 * HOUR}, False),
        ({"tested_at": T0 - 21 * HOUR, "answered_at": T0 - HOUR}, True),
        ({"tested_at": T0 - 21 * HOUR, "answered_at": T0 - 30 * 24 * HOUR}, False),  # an older test
        ({"verified_at": T0 - 41 * 24 * HOUR}, False),
        ({"verified_at": T0 - 90 * 24 * HOUR, "tested_at": T0 - HOUR, "answered_at": T0 - HOUR / 2}, True),
    ],
)
def test_a_channel_works_that_was_verified_and_whose_last_test_was_answered(team, ben, fields, expected):
    scenes.channel(team, ben, **fields)
    assert works(team, ben) is expected


def test_the_sign_in_mail_was_never_verified_and_is_no_channel(team, ben):
    assert not works(team, ben)


def test_one_working_channel_of_several_is_enough(team, ben):
    scenes.channel(team, ben, tested_at=T0 - 21 * HOUR)
    assert not works(team, ben)
    scenes.channel(team, ben, address="ben@pager.example")
    assert works(team, ben)


def test_a_channel_of_one_clinic_reaches_nobody_for_another(team, ben, eve):
    other = eve.memberships.get().team
    Membership.objects.create(user=ben, team=other, role="nurse")
    scenes.channel(other, ben)
    assert not works(team, ben)
    found = reachability.reachable_of([team.pk, other.pk], now=T0)
    assert {pk: here.people for pk, here in found.items()} == {team.pk: frozenset(), other.pk: {ben.pk}}


# --- the night -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "begins", "ends"),
    [(19, 2, 3), (20, 2, 3), (23, 2, 3), (7, 1, 2), (8, 2, 3)],
)
def test_the_night_is_the_one_that_it_is_or_the_next(hour, begins, ends):
    night = rota.tonight(ZoneInfo("UTC"), datetime(2026, 3, 2, hour, tzinfo=UTC))
    assert (night.from_at, night.until_at) == (
        datetime(2026, 3, begins, 20, tzinfo=UTC),
        datetime(2026, 3, ends, 8, tzinfo=UTC),
    )
    assert night.on == date(2026, 3, begins)


@pytest.mark.parametrize(("name", "day", "change", "moved"), CHANGES[:12])
def test_nights_and_looks_keep_to_the_clock_on_the_days_on_which_it_is_changed(name, day, change, moved):
    zone = ZoneInfo(name)
    for hours in range(-48, 48):
        now = change + hours * HOUR
        night, look = rota.tonight(zone, now), rota.next_look(zone, now)
        assert night.until_at > now
        assert now < look <= now + timedelta(hours=25)
        clocks = [f"{at.astimezone(zone):%H:%M}" for at in (night.from_at, night.until_at, look)]
        assert clocks == ["20:00", "08:00", "16:00"]


def test_a_night_is_covered_when_somebody_who_can_be_reached_is_on_call_all_of_it(team, ben, cleo, dee):
    scenes.channel(team, ben)
    scenes.shifts(team, ben, "20:00", "02:00", by=dee)
    scenes.shifts(team, cleo, "02:00", "08:00", by=dee)
    assert holes(team) == [(2, 8)]  # Cleo has no channel
    scenes.shifts(team, ben, "01:00", "05:00", by=dee, level=rota.SECOND)
    assert holes(team) == [(5, 8)]
    scenes.channel(team, cleo)
    assert holes(team) == []


def holes(team: CareTeam) -> list[tuple[int, int]]:
    found = reachability.tonight([team.pk], now=EVENING)[team.pk].holes
    return [(begin.hour, end.hour) for begin, end in found]


def test_a_team_without_a_rota_is_covered_by_whoever_of_it_can_be_reached(team, ben):
    assert holes(team) == [(20, 8)]
    scenes.channel(team, ben)
    assert holes(team) == []


@pytest.mark.parametrize("role", ["coordinator", "admin"])
def test_a_night_of_somebody_who_can_take_nothing_on_is_not_covered(team, ben, dee, role):
    """They hear of a red flag and can do nothing with it."""
    cora = factories.member(team, "Cora Field", role)
    scenes.channel(team, cora)
    assert holes(team) == [(20, 8)]
    scenes.shifts(team, cora, by=dee)
    assert holes(team) == [(20, 8)]
    scenes.shifts(team, ben, by=dee, level=rota.SECOND)
    scenes.channel(team, ben)
    assert holes(team) == []


def test_many_teams_are_judged_in_two_statements(team, ben, dee, django_assert_num_queries):
    teams = [team, *(factories.team(team.clinic, f"Team {number}") for number in range(9))]
    scenes.shifts(team, ben, by=dee)
    with django_assert_num_queries(2):
        found = reachability.tonight([each.pk for each in teams], now=T0)
    assert len(found) == 10


# --- at enrolment --------------------------------------------------------------------------------------------------

SAME = "020 7946-0101"
"""The team's own number, written otherwise."""


@pytest.mark.hazard("HZ2.5")
def test_no_recovery_begins_into_a_night_in_which_nobody_can_be_reached(team, ben, dee):
    Clinic.objects.update(urgent_line=SAME)
    team = CareTeam.objects.get()
    scenes.shifts(team, ben, by=dee)

    with pytest.raises(enrolment.NobodyOnCall) as refused:
        factories.episode(team)

    assert refused.value.code == "nobody_on_call"
    assert refused.value.message == (
        "No nurse or doctor who can be reached is on call for all of tonight (20:00 to 08:00), and the clinic has no "
        "urgent line of its own. Plan a nurse or doctor whose contact is verified on the page “Rota”, or have your "
        "administrator set an urgent line that is answered at night. Then enrol the patient."
    )
    assert not Episode.objects.exists()

    scenes.channel(team, ben)  # what was said was done
    assert factories.episode(team).status == "active"


def test_with_an_urgent_line_of_its_own_a_recovery_begins_into_any_night(team, ben, dee):
    scenes.shifts(team, ben, "08:00", "20:00", by=dee)
    assert factories.episode(team).status == "active"


@pytest.mark.parametrize("night_cover", [True, False])
def test_without_a_rota_and_an_urgent_line_the_team_must_answer_at_night(team, ben, night_cover):
    Clinic.objects.update(urgent_line=SAME, night_cover=night_cover)
    team = CareTeam.objects.get()
    scenes.channel(team, ben)
    if night_cover:
        assert factories.episode(team).status == "active"
    else:
        with pytest.raises(
            enrolment.NobodyOnCall, match="This team has no rota, so nobody is on call tonight"
        ):
            factories.episode(team)


def test_the_check_at_enrolment_asks_nothing_of_the_database_where_there_is_an_urgent_line(
    team, django_assert_num_queries
):
    with django_assert_num_queries(0):
        assert reachability.night_trouble(team, now=T0) == ""


# --- every night ---------------------------------------------------------------------------------------------------


def due(team: CareTeam, at: datetime = EVENING) -> None:
    CareTeam.objects.filter(pk=team.pk).update(next_night_check_at=at)


def test_each_night_is_looked_at_once_at_four_in_the_afternoon_by_the_teams_clocks(team, ben):
    scenes.channel(team, ben)
    due(team)
    assert reachability.check_due(limit=10, now=EVENING - HOUR) == 0
    assert [reachability.check_due(limit=10, now=EVENING) for _ in range(2)] == [1, 0]

    [check] = NightCheck.objects.all()
    assert (check.night_on, check.checked_at, check.covered) == (date(2026, 3, 2), EVENING, True)
    team.refresh_from_db()
    assert team.next_night_check_at == EVENING + 24 * HOUR
    assert not Letter.objects.exists()


def test_who_can_plan_is_written_to_when_nobody_can_be_reached(team, ben, cleo, dee):
    scenes.shifts(team, ben, by=dee)
    pager = scenes.channel(team, dee)
    rota.name_lead(team_id=team.uuid, user_id=cleo.uuid, was=None, by=dee, now=T0)
    due(team)

    assert watch.cycle(EVENING, sends=False)["nights"] == 1

    letters = Letter.objects.filter(kind=reachability.UNCOVERED)
    assert set(letters.values_list("user", "contact")) == {(dee.pk, pager.pk), (cleo.pk, None)}
    assert {letter.expires_at for letter in letters} == {EVENING + 16 * HOUR}
    assert NightCheck.objects.get().unreachable == 2


def test_the_same_night_is_not_written_of_twice(team, ben, dee):
    scenes.shifts(team, ben, by=dee)
    for _ in range(2):
        due(team)
        assert reachability.check_due(limit=10, now=EVENING) == 1
    assert Letter.objects.filter(kind=reachability.UNCOVERED).count() == 1
    assert NightCheck.objects.count() == 1


def test_a_team_without_a_planner_is_written_to_as_a_whole(team, ben, cleo):
    due(team)
    reachability.check_due(limit=10, now=EVENING)
    assert set(Letter.objects.values_list("user", flat=True)) == {ben.pk, cleo.pk}


def test_after_ten_days_without_a_watch_only_the_night_to_come_is_looked_at(team, ben):
    due(team)
    late = EVENING + timedelta(days=10, hours=3)
    assert reachability.check_due(limit=10, now=late) == 1
    assert NightCheck.objects.get().night_on == date(2026, 3, 12)
    team.refresh_from_db()
    assert team.next_night_check_at == EVENING + timedelta(days=11)


def test_a_turn_takes_no_more_than_its_limit_and_the_longest_due_first(team):
    others = [factories.team(team.clinic, f"Team {number}") for number in range(3)]
    for number, each in enumerate([team, *others]):
        due(each, EVENING - number * HOUR)
    assert reachability.check_due(limit=2, now=EVENING) == 2
    assert set(NightCheck.objects.values_list("team", flat=True)) == {others[1].pk, others[2].pk}
    assert [reachability.check_due(limit=2, now=EVENING) for _ in range(2)] == [2, 0]


@pytest.mark.django_db(transaction=True)
def test_nights_that_are_not_due_are_not_read():
    team = factories.team()
    for number in range(30):
        factories.team(team.clinic, f"Team {number}")
    CareTeam.objects.update(next_night_check_at=EVENING)
    idle._look_large()

    asked = {"now": EVENING - HOUR, "limit": 10}
    assert reachability.check_due(**asked) == 0
    assert idle._most_rows(nightly._DUE, asked) <= idle.A_FEW
