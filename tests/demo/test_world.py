"""The same days bring the same patients, and every four weeks everything that can happen."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from demo import world
from demo.clinics import CLINICS
from demo.troubles import TROUBLES

NOON = datetime(2026, 9, 16, 12, tzinfo=UTC)


def cohort(*, days: float, until: datetime = NOON, seed: int = 1):
    return list(world.people(seed=seed, since=until - timedelta(days=days), until=until))


def test_same_seed_and_days_give_the_same_people():
    assert cohort(days=43) == cohort(days=43)


def test_another_seed_gives_other_people():
    assert {person.name for person in cohort(days=43)} != {person.name for person in cohort(days=43, seed=2)}


def test_a_later_start_meets_the_people_of_the_earlier_one():
    later = cohort(days=46, until=NOON + timedelta(days=3))
    assert later[: len(cohort(days=43))] == cohort(days=43)


@pytest.mark.parametrize("days_on", range(0, 28, 3))
def test_every_story_happens_in_the_weeks_before_a_first_start(days_on):
    """They all have begun after two weeks: so four weeks of patients, each at least two weeks old, hold each once."""
    settled = NOON + timedelta(days=days_on - 15)
    stories = Counter(person.story for person in cohort(days=28, until=settled))
    assert set(TROUBLES) | {"new fracture"} <= set(stories)


def test_one_in_ten_breaks_another_bone_and_everything_else_is_far_rarer():
    people = cohort(days=3 * 365)
    stories = Counter(person.story for person in people)
    fractures = stories["new fracture"] / len(people)
    assert fractures == pytest.approx(0.10, abs=0.015)
    assert max(stories[trouble] / len(people) for trouble in TROUBLES) < fractures / 3


@pytest.mark.parametrize("days_on", range(7))
def test_enough_are_between_hour_84_and_day_40_on_any_day_of_the_week(days_on):
    now = NOON + timedelta(days=days_on)
    people = cohort(days=43, until=now)
    settled = [person for person in people if 84 <= person.hours_at(now) < 954]
    assert len(people) >= 48
    assert len(settled) >= 44
    assert {person.clinic.key for person in settled} == {clinic.key for clinic in CLINICS}


def test_procedures_end_in_working_hours_of_the_clinic_and_patients_live_in_several_time_zones():
    people = cohort(days=43)
    assert len({person.zone for person in people}) >= 6
    assert {person.unit for person in people} == {"C", "F", None}
    for person in people:
        assert person.procedure_at.tzinfo is UTC


def test_nobody_has_the_number_of_another():
    people = cohort(days=400)
    assert len({person.hospital_number for person in people}) == len(people)


def test_a_caregiver_has_a_telephone_of_their_own():
    for person in cohort(days=43):
        assert bool(person.caregiver_phone) == bool(person.caregiver)
        assert person.caregiver_phone != person.phone
        assert len(person.caregiver_phone) in {0, len(person.phone)}
