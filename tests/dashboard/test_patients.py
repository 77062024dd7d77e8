"""Finding a patient, and the list of running recoveries."""

from datetime import date

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import enrolment, episodes
from recovery.models import CareTeam, DeviceToken, Episode, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import report, said
from tests.factories import at


def patient(of: CareTeam, name: str, **fields: object) -> Episode:
    number = f"K{Episode.objects.count():05}"
    person = {"name": name, "born_on": date(1950, 4, 12), "hospital_number": number} | fields
    return factories.episode(of, patient=enrolment.NewPatient(**person))


def find(client: Client, words: str):
    return client.post("/patients", {"words": words})


def names_of(response: HttpResponse) -> list[str]:
    """Whose pages the answer leads to, in its order."""
    uuids = [part.split('"')[0] for part in response.content.decode().split('href="/patients/')[1:]]
    by_uuid = {str(row.uuid): row.patient.name for row in Episode.objects.select_related("patient")}
    return [by_uuid[uuid] for uuid in uuids]


# --- running recoveries -------------------------------------------------------------------------------------------


def test_a_row_says_who_where_in_the_recovery_and_when_last_heard(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 26, bleeding="oozing", wants_call="yes")

    text = said(sign_in(ben).get("/patients"))

    assert "Ana Whitfield Born 12 April 1950 (75) Hospital no. H" in text
    assert "Day 1, hour 28.2 Days 1 to 3 · Vertebroplasty · Spine team" in text
    assert "Heard from 2 h 12 min ago (12:00 today) Same day 2 open alerts" in text


def test_running_recoveries_stand_by_name_and_the_silent_are_marked(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    heard, quiet, mute, resting, gone = (
        patient(team, name) for name in ("dora heard", "Cy Quiet", "Bo Mute", "Al Resting", "Ed Gone")
    )
    for episode, hours in ((heard, 70), (quiet, 20), (gone, 20)):
        report(factories.phone(episode)[0], hours)
    episodes.pause(episode_id=resting.uuid, reason="In hospital.", by=ben, now=at(3))
    episodes.end(episode_id=gone.uuid, reason="Moved.", by=ben, now=at(30))
    set_clock(85)
    client = sign_in(ben)

    everybody, silent = client.get("/patients"), client.get("/patients?show=silent")

    assert names_of(everybody) == ["Al Resting", "Bo Mute", "Cy Quiet", "dora heard"]
    text = said(everybody)
    assert "All 4 Silent 2" in text
    assert "Silent: 2 check-ins missed Heard from 2 days 17 h ago" in text
    assert "Silent: 4 check-ins missed Never heard from" in text
    assert "Paused Never heard from" in text
    assert names_of(silent) == ["Bo Mute", "Cy Quiet"]


def test_the_list_comes_in_pages(
    team: CareTeam, ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recovery.dashboard.screens.patients.PER_PAGE", 2)
    for name in ("Al", "Bo", "Cy", "Di", "Ed"):
        patient(team, name)
    client = sign_in(ben)

    pages = [client.get(f"/patients?page={n}") for n in ("1", "2", "3", "77", "x")]

    assert [names_of(page) for page in pages] == [["Al", "Bo"], ["Cy", "Di"], ["Ed"], ["Ed"], ["Al", "Bo"]]
    assert "Page 2 of 3" in said(pages[1])


def test_empty_lists_explain_themselves(
    ben: User, team: CareTeam, sign_in: SignIn, set_clock: SetClock
) -> None:
    set_clock(3)
    assert "No recovery of your teams is running." in said(sign_in(ben).get("/patients"))
    patient(team, "Al")
    assert "Nobody is silent" in said(sign_in(ben).get("/patients?show=silent"))
    client = Client()
    client.force_login(User.objects.create_user("eli@example.org", factories.PASSWORD, name="Eli"))
    assert "You belong to no care team" in said(client.get("/patients"))


# --- finding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "Åsa",
        "asa",
        "LINDQVIST",
        "lind asa",
        "K00001",
        "k00001 lindqvist",
        "3 March 1948",
        "3 Mar 1948",
        "03/03/1948",
        "3.3.1948",
        "1948-03-03",
        "Asa 03/03/1948",
    ],
)
def test_a_patient_is_found_by_name_number_or_birth_date(
    team: CareTeam, ben: User, sign_in: SignIn, words: str
) -> None:
    patient(team, "Ben Asante")
    patient(team, "Åsa Lindqvist", born_on=date(1948, 3, 3))
    expected = {"asa": ["Åsa Lindqvist", "Ben Asante"], "Åsa": ["Åsa Lindqvist", "Ben Asante"]}

    response = find(sign_in(ben), words)

    assert sorted(names_of(response)) == sorted(expected.get(words, ["Åsa Lindqvist"]))


