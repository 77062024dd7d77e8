"""What arrives while somebody is erased, and waits for it, is not written into what is left of them."""

from collections.abc import Callable
from datetime import time
from uuid import uuid4

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.test import Client

from recovery import checkins, enrolment, reminders
from recovery.models import Assessment, CareTeam, CheckIn, DeviceToken, Episode, Preferences, Quarantine, User
from recovery.reminders import Chosen
from tests import factories
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.factories import at
from tests.operations.ward import as_next_request
from tests.persons.test_erasing import ask, confirm, end
from tests.waiting import behind

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(transactional_db: None) -> CareTeam:
    return factories.team()


@pytest.fixture
def dora(team: CareTeam) -> User:
    return factories.member(team, "Dora Klein", "doctor", password=None)


def erased_meanwhile(
    team: CareTeam, dora: User, act: Callable[[str, Episode], object]
) -> tuple[Episode, object]:
    """What `act` gives that had begun before the erasure was done, or why it was refused."""
    dee = factories.member(team, "Dee Lund", "admin", password=None)
    episode = factories.episode(team)
    token = factories.phone(episode)[1]
    end(episode)
    asked = ask(episode.patient, dee)

    try:
        return episode, behind(lambda: confirm(asked, dora), lambda: act(token, episode))
    except ObjectDoesNotExist as refused:
        return episode, refused


def left(episode: Episode) -> dict[str, int]:
    return {
        kind.__name__: kind.objects.filter(episode=episode).count()
        for kind in (CheckIn, Assessment, Quarantine)
    }


NOTHING = {"CheckIn": 0, "Assessment": 0, "Quarantine": 0}


@pytest.mark.parametrize(
    "body", [check_in(30, chest_pain="yes"), b'{"answers": {"other_text": "Bo'], ids=["whole", "torn"]
)
def test_a_report_of_a_phone(team: CareTeam, dora: User, body: object):
    def send(token: str, episode: Episode) -> object:
        return Phone(token, Client()).post(CHECK_INS, body).status_code

    episode, status = erased_meanwhile(team, dora, send)

    assert (status, left(episode)) == (404, NOTHING)


def test_a_check_in_by_telephone(team: CareTeam, dora: User):
    def write(token: str, episode: Episode) -> object:
        return checkins.take_by_telephone(
            episode_id=episode.uuid, client_id=uuid4(), answers={"chest_pain": "yes"}, observed_at=at(30),
            completed=True, by=dora, now=at(110),
        )  # fmt: skip

    episode, refused = erased_meanwhile(team, dora, write)

    assert isinstance(refused, Episode.DoesNotExist)
    assert left(episode) == NOTHING


def test_a_number_to_call(team: CareTeam, dora: User):
    numbers = {"phone": "+44 1632 960999", "caregiver": "Bo", "caregiver_phone": "", "call_first": "patient"}

    def change(token: str, episode: Episode) -> object:
        return enrolment.change_contacts(episode_id=episode.uuid, contacts=numbers, by=dora, now=at(110))

    episode, refused = erased_meanwhile(team, dora, change)

    assert isinstance(refused, Episode.DoesNotExist)
    episode.patient.refresh_from_db()
    assert episode.patient.phone != numbers["phone"]


def test_where_reminders_go(team: CareTeam, dora: User):
    chosen = Chosen(
        channel="email",
        address="ana@example.org",
        remind_at=time(9),
        quiet_from=time(21),
        quiet_until=time(8),
    )

    def choose(token: str, episode: Episode) -> object:
        device = as_next_request(DeviceToken.objects.get(episode=episode))
        return reminders.choose(device=device, chosen=chosen, now=at(110))

    episode, refused = erased_meanwhile(team, dora, choose)

    assert isinstance(refused, DeviceToken.DoesNotExist)
    assert not Preferences.objects.filter(episode=episode).exists()
