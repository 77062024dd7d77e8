import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import alerts, checkins, clock, quarantine, silence
from recovery.models import Alert, Assessment, CareTeam, DeviceToken, Quarantine, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import again, alert_of, flag_all, page_of, report, said
from tests.factories import at


def open_page(client: Client, rule: str) -> str:
    response = client.get(page_of(alert_of(rule)))
    assert response.status_code == 200
    return said(response)


@pytest.mark.hazard("HZ4.1")
def test_two_identifiers_procedure_and_risks_stand_on_the_page(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    episode = factories.episode(team, levels=["T12", "L1"], risk_factors=["steroids", "age_65_plus"])
    report(factories.phone(episode)[0], 28, cannot_move="yes", mobility="with_help")

    text = open_page(sign_in(ben), "NEURO-MOVE")

    assert f"Born 12 April 1950 (75) · Hospital number {episode.patient.hospital_number}" in text
    assert "Procedure Vertebroplasty Levels T12, L1 Done 2 March 2026, 10:00" in text
    assert "Risk factors 65 years or older, takes steroids" in text
    assert "Now Day 1, hour 28.2, Days 1 to 3" in text


def test_the_explanation_is_the_trace_of_the_verdict(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, temp={"value": 38.4, "unit": "C"})

    text = open_page(sign_in(ben), "FEVER")

    assert "Temperature 38.4 °C, at least 38.0 °C" in text
    assert "14:00 today: Day 1, hour 28 after the procedure, phase “Days 1 to 3”" in text
    assert "Rule Any fever (FEVER) Version Protocol vk-default/1 Judged 14:00 today" in text
    assert "Sources Healthgrades (000): no fever at all is to be expected Fever after surgery" in text


def test_what_made_it_hold_is_said_once_and_what_was_ruled_out_comes_last(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 100, wound=["redness"])

    page = sign_in(ben).get(page_of(alert_of("WOUND-WATCH"))).content.decode()

    reasons = page.split("Why this alert is here")[1].split("</ul>")[0]
    assert re.findall(r"<li>(.*?)</li>", reasons) == [
        "Needle spot: redness",
        "Without: Signs of wound infection",
    ]


def test_the_team_reads_what_the_patient_was_told(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")

    text = open_page(sign_in(ben), "NEURO-MOVE")

    assert "Possible paralysis or severe pain block. Phone now." in text
    assert "Call 999 now. Do not drive yourself. You told us you cannot move part of your body." in text


def test_an_alert_that_was_worse_before_says_so(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 26, temp={"value": 40.2, "unit": "C"})
    report(ana, 28, temp={"value": 38.4, "unit": "C"})

    text = open_page(sign_in(ben), "FEVER")

    assert "Temperature 38.4 °C, at least 38.0 °C" in text
    assert (
        "The latest report alone would be same day. The alert stays emergency, as it was at 12:00 today,"
        " until it is closed." in text
    )


@pytest.mark.hazard("HZ14.2")
@pytest.mark.parametrize(
    ("answered_by", "whose"),
    [("patient", "In the words of the patient"), ("carer", "In the words of the caregiver")],
)
def test_own_words_stand_apart_from_what_was_ticked(
    ana: DeviceToken, ben: User, sign_in: SignIn, answered_by: str, whose: str
) -> None:
    report(ana, 28, bleeding="oozing", free_text="It soaks\n<b>everything</b>.", answered_by=answered_by)

    page = sign_in(ben).get(page_of(alert_of("BLEED-OOZE")))

    assert f"{whose} It soaks <b>everything</b>." in said(page)
    assert "<bdi>It soaks<br>&lt;b&gt;everything&lt;/b&gt;.</bdi>" in page.content.decode()


def test_that_nothing_was_written_is_said(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, bleeding="oozing")

    assert "The patient added no words of their own." in open_page(sign_in(ben), "BLEED-OOZE")


def test_earlier_alerts_of_the_rule_say_what_came_of_them(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 4, bleeding="oozing", temp={"value": 38.4, "unit": "C"})
    first, other = alert_of("BLEED-OOZE"), alert_of("FEVER")
    said_so = {"by": ben, "contacted": True, "outcome": "no-problem-found"}
    alerts.close(alert_id=other.uuid, note="Feels well.", now=at(5), **said_so)
    alerts.close(alert_id=first.uuid, note="A small spot.", noise="mistake", now=at(5), **said_so)
    report(ana, 28, bleeding="oozing")
    again = Alert.objects.get(rule="BLEED-OOZE", status="open")

    response = sign_in(ben).get(page_of(again))

    assert (
        "Earlier alerts of this rule Same day 14:00 yesterday Day 0, hour 4"
        " No problem found, patient reached (Ben Okafor, 15:00 yesterday); noise: an answer was given by mistake"
        " A small spot." in said(response)
    )
    assert page_of(first) in response.content.decode()
    assert "Feels well." not in said(response)
    assert "None: it is the first of this rule" in said(sign_in(ben).get(page_of(first)))


def test_a_more_urgent_alert_of_the_patient_is_named_at_the_top(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 28, bladder="new_or_worse", bleeding="oozing")

    assert "Emergency is open for this patient, too: New bladder trouble (nobody has taken it on)" in (
        open_page(sign_in(ben), "BLEED-OOZE")
    )
    assert "is open for this patient" not in open_page(sign_in(ben), "BLADDER")


def test_answers_are_read_as_they_were_asked_and_those_that_count_are_marked(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 28, bladder="new_or_worse", bleeding="spot", allergy=["itching", "wheeze"], cough=None)

    text = open_page(sign_in(ben), "BLADDER")

    assert "Is it hard to pee, do you leak, or can you not feel it? New or worse counted in an alert" in text
    assert "Do you have any of these? Itching, A wheeze, a whistle when I breathe counted in an alert" in text
    assert "Is the needle spot bleeding? A small spot (Smaller than a coin, dry)" in text
    assert "How bad is your back pain right now? 2 of 10 Since" in text
    assert "Your temperature now, if you can 36.7 °C Have" in text
    assert "Do you have a cough? Not answered" in text


def test_pain_now_before_lowest_and_baseline(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 5, pain_now=3)
    report(ana, 20, pain_now=4)
    report(ana, 28, pain_now=7)

    text = open_page(sign_in(ben), "PAIN-UP")

    assert (
        "In this report 7 of 10 Last time (within 48 h) 4 of 10"
        " Lowest before that 3 of 10 Before the procedure 8 of 10" in text
    )
    assert "14:00 today Day 1, hour 28 Days 1 to 3 7 of 10 This alert" in text


@pytest.mark.hazard("HZ5.1")
def test_a_late_report_with_a_wrong_clock_by_a_caregiver_says_so(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 18, received=28, bleeding="oozing", answered_by="carer")

    text = open_page(sign_in(ben), "BLEED-OOZE")

    assert "Felt 04:00 today Sent 04:00 today Received 14:00 today Answered by Caregiver" in text
    assert "It arrived late: 10 h after it was felt." in text

    report(ana, 99, received=28.1, cannot_move="yes", mobility="with_help")
    text = open_page(sign_in(ben), "NEURO-MOVE")
    assert "The phone's clock was wrong. The report is judged at the time it was received." in text


def test_a_correction_shows_what_it_changed(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    first = report(ana, 28, bleeding="oozing")
    changed = factories.submission(28, client_id=first.check_in.client_id, bleeding="spot")
    checkins.correct(device=again(ana), submission=changed, base_revision=1, now=at(28.1))
    flag_all(28.1)

    text = open_page(sign_in(ben), "BLEED-OOZE")

    assert "Bleeding: Oozing (It keeps coming) → A small spot (Smaller than a coin, dry)" in text
    assert "The patient changed the answer" in text
    assert "Nobody has taken this on." in text


def test_a_finished_half_is_no_correction(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    first = report(ana, 28, completed=False, bleeding="oozing", mobility=None)
    rest = factories.submission(28, client_id=first.check_in.client_id, bleeding="oozing")
    checkins.correct(device=again(ana), submission=rest, base_revision=1, now=at(28.1))

    assert "Corrected at" not in open_page(sign_in(ben), "BLEED-OOZE")


def test_a_newer_report_is_pointed_to(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 27, bleeding="oozing")
    report(ana, 28)

    assert "A newer report was felt 14:00 today." in open_page(sign_in(ben), "BLEED-OOZE")


def test_numbers_to_call_are_links(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, bleeding="oozing")

    page = sign_in(ben).get(page_of(alert_of("BLEED-OOZE"))).content.decode()

    for number in ("tel:07700900123", "tel:07700900456", "tel:02079460102"):
        assert f'href="{number}"' in page


def test_everything_that_happened_is_told_in_order(
    ana: DeviceToken, ben: User, dee: User, sign_in: SignIn
) -> None:
    report(ana, 27, bleeding="oozing")
    report(ana, 27.5, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(27.6))
    alerts.record_contact(
        alert_id=alert.uuid, by=ben, reached=False, by_what="phone", note="No answer", now=at(27.7)
    )
    alerts.add_note(alert_id=alert.uuid, by=dee, note="Her son is\nwith her", now=at(27.8))
    alerts.close(
        alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Pressed, stopped", now=at(28)
    )

    text = open_page(sign_in(ben), "BLEED-OOZE")

    story = [
        "13:00 today Opened: same day, day 1, hour 27",
        "13:30 today Reported again: same day, day 1, hour 27.5",
        "Taken on by Ben Okafor",
        "Contact tried: patient not reached, by phone by Ben Okafor No answer",
        "Note by Dee Lund Her son is with her",
        "Closed: seen by a clinician; patient reached by Ben Okafor Pressed, stopped",
    ]
    places = [text.index(event) for event in story]
    assert places == sorted(places)
    assert "Closed by Ben Okafor at 14:00 today: seen by a clinician." in text


def test_silence_has_no_report_but_the_last_answers(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 30, temp={"value": 38.5, "unit": "C"})
    silence.judge_due(limit=10, now=at(85))
    flag_all(85)
    set_clock(85.5)

    text = open_page(sign_in(ben), "MISSED-2")

    assert "In the latest report 2 of 10" in text
    assert "Your temperature now, if you can 38.5 °C" in text


def test_a_report_that_could_not_be_read_is_shown_as_it_came(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    quarantine.keep(
        device=again(ana),
        body=b'{"answers": {"note": "<b>cannot \xff\x00 move",',
        code="unreadable",
        problems=[{"place": "body", "code": "syntax"}],
        readable=False,
        now=clock.now(),
    )
    flag_all(28.2)

    response = sign_in(ben).get(page_of(alert_of("UNREADABLE")))

    assert "&lt;b&gt;cannot \\xff⟨U+0000⟩ move" in response.content.decode()
    assert f'href="/reports/{Quarantine.objects.get().uuid}"' in response.content.decode()
    assert "No check-in has arrived yet." in said(response)


def test_other_alerts_of_the_patient_are_named(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, bladder="new_or_worse", bleeding="oozing", temp={"value": 38.4, "unit": "C"})

    text = open_page(sign_in(ben), "BLADDER")

    assert (
        "Other open alerts of Ana Whitfield Same day Bleeding that keeps coming nobody has taken it on"
        in text
    )


@pytest.mark.parametrize(
    "move",
    ["", "/state", "/acknowledge", "/take-over", "/ask", "/contact", "/note", "/noise", "/close"],
)
def test_for_a_stranger_the_alert_does_not_exist(
    ana: DeviceToken, cleo: User, sign_in: SignIn, move: str
) -> None:
    report(ana, 28, bleeding="oozing")
    alert, client = alert_of("BLEED-OOZE"), sign_in(cleo)
    typed = {
        "reached": "yes",
        "by_what": "phone",
        "note": "x",
        "outcome": "seen",
        "contacted": "yes",
        "noise": "expected",
        "to": str(cleo.uuid),
    }

    ask = client.post if move not in ("", "/state") else client.get
    response = ask(page_of(alert, move), typed)

    assert response.status_code == 404
    assert "Whitfield" not in response.content.decode()
    assert Alert.objects.get().status == "open"
    assert alert.events.count() == 1


def test_a_long_history_asks_the_database_as_often_as_a_short_one(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page_of(alert_of("BLEED-OOZE"))).status_code == 200
        return len(queries)

    report(ana, 8, bleeding="oozing", bladder="new_or_worse")
    first = count()
    for hours in range(9, 28):
        report(ana, hours, bleeding="oozing", cannot_move="yes", temp={"value": 38.4, "unit": "C"})

    assert count() == first <= 14


def test_many_earlier_alerts_and_colleagues_ask_the_database_as_often_as_one(
    ana: DeviceToken, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    dora = factories.member(team, "Dora Klein", "doctor")

    def another(hours: float) -> None:
        report(ana, hours, bleeding="oozing")
        alert = Alert.objects.get(rule="BLEED-OOZE", status="open")
        alerts.close(
            alert_id=alert.uuid, by=dora, outcome="seen", contacted=True, note="Seen.", now=at(hours + 0.1)
        )

    def count() -> int:
        alert = Alert.objects.get(rule="BLEED-OOZE", status="open")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page_of(alert)).status_code == 200
        return len(queries)

    another(3)
    report(ana, 4, bleeding="oozing")
    first = count()
    alerts.close(
        alert_id=Alert.objects.get(status="open").uuid,
        by=dora, outcome="seen", contacted=True, note="Seen.", now=at(4.1),
    )  # fmt: skip
    for number in range(18):
        factories.member(team, f"Nurse{number} Lee")
        another(5 + number)
    report(ana, 27, bleeding="oozing")

    assert count() == first
    page = said(client.get(page_of(Alert.objects.get(status="open"))))
    assert page.count("Seen by a clinician, patient reached (Dora Klein") == 10
    assert "The oldest are not shown here." in page


def test_an_open_page_learns_who_took_it_on(
    ana: DeviceToken, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    report(ana, 28, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    client = sign_in(factories.member(team, "Dora Klein", "doctor"))
    before = client.get(page_of(alert, "/state"))
    unchanged = client.get(page_of(alert, "/state"), headers={"If-None-Match": before["ETag"]})
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(28.1))

    after = client.get(page_of(alert, "/state"), headers={"If-None-Match": before["ETag"]})

    assert unchanged.status_code == 304
    assert "Ben Okafor took this on at 14:06 today" in said(after)


def test_an_open_page_says_what_happened_since_it_was_loaded(
    ana: DeviceToken, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    report(ana, 27, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    client = sign_in(factories.member(team, "Dora Klein", "doctor"))

    def news(seen: str) -> str:
        return said(client.get(page_of(alert, "/state"), {"seen": seen}))

    as_loaded = client.get(page_of(alert)).context["screen"].state.seen
    assert "Load the page again" not in news(as_loaded)
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(27.1))
    assert "Ben Okafor took this on at 13:06 today. Load the page again" in news(as_loaded)

    as_loaded = client.get(page_of(alert)).context["screen"].state.seen
    report(ana, 28, bleeding="oozing")
    assert "The patient reported again (now: same day). Load the page again" in news(as_loaded)

    as_loaded = client.get(page_of(alert)).context["screen"].state.seen
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(28.1))
    assert "Closed by Ben Okafor at 14:06 today: seen by a clinician. Load the page again" in news(as_loaded)


def test_an_open_page_of_what_a_colleague_was_asked_to_take_over_tells_of_no_report_that_nobody_sent(
    ana: DeviceToken, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    report(ana, 27, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    dora = factories.member(team, "Dora Klein", "doctor")
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=at(27.1))
    alerts.ask(alert_id=alert.uuid, to=dora.uuid, by=ben, note="", now=at(27.2))
    client = sign_in(dora)
    as_loaded = client.get(page_of(alert)).context["screen"].state.seen

    before = said(client.get(page_of(alert, "/state"), {"seen": as_loaded}))
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(28.1))
    after = said(client.get(page_of(alert, "/state"), {"seen": as_loaded}))

    assert "Load the page again" not in before
    assert "Closed by Ben Okafor at 14:06 today: seen by a clinician. Load the page again" in after


def test_a_report_that_could_not_be_judged_is_for_a_colleague_to_read(
    ana: DeviceToken, ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("recovery.assessments.assess", broken)
    checkins.submit(
        device=again(ana), submission=factories.submission(28, bladder="new_or_worse"), now=at(28)
    )
    for _ in range(Assessment.MAX_ATTEMPTS):
        Assessment.objects.update(next_attempt_at=None)
        alerts.flag_owed(limit=10, now=at(28.1))
    client = sign_in(ben)

    text = open_page(client, "UNASSESSED")

    assert "Nothing has been ruled out. Read it yourself now and phone the patient." in text
    assert "The service failed while judging this report" in text
    assert "Is it hard to pee, do you leak, or can you not feel it? New or worse" in text
    assert "Call your care team now on 020 7946 0101." in text
    assert "Could not be assessed" in said(client.get("/"))
    assert "Could not be assessed" in said(client.get("/reports"))
