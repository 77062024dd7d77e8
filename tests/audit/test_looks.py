"""Who looked at what, and who did what (S50, S52): from the list of routes, without a clinical value."""

import logging
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver

from recovery import audit
from recovery.models import Alert, AuditEvent, CareTeam, CheckIn, DeviceToken, Oversight, Quarantine, User
from tests import factories
from tests.api.phones import CHECK_INS, ME, Phone, check_in
from tests.audit.conftest import Administrator
from tests.dashboard.scenes import alert_of, page_of, report
from tests.factories import at
from tests.security.staff_doors.people import SET_UP, give_password

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("the_day_after")]


@pytest.fixture
def ana(team: CareTeam) -> DeviceToken:
    device = factories.phone(factories.episode(team))[0]
    report(device, 28, bleeding="oozing")
    return device


@pytest.fixture
def alert(ana: DeviceToken) -> Alert:
    return alert_of("BLEED-OOZE")


def looks() -> list[dict[str, Any]]:
    """What was shown on a screen or on paper."""
    return list(AuditEvent.objects.filter(what__regex="^(looked|printed): ").order_by("id").values())


def test_a_page_that_was_shown_is_a_look(desk: Client, ben: User, alert: Alert) -> None:
    answer = desk.get(page_of(alert))

    [look] = looks()
    assert (look["what"], look["user_id"], look["at"]) == ("looked: alert", ben.pk, at(28.2))
    assert (look["subject"], look["subject_id"]) == ("alert", alert.uuid)
    assert (look["episode_id"], look["clinic_id"]) == (alert.episode_id, alert.clinic_id)
    assert look["request_id"] == answer.headers["X-Request-Id"]
    assert look["browser"]
    assert look["detail"] == {}


def test_two_pages_of_one_session_have_its_word_and_ids_of_their_own(desk: Client, ana: DeviceToken) -> None:
    for _ in range(2):
        desk.get(f"/patients/{ana.episode.uuid}", headers={"X-Request-Id": "chosen by the caller"})

    first, second = looks()
    assert first["browser"] == second["browser"]
    assert len({first["request_id"], second["request_id"], "chosen by the caller"}) == 3


def test_of_two_looks_at_once_the_one_that_is_written_second_is_remembered_too(ben: User) -> None:
    """Whose machine's clock is behind, or who read it first."""
    for hours in (28.0, 27.99):
        audit.record_look(page="board", now=at(hours), user=ben)

    assert [look["at"] for look in looks()] == [at(28), at(27.99)]


def test_a_list_belongs_to_the_clinic_of_whoever_looked(
    desk: Client, team: CareTeam, ana: DeviceToken
) -> None:
    desk.get("/patients")

    [look] = looks()
    assert (look["what"], look["clinic_id"], look["episode_id"]) == ("looked: patients", team.clinic_id, None)


@pytest.mark.parametrize("page", ["/", "/patients", "/handover", "/figures", "/alerts/{stranger}"])
def test_s50_somebody_of_two_clinics_is_read_of_in_both_where_a_page_shows_of_both(
    ben: User, ana: DeviceToken, page: str
) -> None:
    other = factories.team(factories.clinic("Harbour Clinic"))
    ben.memberships.create(team=other, role="nurse")
    client = Client()
    client.force_login(ben)

    answer = client.get(page.format(stranger=uuid4()))

    left = AuditEvent.objects.filter(request_id=answer["X-Request-Id"])
    assert {event.clinic_id for event in left} == {ana.clinic_id, other.clinic_id}
    assert left.count() == 2


def test_s50_who_gave_a_password_alone_is_read_of_in_each_of_their_clinics(ben: User) -> None:
    """They have none in reach yet."""
    other, overseen = (factories.team(factories.clinic(name)) for name in ("Harbour Clinic", "Hill Clinic"))
    ben.memberships.create(team=other, role="nurse")
    Oversight.objects.create(user=ben, role="auditor", clinic=overseen.clinic, started_at=factories.T0)

    answer = give_password(ben).get(SET_UP)

    left = AuditEvent.objects.filter(request_id=answer["X-Request-Id"]).values_list("clinic", flat=True)
    own = ben.memberships.exclude(team=other).get().team
    assert sorted(left) == sorted([own.clinic_id, other.clinic_id, overseen.clinic_id])


def test_s50_somebody_of_two_clinics_looks_at_a_patient_in_that_ones_clinic(
    ben: User, ana: DeviceToken
) -> None:
    other = factories.team(factories.clinic("Harbour Clinic"))
    ben.memberships.create(team=other, role="nurse")
    theirs = factories.episode(other, name="Bo Marsh")
    client = Client()
    client.force_login(ben)

    client.get(f"/patients/{theirs.uuid}")

    [look] = looks()
    assert (look["clinic_id"], look["episode_id"]) == (other.clinic_id, theirs.pk)


def test_what_was_not_shown_was_not_looked_at(desk: Client, alert: Alert) -> None:
    stranger = factories.member(factories.team(factories.clinic("Harbour Clinic")), "Cleo Marsh")
    theirs = Client()
    theirs.force_login(stranger)

    assert theirs.get(page_of(alert)).status_code == 404
    assert Client().get(page_of(alert)).status_code == 302

    assert looks() == []


