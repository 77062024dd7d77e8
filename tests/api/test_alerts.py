from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recovery import alerts
from recovery.alerts import telling
from recovery.api import loop
from recovery.models import Alert, Assessment, Clinic, Episode, User
from tests import factories
from tests.api.conftest import SetClock
from tests.api.phones import ALERTS, CHECK_INS, Phone, check_in
from tests.clinical.readability import grade
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


@pytest.mark.hazard("HZ6.3")
def test_at_an_emergency_nobody_is_told_to_wait_for_a_call(ana: Phone) -> None:
    report(ana, 20, chest_pain="yes")

    assert (shown(ana)[0]["urgency"], shown(ana)[0]["call_due_by"]) == ("emergency", None)


def test_the_loop_is_closed_step_by_step_and_names_nobody(ana: Phone, ben: User) -> None:
    report(ana, 20, bleeding="oozing")
    alert_id = Alert.objects.get().uuid

    alerts.acknowledge(alert_id=alert_id, by=ben, now=at(20.25))
    assert shown(ana)[0]["seen"] == {"at": "2026-03-03T06:15:00Z", "by": "Nurse", "name": None}

    alerts.record_contact(
        alert_id=alert_id, by=ben, reached=True, by_what="phone", note="marker", now=at(20.5)
    )
    assert (shown(ana)[0]["reached_at"], shown(ana)[0]["call_due_by"]) == ("2026-03-03T06:30:00Z", None)

    alerts.close(alert_id=alert_id, by=ben, outcome="self-care", contacted=True, note="marker", now=at(21))
    assert shown(ana)[0]["closed"] == {
        "at": "2026-03-03T07:00:00Z",
        "outcome": "self-care",
        "words": "You can do what helps yourself, as your care team told you.",
        "message": None,
    }
    assert not any(word in ana.get(ALERTS).content.decode() for word in ("Ben", "Okafor", "marker"))


def test_one_closed_without_being_taken_on_was_seen_by_who_closed_it(ana: Phone, ben: User) -> None:
    report(ana, 20, wants_call="yes")

    alerts.close(alert_id=Alert.objects.get().uuid, by=ben, outcome="seen", contacted=True, now=at(21))

    assert shown(ana)[0]["seen"] == {"at": "2026-03-03T07:00:00Z", "by": "Nurse", "name": None}


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


def test_the_name_is_told_only_where_the_clinic_wants_it(ana: Phone, ben: User, episode: Episode) -> None:
    report(ana, 20, bleeding="oozing")
    alerts.acknowledge(alert_id=Alert.objects.get().uuid, by=ben, now=at(20.25))
    assert shown(ana)[0]["seen"]["name"] is None

    Clinic.objects.filter(pk=episode.clinic_id).update(names_staff=True)

    assert shown(ana)[0]["seen"] == {"at": "2026-03-03T06:15:00Z", "by": "Nurse", "name": "Ben Okafor"}


def test_who_saw_it_first_stays_who_saw_it_also_when_a_colleague_takes_over(ana: Phone, ben: User) -> None:
    dee = factories.member(ben.memberships.get().team, "Dee Lind", "doctor")
    report(ana, 20, bleeding="oozing")
    alert_id = Alert.objects.get().uuid
    alerts.acknowledge(alert_id=alert_id, by=ben, now=at(20.25))
    alerts.take_over(alert_id=alert_id, by=dee, now=at(21))

    assert (shown(ana)[0]["seen"]["by"], shown(ana)[0]["seen"]["at"]) == ("Nurse", "2026-03-03T06:15:00Z")


@pytest.mark.parametrize(
    ("answers", "hours", "call", "words"),
    [
        ({"bleeding": "oozing"}, 24.01, "020 7946 0102", "Do not wait. Call 020 7946 0102 now."),
        ({"wants_call": "yes"}, 44.01, "020 7946 0101", "If no one answers, call 020 7946 0102."),
    ],
)
def test_a_promise_that_was_missed_says_whom_to_call_instead(
    ana: Phone, set_clock: SetClock, answers: dict[str, Any], hours: float, call: str, words: str
) -> None:
    report(ana, 20, **answers)
    before = shown(ana)[0]
    assert (before["is_missed"], before["if_missed"]["call"]) == (
        False,
        call,
    )  # for when there is no network then

    set_clock(hours)

    after = shown(ana)[0]
    assert (after["is_missed"], after["if_missed"]["call"]) == (True, call)
    assert words in after["if_missed"]["text"]


def test_that_somebody_tried_to_call_is_told_and_keeps_the_promise_open(ana: Phone, ben: User) -> None:
    report(ana, 20, bleeding="oozing")
    alert_id = Alert.objects.get().uuid
    alerts.record_contact(alert_id=alert_id, by=ben, reached=False, by_what="phone", now=at(21))

    alert = shown(ana)[0]

    assert (alert["tried_at"], alert["reached_at"]) == ("2026-03-03T07:00:00Z", None)
    assert alert["call_due_by"] == "2026-03-03T10:00:00Z"


def close(alert: Alert, ben: User, **words: Any) -> None:
    said = {"outcome": "no-problem-found", "contacted": True, "note": "marker"} | words
    alerts.close(alert_id=alert.uuid, by=ben, now=at(21), **said)


def test_a_closing_message_is_what_the_clinician_picked_and_says_what_to_do(ana: Phone, ben: User) -> None:
    report(ana, 20, bleeding="oozing")
    close(Alert.objects.get(), ben, tell="expected")

    message = shown(ana)[0]["closed"]["message"]

    assert "It is expected at this time." in message
    assert message.endswith("Call 020 7946 0101 if it gets worse or you are worried.")


