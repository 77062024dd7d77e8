"""Who looked at me: asked for by the phone."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from recovery import clock, persons
from recovery.models import Clinic, DeviceToken, User
from tests import factories
from tests.api.phones import ME, Phone
from tests.dashboard.scenes import alert_of, page_of, report
from tests.factories import at

pytestmark = pytest.mark.django_db

LOOKS = "/api/v1/me/looks"


class World:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.team = factories.team()
        self.episode = factories.episode(self.team)
        _, token = factories.phone(self.episode)
        self.phone = Phone(token, Client())
        self.ben: User = factories.member(self.team)
        self.desk = Client()
        self.desk.force_login(self.ben)

    def at(self, hours: float) -> None:
        self.monkeypatch.setattr(clock, "now", lambda: at(hours))

    def told(self, query: str = "") -> list[tuple[Any, ...]]:
        looks = self.phone.get(LOOKS + query).json()["looks"]
        return [(look["what"], look["role"], look["team"], look["name"]) for look in looks]


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(monkeypatch)
    made.at(28.2)
    return made


def test_the_patient_reads_who_of_the_team_looked_the_newest_first(world: World) -> None:
    device: DeviceToken = world.phone.device
    report(device, 28, bleeding="oozing")
    world.desk.get(f"/patients/{world.episode.uuid}")
    world.at(28.3)
    world.desk.get(page_of(alert_of("BLEED-OOZE")))

    assert world.told() == [
        ("read one of your alerts", "Nurse", "Spine team", None),
        ("opened your page", "Nurse", "Spine team", None),
    ]


def test_names_are_told_where_the_clinic_tells_them_elsewhere(world: World) -> None:
    Clinic.objects.update(names_staff=True)
    world.desk.get(f"/patients/{world.episode.uuid}")

    assert world.told() == [("opened your page", "Nurse", "Spine team", "Ben Okafor")]


def test_a_copy_of_everything_is_told(world: World) -> None:
    dee = factories.member(world.team, "Dee Lund", "admin")
    persons.export(world.episode.patient, by=dee, now=at(28.1))

    assert world.told() == [
        ("made a copy of everything that is held about you", "Administrator", "Spine team", None)
    ]


def test_a_page_that_came_back_with_what_could_not_be_taken_was_seen(world: World) -> None:
    page = f"/patients/{world.episode.uuid}"
    refused = world.desk.post(f"{page}/mute", {})
    stranger = world.desk.post(f"/patients/{uuid4()}/mute", {})

    assert (refused.status_code, stranger.status_code) == (422, 404)
    assert "Ana Whitfield" in refused.content.decode()
    assert world.told() == [
        ("opened a page to change something about your care", "Nurse", "Spine team", None)
    ]


def test_own_phones_are_told_apart(world: World) -> None:
    world.phone.get(ME)

    world.at(28.3)
    assert world.told() == []
    look = world.phone.get(f"{LOOKS}?by=phones").json()["looks"][-1]
    assert (look["what"], look["phone"]["name"], look["role"]) == ("opened this app", "Ana's phone", None)


def test_page_by_page_nothing_is_lost_or_told_twice(world: World) -> None:
    for turn in range(7):
        world.at(28 + turn // 2)  # some at the same instant
        world.desk.get(f"/patients/{world.episode.uuid}")

    found, query = [], "?limit=3"
    while query:
        page = world.phone.get(LOOKS + query).json()
        found += [look["at"] for look in page["looks"]]
        query = page["next_cursor"] and f"?limit=3&cursor={page['next_cursor']}"

    assert len(found) == 7
    assert found == sorted(found, reverse=True)


def test_nothing_of_another_recovery_is_told(world: World) -> None:
    other = factories.episode(world.team, name="Bo Marsh")
    world.desk.get(f"/patients/{other.uuid}")

    assert world.told() == []
    stranger = Phone(factories.phone(other)[1], Client())
    assert len(stranger.get(LOOKS).json()["looks"]) == 1


@pytest.mark.parametrize("query", ["?by=nobody", "?cursor=x", "?limit=0", "?who=ben"])
def test_what_cannot_be_meant_is_refused(world: World, query: str) -> None:
    assert world.phone.get(LOOKS + query).json()["code"] in {"bad_parameter", "unknown_parameter"}
