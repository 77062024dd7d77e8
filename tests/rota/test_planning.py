"""Planning who is on call: who may, what is refused and what is said then, and who wins of two at once."""

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection

from recovery import rota
from recovery.models import AuditEvent, CareTeam, Membership, RotaOverride, RotaShift, User
from recovery.rota import OnCall, RotaRefused
from tests import factories
from tests.factories import T0
from tests.rota import scenes
from tests.rota.test_plan import CHANGES

HOUR = timedelta(hours=1)
"""Time zero is a Monday, 10:00 in London."""


def on_call(team: CareTeam, now=T0) -> OnCall:
    return rota.on_call([team.pk], now=now)[team.pk]


def test_working_hours_and_nights_first_and_second(team, ben, cleo, dee):
    scenes.shifts(team, ben, "08:00", "18:00", by=dee, days=range(5))
    scenes.shifts(team, cleo, "18:00", "08:00", by=dee, days=range(5))
    scenes.shifts(team, dee, by=dee, level=rota.SECOND)

    assert on_call(team) == OnCall((ben.pk,), (dee.pk,))
    assert on_call(team, T0 + 8 * HOUR) == OnCall((cleo.pk,), (dee.pk,))
    assert on_call(team, T0 + 5 * 24 * HOUR) == OnCall((), (dee.pk,))  # Saturday, 10:00


def test_the_teams_own_zone_comes_before_that_of_its_clinic(team, ben, dee):
    scenes.shifts(team, ben, "09:00", "17:00", by=dee)
    assert on_call(team).first == (ben.pk,)
    CareTeam.objects.filter(pk=team.pk).update(time_zone="America/New_York")
    assert on_call(team).first == ()  # there it is 05:00
    assert on_call(team, T0 + 5 * HOUR).first == (ben.pk,)


def test_an_override_replaces_the_pattern_between_two_instants(team, ben, cleo, dee):
    scenes.shifts(team, ben, by=dee)
    scenes.override(team, cleo, T0 + HOUR, 2, by=dee)
    asked = [on_call(team, T0 + hours * HOUR).first for hours in (0.99, 1, 2.99, 3)]
    assert asked == [(ben.pk,), (cleo.pk,), (cleo.pk,), (ben.pk,)]


@pytest.mark.parametrize("how", ["left", "locked out"])
def test_who_is_not_there_any_more_is_not_on_call(team, ben, dee, how):
    scenes.shifts(team, ben, by=dee)
    if how == "left":
        Membership.objects.filter(user=ben).update(ended_at=T0)
    else:
        User.objects.filter(pk=ben.pk).update(is_active=False)
    assert on_call(team).first == ()
    [gap] = rota.gaps(team, T0, T0 + HOUR)
    assert (gap.from_at, gap.until_at) == (T0, T0 + HOUR)


def test_many_teams_are_read_in_one_statement(team, ben, dee, django_assert_num_queries):
    scenes.shifts(team, ben, by=dee)
    teams = [team, *(factories.team(team.clinic, f"Team {number}") for number in range(20))]
    with django_assert_num_queries(1):
        found = rota.on_call([each.pk for each in teams], now=T0)
    assert found == {each.pk: OnCall((ben.pk,) if each == team else ()) for each in teams}


def test_a_team_that_does_not_exist_has_nobody_on_call(db):
    assert rota.on_call([-1], now=T0) == {-1: OnCall()}


@pytest.mark.parametrize(("name", "day", "change", "moved"), CHANGES[:12])
def test_on_the_day_of_a_change_of_clocks_every_quarter_of_an_hour_has_its_one_person(
    team, ben, cleo, dee, name, day, change, moved
):
    CareTeam.objects.filter(pk=team.pk).update(time_zone=name)
    scenes.shifts(
        team, ben, "07:00", "02:15", by=dee
    )  # a hand-over in the hour that is skipped or comes twice
    scenes.shifts(team, cleo, "02:15", "07:00", by=dee)
    first = change - timedelta(hours=14)
    asked = [on_call(team, first + quarter * HOUR / 4).first for quarter in range(28 * 4)]
    assert set(asked) == {(ben.pk,), (cleo.pk,)}
    assert sum(one != next_ for one, next_ in pairwise(asked)) in {2, 3}  # nobody takes over twice
    assert rota.gaps(team, first, first + 28 * HOUR) == []


# --- who may -------------------------------------------------------------------------------------------------------


def test_a_coordinator_plans_and_a_nurse_may_not(team, ben):
    factories.member(team, "Cora Field", "coordinator")
    cora = User.objects.get(name="Cora Field")
    assert len(scenes.shifts(team, ben, by=cora)) == 7
    with pytest.raises(RotaRefused, match="Only a coordinator or an administrator"):
        scenes.shifts(team, ben, by=ben, level=rota.SECOND)


def test_a_team_of_others_does_not_exist(team, ben, dee, eve):
    [shift] = scenes.shifts(team, ben, by=dee, days=[0])
    with pytest.raises(CareTeam.DoesNotExist):
        scenes.shifts(team, ben, by=eve)
    with pytest.raises(CareTeam.DoesNotExist):
        rota.remove_shift(team_id=team.uuid, shift_id=shift.uuid, by=eve, now=T0)


def test_a_row_of_another_team_is_not_found_under_ones_own(team, ben, dee, eve):
    [shift] = scenes.shifts(team, ben, by=dee, days=[0])
    with pytest.raises(RotaShift.DoesNotExist):
        rota.remove_shift(team_id=eve.memberships.get().team.uuid, shift_id=shift.uuid, by=eve, now=T0)


