from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recovery import alerts
from recovery.models import Alert, Assessment, Episode, User
from tests import factories
from tests.api.conftest import SetClock
from tests.api.phones import ALERTS, CHECK_INS, Phone, check_in
from tests.factories import at


@pytest.fixture
def ben(episode: Episode) -> User:
    return factories.member(episode.team)


def flag_all(hours: float) -> None:
    for assessment in Assessment.objects.filter(flagged_at=None):
        alerts.flag(assessment_id=assessment.pk, by="watch", now=at(hours))


def report(phone: Phone, hours: float, **answers: Any) -> None:
    assert phone.post(CHECK_INS, check_in(hours, **answers)).status_code == 201
    flag_all(hours)


def shown(phone: Phone) -> list[dict[str, Any]]:
    answered = phone.get(ALERTS)
    assert answered.status_code == 200
    return answered.json()["alerts"]


def test_what_was_reported_is_shown_as_received_with_the_time_of_the_call(ana: Phone) -> None:
    report(ana, 20, bleeding="oozing")

    (alert,) = shown(ana)

    assert alert["urgency"] == "same_day"
    assert alert["text"].startswith("You told us the spot keeps bleeding.")
    assert alert["received_at"] == "2026-03-03T06:00:00Z"
    assert alert["call_due_by"] == "2026-03-03T10:00:00Z"  # four hours
    assert (alert["seen"], alert["reached_at"], alert["closed"]) == (None, None, None)


def test_a_call_within_a_day_is_due_in_a_day(ana: Phone) -> None:
    report(ana, 20, wants_call="yes")

    assert shown(ana)[0]["call_due_by"] == "2026-03-04T06:00:00Z"


def test_at_an_emergency_nobody_is_told_to_wait_for_a_call(ana: Phone) -> None:
    report(ana, 20, chest_pain="yes")

    assert (shown(ana)[0]["urgency"], shown(ana)[0]["call_due_by"]) == ("emergency", None)


def test_the_loop_is_closed_step_by_step_and_names_nobody(ana: Phone, ben: User) -> None:
    report(ana, 20, bleeding="oozing")
    alert_id = Alert.objects.get().uuid

    alerts.acknowledge(alert_id=alert_id, by=ben, now=at(20.25))
    assert shown(ana)[0]["seen"] == {"at": "2026-03-03T06:15:00Z", "by": "Nurse"}

    alerts.record_contact(
        alert_id=alert_id, by=ben, reached=True, by_what="phone", note="marker", now=at(20.5)
    )
    assert (shown(ana)[0]["reached_at"], shown(ana)[0]["call_due_by"]) == ("2026-03-03T06:30:00Z", None)

    alerts.close(alert_id=alert_id, by=ben, outcome="self-care", contacted=True, note="marker", now=at(21))
    assert shown(ana)[0]["closed"] == {
        "at": "2026-03-03T07:00:00Z",
        "outcome": "self-care",
        "words": "Advice for self-care",
    }
    assert not any(word in ana.get(ALERTS).content.decode() for word in ("Ben", "Okafor", "marker"))


def test_one_closed_without_being_taken_on_was_seen_by_who_closed_it(ana: Phone, ben: User) -> None:
    report(ana, 20, wants_call="yes")

    alerts.close(alert_id=Alert.objects.get().uuid, by=ben, outcome="seen", contacted=True, now=at(21))

    assert shown(ana)[0]["seen"] == {"at": "2026-03-03T07:00:00Z", "by": "Nurse"}


def test_one_that_later_check_ins_settled_says_so(ana: Phone, set_clock: SetClock) -> None:
    report(ana, 20, wants_call="yes")
    for hours in (30, 50):
        set_clock(hours)
        report(ana, hours)

    assert shown(ana)[0]["closed"]["outcome"] == "resolved"
    assert shown(ana)[0]["seen"] is None


def test_routine_ones_are_not_listed_as_nobody_was_told_to_expect_a_call(ana: Phone) -> None:
    report(ana, 20, bleeding="spot")

    assert Alert.objects.count() == 1
    assert shown(ana) == []


def test_an_unreadable_report_is_in_the_loop_as_well(ana: Phone) -> None:
    ana.post(CHECK_INS, b"{")
    flag_all(20)

    assert shown(ana)[0]["text"].startswith("We could not read your report.")


def test_newest_first_and_only_the_own_ones(ana: Phone, eve: Phone, set_clock: SetClock) -> None:
    report(ana, 20, bleeding="oozing")
    set_clock(21)
    report(ana, 21, fall="yes")
    report(eve, 21, chest_pain="yes")

    assert [alert["urgency"] for alert in shown(ana)] == ["within_24h", "same_day"]


def test_at_most_fifty_and_as_many_statements_for_one_as_for_many(ana: Phone, ben: User) -> None:
    counts = []
    for number in range(52):
        report(ana, 20, wants_call="yes")
        alerts.close(
            alert_id=Alert.objects.get(status="open").uuid, by=ben, outcome="seen", contacted=True, now=at(20)
        )
        if number in {0, 51}:
            with CaptureQueriesContext(connection) as captured:
                listed = len(shown(ana))
            counts.append((listed, len(captured)))

    assert [listed for listed, _ in counts] == [1, 50]
    assert counts[0][1] == counts[1][1] <= 4