def test_a_part_of_a_page_is_a_look_like_the_page(desk: Client, alert: Alert) -> None:
    """Whoever asks as htmx does, without having opened the page, has seen it as well."""
    desk.get(page_of(alert), headers={"HX-Request": "true"})
    state = desk.get(page_of(alert, "/state"), headers={"HX-Request": "true"})

    assert [look["what"] for look in looks()] == ["looked: alert", "looked: alert-state"]

    desk.get(page_of(alert, "/state"), headers={"HX-Request": "true", "If-None-Match": state["ETag"]})
    desk.get(page_of(alert, "/state"), headers={"HX-Request": "true"})
    assert len(looks()) == 2  # an open page that asks again is the same look


def test_a_search_is_a_look(desk: Client, ana: DeviceToken) -> None:
    desk.post("/patients", {"words": "Whitfield"})

    [look] = looks()
    assert (look["what"], look["detail"]) == ("looked: patients", {})


def test_every_page_of_the_list_of_routes_is_a_look(desk: Client, alert: Alert, ana: DeviceToken) -> None:
    ids = {"episode_id": ana.episode.uuid, "alert_id": alert.uuid, "figure": "alerts"}
    seen, shown = set[str](), set[str]()
    for name, pattern in _pages().items():
        if not set(pattern.pattern.converters) <= set(ids):
            continue
        kwargs = {key: ids[key] for key in pattern.pattern.converters}
        before = len(looks())
        answer = desk.get("/" + _address(pattern, kwargs))
        if answer.status_code == 200:
            shown.add(name)
            seen |= {look["what"].partition(": ")[2] for look in looks()[before:]}
    assert shown == seen
    assert {"board", "patients", "patient", "alert", "handover", "figures", "care-summary"} <= seen | {
        "care-summary"
    }
    assert len(shown) > 15


def _pages() -> dict[str, Any]:
    [dashboard] = [
        part for part in get_resolver().url_patterns if getattr(part, "app_name", "") == "dashboard"
    ]
    return {str(pattern.name): pattern for pattern in dashboard.url_patterns}


def _address(pattern: Any, kwargs: dict[str, Any]) -> str:
    route = pattern.pattern._route
    for key, value in kwargs.items():
        kind = type(pattern.pattern.converters[key]).__name__.removesuffix("Converter").lower()
        route = route.replace(f"<{kind}:{key}>", str(value))
    return str(route)


def test_what_a_phone_is_shown_and_what_it_sends_is_remembered(ana: DeviceToken, team: CareTeam) -> None:
    device, token = factories.phone(factories.episode(team, name="Bo"))
    phone = Phone(token, Client())

    me = phone.get(ME)
    sent = phone.post(CHECK_INS, check_in(28.1))

    events = list(
        AuditEvent.objects.filter(device=device).order_by("id").values("what", "request_id", "episode_id")
    )
    assert [event["what"] for event in events[1:]] == [
        "looked: phone me",
        "sent check-in",
    ]  # the first redeemed a code
    assert [event["request_id"] for event in events[1:]] == [me["X-Request-Id"], sent["X-Request-Id"]]
    assert {event["episode_id"] for event in events} == {device.episode_id}


def test_what_is_done_to_an_alert_is_remembered_with_who_and_from_where(
    desk: Client, ben: User, alert: Alert
) -> None:
    answer = desk.post(page_of(alert, "/acknowledge"))

    event = AuditEvent.objects.get(what="alert: acknowledge")
    assert (event.user, event.subject_id, event.episode_id) == (ben, alert.uuid, alert.episode_id)
    assert event.request_id == answer.headers["X-Request-Id"]


BROKEN = """
    CREATE FUNCTION recovery_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON recovery_auditevent FOR EACH ROW EXECUTE FUNCTION recovery_refuse();
    ALTER TABLE recovery_auditevent ENABLE ALWAYS TRIGGER refuse
"""
MENDED = "DROP TRIGGER refuse ON recovery_auditevent; DROP FUNCTION recovery_refuse()"


@pytest.mark.django_db(transaction=True)
def test_s52_a_deed_that_cannot_be_written_down_is_not_done_and_a_look_is_allowed(
    administrator: Administrator, desk: Client, alert: Alert, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever needs help is looked at; the log says that it could not be remembered, and names nobody."""
    desk.raise_request_exception = False
    administrator(BROKEN)
    try:
        with caplog.at_level(logging.ERROR):
            look, deed = desk.get(page_of(alert)), desk.post(page_of(alert, "/acknowledge"))
    finally:
        administrator(MENDED)

    assert (look.status_code, deed.status_code) == (200, 500)
    assert f"request {look.headers['X-Request-Id']}" in caplog.text
    assert (str(alert.uuid) in caplog.text, "Ana" in caplog.text) == (True, False)
    alert.refresh_from_db()
    assert alert.status == "open"


@pytest.mark.django_db(transaction=True)
def test_s52_a_red_flag_that_cannot_be_remembered_is_answered_with_what_to_do_and_kept_by_the_phone(
    administrator: Administrator, ana: DeviceToken, team: CareTeam
) -> None:
    _, token = factories.phone(ana.episode)
    phone, before = Phone(token, Client()), CheckIn.objects.count()
    administrator(BROKEN)
    try:
        sent = phone.post(CHECK_INS, check_in(28.1, chest_pain="yes"))
        me = phone.get(ME)
    finally:
        administrator(MENDED)

    assert (sent.status_code, sent.json()["urgency"]) == (503, "emergency")
    assert "999" in sent.json()["action"]
    assert (CheckIn.objects.count(), Quarantine.objects.count()) == (before, 0)
    assert me.status_code == 200