def test_nobody_from_elsewhere_is_planned(team, dee, eve):
    with pytest.raises(RotaRefused, match="does not belong to the care team"):
        scenes.shifts(team, eve, by=dee)


# --- what is refused -----------------------------------------------------------------------------------------------


def test_what_overlaps_names_who_is_planned_and_by_whom_and_plans_nothing(team, ben, cleo, dee):
    scenes.shifts(team, ben, "20:00", "08:00", by=dee, days=[6])
    with pytest.raises(RotaRefused) as refused:
        scenes.shifts(team, cleo, "07:00", "09:00", by=dee)
    assert refused.value.message == (
        "Ben Okafor is planned already, Sunday 20:00 to Monday 08:00: Dee Lund planned it at 10:00 on 2 March. Remove "
        "that first, or choose other times."
    )
    assert RotaShift.objects.count() == 1


def test_what_follows_on_the_minute_does_not_overlap(team, ben, cleo, dee):
    scenes.shifts(team, ben, "08:00", "20:00", by=dee)
    scenes.shifts(team, cleo, "20:00", "08:00", by=dee)
    assert rota.gaps(team, T0, T0 + timedelta(days=14)) == []


def test_overrides_do_not_overlap_either(team, ben, cleo, dee):
    scenes.override(team, ben, T0, 24, by=dee)
    scenes.override(team, cleo, T0 + 24 * HOUR, 1, by=dee)
    scenes.override(team, cleo, T0, 24, by=dee, level=rota.SECOND)
    with pytest.raises(
        RotaRefused, match="Ben Okafor is planned already, 10:00 on 2 March to 10:00 on 3 March"
    ):
        scenes.override(team, cleo, T0 + 23 * HOUR, 2, by=dee)


@pytest.mark.parametrize(
    ("from_at", "hours", "words"),
    [
        (T0, 0, "The end lies before the beginning"),
        (T0 - 3 * HOUR, 3, "This is over already"),
        (T0, 24 * 93, "longer than 92 days"),
        (T0 + timedelta(days=367), 1, "more than a year from now"),
    ],
)
def test_times_that_cannot_be_meant_are_refused(team, ben, dee, from_at, hours, words):
    with pytest.raises(RotaRefused, match=words):
        scenes.override(team, ben, from_at, hours, by=dee)


def test_no_day_is_no_shift(team, ben, dee):
    with pytest.raises(RotaRefused, match="Choose at least one day"):
        scenes.shifts(team, ben, by=dee, days=[])


# --- taking away, and who leads ------------------------------------------------------------------------------------


def test_what_is_removed_stays_on_record_and_is_removed_once(team, ben, dee):
    [shift] = scenes.shifts(team, ben, by=dee, days=[0])
    rota.remove_shift(team_id=team.uuid, shift_id=shift.uuid, by=dee, now=T0 + HOUR)
    assert on_call(team).first == ()
    with pytest.raises(RotaRefused, match="Dee Lund removed this at 11:00 on 2 March"):
        rota.remove_shift(team_id=team.uuid, shift_id=shift.uuid, by=dee, now=T0 + 2 * HOUR)
    shift.refresh_from_db()
    assert (shift.ended_at, shift.ended_by) == (T0 + HOUR, dee)
    told = AuditEvent.objects.filter(subject_id=shift.uuid).order_by("pk").values_list("what", "user")
    assert list(told) == [("planned shift", dee.pk), ("removed shift", dee.pk)]


def test_an_override_is_removed_and_the_pattern_holds_again(team, ben, cleo, dee):
    scenes.shifts(team, ben, by=dee)
    instead = scenes.override(team, cleo, T0, 2, by=dee)
    rota.remove_override(team_id=team.uuid, override_id=instead.uuid, by=dee, now=T0 + HOUR)
    assert on_call(team, T0 + HOUR).first == (ben.pk,)


def test_one_leads_the_team_and_whoever_saw_another_is_told(team, ben, cleo, dee):
    rota.name_lead(team_id=team.uuid, user_id=ben.uuid, was=None, by=dee, now=T0)
    with pytest.raises(RotaRefused, match="Ben Okafor leads the team by now"):
        rota.name_lead(team_id=team.uuid, user_id=cleo.uuid, was=None, by=dee, now=T0)
    rota.name_lead(team_id=team.uuid, user_id=cleo.uuid, was=ben.uuid, by=dee, now=T0)
    assert list(Membership.objects.filter(is_lead=True).values_list("user", flat=True)) == [cleo.pk]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [RotaShift, RotaOverride])
def test_of_two_who_plan_the_same_hours_at_once_one_wins(model: type[RotaShift] | type[RotaOverride]):
    team = factories.team()
    ben, dee = factories.member(team), factories.member(team, "Dee Lund", "admin")
    cora = factories.member(team, "Cora Field", "coordinator")
    together, said = threading.Barrier(2), list[str]()

    def plan(by: User) -> None:
        together.wait(60)
        try:
            if model is RotaShift:
                scenes.shifts(team, ben, by=by)
            else:
                scenes.override(team, ben, T0, 4, by=by)
        except RotaRefused as refused:
            said.append(refused.message)
        finally:
            connection.close()

    threads = [threading.Thread(target=plan, args=[by]) for by in (dee, cora)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(said) == 1
    winner = model.objects.values_list("created_by__name", flat=True).distinct().get()
    assert f"{winner} planned it at 10:00" in said[0]