@pytest.mark.parametrize("words", ["Lindqvist Ben", "%", "__", "31/02/1950", "1950", "'; --"])
def test_what_matches_nobody_is_explained(team: CareTeam, ben: User, sign_in: SignIn, words: str) -> None:
    patient(team, "Åsa Lindqvist")

    response = find(sign_in(ben), words.ljust(2, "%"))

    assert response.status_code == 200
    assert "Nobody found" in said(response)


def test_also_recoveries_that_have_ended_are_found_after_those_that_run(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    episodes.end(episode_id=patient(team, "Ana Gone").uuid, reason="Moved.", by=ben, now=at(20))
    patient(team, "Ana Here")

    response = find(sign_in(ben), "ana")

    assert names_of(response) == ["Ana Here", "Ana Gone"]
    assert "Ended 06:00 today" in said(response)


def test_of_very_many_the_first_are_shown(
    team: CareTeam, ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recovery.dashboard.screens.patients.MOST_FOUND", 2)
    for name in ("Ana A", "Ana B", "Ana C"):
        patient(team, name)

    response = find(sign_in(ben), "ana")

    assert names_of(response) == ["Ana A", "Ana B"]
    assert "2 or more found" in said(response)


@pytest.mark.parametrize(
    ("words", "told"),
    [("", "Type a name"), ("a", "Type at least two"), ("x" * 101, "at most 100"), ("a\x00b", "Null")],
)
def test_a_search_that_cannot_be_made_says_what_to_type(
    ben: User, sign_in: SignIn, words: str, told: str
) -> None:
    response = find(sign_in(ben), words)

    assert response.status_code == 422
    assert told in said(response)


def test_what_was_looked_for_stands_in_no_address(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    patient(team, "Åsa Lindqvist")
    client = sign_in(ben)

    response = find(client, "Lindqvist")

    assert 'value="Lindqvist"' in response.content.decode()
    assert response["Cache-Control"] == "no-store"
    assert names_of(client.get("/patients?words=nobody")) == ["Åsa Lindqvist"]


def test_a_stranger_finds_nobody(team: CareTeam, cleo: User, sign_in: SignIn) -> None:
    patient(team, "Åsa Lindqvist")
    client = sign_in(cleo)

    for response in (client.get("/patients"), find(client, "Lindqvist"), find(client, "12 April 1950")):
        assert response.status_code == 200
        assert "Åsa" not in response.content.decode()


def test_many_patients_ask_the_database_as_often_as_one(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    client = sign_in(ben)
    set_clock(60)

    def count() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as listed:
            client.get("/patients?show=silent")
        with CaptureQueriesContext(connection) as found:
            find(client, "ana")
        return len(listed), len(found)

    def one(name: str) -> None:
        episode = patient(team, name)
        report(factories.phone(episode)[0], 20, bleeding="oozing")
        episodes.pause(episode_id=episode.uuid, reason="Seen.", by=ben, now=at(21))
        episodes.resume(episode_id=episode.uuid, reason="Home.", by=ben, now=at(22))

    one("Ana 0")
    first = count()
    for number in range(1, 20):
        one(f"Ana {number}")

    assert count() == first
    assert first[0] <= 9
    assert first[1] <= 14