def test_or_what_the_clinician_wrote(ana: Phone, ben: User) -> None:
    report(ana, 20, bleeding="oozing")
    close(Alert.objects.get(), ben, tell="own", tell_words="The new plaster  holds.\nLeave it on.")

    assert shown(ana)[0]["closed"]["message"].startswith("The new plaster holds. Leave it on. Call 020")
    assert "marker" not in ana.get(ALERTS).content.decode()


def test_what_is_judged_expected_is_never_closed_without_a_reason(ana: Phone, ben: User) -> None:
    report(ana, 20, bleeding="oozing")
    close(Alert.objects.get(), ben, noise="expected")

    assert "It is expected at this time." in shown(ana)[0]["closed"]["message"]


@pytest.mark.parametrize("order", [("noise", "close"), ("close", "noise")])
def test_nor_when_it_is_judged_so_before_it_is_closed_or_after(
    ana: Phone, ben: User, order: tuple[str, str]
) -> None:
    report(ana, 20, bleeding="oozing")
    alert = Alert.objects.get()

    for deed in order:
        if deed == "close":
            close(alert, ben)
        else:
            alerts.call_noise(alert_id=alert.uuid, by=ben, noise="expected", now=at(21))

    assert "It is expected at this time." in shown(ana)[0]["closed"]["message"]


def test_what_a_clinician_wrote_is_not_replaced_by_a_judgement_that_comes_later(
    ana: Phone, ben: User
) -> None:
    report(ana, 20, bleeding="oozing")
    alert = Alert.objects.get()
    close(alert, ben, tell="own", tell_words="The new plaster holds.")
    for noise in ("expected", "", "expected"):
        alerts.call_noise(alert_id=alert.uuid, by=ben, noise=noise, now=at(22))

    assert shown(ana)[0]["closed"]["message"].startswith("The new plaster holds.")
    assert not any("to_patient" in event.detail for event in alert.events.filter(kind="noise"))


def test_one_that_goes_on_tells_the_patient_nothing_of_what_is_judged_of_it(ana: Phone, ben: User) -> None:
    report(ana, 20, bleeding="oozing")
    alerts.call_noise(alert_id=Alert.objects.get().uuid, by=ben, noise="expected", now=at(21))

    assert (shown(ana)[0]["closed"], shown(ana)[0]["seen"]) == (None, None)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"tell": "nothing"}, "Choose"),
        ({"tell": "own"}, "Write"),
        ({"tell": "own", "tell_words": "x" * 401}, "400"),
    ],
)
def test_a_message_that_says_nothing_or_too_much_is_refused(
    ana: Phone, ben: User, words: dict[str, str], why: str
) -> None:
    report(ana, 20, bleeding="oozing")

    with pytest.raises(alerts.NotAllowed, match=why):
        close(Alert.objects.get(), ben, **words)
    assert Alert.objects.get().status == "open"


def test_every_text_for_the_patient_is_plain() -> None:
    """HZ13: school grade 6 or lower."""
    for text in (*telling.SAYINGS.values(), *telling.OUTCOMES.values(), telling.RESOLVED, telling.WORSE):
        assert grade(text) <= 6, text
    for _, text in loop.IF_MISSED.values():
        assert grade(text) <= 6, text
    assert set(telling.OUTCOMES) == set(Alert.Outcome)


def numb_in_more_than_the_skin(ana: Phone, ben: User, set_clock: SetClock) -> Alert:
    """Ben spoke with Ana about a numb needle point; three hours later her leg is numb, too."""
    report(ana, 20, numbness="new_or_worse", numbness_where=["needle_site"])
    alert = Alert.objects.get(rule="NEURO-NUMB")
    alerts.record_contact(alert_id=alert.uuid, by=ben, reached=False, by_what="phone", now=at(20.5))
    alerts.record_contact(alert_id=alert.uuid, by=ben, reached=True, by_what="phone", now=at(21))
    set_clock(23)
    report(ana, 23, numbness="new_or_worse", numbness_where=["one_leg"])
    return alert


def test_who_was_called_and_then_told_of_something_worse_is_promised_a_call_anew(
    ana: Phone, ben: User, set_clock: SetClock
) -> None:
    numb_in_more_than_the_skin(ana, ben, set_clock)

    told = shown(ana)[0]

    assert (told["urgency"], told["received_at"]) == ("same_day", "2026-03-03T09:00:00Z")
    assert (told["seen"], told["tried_at"], told["reached_at"]) == (None, None, None)
    assert (told["call_due_by"], told["is_missed"]) == ("2026-03-03T13:00:00Z", False)

    set_clock(27.01)
    assert shown(ana)[0]["is_missed"]
    assert "Do not wait." in shown(ana)[0]["if_missed"]["text"]


def test_and_reads_that_they_were_called_once_they_were(ana: Phone, ben: User, set_clock: SetClock) -> None:
    alert = numb_in_more_than_the_skin(ana, ben, set_clock)

    alerts.record_contact(alert_id=alert.uuid, by=ben, reached=True, by_what="phone", now=at(24))

    told = shown(ana)[0]
    assert (told["seen"]["at"], told["reached_at"]) == ("2026-03-03T10:00:00Z", "2026-03-03T10:00:00Z")
    assert (told["call_due_by"], told["is_missed"]) == (None, False)
