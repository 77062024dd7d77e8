"""S50: what happens to accounts and sessions, in the clinic where somebody works, and on no screen of a patient."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from recovery import audit, clock, contacts, enrolment, second_factor, sessions, staff
from recovery.enrolment import CodeInvalid
from recovery.models import AuditEvent, StaffSession, User
from tests import factories
from tests.factories import PASSWORD, T0
from tests.signing_in import give_app, row_of, sign_in

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


@pytest.fixture
def ben(db: None) -> User:
    return factories.member(factories.team())


def events(*whats: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(what__in=whats).order_by("pk"))


def test_s50_a_sign_in_and_out_are_in_the_clinic_of_whoever_it_is(ben: User) -> None:
    client = Client()
    sign_in(client, ben, PASSWORD)
    client.get("/account/security")
    client.post("/accounts/logout/")

    came, left = events("signed in", "signed out")
    [look] = events("looked: security")
    home = ben.memberships.get().team.clinic_id
    assert [(each.user, each.clinic_id, each.subject_id) for each in (came, left)] == [
        (ben, home, ben.uuid)
    ] * 2
    assert came.browser == look.browser == left.browser != ""


def test_s50_somebody_of_two_clinics_is_read_of_in_both(ben: User) -> None:
    other = factories.team(factories.clinic("Harbour Clinic"))
    ben.memberships.create(team=other, role="nurse")
    Client().force_login(ben)

    assert len({event.clinic_id for event in events("signed in")}) == 2


def test_s50_failures_name_the_account_and_nobody_who_did_it(ben: User) -> None:
    for email in (ben.email.upper(), "nobody@example.org"):
        Client().post(LOGIN, {"login": email, "password": "wrong"})

    known, unknown = events("failed to sign in")
    assert (known.user, known.subject_id, known.clinic_id is None) == (None, ben.uuid, False)
    assert (unknown.user, unknown.subject_id, unknown.clinic_id) == (None, None, None)
    assert "nobody@" not in str(unknown.__dict__)


def test_s50_a_lock_out_is_remembered_and_does_not_fill_the_audit(ben: User) -> None:
    for _ in range(12):
        Client().post(LOGIN, {"login": ben.email, "password": "wrong"})

    assert len(events("failed to sign in")) == 5
    assert len(events("locked out of signing in")) == 1


def test_s50_of_two_at_once_whoever_looked_at_the_clock_first_and_is_written_second_is_remembered_too(
    ben: User,
) -> None:
    for hours in (1.0, 0.99):
        audit.record_account(what="failed to sign in", now=factories.at(hours), user=ben)

    assert [event.at for event in events("failed to sign in")] == [factories.at(1), factories.at(0.99)]


def test_s50_a_wrong_second_factor_is_remembered(ben: User) -> None:
    give_app(ben)
    client = Client()
    client.post(LOGIN, {"login": ben.email, "password": PASSWORD})
    client.post("/accounts/second-factor/", {"code": "000000"})

    [wrong] = events("gave wrong second factor")
    assert (wrong.user, wrong.subject_id) == (None, ben.uuid)
    assert events("signed in") == []


def test_s50_a_new_password_that_is_asked_for_is_remembered_whoever_it_is(ben: User) -> None:
    for email in (ben.email, "nobody@example.org"):
        Client().post("/accounts/password/reset/", {"email": email})

    assert [event.subject_id for event in events("asked for new password")] == [ben.uuid, None]


DOORS = {
    "account_login": (LOGIN, {"login": "BEN", "password": "x"}),
    "account_reset_password": ("/accounts/password/reset/", {"email": "BEN"}),
    "account_reset_password_from_key": ("/accounts/password/reset/key/1-no-such-key/", {}),
    "account_signup": ("/accounts/signup/", {"email": "BEN"}),
}
"""What anybody may knock at, and what they type there."""


@pytest.mark.parametrize("page", DOORS)
def test_s50_a_door_of_the_sign_in_that_is_knocked_at_too_often_is_remembered_once(
    ben: User, page: str, settings: Settings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {
        "login": "3/m/ip", "login_failed": "99/m/ip", "reset_password": "3/m/ip,99/m/key",
        "reset_password_from_key": "3/m/ip", "signup": "3/m/ip",
    }  # fmt: skip
    path, typed = DOORS[page]
    form = {name: value.replace("BEN", ben.email) for name, value in typed.items()}

    told = [Client().post(path, form).status_code for _ in range(9)]

    assert told[3:] == [429] * 6
    [limited] = events(f"limited: {page}")
    knows_who = "BEN" in str(typed)
    assert (limited.user, limited.subject_id) == (None, ben.uuid if knows_who else None)
    assert (limited.clinic_id is not None) == knows_who


def test_s50_whatever_is_typed_at_a_door_that_is_shut_it_is_remembered(db: None, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    told = [
        Client().post(LOGIN, {"login": typed, "password": "x"}).status_code
        for typed in ("a@example.org", "\0nul@example.org", "x" * 5_000, "")
    ]

    assert told == [200, 429, 429, 429]
    assert len(events("limited: account_login")) == 1  # of nobody who is known


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/accounts/reauthenticate/", {"password": "wrong"}),
        ("/accounts/password/change/", {"oldpassword": "x", "password1": "a", "password2": "a"}),
    ],
)
def test_s50_who_is_signed_in_and_shut_out_of_a_door_is_named(
    ben: User, path: str, typed: dict[str, str], settings: Settings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {
        "reauthenticate": "2/m/user", "change_password": "2/m/user", "login_failed": "2/m/key",
    }  # fmt: skip
    client = Client()
    client.force_login(ben)
    for _ in range(4):
        client.post(path, typed)

    shut = AuditEvent.objects.filter(what__startswith="refused: account_", detail__status=429)
    assert {event.user for event in shut} == {ben}
    assert not AuditEvent.objects.filter(what__startswith="limited").exists()


@pytest.mark.parametrize(("hours", "idle_minutes", "why"), [(0, 16, "idle"), (12, 1, "longest")])
def test_s50_a_session_that_ends_by_itself_says_why(
    ben: User, hours: int, idle_minutes: int, why: str
) -> None:
    client = Client()
    client.force_login(ben)
    word = events("signed in")[0].browser
    now = clock.real()
    StaffSession.objects.filter(user=ben).update(
        began_at=now - timedelta(hours=hours, minutes=idle_minutes),
        seen_at=now - timedelta(minutes=idle_minutes),
    )

    assert client.get("/").status_code == 302

    [ended] = events("session ended")
    assert (ended.user, ended.subject_id, ended.detail, ended.browser) == (None, ben.uuid, {"why": why}, word)


def test_s50_a_session_that_nobody_comes_back_to_is_remembered_when_it_is_forgotten(ben: User) -> None:
    Client().force_login(ben)
    later = clock.real() + timedelta(hours=13)

    assert sessions.forget_ended(real=later, now=later) == 1
    assert [event.detail for event in events("session ended")] == [{"why": "idle"}]


def test_s50_who_is_signed_out_by_somebody_is_named_with_who_did_it(ben: User) -> None:
    team = ben.memberships.get().team
    dee = factories.member(team, "Dee Lund", "admin")
    Client().force_login(ben)

    staff.end_membership(team_id=team.uuid, user_id=ben.uuid, by=dee, now=T0)

    [ended] = events("session ended")
    assert (ended.user, ended.subject_id, ended.detail) == (dee, ben.uuid, {"why": "revoked"})
    assert ended.clinic_id == team.clinic_id  # of which he is no more


def test_s50_codes_that_do_not_fit_are_remembered(ben: User) -> None:
    episode = factories.episode(ben.memberships.get().team)
    code = enrolment.issue_code(episode=episode, now=T0)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    for tried in (wrong, "ZZZZ-ZZZZ-ZZZZ"):
        with pytest.raises(CodeInvalid):
            enrolment.redeem(code=tried, device_name="x", platform="web", now=T0)
    for turn in range(2):
        phone = {"device_name": "x", "platform": "web", "now": T0}
        if turn:
            with pytest.raises(enrolment.CodeExpired):
                enrolment.redeem(code=code, **phone)
        else:
            enrolment.redeem(code=code, **phone)

    [wrong_one] = events("gave wrong enrolment code")
    assert (wrong_one.episode, wrong_one.clinic_id) == (episode, episode.clinic_id)
    assert len(events("gave enrolment code that is none")) == 1
    assert len(events("refused enrolment code")) == 1


def test_s50_one_session_that_is_ended_is_named(ben: User) -> None:
    here, there = Client(), Client()
    here.force_login(ben)
    there.force_login(ben)
    word = events("signed in")[1].browser
    row = row_of(there)

    here.post(f"/account/sessions/{row.uuid}/end")

    [ended] = events("session ended")
    assert (ended.user, ended.detail, ended.browser) == (ben, {"why": "revoked"}, word)


def test_s50_setting_up_the_second_factor_is_remembered(ben: User) -> None:
    client = Client()
    client.force_login(ben)
    page = client.get("/account/second-factor").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert secret is not None

    client.post(
        "/account/second-factor", {"code": second_factor.code_at(secret[1].replace(" ", ""), clock.real())}
    )

    [event] = events("set up second factor")
    assert (event.user, event.clinic_id) == (ben, ben.memberships.get().team.clinic_id)


def test_s50_what_is_done_to_a_contact_of_ones_own_is_remembered(ben: User) -> None:
    clinic = ben.memberships.get().team.clinic
    mail = contacts.add_email(user=ben, clinic=clinic, address="ben@home.example", by=ben, now=T0)
    contacts.send_code(contact=mail, by=ben, now=T0)
    contacts.verify(contact=mail, by=ben, now=T0)
    hook, _ = contacts.add_webhook(user=ben, clinic=clinic, url="https://hooks.example.org/x", by=ben, now=T0)
    contacts.change_secret(contact=hook, by=ben, now=T0)

    done = events("added contact", "sent contact code", "verified contact", "changed contact secret")
    assert [(event.what, event.user, event.clinic) for event in done] == [
        (what, ben, clinic)
        for what in (
            "added contact", "sent contact code", "verified contact", "added contact", "changed contact secret",
        )
    ]  # fmt: skip


def test_s50_a_second_factor_that_is_taken_from_somebody_of_two_clinics_is_read_of_in_both(ben: User) -> None:
    """They come back without it, wherever they work."""
    team = ben.memberships.get().team
    dee = factories.member(team, "Dee Lund", "admin")
    other = factories.team(factories.clinic("Harbour Clinic"))
    ben.memberships.create(team=other, role="nurse")

    staff.renew(team_id=team.uuid, user_id=ben.uuid, by=dee, now=T0)

    took = events("took away second factor")
    assert {event.clinic_id for event in took} == {team.clinic_id, other.clinic_id}
    assert {(event.user, event.subject_id) for event in took} == {(dee, ben.uuid)}
