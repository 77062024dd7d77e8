"""Reports that come late or in another order than felt: rows Y8 to Y10 of the cases of mobile synchronisation,
through the doors."""

import random
from typing import Any

import pytest

from recovery import silence
from recovery.models import Assessment, CheckIn, Episode, User
from tests.api.conftest import SetClock
from tests.api.phones import CHECK_INS, ME, Phone, check_in
from tests.factories import at
from tests.hold.desk import OOZING, live, page_of
from tests.hold.settled import final, settle

pytestmark = pytest.mark.django_db


DAYS: list[tuple[float, dict[str, Any]]] = [
    (6, {"bandage": "off"}),
    (20, {"numbness": "new_or_worse", "numbness_where": ["one_leg"]}),
    (44, {"pain_now": 2}),
    (68, {"pain_now": 3, "cough": "new"}),
    (92, {"pain_now": 5, "temp": {"value": 37.6, "unit": "C"}}),
    (98, {"pain_now": 6, "temp": {"value": 37.7, "unit": "C"}}),
    (116, {"pain_now": 8, "fall": "yes"}),
]


@pytest.mark.parametrize("order", ["reversed", 1, 2, 3])
def test_y08_days_that_arrive_in_any_order_end_as_those_that_arrive_in_turn(
    ana: Phone, eve: Phone, ben: User, set_clock: SetClock, order: str | int
) -> None:
    """One example to look at. Over all permutations it is a property, in test_order.py; there also what an order may
    add and never take away, for an alert that was opened while an earlier report was on its way stays open."""
    set_clock(120)
    days = [check_in(hours, **changes) for hours, changes in DAYS]
    mixed = days[::-1] if order == "reversed" else random.Random(order).sample(days, len(days))

    for phone, sent in ((ana, days), (eve, mixed)):
        for each in sent:
            assert phone.post(CHECK_INS, each).status_code == 201
            settle(at(120))

    in_turn, as_it_came = (final(phone.device.episode) for phone in (ana, eve))
    assert as_it_came.verdicts == in_turn.verdicts
    assert as_it_came.told == in_turn.told
    assert as_it_came.live == in_turn.live
    assert set(in_turn.told) == {"FALL", "NEURO-NUMB", "PAIN-RECUR", "PAIN-UP"}


@pytest.mark.parametrize(("late_h", "is_late"), [(2, False), (30, True), (120, True), (720, True)])
def test_y09_a_late_red_flag_opens_its_alert_at_its_tier_and_both_times_are_shown(
    ana: Phone, ben: User, set_clock: SetClock, late_h: float, is_late: bool
) -> None:
    """However late: its tier is not lowered (specification 6.6)."""
    set_clock(10 + late_h)

    told = ana.post(CHECK_INS, check_in(10, **OOZING)).json()
    settle(at(10 + late_h))

    assert told["urgency"] == "same_day"
    assert live(ana.device.episode)["BLEED-OOZE"] == 3
    assert ("LATE-ENTRY" in live(ana.device.episode)) == is_late
    assert "It arrived late" in page_of("BLEED-OOZE", ben)
    row = CheckIn.objects.get()
    assert (row.observed_at, row.received_at) == (at(10), at(10 + late_h))


@pytest.mark.parametrize(("felt_h", "still_missed"), [(62, []), (40, ["MISSED-1"])])
def test_y10_a_late_report_for_a_missed_day_ends_the_alert_and_what_was_missed_stays_on_record(
    ana: Phone, set_clock: SetClock, felt_h: float, still_missed: list[str]
) -> None:
    """The reminder goes when the latest gap is filled; one that is left is shown as what it is by then."""
    ana.post(CHECK_INS, check_in(20))
    set_clock(85)
    silence.judge_due(limit=10, now=at(85))
    settle(at(85))
    assert live(ana.device.episode) == {"MISSED-2": 2}
    assert [line["rule"] for line in ana.get(ME).json()["missed"]] == ["MISSED-2"]
    silent = Assessment.objects.filter(silent_slot__isnull=False).order_by("pk")
    before = dict(silent.values_list("pk", "findings"))

    set_clock(86)
    ana.post(CHECK_INS, check_in(felt_h))
    settle(at(86))

    assert "MISSED-2" not in live(ana.device.episode)
    assert {row.pk: row.findings for row in silent if row.pk in before} == before, "nothing is erased"
    now_found = silent.get(silent_slot="S3", is_current=True).findings
    assert [finding["rule"] for finding in now_found] == still_missed
    assert [line["rule"] for line in ana.get(ME).json()["missed"]] == still_missed
    assert Episode.objects.get(pk=ana.device.episode.pk).next_due_at == at(108)
    silence.judge_due(limit=10, now=at(107.9))
    assert silent.filter(is_current=True).count() == 3, "no slot is judged twice"
