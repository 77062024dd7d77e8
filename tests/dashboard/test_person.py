"""S49 on the pages: what is held about one person is handed out, and erased by two, each with their password."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from recovery import persons
from recovery.models import AuditEvent, CareTeam, DeviceToken, Episode, Erasure, LegalHold, Patient, User
from tests import factories
from tests.dashboard.conftest import SignIn
from tests.dashboard.scenes import report
from tests.factories import PASSWORD, at
from tests.security.staff_doors.people import passes

ASKED = {"scope": "all", "reason": "By letter.", "no_duty": "Enrolled by mistake."}


@pytest.fixture
def episode(ana: DeviceToken) -> Episode:
    report(ana, 20, bleeding="none", other_text="the apricot jam")
    Episode.objects.filter(pk=ana.episode_id).update(status="ended", ended_at=at(25), next_due_at=None)
    return Episode.objects.get(pk=ana.episode_id)


@pytest.fixture
def dora(team: CareTeam) -> User:
    return factories.member(team, "Dora Klein", "doctor")


def address(episode: Episode, what: str = "") -> str:
    return f"/patients/{episode.uuid}/person{what}"


def asked(client: Client, episode: Episode, **more: str) -> Any:
    return client.post(address(episode, "/erase"), ASKED | more)


def test_s49_the_administrator_hands_out_everything(episode: Episode, dee: User, sign_in: SignIn) -> None:
    client = sign_in(dee)

    data = client.post(address(episode, "/export"), {"as": "data"})
    page = client.post(address(episode, "/export"), {"as": "page"})

    assert json.loads(data.content)["person"]["hospital_number"] == episode.patient.hospital_number
    assert "the apricot jam" in page.content.decode()
    for answer in (data, page):
        assert answer["Content-Disposition"].startswith(
            f'attachment; filename="person-{episode.patient.uuid}'
        )
        assert answer["Cache-Control"] == "no-store"
    assert AuditEvent.objects.filter(what="exported person", user=dee).count() == 2


def test_s49_a_doctor_sees_the_page_and_hands_out_nothing(
    episode: Episode, dora: User, sign_in: SignIn
) -> None:
    client = sign_in(dora)

    assert "Only an administrator" in client.get(address(episode)).content.decode()
    refused = client.post(address(episode, "/export"))
    assert refused.status_code == 409
    assert not AuditEvent.objects.filter(what="exported person").exists()


@pytest.mark.parametrize("what", ["/export", "/erase", "/hold", "/hold/lift"])
def test_s49_each_press_asks_for_the_password_and_then_goes_on(
    episode: Episode, dee: User, sign_in: SignIn, what: str
) -> None:
    client = sign_in(dee)
    passes(client, minutes=10)

    asked_back = client.post(address(episode, what), ASKED)

    assert asked_back.status_code == 302
    assert "reauthenticate" in asked_back["Location"]
    assert not Erasure.objects.exists()
    assert not LegalHold.objects.exists()
    assert not AuditEvent.objects.filter(what="exported person").exists()
    went_on = client.post(asked_back["Location"], {"password": PASSWORD}, follow=True)
    assert went_on.status_code == 200


def test_s49_two_people_erase_and_the_page_is_gone(
    episode: Episode, dee: User, dora: User, sign_in: SignIn
) -> None:
    one, two = sign_in(dee), sign_in(dora)
    assert asked(one, episode).status_code == 303
    mine, theirs = (client.get(address(episode)).content.decode() for client in (one, two))
    [confirm] = re.findall(r'action="([^"]+/confirm)"', theirs)

    refused = one.post(confirm)
    done = two.post(confirm, follow=True)

    assert "/confirm" not in mine
    assert refused.status_code == 409
    assert "It is erased." in done.content.decode()
    assert Patient.objects.get(pk=episode.patient_id).name == "Erased"
    for client in (one, two):
        assert client.get(address(episode)).status_code == 404
        assert client.get(f"/patients/{episode.uuid}").status_code == 404
        assert "Erased" not in client.get("/patients?show=all").content.decode()


def test_it_is_withdrawn_by_either(episode: Episode, dee: User, dora: User, sign_in: SignIn) -> None:
    one, two = sign_in(dee), sign_in(dora)
    asked(one, episode)
    [withdraw] = re.findall(r'action="([^"]+/withdraw)"', two.get(address(episode)).content.decode())

    assert two.post(withdraw).status_code == 303
    assert Erasure.objects.get().withdrawn_by == dora
    second = one.post(withdraw)
    assert second.status_code == 409
    assert "This was withdrawn, or done already." in second.content.decode()


def test_what_was_typed_stays_when_it_is_refused(episode: Episode, dee: User, sign_in: SignIn) -> None:
    client = sign_in(dee)

    incomplete = asked(client, episode, scope="")
    too_early = asked(client, episode, no_duty="")

    assert (incomplete.status_code, too_early.status_code) == (422, 409)
    assert "By letter." in incomplete.content.decode()
    assert "has to keep the record until 3 March 2036" in too_early.content.decode()
    assert "By letter." in too_early.content.decode()


def test_a_legal_hold_is_placed_and_lifted(episode: Episode, dee: User, sign_in: SignIn) -> None:
    client = sign_in(dee)

    client.post(address(episode, "/hold"), {"reason": "An inquiry."})
    page = client.get(address(episode)).content.decode()
    refused = asked(client, episode)
    lifted = client.post(address(episode, "/hold/lift"))

    assert "An inquiry." in page
    assert "legal hold" in refused.content.decode()
    assert lifted.status_code == 303
    assert persons.hold_of(episode.patient) is None


def test_the_way_there_is_shown_to_those_who_may_go(
    episode: Episode, ben: User, dee: User, sign_in: SignIn
) -> None:
    shown = [
        address(episode) in sign_in(who).get(f"/patients/{episode.uuid}").content.decode()
        for who in (ben, dee)
    ]

    assert shown == [False, True]
