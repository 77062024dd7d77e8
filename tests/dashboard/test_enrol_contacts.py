"""How a patient is reached, changed after the enrolment."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recovery.models import AuditEvent, CareTeam, Episode, EpisodeEvent, User
from tests import factories
from tests.dashboard.conftest import SignIn
from tests.dashboard.scenes import said

TYPED = {
    "phone": "020 7946 0155",
    "language": "cy",
    "caregiver_name": "Per Lind",
    "caregiver_phone": "020 7946 0156",
    "call_first": "caregiver",
    "call_notes": "after ten",
}


@pytest.fixture
def episode(team: CareTeam) -> Episode:
    return factories.episode(team)


def address(episode: Episode) -> str:
    return f"/patients/{episode.uuid}/contacts"


def seen_on(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_what_is_recorded_is_changed_remembered_and_shown(
    episode: Episode, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    page = client.get(address(episode))

    answered = client.post(address(episode), TYPED | {"seen": seen_on(page.content.decode())})

    assert "Patient, Ana Whitfield: 07700 900123 , to be called first" in said(page)
    assert (answered.status_code, answered["Location"]) == (303, f"/patients/{episode.uuid}")
    episode.patient.refresh_from_db()
    assert {name: getattr(episode.patient, name) for name in TYPED} == TYPED
    event = EpisodeEvent.objects.get()
    assert (event.what, event.by, event.was["phone"]) == ("changed contacts", ben, "07700 900123")
    audited = AuditEvent.objects.get(what="changed contacts of patient")
    assert "call_first" in audited.detail["fields"]
    assert "7946" not in str(audited.detail)
    assert "Welsh; after ten" in said(client.get(f"/patients/{episode.uuid}"))


def test_the_same_again_changes_nothing(episode: Episode, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    for _ in range(2):
        assert client.post(address(episode), TYPED).status_code == 303

    assert EpisodeEvent.objects.count() == 1


def test_of_two_at_once_one_wins_and_the_other_reads_who_and_loses_nothing(
    episode: Episode, ben: User, dee: User, sign_in: SignIn
) -> None:
    bens, dees = sign_in(ben), sign_in(dee)
    seen = seen_on(dees.get(address(episode)).content.decode())
    bens.post(address(episode), TYPED)

    second = dees.post(address(episode), TYPED | {"phone": "020 7946 0999", "seen": seen})

    assert second.status_code == 409
    assert "Ben Okafor changed how the patient is called at 14:12 on 3 March." in said(second)
    assert 'value="020 7946 0999"' in second.content.decode()
    assert "Patient, Ana Whitfield: 020 7946 0155" in said(second)
    meant = seen_on(second.content.decode())
    assert dees.post(address(episode), TYPED | {"phone": "020 7946 0999", "seen": meant}).status_code == 303


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone": "ask her"}, "Write a number that can be dialled"),
        ({"phone": "", "caregiver_phone": ""}, "Write a number: the patient's here"),
        ({"caregiver_phone": ""}, "Write the caregiver's number, or call the patient first."),
        ({"language": "tlh"}, "Choose one."),
        ({"call_notes": "x" * 201}, "at most 200 letters"),
    ],
)
def test_wrong_input_keeps_everything_typed(
    episode: Episode, ben: User, sign_in: SignIn, changes: dict[str, str], words: str
) -> None:
    refused = sign_in(ben).post(address(episode), TYPED | changes)

    assert refused.status_code == 422
    assert words in said(refused)
    assert 'value="Per Lind"' in refused.content.decode()
    assert EpisodeEvent.objects.count() == 0


def test_a_strangers_patient_is_not_there(episode: Episode, cleo: User, sign_in: SignIn) -> None:
    client = sign_in(cleo)

    assert client.get(address(episode)).status_code == 404
    assert client.post(address(episode), TYPED).status_code == 404
    assert EpisodeEvent.objects.count() == 0


def test_as_many_queries_in_a_team_of_twenty_patients_as_of_one(
    episode: Episode, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    client.get(address(episode))
    with CaptureQueriesContext(connection) as one:
        client.get(address(episode))
    for _ in range(19):
        factories.episode(episode.team)
    with CaptureQueriesContext(connection) as twenty:
        client.get(address(episode))

    assert len(one) == len(twenty)
