"""The patient changes an answer, or the record behind it is corrected: what was raised stays, what is new comes to the
team (specification 6.6, 6.7 and 8)."""

import pytest

from recovery import alerts, checkins
from recovery.models import Alert, Assessment, DeviceToken, User
from tests.factories import at, submission
from tests.operations.ward import as_next_request, close, correct, flag_all, kinds, live, report

pytestmark = pytest.mark.django_db


def test_a_changed_answer_leaves_the_alert_open_with_a_note(ana: DeviceToken) -> None:
    first = report(ana, 30, bleeding="oozing")
    correction = submission(30, client_id=first.check_in.client_id)
    checkins.correct(device=ana, submission=correction, base_revision=1, now=at(31))
    flag_all(at(31))

    alert = Alert.objects.get(rule="BLEED-OOZE")
    assert alert.status == "open"
    assert [event.kind for event in alert.events.order_by("id")] == ["opened", "changed"]


def test_a_red_flag_corrected_before_anybody_saw_it_still_opens_its_alert(ana: DeviceToken) -> None:
    red = submission(30, bleeding="oozing")
    checkins.submit(device=ana, submission=red, now=at(30))
    checkins.correct(
        device=ana, submission=submission(30, client_id=red.client_id), base_revision=1, now=at(30.1)
    )
    flag_all(at(31))

    assert [event.kind for event in Alert.objects.get().events.order_by("id")] == ["opened", "changed"]


def test_finishing_a_check_in_does_not_open_again_what_was_closed_meanwhile(
    ana: DeviceToken, ben: User
) -> None:
    half = submission(30, completed=False, bleeding="oozing", bowel=None)
    checkins.submit(device=ana, submission=half, now=at(30))
    flag_all(at(30))
    alerts.close(
        alert_id=Alert.objects.get().uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(30.5)
    )
    whole = submission(30, client_id=half.client_id, bleeding="oozing")
    checkins.correct(device=ana, submission=whole, base_revision=1, now=at(31))
    flag_all(at(31))

    assert live() == {}


def test_a_withdrawn_check_in_leaves_its_alert_open_with_a_note(ana: DeviceToken) -> None:
    first = report(ana, 30, bleeding="oozing")
    checkins.withdraw(device=ana, client_id=first.check_in.client_id, now=at(31))

    alert = Alert.objects.get()
    assert alert.status == "open"
    assert alert.events.latest("id").detail == {"withdrawn": True}


HIGH, VERY_HIGH = {"temp": {"value": 38.5, "unit": "C"}}, {"temp": {"value": 40.1, "unit": "C"}}
"""Fever at same_day, and at emergency."""


def test_a_milder_answer_of_the_same_rule_leaves_the_tier_with_a_note(ana: DeviceToken) -> None:
    first = report(ana, 30, **VERY_HIGH)
    correct(first, received=31, **HIGH)

    assert live() == {"FEVER": "emergency"}
    assert kinds(Alert.objects.get()) == ["opened", "changed"]


def test_a_worse_answer_raises_the_alert_and_needs_no_note(ana: DeviceToken) -> None:
    first = report(ana, 30, **HIGH)
    correct(first, received=31, **VERY_HIGH)

    assert live() == {"FEVER": "emergency"}
    assert kinds(Alert.objects.get()) == ["opened", "raised"]


def test_changing_ones_mind_twice_is_told_each_time(ana: DeviceToken) -> None:
    first = report(ana, 30, bleeding="oozing")
    correct(first, received=31)
    correct(first, base=2, received=32, bleeding="oozing")
    correct(first, base=3, received=33)

    assert kinds(Alert.objects.get()) == ["opened", "changed", "joined", "changed"]


def test_the_note_is_made_once_however_often_the_report_is_judged_anew(ana: DeviceToken) -> None:
    """Pain of 6 is called better, so it was not 3 before."""
    first = report(ana, 60, bleeding="oozing", pain_now=6, pain_change="better")
    correct(first, received=61, pain_now=6, pain_change="better")
    report(ana, 40, received=62, pain_now=3)
    assert Assessment.objects.filter(check_in=first.check_in, revision=2).count() == 2

    assert kinds(Alert.objects.get(rule="BLEED-OOZE")) == ["opened", "changed"]


def test_every_report_that_is_taken_back_is_noted_once(ana: DeviceToken) -> None:
    reports = [report(ana, hours, bleeding="oozing") for hours in (30, 31)]
    for hours, row in zip((32, 33, 34), [*reports, reports[0]], strict=True):
        checkins.withdraw(device=as_next_request(ana), client_id=row.check_in.client_id, now=at(hours))
        flag_all(at(hours))

    alert = Alert.objects.get()
    notes = alert.events.filter(kind="changed").order_by("id")
    assert [note.at for note in notes] == [at(32), at(33)]
    assert alert.status == "open"


def test_an_alert_that_has_ended_is_not_noted_upon(ana: DeviceToken, ben: User) -> None:
    first = report(ana, 30, bleeding="oozing")
    close(Alert.objects.get(), ben, 31)
    correct(first, received=32)

    assert kinds(Alert.objects.get()) == ["opened", "closed"]
