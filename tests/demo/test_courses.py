"""Pain goes as the published figures say: over many patients, as they report it."""

from random import Random
from statistics import mean

import pytest

from demo import courses
from demo.courses import PainCourse
from demo.world import FRACTURES, PERIOD


@pytest.fixture(scope="module")
def cohort() -> list[PainCourse]:
    random = Random(7)
    return [courses.draw(random, new_fracture=number % PERIOD < FRACTURES) for number in range(4_800)]


def reported(cohort, days):
    random = Random(11)
    return [course.reported(days * 24, random) for course in cohort]


def test_pain_before_the_procedure_is_8_7_on_average(cohort):
    assert mean(course.before for course in cohort) == pytest.approx(8.7, abs=0.1)


def test_pain_after_one_month_is_2_8_on_average(cohort):
    assert mean(reported(cohort, 30)) == pytest.approx(2.8, abs=0.25)


def test_pain_at_six_weeks_is_2_5_on_average(cohort):
    assert mean(reported(cohort, 42)) == pytest.approx(2.5, abs=0.25)


def test_44_of_100_are_below_4_after_two_weeks(cohort):
    assert mean(pain < 4 for pain in reported(cohort, 14)) == pytest.approx(0.44, abs=0.03)


def test_some_are_better_within_days_and_others_need_weeks(cohort):
    after_three_days = reported(cohort, 3)
    assert mean(pain < 4 for pain in after_three_days) > 0.2
    assert mean(pain >= 5 for pain in after_three_days) > 0.3


def test_a_new_fracture_is_relief_and_then_pain_again():
    random = Random(3)
    for _ in range(300):
        course = courses.draw(random, new_fracture=True)
        assert course.recurrence
        breaks_h = course.recurrence.at_d * 24
        relieved, again = course.level(breaks_h - 1), course.level(breaks_h + 24)
        assert relieved <= course.before - 2
        assert again >= relieved + 3


def test_every_score_is_on_the_scale(cohort):
    assert {score for days in (0.1, 1, 8, 20, 84) for score in reported(cohort, days)} <= set(range(11))
