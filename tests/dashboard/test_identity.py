"""Who the patient is, corrected after the enrolment, with what follows from it."""

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recovery import assessments
from recovery.models import (
    Assessment,
    AuditEvent,
    CareTeam,
    DeviceToken,
    Episode,
    EpisodeEvent,
    Patient,
    User,
)
from tests import factories
from tests.dashboard.conftest import SignIn
from tests.dashboard.scenes import report, said
from tests.factories import at

TYPED = {
    "name": "Anna Whitfield",
    "hospital_number": "h7781",
    "born_on": "1950-04-21",
    "levels": "T12, L1, L2",
    "reason": "Mistyped from the referral.",
}


@pytest.fixture
def episode(team: CareTeam) -> Episode:
    return factories.episode(team)


def address(episode: Episode) -> str:
    return f"/patients/{episode.uuid}/identity"


def seen_on(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_what_was_mistyped_is_corrected_remembered_and_shown(
    episode: Episode, ben: User, sign_in: SignIn
) -> None:
    number = episode.patient.hospital_number
    client = sign_in(ben)
    page = client.get(address(episode)).content.decode()

    answered = client.post(address(episode), TYPED | {"seen": seen_on(page)})

    assert 'value="1950-04-12"' in page
    assert (answered.status_code, answered["Location"]) == (303, f"/patients/{episode.uuid}")
    person, stands = Patient.objects.get(), Episode.objects.get()
    assert (person.name, person.hospital_number) == ("Anna Whitfield", "H7781")
    assert (person.born_on, stands.levels) == (date(1950, 4, 21), ["T12", "L1", "L2"])
    text = said(client.get(f"/patients/{episode.uuid}"))
    assert "Anna Whitfield Born 21 April 1950" in text
    assert f"Ana Whitfield, born 12 April 1950, number {number}, vertebrae L1" in text
    assert "Mistyped from the referral." in text
    audited = AuditEvent.objects.get(what="corrected who it is")
    assert audited.detail == {"fields": ["born_on", "hospital_number", "levels", "name"]}


def test_risk_factors_follow_and_every_check_in_is_judged_anew_by_them(
    team: CareTeam, ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    Patient.objects.update(born_on=date(2005, 4, 12))
    Episode.objects.update(risk_factors=["lives_alone"])
    report(ana, 28, temp={"value": 37.8, "unit": "C"})
    before = {finding["rule"] for finding in Assessment.objects.get(is_current=True).findings}

    sign_in(ben).post(address(ana.episode), TYPED | {"born_on": "1950-04-12"})
    assessments.rejudge(episode_id=ana.episode_id, now=at(28.3))

    after = {finding["rule"] for finding in Assessment.objects.get(is_current=True).findings}
    assert ("FEVER" in before, "FEVER" in after) == (False, True)
    assert Episode.objects.get().risk_factors == ["age_65_plus", "levels_3_plus", "lives_alone"]


def test_a_risk_factor_that_only_followed_goes_and_one_that_was_ticked_stays(
    episode: Episode, ben: User, sign_in: SignIn
) -> None:
    Episode.objects.update(risk_factors=["age_65_plus", "levels_3_plus"], levels=[])

    sign_in(ben).post(address(episode), TYPED | {"born_on": "1990-04-12", "levels": "L1"})

    assert Episode.objects.get().risk_factors == ["levels_3_plus"]


def test_the_same_again_changes_nothing(episode: Episode, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    for _ in range(2):
        assert client.post(address(episode), TYPED).status_code == 303

    assert EpisodeEvent.objects.filter(what="corrected who it is").count() == 1


def test_a_number_that_is_somebody_elses_is_refused(
    team: CareTeam, episode: Episode, ben: User, sign_in: SignIn
) -> None:
    other = factories.episode(team, name="Bo").patient

    refused = sign_in(ben).post(address(episode), TYPED | {"hospital_number": other.hospital_number.lower()})

    assert refused.status_code == 409
    assert "This hospital number belongs to somebody else of this clinic." in said(refused)
    assert 'value="Anna Whitfield"' in refused.content.decode()
    assert EpisodeEvent.objects.count() == 0
    assert Patient.objects.get(pk=episode.patient_id).name == "Ana Whitfield"


def test_of_two_at_once_one_wins_and_the_other_reads_who_and_loses_nothing(
    episode: Episode, ben: User, dee: User, sign_in: SignIn
) -> None:
    bens, dees = sign_in(ben), sign_in(dee)
    seen = seen_on(bens.get(address(episode)).content.decode())
    factories.member(episode.team, "Nora Field", "coordinator")
    noras = sign_in(User.objects.get(name="Nora Field"))
    assert noras.post(address(episode), TYPED | {"seen": seen}).status_code == 303

    second = bens.post(address(episode), TYPED | {"name": "Anne Whitfield", "seen": seen})

    assert second.status_code == 409
    assert "Nora Field corrected who it is at 14:12 on 3 March." in said(second)
    assert 'value="Anne Whitfield"' in second.content.decode()
    assert (
        dees.post(address(episode), TYPED | {"name": "Anne Whitfield"}).status_code == 409
    )  # an administrator


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"name": "=1+1"}, 422, "Write the name in letters."),
        ({"hospital_number": ""}, 422, "Write the number on the wristband."),
        ({"born_on": "31"}, 422, "Write a day as 2026-03-05"),
        ({"born_on": "2030-01-01"}, 409, "Nobody alive was born on this day."),
        ({"levels": "T12-L2"}, 422, "Write each vertebra by itself"),
        ({"reason": " "}, 422, "Write in a few words why."),
    ],
)
def test_wrong_input_keeps_everything_typed(
    episode: Episode, ben: User, sign_in: SignIn, changes: dict[str, str], status: int, words: str
) -> None:
    refused = sign_in(ben).post(address(episode), TYPED | changes)

    assert refused.status_code == status
    assert words in said(refused)
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
