"""An alert that somebody took on who has left the team since is in nobody's hands, and says so wherever it stands."""

from collections.abc import Callable

import pytest
from django.test import Client

from recovery.models import Alert, DeviceToken, Membership, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import alert_of, page_of, report, said, take_on
from tests.dashboard.test_reports import refuse
from tests.factories import ALL_CLEAR, at

LEFT = "Ola Lind had it and has left the team: nobody has it now"


@pytest.fixture
def ola(ana: DeviceToken) -> User:
    return factories.member(ana.episode.team, "Ola Lind")


@pytest.fixture
def alert(ana: DeviceToken, ola: User) -> Alert:
    report(ana, 28, bleeding="oozing")
    take_on(alert_of("BLEED-OOZE"), ola, 28)
    return alert_of("BLEED-OOZE")


@pytest.fixture
def desk(ben: User, sign_in: SignIn) -> Client:
    return sign_in(ben)


def leave(person: User) -> None:
    Membership.objects.filter(user=person).update(ended_at=at(28.1))


def lock_out(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


@pytest.mark.parametrize("goes", [leave, lock_out])
def test_the_board_says_so_and_counts_it_as_nobodys(
    goes: Callable[[User], None], alert: Alert, ola: User, desk: Client
) -> None:
    assert "Ola Lind has it" in said(desk.get("/"))
    assert "1 of 1 patient shown" not in said(desk.get("/?owner=nobody"))

    goes(ola)

    text = said(desk.get("/"))
    assert LEFT in text
    assert "Ola Lind has it" not in text
    assert "1 alert waits for somebody to take on" in text
    assert "Take on within 18" in text
    assert "1 of 1 patient shown" in said(desk.get("/?owner=nobody"))


def test_whoever_is_there_is_not_taken_for_gone(alert: Alert, ola: User, desk: Client) -> None:
    other = factories.member(factories.team(alert.team.clinic, "Night team"), "Eve Lind")
    Membership.objects.filter(user=other).update(ended_at=at(28.1))
    Membership.objects.create(
        user=ola, team=factories.team(alert.team.clinic, "Day team"), role="nurse", ended_at=at(28.1)
    )

    assert "Ola Lind has it" in said(desk.get("/"))


def test_an_open_board_notices_that_somebody_has_left(alert: Alert, ola: User, desk: Client) -> None:
    tag = desk.get("/board/list").headers["ETag"]
    assert desk.get("/board/list", headers={"If-None-Match": tag}).status_code == 304

    leave(ola)

    answered = desk.get("/board/list", headers={"If-None-Match": tag})
    assert answered.status_code == 200
    assert LEFT in said(answered)
    assert (
        "Ola Lind has left and nobody has this alert, same day: Ana Whitfield." in answered.content.decode()
    )


def test_it_is_taken_on_from_the_board_like_what_nobody_had(
    alert: Alert, ola: User, ben: User, desk: Client
) -> None:
    leave(ola)

    answered = desk.post(page_of(alert, "/acknowledge"), {"from": "board"}, headers={"HX-Request": "true"})

    assert answered.status_code == 200
    assert "You have it" in said(answered)
    alert.refresh_from_db()
    assert (alert.owner, alert.taken_over_at) == (ben, at(28.2))
    assert alert.events.latest("id").kind == "taken-over"


def test_of_two_who_take_it_on_one_wins(alert: Alert, ola: User, desk: Client, sign_in: SignIn) -> None:
    leave(ola)
    dora = factories.member(alert.team, "Dora Klein", "doctor")
    sign_in(dora).post(page_of(alert, "/acknowledge"))

    answered = desk.post(page_of(alert, "/acknowledge"))

    assert answered.status_code == 409
    assert "Dora Klein took this over" in said(answered)


def test_its_page_the_patients_page_and_the_hand_over_sheet_say_so_too(
    alert: Alert, ola: User, desk: Client, set_clock: SetClock
) -> None:
    tag = desk.get(page_of(alert, "/state")).headers["ETag"]
    leave(ola)
    set_clock(28.2)

    state = desk.get(page_of(alert, "/state"), headers={"If-None-Match": tag})
    assert state.status_code == 200
    assert "Ola Lind had this and has left the team: nobody has it now." in said(state)
    assert "Take on" in said(state)
    assert LEFT in said(desk.get(f"/patients/{alert.episode.uuid}"))
    sheet = said(desk.get("/handover"))
    assert LEFT in sheet
    assert "Taken on by nobody yet" in sheet


def test_a_refused_report_says_so_of_the_alert_that_came_of_it(
    ana: DeviceToken, ola: User, desk: Client
) -> None:
    kept_id = refuse(ana, readings=[ALL_CLEAR | {"bleeding": "oozing"}])
    take_on(alert_of("BLEED-OOZE"), ola, 28)
    assert "Ola Lind has it" in said(desk.get(f"/reports/{kept_id}"))

    leave(ola)

    assert "Ola Lind had it and has left the team" in said(desk.get(f"/reports/{kept_id}"))
