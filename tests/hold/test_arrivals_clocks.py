"""Phones whose clocks are wrong: rows Y14 and Y15 of the cases of mobile synchronisation, as specification 6.8 decides
them, through the doors."""

import pytest

from recovery.models import CheckIn, Quarantine
from tests.api.conftest import SetClock
from tests.api.phones import BATCH, CHECK_INS, Phone, check_in
from tests.factories import at
from tests.hold.desk import OOZING, live
from tests.hold.settled import settle

pytestmark = pytest.mark.django_db


YEAR_H = 24 * 365.25


@pytest.mark.parametrize("felt_h", [20 + 3 * YEAR_H, 20 - 3 * YEAR_H, -0.01])
def test_y14_a_clock_that_cannot_be_right_is_kept_as_sent_and_judged_at_arrival(
    ana: Phone, felt_h: float
) -> None:
    told = ana.post(CHECK_INS, check_in(felt_h, **OOZING))
    settle(at(20))

    row = CheckIn.objects.get()
    assert (told.status_code, told.json()["hours"], told.json()["urgency"]) == (201, 20, "same_day")
    assert (row.clock_suspect, row.effective_at) == (True, at(20))
    assert abs((row.observed_at - at(felt_h)).total_seconds()) < 1
    assert live(ana.device.episode) == {"BLEED-OOZE": 3}


def test_y14_only_a_year_that_is_none_is_refused_and_even_that_is_judged(ana: Phone) -> None:
    """1970 is outside the years that are taken (specification 6.8)."""
    told = ana.post(CHECK_INS, check_in(20, **OOZING) | {"observed_at": "1970-01-01T00:00:12Z"})
    settle(at(20))

    assert (told.status_code, told.json()["urgency"]) == (422, "same_day")
    assert Quarantine.objects.get().code == "invalid"
    assert live(ana.device.episode) == {"BLEED-OOZE": 3}


def test_y14_a_clock_that_changes_between_the_items_of_a_batch_loses_none_of_them(
    ana: Phone, set_clock: SetClock
) -> None:
    set_clock(40)
    felt_h = [20, 24 + 3 * YEAR_H, 28 - 3 * YEAR_H, 30, 40.05, 40.2]
    items = [check_in(hours, pain_now=number) for number, hours in enumerate(felt_h)]

    results = ana.post(BATCH, {"check_ins": items}).json()["results"]

    assert [result["status"] for result in results] == [201] * 6
    kept = {row.pain: row for row in CheckIn.objects.all()}
    assert [kept[number].clock_suspect for number in range(6)] == [False, True, True, False, False, True]
    judged_h = [(kept[number].effective_at - at(0)).total_seconds() / 3600 for number in range(6)]
    assert judged_h == pytest.approx([20, 40, 40, 30, 40.05, 40], abs=0.001)


@pytest.mark.parametrize(
    ("minutes_ahead", "is_suspect"), [(4.9, False), (5, False), (5.02, True), (24 * 60, True)]
)
def test_y15_up_to_five_minutes_ahead_are_believed_and_beyond_it_is_marked(
    ana: Phone, minutes_ahead: float, is_suspect: bool
) -> None:
    ahead_h = 20 + minutes_ahead / 60
    told = ana.post(CHECK_INS, check_in(ahead_h, **OOZING))

    row = CheckIn.objects.get()
    assert (told.status_code, told.json()["urgency"]) == (201, "same_day")
    assert row.clock_suspect == is_suspect
    judged_h = (row.effective_at - at(0)).total_seconds() / 3600
    assert judged_h == pytest.approx(20 if is_suspect else ahead_h, abs=0.001)
