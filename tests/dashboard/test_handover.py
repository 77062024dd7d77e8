"""The hand-over sheet: calls still owed, open alerts with the last word on each, silent patients."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recovery import alerts, episodes, silence
from recovery.dashboard.screens import handover
from recovery.models import CareTeam, DeviceToken, Patient, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import alert_of, flag_all, report, said, take_on
from tests.dashboard.test_queue import RED, phone_of
from tests.factories import at


def test_a_quiet_night_is_said_to_be_quiet(ben: User, sign_in: SignIn) -> None:
    text = said(sign_in(ben).get("/handover"))

    assert "No patient is waiting for a call." in text
    assert "No alert is open." in text
    assert "Everybody who was due has been heard from." in text
    assert "Written for Ben Okafor" in text


def test_calls_still_owed_stand_soonest_first_with_number_and_owner(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    report(phone_of(team, "Ana"), 27, bleeding="oozing")
    report(phone_of(team, "Bo"), 28, **RED)
    report(phone_of(team, "Cy"), 23.7, bleeding="oozing")
    take_on(alert_of("BLEED-OOZE", name="Ana"), ben, 27.5)

    text = said(sign_in(ben).get("/handover"))
    calls = text[text.index("Calls still owed") : text.index("Open alerts")]

    assert calls.index("Cy ") < calls.index("Bo ") < calls.index("Ana ")
    assert "by 13:42 today, 30 min overdue" in calls
    assert "by 17:00 today" in calls
    assert "at once" in calls
    assert "Ben Okafor" in calls
    assert calls.count("Taken on by nobody yet") == 2


def test_a_patient_who_was_reached_is_owed_no_call(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    alerts.record_contact(
        alert_id=alert.uuid, by=ben, reached=True, by_what="phone", note="Pressed on it.", now=at(28.1)
    )

    text = said(sign_in(ben).get("/handover"))

    assert "No patient is waiting for a call." in text
    assert "patient reached 14:06 today" in text
    assert "Ben Okafor, contact tried: patient reached, by phone Pressed on it." in text


def test_one_who_was_reached_before_it_became_worse_is_owed_a_call_and_stands_first(
    team: CareTeam, ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(phone_of(team, "Bo"), 23, bleeding="oozing")
    report(ana, 20, numbness="new_or_worse", numbness_where=["needle_site"])
    alert = alert_of("NEURO-NUMB", name="Ana Whitfield")
    alerts.record_contact(alert_id=alert.uuid, by=ben, reached=True, by_what="phone", now=at(21))
    alerts.acknowledge(alert_id=alert_of("BLEED-OOZE", name="Bo").uuid, by=ben, now=at(23.1))
    report(ana, 22, numbness="new_or_worse", numbness_where=["one_leg"])
    browser = sign_in(ben)

    text = said(browser.get("/handover"))
    calls = text[text.index("Calls still owed") : text.index("Open alerts")]
    board = said(browser.get("/"))

    assert calls.index("Ana ") < calls.index("Bo "), "the call to Ana is due an hour earlier"
    assert board.index("Ana Whitfield") < board.index("Bo ")
    assert "patient reached" not in board
    assert "Reach the patient within" in board


def test_who_was_asked_to_take_an_alert_stands_with_it(
    team: CareTeam, ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 28, bleeding="oozing")
    dora = factories.member(team, "Dora Klein", "doctor")
    take_on(alert_of("BLEED-OOZE"), ben, 28.1)
    alerts.ask(alert_id=alert_of("BLEED-OOZE").uuid, to=dora.uuid, by=ben, now=at(28.15))

    text = said(sign_in(ben).get("/handover"))

    assert "Ben Okafor has it since 14:06 today; patient not reached yet." in text
    assert "Dora Klein was asked to take it 14:09 today." in text


def test_who_is_called_in_the_patients_place_stands_with_when_and_how(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    for name, own, first in (("Ana", "07700 900123", "caregiver"), ("Bo", "", "patient")):
        phone = phone_of(team, name)
        said_so = {"phone": own, "call_first": first, "language": "cy", "call_notes": "after ten"}
        Patient.objects.filter(pk=phone.patient_id).update(**said_so)
        report(phone, 28, bleeding="oozing")
        take_on(alert_of("BLEED-OOZE", name=name), ben, 28.1)
    client = sign_in(ben)

    text, board = said(client.get("/handover")), said(client.get("/"))
    calls, cases = text[: text.index("Open alerts")], text[text.index("Open alerts") :]

    assert calls.count("caregiver 07700 900456") == 2
    assert calls.count("(Welsh; after ten)") == 2
    assert cases.count("Caregiver (Tom Whitfield): 07700 900456 (Welsh; after ten)") == 2
    assert board.count("Call caregiver 07700 900456") == 2


def test_the_last_word_of_a_colleague_stands_with_the_alert(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 28, bleeding="oozing")
    for words, hours in (("First.", 28.05), ("Daughter will drive her in.", 28.1)):
        alerts.add_note(alert_id=alert_of("BLEED-OOZE").uuid, by=ben, note=words, now=at(hours))

    text = said(sign_in(ben).get("/handover"))

    assert "Daughter will drive her in." in text
    assert "First." not in text


def test_what_was_written_of_a_patient_stands_with_them_also_when_they_are_silent(
    team: CareTeam, ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 28, bleeding="oozing")
    cy = phone_of(team, "Cy")
    set_clock(60)
    silence.judge_due(limit=10, now=at(60))
    flag_all(60)
    for episode in (ana.episode, cy.episode):
        for words in ("Old news.", f"Speak to the daughter of {episode.patient.name}."):
            episodes.add_note(episode_id=episode.uuid, note=words, by=ben, now=at(60))
    alerts.add_note(alert_id=alert_of("NEVER-STARTED", name="Cy").uuid, by=ben, note="No answer.", now=at(60))

    text = said(sign_in(ben).get("/handover"))
    cases, silent = (text[text.index(head) :] for head in ("Open alerts", "Silent patients"))

    assert "Ben Okafor, note on the patient Speak to the daughter of Ana Whitfield." in cases
    assert "Ben Okafor, note on the patient Speak to the daughter of Cy." in silent
    assert "Ben Okafor, note No answer." in silent
    assert "Old news." not in text


def test_silent_patients_stand_apart_with_when_they_were_last_heard(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    phone_of(team, "Cy")
    set_clock(60)
    silence.judge_due(limit=10, now=at(60))
    flag_all(60)

    text = said(sign_in(ben).get("/handover"))

    silent = text[text.index("Silent patients") :]
    assert "Cy " in silent
    assert "Never heard" in silent
    assert "No alert is open." in text


def test_strangers_are_not_on_it(ana: DeviceToken, cleo: User, sign_in: SignIn) -> None:
    report(ana, 28, **RED)

    assert "Ana" not in said(sign_in(cleo).get("/handover"))


def test_what_does_not_fit_is_said(
    team: CareTeam, ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "MOST", 1)
    for name in ("Ana", "Bo"):
        report(phone_of(team, name), 28, **RED)

    assert "1 less urgent alert is not on this sheet." in said(sign_in(ben).get("/handover"))


def test_twenty_patients_cost_as_many_statements_as_one(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/handover").status_code == 200
        return len(queries)

    report(factories.phone(factories.episode(team))[0], 28, **RED)
    one = count()
    for number in range(19):
        report(phone_of(team, f"P {number}"), 28, **RED)

    assert count() == one <= 9  # one of them writes down that it was looked at
