"""Enrolling one patient at the desk, and the sheet of paper that goes home with them."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import access, enrolment, episodes
from recovery.dashboard.charts.qr import Qr, qr
from recovery.models import AuditEvent, CareTeam, Consent, EnrolmentCode, Episode, Patient, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import said
from tests.factories import T0, at

TYPED = {
    "name": "Rosa  Lind",
    "hospital_number": "k 7001",
    "born_on": "1948-07-30",
    "phone": "020 7946 0155",
    "language": "cy",
    "procedure": "kyphoplasty",
    "levels": "L1, t12 L2",
    "procedure_on": "2026-03-03",
    "procedure_time": "09:40",
    "time_zone": "Europe/Lisbon",
    "risk_factors": ["anticoagulant", "osteoporosis"],
    "blood_thinner_restart_h": "24",
    "pain_now": "8",
    "pain_where": ["treated_area"],
    "temp": "36.6",
    "temp-unit": "C",
    "mobility": "with_help",
    "weakness": "no",
    "numbness": "present",
    "numbness_where": ["one_leg"],
    "bladder": "no",
    "bowel": "no",
    "breathing": "no",
    "caregiver_name": "Per Lind",
    "caregiver_phone": "020 7946 0156",
    "call_first": "caregiver",
    "call_notes": "after ten",
    "consent": "on",
    "consent_on": "2026-03-03",
    "consent_time": "08:15",
}
"""Typed at 14:12 on 3 March, 28.2 hours after time zero."""


def typed(of: CareTeam, **changes: object) -> dict[str, object]:
    """The form as it is sent; None leaves a field out."""
    sent = TYPED | {"team": str(of.uuid)} | changes
    return {name: value for name, value in sent.items() if value is not None}


def code_on(response: HttpResponse) -> str:
    found = re.search(r'class="paper-code">([^<]+)<', response.content.decode())
    assert found is not None
    return found[1]


# --- the form -----------------------------------------------------------------------------------------------------


def test_one_form_enrols_and_leads_to_the_sheet(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    answered = sign_in(ben).post("/enrol", typed(team))

    episode = Episode.objects.get()
    assert (answered.status_code, answered["Location"]) == (303, f"/patients/{episode.uuid}/sheet")
    person = episode.patient
    assert (person.name, person.hospital_number, person.born_on) == ("Rosa Lind", "K 7001", date(1948, 7, 30))
    assert (person.language, person.caregiver_name, person.call_first) == ("cy", "Per Lind", "caregiver")
    assert person.call_notes == "after ten"
    assert (episode.procedure, episode.levels, episode.time_zone) == (
        "kyphoplasty",
        ["T12", "L1", "L2"],
        "Europe/Lisbon",
    )
    assert episode.procedure_at == at(23 + 40 / 60)
    assert episode.risk_factors == ["age_65_plus", "anticoagulant", "levels_3_plus", "osteoporosis"]
    assert episode.blood_thinner_restart_h == 24
    assert episode.baseline == {
        "pain_now": 8,
        "pain_where": ["treated_area"],
        "temp": {"value": 36.6, "unit": "C"},
        "mobility": "with_help",
        "weakness": "no",
        "numbness": "present",
        "numbness_where": ["one_leg"],
        "bladder": "no",
        "bowel": "no",
        "breathing": "no",
    }
    assert episode.baseline_at == episode.procedure_at
    assert episode.team == team
    consent = Consent.objects.get()
    assert (consent.given_at, consent.recorded_by) == (at(22.25), ben)
    assert AuditEvent.objects.get(what="enrolled patient").user == ben


def test_what_is_usual_stands_there_and_nothing_clinical_does(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    page = sign_in(ben).get("/enrol").content.decode()

    assert '<option value="Europe/London" selected>' in page
    assert '<option value="en" selected>' in page
    assert page.count('value="2026-03-03"') == 2  # day of the procedure, and of the consent
    assert f'<option value="{team.uuid}" selected>' in page
    assert set(re.findall(r'name="([a-z_]+)" value="[^"]+"[^>]* checked', page)) == {
        "call_first",
        "reminder_channel",
    }


def test_the_two_minutes_are_kept_by_asking_little(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    """Eight things have to be said; everything else stands there already or may be left out."""
    said_ = {
        "name",
        "hospital_number",
        "born_on",
        "phone",
        "procedure",
        "procedure_time",
        "risk_factors",
        "consent",
    }
    usual = {"language", "procedure_on", "time_zone", "call_first", "consent_on", "consent_time", "team"}
    least = {name: value for name, value in typed(team).items() if name in said_ | usual}
    least |= {"call_first": "patient", "pain_now": "8"}

    assert sign_in(ben).post("/enrol", least).status_code == 303


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "  "}, "Write first name and family name."),
        ({"name": "=cmd|' /C calc'!A1"}, "This begins with =, as a formula does."),
        ({"name": "Rosa\u202eLind"}, "a character that cannot be seen"),
        ({"hospital_number": "1.2E+05"}, "A spreadsheet has shortened this number."),
        ({"born_on": "30/07/48"}, "Write a day as 2026-03-05 or 5 March 2026."),
        ({"born_on": "05/07/1948"}, "can be read in two ways"),
        ({"born_on": "2048-07-30"}, "Nobody alive was born on this day."),
        ({"phone": "none"}, "Write a number that can be dialled"),
        ({"phone": "", "caregiver_phone": "", "call_first": "patient"}, "Write a number: the patient's here"),
        ({"caregiver_phone": ""}, "Write the caregiver's number, or call the patient first."),
        ({"procedure": ""}, "Choose one."),
        ({"levels": "T11-L1"}, "Write each vertebra by itself"),
        ({"procedure_on": "2026-03-04"}, "This is later than now."),
        ({"procedure_on": "2025-03-03"}, "This is so long ago that the recovery is over."),
        ({"procedure_time": "25:10"}, "Write a time as 14:05."),
        ({"procedure_time": ""}, "Say when it ended, or tick"),
        ({"time_unknown": "on"}, "A time is written beside it."),
        ({"time_zone": "Mars/Olympus"}, "Choose one."),
        ({"risk_factors": None}, "Tick what the patient has, or “None of these”."),
        ({"risk_factors": ["steroids", "none-of-these"]}, "Choose either some of them or none of these."),
        ({"blood_thinner_restart_h": "soon"}, "Write hours as a number"),
        ({"blood_thinner_restart_h": "5000"}, "restarts 0 to 2016 hours"),
        ({"temp": "366"}, "From 34 to 43 °C"),
        ({"temp-unit": ""}, "Choose °C or °F."),
        ({"numbness_where": ["saddle"], "numbness": "no"}, "Something is ticked here"),
        ({"no_baseline": "on"}, "Something is filled in below."),
        ({"consent": None}, "Nobody is enrolled without having agreed."),
        ({"consent_on": "2026-03-04"}, "Nobody can have agreed later than now."),
        ({"consent_on": "0001-01-01"}, "This is more than a year ago. Check the year."),
        ({"team": ""}, "Choose one."),
    ],
)
def test_wrong_input_keeps_everything_typed_and_says_beside_it_what_to_do(
    team: CareTeam, ben: User, sign_in: SignIn, changes: dict[str, object], words: str
) -> None:
    answered = sign_in(ben).post("/enrol", typed(team, **changes))

    page, (wrong, *_) = answered.content.decode(), changes
    assert answered.status_code in {409, 422}
    beside = re.search(rf'<p class="error" id="enrol-{wrong}_error">(.*?)</p>', page)
    assert beside is not None
    assert words in said(HttpResponse(beside[1]))
    assert Patient.objects.count() == Episode.objects.count() == 0
    for name in ("caregiver_name", "call_notes", "levels"):
        assert name in changes or f'value="{TYPED[name]}"' in page
    assert "mobility" in changes or re.search(r'value="with_help"[^>]* checked', page)
    assert "risk_factors" in changes or re.search(r'value="osteoporosis"[^>]* checked', page)


def test_a_day_alone_is_the_day_where_the_patient_is(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    sign_in(ben).post(
        "/enrol",
        typed(team, procedure_time="", time_unknown="on", time_zone="Pacific/Auckland"),
    )

    episode = Episode.objects.get()
    assert episode.time_estimated
    assert episode.procedure_at == T0.replace(day=2, hour=11)  # midnight of 3 March in Auckland


def test_a_time_that_clocks_skipped_is_refused(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    set_clock(27 * 24)

    page = sign_in(ben).post("/enrol", typed(team, procedure_on="2026-03-29", procedure_time="01:30"))

    assert "Clocks went forward that night" in said(page)


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Auckland", "0001-01-01"), ("America/New_York", "9999-12-31")]
)
def test_a_time_at_the_end_of_the_calendar_is_no_fault(
    team: CareTeam, ben: User, sign_in: SignIn, zone: str, day: str
) -> None:
    team.clinic.time_zone = zone
    team.clinic.save()
    for name in ("consent", "procedure"):
        changes = {f"{name}_on": day, f"{name}_time": "00:01" if day < "2" else "23:59"}

        page = sign_in(ben).post("/enrol", typed(team, **changes))

        assert page.status_code == 422
        assert "There is no such time. Check the year." in said(page)


@pytest.mark.hazard("HZ15.1")
def test_nobody_asked_before_is_said_and_not_guessed(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    blank = {
        item: None for item in TYPED if item in factories.BASELINE or item in {"temp-unit", "numbness_where"}
    }
    client = sign_in(ben)

    refused = client.post("/enrol", typed(team, **blank))
    taken = client.post("/enrol", typed(team, **blank, no_baseline="on"))

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert "Fill in the questions below, or tick this." in said(refused)
    assert Episode.objects.get().baseline is None


# --- double enrolment ---------------------------------------------------------------------------------------------


def test_a_second_enrolment_is_told_who_was_first_and_when(
    team: CareTeam, ben: User, dee: User, sign_in: SignIn
) -> None:
    sign_in(ben).post("/enrol", typed(team))

    second = sign_in(dee).post("/enrol", typed(team, hospital_number="K 7001", name="Rosa Lind"))

    assert second.status_code == 409
    assert "This patient was enrolled at 14:12 on 3 March by Ben Okafor" in said(second)
    assert f'href="/patients/{Episode.objects.get().uuid}"' in second.content.decode()
    assert 'value="after ten"' in second.content.decode()
    assert Consent.objects.count() == 1


def test_of_another_teams_patient_no_more_is_said_than_that_there_is_one(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    elsewhere = factories.team(team.clinic, "Night team")
    first = factories.episode(elsewhere, by=factories.member(elsewhere, "Nia Holt"))
    person = first.patient

    second = sign_in(ben).post(
        "/enrol",
        typed(
            team, hospital_number=person.hospital_number, born_on=person.born_on.isoformat(), name=person.name
        ),
    )

    assert "another care team of this clinic" in said(second)
    assert "Holt" not in said(second)
    assert str(first.uuid) not in second.content.decode()


def test_the_same_name_and_birthday_under_another_number_is_asked_about_once(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    known = factories.episode(team, name="Lind, Rósa", patient=enrolment.NewPatient(
        name="Lind, Rósa", born_on=date(1948, 7, 30), hospital_number="K 7010"))  # fmt: skip

    asked = client.post("/enrol", typed(team))
    sure = client.post("/enrol", typed(team, sure="on"))

    assert asked.status_code == 409
    assert "Lind, Rósa with this date of birth is known under hospital number K 7010" in said(asked)
    assert 'name="sure"' in asked.content.decode()
    assert sure.status_code == 303
    assert Patient.objects.exclude(pk=known.patient_id).get().hospital_number == "K 7001"


def test_a_number_known_by_another_name_is_asked_about(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    first = factories.episode(team)
    episodes.end(episode_id=first.uuid, reason="Over.", by=ben, now=at(20))
    mine = {"hospital_number": first.patient.hospital_number.lower(), "born_on": "1950-04-12"}
    client = sign_in(ben)

    asked = client.post("/enrol", typed(team, **mine))
    sure = client.post("/enrol", typed(team, **mine, sure="on"))

    assert (asked.status_code, sure.status_code) == (409, 303)
    assert "this date of birth and another name" in said(asked)
    person = Patient.objects.get()
    assert (person.name, person.phone, person.call_first) == ("Rosa Lind", "020 7946 0155", "caregiver")
    changed = AuditEvent.objects.get(what="changed contacts of patient")
    assert "phone" in changed.detail["fields"]
    assert "020" not in str(changed.detail)


def test_somebody_elses_number_is_refused(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    first = factories.episode(team)

    refused = sign_in(ben).post("/enrol", typed(team, hospital_number=first.patient.hospital_number))

    assert "another date of birth" in said(refused)
    assert Episode.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_enrols_and_the_other_is_told(
    transactional_db: None, team: CareTeam, ben: User, dee: User, sign_in: SignIn
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    clients = [sign_in(ben), sign_in(dee)]

    def send(client) -> int:
        try:
            return client.post("/enrol", typed(team)).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(send, clients))

    assert statuses == [303, 409]
    assert Episode.objects.count() == Consent.objects.count() == 1


def test_a_stranger_cannot_enrol_into_this_team(team: CareTeam, cleo: User, sign_in: SignIn) -> None:
    answered = sign_in(cleo).post("/enrol", typed(team))

    assert answered.status_code == 422
    assert Episode.objects.count() == 0


def test_somebody_without_a_team_is_told_whom_to_ask(db: None, set_clock: SetClock, sign_in: SignIn) -> None:
    alone = User.objects.create_user("eva@example.org", factories.PASSWORD, name="Eva Moss")

    assert "You belong to no care team" in said(sign_in(alone).get("/enrol"))
    assert "You belong to no care team" in said(sign_in(alone).get("/enrol/list"))


# --- the sheet ----------------------------------------------------------------------------------------------------


def test_the_sheet_says_how_to_begin_and_whom_to_call(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    episode = factories.episode(team)

    answered = sign_in(ben).post(f"/patients/{episode.uuid}/sheet")

    text, code = said(answered), code_on(answered)
    assert answered["Cache-Control"] == "no-store"
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    assert "Ana Whitfield · born 12 April 1950" in text
    assert "Vertebroplasty on 2 March 2026" in text
    for number in ("020 7946 0101", "020 7946 0102", "999", "116 123"):
        assert number in text
    assert "Call 999 now if" in text
    assert "you cough up blood" in text
    assert "The code works once, until 14:12 on Friday 6 March" in text
    enrolment.redeem(code=code, device_name="Ana's phone", platform="web", now=at(29))


def test_the_square_leads_to_the_phones_page_with_the_code_where_no_server_sees_it(
    team: CareTeam, ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def draw(text: str) -> Qr:
        drawn.append(text)
        return qr(text)

    monkeypatch.setattr("recovery.dashboard.screens.enrol.qr", draw)

    answered = sign_in(ben).post(f"/patients/{factories.episode(team).uuid}/sheet")

    path, _, fragment = drawn[0].partition("#")
    assert path.endswith("/phone")
    assert fragment == f"code={code_on(answered)}"


def test_a_sheet_printed_again_has_another_code_and_the_lost_one_is_worth_nothing(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    episode, client = factories.episode(team), sign_in(ben)
    lost = code_on(client.post(f"/patients/{episode.uuid}/sheet"))

    before = client.get(f"/patients/{episode.uuid}/sheet")
    again = code_on(client.post(f"/patients/{episode.uuid}/sheet"))

    assert lost not in before.content.decode()
    assert "Its code stops working when you print another" in said(before)
    with pytest.raises(enrolment.CodeExpired):
        enrolment.redeem(code=lost, device_name="finder", platform="web", now=at(29))
    enrolment.redeem(code=again, device_name="Ana's phone", platform="web", now=at(29))
    kept = "".join(str(row) for row in EnrolmentCode.objects.values())
    assert again.replace("-", "")[4:] not in kept


@pytest.mark.hazard("HZ15.1")
def test_what_was_left_out_is_named_while_the_patient_is_here(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    episode = factories.episode(
        team, levels=[], risk_factors=["anticoagulant"], baseline={"pain_now": 8}, time_estimated=True
    )

    text = said(sign_in(ben).get(f"/patients/{episode.uuid}/sheet"))

    assert "When the blood thinner is to start again." in text
    assert "hours are counted from the start of the day" in text
    assert re.search(r"Of how it was before the procedure: .*weakness", text, re.IGNORECASE)


def test_a_recovery_that_has_ended_has_no_sheet(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    episode, client = factories.episode(team), sign_in(ben)
    episodes.end(episode_id=episode.uuid, reason="Over.", by=ben, now=at(20))

    assert "there is no sheet" in said(client.get(f"/patients/{episode.uuid}/sheet"))
    assert client.post(f"/patients/{episode.uuid}/sheet").status_code == 409
    assert EnrolmentCode.objects.count() == 0


def test_a_strangers_sheet_is_not_there(team: CareTeam, cleo: User, sign_in: SignIn) -> None:
    episode, client = factories.episode(team), sign_in(cleo)

    foreign = client.post(f"/patients/{episode.uuid}/sheet")
    missing = client.post(f"/patients/{uuid4()}/sheet")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert client.post("/enrol/sheets", {"patients": [str(episode.uuid)]}).status_code == 422
    assert EnrolmentCode.objects.count() == 0


# --- who has no phone yet -----------------------------------------------------------------------------------------


def test_who_waits_for_a_sheet_is_listed_and_several_are_printed_at_once(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    ana, bo, old = (
        factories.episode(team, name=name, now=at(hours))
        for name, hours in (("Ana Whitfield", 0), ("Bo Marsh", 1), ("Old Hand", -24 * 15))
    )
    factories.phone(factories.episode(team, name="Cy Adebayo"))
    enrolment.issue_code(episode=bo, now=at(2))
    client = sign_in(ben)

    page = client.get("/enrol/waiting")
    printed = client.post("/enrol/sheets", {"patients": [str(ana.uuid), str(bo.uuid)]})

    text = said(page)
    assert "Ana Whitfield" in text
    assert "Bo Marsh" in text
    assert "Cy Adebayo" not in text
    assert "Old Hand" not in text
    assert re.search(rf'value="{ana.uuid}"[^>]* checked', page.content.decode())
    assert not re.search(rf'value="{bo.uuid}"[^>]* checked', page.content.decode())
    assert printed.content.decode().count('class="paper"') == 2
    assert access.episodes(ben).filter(pk=old.pk).exists()


def test_sheets_for_nobody_are_not_printed(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    factories.episode(team)

    answered = sign_in(ben).post("/enrol/sheets", {})

    assert answered.status_code == 422
    assert "Tick at least one patient." in said(answered)


@pytest.mark.parametrize("address", ["/enrol", "/enrol/waiting", "/enrol/list"])
def test_as_many_queries_for_twenty_patients_as_for_one(
    team: CareTeam, ben: User, sign_in: SignIn, address: str
) -> None:
    client = sign_in(ben)
    factories.episode(team)
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for number in range(19):
        factories.episode(team, name=f"Patient {chr(65 + number)}")
    with CaptureQueriesContext(connection) as twenty:
        client.get(address)

    assert len(one) == len(twenty)


# --- enrolled late ------------------------------------------------------------------------------------------------


def test_check_ins_whose_time_was_over_before_are_not_missed(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    from recovery import silence

    set_clock(90)
    sign_in(ben).post("/enrol", typed(team, procedure_on="2026-03-02", procedure_time="10:00"))
    episode = Episode.objects.get()

    assert episode.next_due_at == at(108)  # of the slots that are still to close
    silence.judge_due(limit=10, now=at(91))
    assert episode.assessments.count() == 0
    assert "Silent 0" in said(sign_in(ben).get("/patients"))
    assert episode.pauses.get().until_at == T0 + timedelta(hours=90)


def test_whoever_is_to_be_called_first_stands_first_with_when_and_how(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    client.post("/enrol", typed(team))

    text = said(client.get(f"/patients/{Episode.objects.get().uuid}"))

    assert "Caregiver: Per Lind 020 7946 0156 Welsh; after ten Patient: Rosa Lind 020 7946 0155" in text


def test_times_are_those_of_the_clinic_whose_team_is_chosen(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    lisbon = factories.team(factories.clinic("Clinica do Porto", time_zone="Atlantic/Azores"), "Azores team")
    ben.memberships.create(team=lisbon, role="nurse")
    client = sign_in(ben)

    client.post("/enrol", typed(lisbon))

    assert Episode.objects.get().procedure_at == at(24 + 40 / 60)
    assert "Times are those of the care team's clinic." in said(client.get("/enrol"))


def test_what_was_typed_after_the_session_ended_comes_back(team: CareTeam, client: Client) -> None:
    answered = client.post("/enrol", typed(team, call_notes="after ten, and never on a Sunday morning"))

    assert answered.status_code == 401
    page = answered.content.decode()
    assert 'name="hospital_number" value="k 7001"' in page
    assert "after ten, and never on a Sunday morning" in page
    assert Episode.objects.count() == 0
