"""Who is on call, for programs of the clinic."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import rota
from recovery.models import CareTeam, User
from tests import factories
from tests.api.conftest import SetClock
from tests.factories import T0, at
from tests.rota import scenes

ON_CALL = "/api/v1/care/on-call"
NOW = at(6)
"""Monday 2 March, 16:00 in London."""


@pytest.fixture
def team(db: None, set_clock: SetClock) -> CareTeam:
    set_clock(6)
    return factories.team()


@pytest.fixture
def ben(team: CareTeam) -> User:
    return factories.member(team)


@pytest.fixture
def dee(team: CareTeam) -> User:
    return factories.member(team, "Dee Lund", "admin")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_staff_are_told_who_is_on_call_now_and_tonight(team, ben, dee):
    scenes.shifts(team, ben, "08:00", "02:00", by=dee)
    scenes.shifts(team, dee, by=dee, level=rota.SECOND)
    scenes.channel(team, ben)

    response = client_of(ben).get(ON_CALL)

    assert response.headers["Content-Type"] == "application/json"
    [found] = response.json()["teams"]
    ben_is = {"id": str(ben.uuid), "name": "Ben Okafor", "reachable": True}
    dee_is = {"id": str(dee.uuid), "name": "Dee Lund", "reachable": False}
    turns = [(turn["level"], turn["until_at"], turn["person"]) for turn in found["tonight"]]
    assert (found["name"], found["time_zone"], found["has_rota"]) == ("Spine team", "Europe/London", True)
    assert [(turn["level"], turn["person"]) for turn in found["now"]] == [(1, ben_is), (2, dee_is)]
    assert turns == [
        (1, "2026-03-03T02:00:00Z", ben_is),
        (1, "2026-03-03T08:00:00Z", None),
        (2, "2026-03-03T08:00:00Z", dee_is),
    ]
    assert found["covered"] is False


def test_a_team_without_a_rota_has_no_turns(team, ben):
    [found] = client_of(ben).get(ON_CALL).json()["teams"]
    assert (found["has_rota"], found["now"], found["tonight"], found["covered"]) == (False, [], [], False)


def test_one_hears_of_ones_own_teams_only(team, ben, dee):
    scenes.shifts(team, ben, by=dee)
    stranger = factories.member(
        factories.team(factories.clinic("Harbour Clinic"), "Harbour team"), "Cleo Marsh"
    )
    found = client_of(stranger).get(ON_CALL)
    assert [each["name"] for each in found.json()["teams"]] == ["Harbour team"]
    assert "Ben Okafor" not in found.content.decode()


def test_who_is_not_signed_in_is_told_what_to_do(team, ben):
    device, token = factories.phone(factories.episode(team, now=T0))
    for client in (Client(), Client(headers={"Authorization": f"Bearer {token}"})):
        response = client.get(ON_CALL)
        assert (response.status_code, response.json()["code"]) == (403, "staff_only")
        assert "/accounts/login/" in response.json()["detail"]
    locked_out = client_of(ben)
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert locked_out.get(ON_CALL).status_code == 403


def test_it_is_read_only_and_knows_its_parameters(team, ben):
    client = client_of(ben)
    assert client.post(ON_CALL).status_code == 405
    assert client.get(f"{ON_CALL}?team=1").json()["code"] == "unknown_parameter"


def test_as_many_queries_for_ten_teams_as_for_one(team, ben, dee):
    client = client_of(ben)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(ON_CALL).status_code == 200
        return len(captured)

    one = queries()
    for number in range(9):
        other = factories.team(team.clinic, f"Team {number}")
        other.memberships.create(user=ben, role="nurse")
        other.memberships.create(user=dee, role="admin")
        scenes.shifts(other, ben, by=dee)
        scenes.override(other, dee, NOW + timedelta(hours=1), 2, by=dee)
    assert queries() == one
