"""What one page tells of a patient."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import alerts, checkins, clock, corrections, episodes, quarantine, silence
from recovery.models import CareTeam, DeviceToken, Episode, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import again, alert_of, flag_all, report, said, take_on
from tests.factories import at


def address(name: str = "Ana Whitfield", rest: str = "") -> str:
    return f"/patients/{Episode.objects.get(patient__name=name).uuid}{rest}"


def read(client: Client, rest: str = "") -> str:
    response = client.get(address(rest=rest))
    assert response.status_code == 200
    return said(response)


def episode_id() -> dict[str, object]:
    return {"episode_id": Episode.objects.get().uuid}


# --- who it is and how they stand ---------------------------------------------------------------------------------


def test_who_it_is_what_was_done_and_what_was_known_before(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    episode = factories.episode(
        team, levels=["T12", "L1"], risk_factors=["anticoagulant", "steroids"], blood_thinner_restart_h=24
    )

    text = read(sign_in(ben))

    assert f"Born 12 April 1950 (75) · Hospital number {episode.patient.hospital_number}" in text
    assert "Procedure Vertebroplasty Levels T12, L1 Done 2 March 2026, 10:00" in text
    assert "Blood thinner planned again from 10:00 today" in text
    assert "Risk factors takes a blood thinner takes steroids" in text
    assert (
        "Pain now 8 of 10 Where the pain is Where I was treated Temperature 36.6 °C Walking With help" in text
    )
    assert "Answered 08:00 yesterday" in text


def test_a_missing_baseline_and_a_missing_restart_are_said(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    factories.episode(team, baseline=None, baseline_at=None, risk_factors=["anticoagulant"])

    text = read(sign_in(ben))

    assert "No baseline was recorded" in text
    assert "Blood thinner no restart recorded" in text


def test_hour_day_phase_and_what_is_normal_now(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 26)

    text = read(sign_in(ben))

    assert "Day 1, hour 28.2 Phase “Days 1 to 3”" in text
    assert "Heard from 2 h 12 min ago (12:00 today)" in text
    assert "Next check-in: from 22:00 today" in text
    assert "The needle spot is sore for two or three days." in text
    assert "Keep the bandage on for 48 hours." in text


def test_a_check_in_that_is_due_now_says_until_when(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 8)

    assert "Next check-in: due now, until 22:00 today" in read(sign_in(ben))


def test_numbers_to_call_are_links(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    page = sign_in(ben).get(address()).content.decode()

    for number in ("tel:07700900123", "tel:07700900456", "tel:02079460102"):
        assert f'href="{number}"' in page


def test_silence_is_marked_until_somebody_is_heard(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 20)
    client = sign_in(ben)
    set_clock(85)

    assert "Silent: 2 check-ins missed" in read(client)
    report(ana, 84.5)
    assert "Silent" not in read(client)


def test_a_pause_is_said_and_excuses_silence(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 20)
    episodes.pause(**episode_id(), reason="In hospital with pneumonia.", by=ben, now=at(30))
    set_clock(90)

    text = read(sign_in(ben))

    assert "Paused since 16:00 on Tue 3 March: In hospital with pneumonia." in text
    assert "Next check-in: none while paused" in text
    assert "Silent" not in text
    assert "Day 2, Wed 4 March: check-in not expected: paused" in text


def test_a_recovery_that_has_ended_says_so(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 20)
    episodes.end(**episode_id(), reason="Moved away.", by=ben, now=at(30))
    set_clock(900)

    text = read(sign_in(ben))

    assert "Ended 16:00 on Tue 3 March" in text
    assert "Day 1, hour 30 " in text
    assert "Next check-in: none: the recovery has ended" in text
    assert "What is normal now" not in text
    assert "Silent" not in text


# --- the course and the days --------------------------------------------------------------------------------------


def test_the_table_says_what_the_drawing_shows(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 8, pain_now=6)
    report(ana, 20, received=30, pain_now=3, temp={"value": 99.0, "unit": "F"}, answered_by="carer")
    silence.judge_due(limit=10, now=at(61))
    report(ana, 64, pain_now=None, temp={"value": 38.4, "unit": "C"}, completed=False)
    set_clock(65)

    text = read(sign_in(ben))

    story = [
        "02:00 today Day 3, hour 64, Days 1 to 3 – 38.4 °C Same day: Any fever (half-finished)",
        "02:00 today Day 3, hour 64, Days 1 to 3 Alert: same day, Any fever",
        "22:00 yesterday Day 2, hour 60, Days 1 to 3 Check-in missed: it was due from hour 36 to 60",
        "06:00 on Tue 3 March Day 1, hour 20, First day 3 99 °F Routine: Sent more than six hours after it was"
        " felt (late, by caregiver)",
        "18:00 on Mon 2 March Day 0, hour 8, First day 6 36.7 °C Nothing found",
    ]
    places = [text.index(line) for line in story]
    assert places == sorted(places)


def test_each_kind_of_check_in_has_a_shape_and_words_of_its_own(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 4)
    report(ana, 8, completed=False)
    report(ana, 12, received=20)
    first = report(ana, 22)
    changed = factories.submission(22, client_id=first.check_in.client_id, pain_now=3)
    checkins.correct(device=again(ana), submission=changed, base_revision=1, now=at(22.1))
    wrong = report(ana, 26, pain_now=10)
    checkins.withdraw(device=again(ana), client_id=wrong.check_in.client_id, now=at(27))

    page = sign_in(ben).get(address()).content.decode()
    drawing = page[page.index("pain-chart-wide") : page.index("pain-chart-narrow")]

    drawn = re.findall(r'<path class="course-dot ([^"]+)" d="[^"]+"><title>([^<]+)', drawing)
    assert [(form, title) for form, title in drawn if "pain" in title] == [
        ("course-plain", "Hour 4: pain 2 of 10"),
        ("course-plain half", "Hour 8: pain 2 of 10, half-finished"),
        ("course-late", "Hour 12: pain 2 of 10, late"),
        ("course-corrected", "Hour 22: pain 3 of 10, corrected"),
        ("course-withdrawn", "Hour 26: pain 10 of 10, taken back"),
    ]
    assert drawing.count("36.7 °C") == 5
    assert "severe: 8" in drawing
    assert "before: 8" in drawing
    assert "fever: 38" in drawing


def test_days_are_answered_flagged_missed_or_not_due(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 8)
    report(ana, 30, bleeding="oozing")
    set_clock(24 * 9 + 1)

    response = sign_in(ben).get(address())
    text = said(response)

    assert "Day 0, Mon 2 March: 1 check-in " in text
    assert "Day 1, Tue 3 March: 1 check-in; same day: Bleeding that keeps coming" in text
    assert "Day 2, Wed 4 March: check-in missed" in text
    assert "Day 8, Tue 10 March: no check-in due" in text
    days = re.findall(r'class="day day-(\w+)', response.content.decode())
    assert days[:10] == ["answered", "flagged", *["missed"] * 6, "none", "none"]


def test_the_day_is_the_patients_own(ben: User, team: CareTeam, sign_in: SignIn) -> None:
    """03:00 in London on 3 March is still 2 March in New York: day 0 there."""
    ana, _ = factories.phone(factories.episode(team, time_zone="America/New_York"))
    report(ana, 17)

    text = read(sign_in(ben))

    assert "Day 0, Mon 2 March: 1 check-in" in text
    assert "03:00 today Day 0, hour 17" in text
    assert "Patient's time zone America/New_York" in text


def test_after_three_weeks_the_last_two_can_be_looked_at_closely(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 24)
    report(ana, 500, pain_now=1)
    client = sign_in(ben)
    set_clock(520)

    whole = client.get(address()).content.decode()
    close = client.get(address(rest="?course=recent")).content.decode()

    assert 'href="?course=recent#course"' in whole
    assert "Hour 24: pain" in whole
    assert "Hour 24: pain" not in close
    assert "Hour 500: pain 1 of 10" in close
    set_clock(400)
    assert "?course=recent" not in client.get(address(rest="?course=recent")).content.decode()


# --- check-ins ----------------------------------------------------------------------------------------------------


def test_a_check_in_tells_its_answers_its_findings_their_trace_and_its_times(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 18, received=28, temp={"value": 38.4, "unit": "C"}, answered_by="nurse", cough=None)

    text = read(sign_in(ben))

    assert "Felt 04:00 today Sent 04:00 today Received 14:00 today Answered by The care team" in text
    assert "It arrived late: 10 h after it was felt." in text
    assert "Same day Any fever rule FEVER Temperature 38.4 °C, at least 38.0 °C" in text
    assert "Routine Sent more than six hours after it was felt rule LATE-ENTRY" in text
    assert "Judged 14:00 today by protocol vk-default/1." in text
    assert "Your temperature now, if you can 38.4 °C counted in a finding" in text
    assert "Do you have a cough? Not answered" in text


def test_a_correction_shows_what_it_changed(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    first = report(ana, 28, bleeding="oozing")
    changed = factories.submission(28, client_id=first.check_in.client_id, bleeding="spot")
    checkins.correct(device=again(ana), submission=changed, base_revision=1, now=at(28.1))

    text = read(sign_in(ben))

    assert "Bleeding: Oozing (It keeps coming) → A small spot (Smaller than a coin, dry)" in text
    assert "Routine A small spot of blood corrected" in text


def test_a_check_in_taken_back_is_shown_as_such(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    wrong = report(ana, 26, bleeding="soaking")
    checkins.withdraw(device=again(ana), client_id=wrong.check_in.client_id, now=at(27))

    text = read(sign_in(ben))

    assert "Found before it was taken back: Emergency" in text
    assert "The patient took this report back at 13:00 today: entered in error." in text
    assert "Never heard from" in text


def test_check_ins_are_paged_and_days_lead_to_the_right_page(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    for hours in range(4, 24):
        report(ana, hours)
    oldest = again(ana).episode.check_ins.earliest("effective_at")
    client = sign_in(ben)

    first, second, beyond = (
        client.get(address(rest=f"?page={n}")).content.decode() for n in ("1", "2", "99")
    )

    assert f'id="check-in-{oldest.client_id}"' not in first
    assert f'id="check-in-{oldest.client_id}"' in second
    assert first.count('class="entry ') - second.count('class="entry ') == 10
    assert "page 2 of 2" in beyond
    newest_of_day_0 = again(ana).episode.check_ins.filter(effective_at__lt=at(14)).latest("effective_at")
    assert f'href="?page=1#check-in-{newest_of_day_0.client_id}"' in first


def test_odd_addresses_show_the_first_page(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 20)
    client = sign_in(ben)

    for rest in ("?page=0", "?page=-1", "?page=x", "?page=²", "?page=" + "9" * 50, "?course=x"):
        assert "Day 1, hour 20" in read(client, rest)


# --- alerts, notes and changes ------------------------------------------------------------------------------------


def test_open_alerts_stand_first_and_lead_to_their_pages(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 20, bleeding="oozing")
    report(ana, 28, wants_call="yes", cannot_move="yes", mobility="with_help")
    take_on(alert_of("NEURO-MOVE"), ben, 28.1)

    response = sign_in(ben).get(address())
    text = said(response)

    assert "Open alerts 3 Emergency Cannot move a body part You have this since 14:06 today." in text
    assert "Same day Bleeding that keeps coming Nobody has taken this on. Take on: 7 h 42 min overdue" in text
    assert f'href="/alerts/{alert_of("NEURO-MOVE").uuid}"' in response.content.decode()


def test_what_happened_to_an_alert_is_told_also_when_it_has_ended(
    ana: DeviceToken, ben: User, dee: User, sign_in: SignIn
) -> None:
    report(ana, 27, bleeding="oozing")
    alert = alert_of("BLEED-OOZE").uuid
    alerts.acknowledge(alert_id=alert, by=ben, now=at(27.6))
    alerts.add_note(alert_id=alert, by=dee, note="Her son is\nwith her", now=at(27.8))
    alerts.close(alert_id=alert, by=ben, outcome="seen", contacted=True, note="Pressed, stopped", now=at(28))

    text = read(sign_in(ben))

    assert "No open alert" in text
    story = text[text.index("Alerts and what happened to them") : text.index("Notes and changes")]
    assert "Closed by Ben Okafor at 14:00 today: seen by a clinician." in story
    assert story.index("Opened: same day") < story.index("Taken on by Ben") < story.index("Note by Dee Lund")
    notes = text[text.index("Notes and changes") :]
    assert notes.index("Pressed, stopped") < notes.index(
        "13:48 today Note (alert “Bleeding that keeps coming”) by Dee Lund Her son is with her"
    )


def test_changes_tell_who_why_and_what_stood_there_before(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    factories.episode(team, risk_factors=["steroids"])
    corrections.correct_risk_factors(
        **episode_id(),
        risk_factors=[],
        blood_thinner_restart_h=None,
        reason="Stopped in May.",
        by=ben,
        now=at(27),
    )
    corrections.correct_baseline(
        **episode_id(),
        baseline=factories.BASELINE | {"pain_now": 6},
        baseline_at=at(-2),
        reason="Misheard.",
        by=ben,
        now=at(28),
    )

    text = read(sign_in(ben))

    assert "14:00 today Corrected baseline by Ben Okafor Misheard. Before: Pain now: 8 of 10; " in text
    assert (
        "13:00 today Corrected risk factors by Ben Okafor Stopped in May. Before: risk factors takes steroids"
        in text
    )


def test_what_is_muted_is_said_while_it_is(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 28, wants_call="yes")
    alerts.mute(
        alert_id=alert_of("CALL-ME").uuid,
        until=at(28) + timedelta(days=1),
        reason="Rings daily.",
        by=ben,
        now=at(28),
    )
    client = sign_in(ben)

    text = read(client)
    assert "Muted until 14:00 on Wed 4 March by Ben Okafor:" in text
    assert "“Rings daily.”" in text
    set_clock(53)
    assert "Muted until 14:00" not in read(client).partition("Alerts and what happened")[0]


def test_reports_that_could_not_be_taken_are_pointed_to(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    quarantine.keep(
        device=again(ana), body=b'{"id"', code="unreadable", problems=[], readable=False, now=clock.now()
    )

    assert "1 report of this patient could not be taken as a check-in" in read(sign_in(ben))


# --- the page as a page -------------------------------------------------------------------------------------------


def test_a_patient_of_whom_nothing_was_heard_has_a_page(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    factories.episode(team)

    text = read(sign_in(ben))

    assert "Never heard from" in text
    assert "No check-in has arrived yet." in text
    assert "There never was an alert." in text
    assert "Nobody has written a note or changed anything yet." in text


@pytest.mark.parametrize("rest", ["", "/state"])
def test_for_a_stranger_the_patient_does_not_exist(
    ana: DeviceToken, cleo: User, sign_in: SignIn, rest: str
) -> None:
    client = sign_in(cleo)

    foreign, none = client.get(address(rest=rest)), client.get(f"/patients/{uuid4()}{rest}")

    assert foreign.status_code == none.status_code == 404
    assert said(foreign) == said(none)


def test_what_people_typed_is_never_markup(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, free_text="<b>help</b>", wants_call="yes")
    episodes.pause(**episode_id(), reason="<script>1</script>", by=ben, now=at(28))

    page = sign_in(ben).get(address()).content.decode()

    assert "<b>help" not in page
    assert "&lt;b&gt;help" in page
    assert "<script>1" not in page


def test_a_long_history_asks_the_database_as_often_as_a_short_one(
    ana: DeviceToken, ben: User, dee: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    client = sign_in(ben)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address()).status_code == 200
        return len(queries)

    def tell(hours: float) -> None:
        first = report(ana, hours, bleeding="oozing", temp={"value": 38.4, "unit": "C"})
        changed = factories.submission(hours, client_id=first.check_in.client_id, bleeding="soaking")
        checkins.correct(device=again(ana), submission=changed, base_revision=1, now=at(hours + 0.1))
        flag_all(hours + 0.1)
        alert = alert_of("BLEED-OOZE")
        alerts.add_note(alert_id=alert.uuid, by=dee, note="Rang.", now=at(hours + 0.2))

    tell(4)
    episodes.pause(**episode_id(), reason="Seen.", by=ben, now=at(5))
    episodes.resume(**episode_id(), reason="Home.", by=ben, now=at(6))
    one = count()
    for hours in range(7, 27):
        tell(hours)

    assert count() == one <= 20


def test_a_very_long_history_stays_a_bounded_page(
    ana: DeviceToken, ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recovery.dashboard.screens.patient_reports.MOST", 20)
    for hours in range(3, 27):
        report(ana, hours)

    text = read(sign_in(ben), "?page=2")

    assert "Check-ins 20" in text
    assert "The same as a table (20 rows)" in text
    assert "There are still older ones" in text


# --- an open page -------------------------------------------------------------------------------------------------


def seen_by(client: Client) -> str:
    found = re.search(r"seen=([0-9a-f]+)", client.get(address()).content.decode())
    assert found
    return found[1]


def test_an_open_page_learns_that_it_is_old(
    ana: DeviceToken, ben: User, dee: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    client = sign_in(ben)
    report(ana, 26, bleeding="oozing")
    seen = seen_by(client)

    def changed() -> bool:
        return "Something has changed since this page was loaded." in read(client, f"/state?seen={seen}")

    assert not changed()
    alerts.add_note(alert_id=alert_of("BLEED-OOZE").uuid, by=dee, note="Rang.", now=at(28))
    assert changed()
    seen = seen_by(client)
    assert not changed()
    checkins.submit(device=again(ana), submission=factories.submission(28.1), now=at(28.1))
    assert changed()
    seen = seen_by(client)
    episodes.pause(**episode_id(), reason="In hospital.", by=ben, now=at(28.15))
    assert changed()


def test_while_nothing_changes_an_open_page_is_told_nothing(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    client = sign_in(ben)
    rest = f"/state?seen={seen_by(client)}"
    first = client.get(address(rest=rest))
    shown = re.search(r'data-tag="([0-9a-f]+)"', client.get(address()).content.decode())

    again_ = client.get(address(rest=rest), headers={"If-None-Match": first["ETag"]})
    set_clock(28.3)
    later = client.get(address(rest=rest), headers={"If-None-Match": first["ETag"]})

    assert first["ETag"] == f'"{shown[1]}"'
    assert (again_.status_code, later.status_code) == (304, 200)
    assert again_["Data-As-Of"] == "14:12:00"
    assert "hour 28.3" in said(later)
