"""S12, S13, S16, S17, S23: how long somebody is signed in, where, and what ends it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.core import mail
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import asking, clock, sessions
from recovery.dashboard.sessions import SessionStore
from recovery.models import AuditEvent, CareTeam, DeviceToken, RecoveryCode, StaffSession, User
from tests import factories
from tests.dashboard.conftest import SignIn
from tests.dashboard.scenes import said
from tests.factories import PASSWORD
from tests.security.staff_doors.people import POLL, SECURITY, give_password, is_in, passes
from tests.signing_in import row_of, session_of, sign_in


def test_s16_after_fifteen_minutes_without_a_deed_one_is_signed_out(ben: User, sign_in: SignIn) -> None:
    client, other = sign_in(ben), sign_in(ben)
    passes(client, minutes=14, seconds=50)
    passes(other, minutes=15)

    assert is_in(client)
    assert not is_in(other)
    assert StaffSession.objects.filter(user=ben).count() == 1


def test_s16_a_deed_begins_the_fifteen_minutes_anew(ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)

    for _ in range(3):
        passes(client, minutes=10)
        assert is_in(client)


@pytest.mark.parametrize("address", [POLL, "/rota/on-call", "/api/v1/care/on-call"])
def test_s16_what_an_open_page_asks_for_by_itself_keeps_nobody_signed_in(
    ben: User, sign_in: SignIn, address: str
) -> None:
    client = sign_in(ben)

    for _ in range(2):
        passes(client, minutes=7)
        assert client.get(address).status_code == 200
    passes(client, minutes=2)

    assert client.get(address).status_code in {302, 403}
    assert not is_in(client)


def test_s16_an_open_board_goes_to_the_sign_in_by_itself(ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    passes(client, minutes=16)

    answer = client.get(
        POLL, headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/?show=mine"}
    )

    assert answer["HX-Redirect"] == "/accounts/login/?next=%2F%3Fshow%3Dmine"


def test_s16_after_twelve_hours_of_work_one_signs_in_again(ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    for _ in range(50):
        passes(client, minutes=14, seconds=20)
        assert is_in(client)

    passes(client, minutes=4)

    assert not is_in(client)


def test_s16_the_poll_costs_two_statements_and_writes_nothing(ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    tag = client.get(POLL)["ETag"]
    passes(client, minutes=5)

    with CaptureQueriesContext(connection) as asked:
        answer = client.get(POLL, headers={"If-None-Match": tag})

    assert answer.status_code == 304
    assert len(asked) == 2
    assert not [query for query in asked if "UPDATE" in query["sql"]]


def test_s16_a_deed_is_written_down_at_most_twice_a_minute(ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)

    def writes() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert is_in(client)
        return sum(query["sql"].startswith("UPDATE") for query in asked)

    assert writes() == 0
    passes(client, seconds=31)
    assert [writes(), writes()] == [1, 0]


def test_s17_the_session_gets_a_new_name_at_signing_in_and_is_dead_after_signing_out(ben: User) -> None:
    client = Client()
    client.get("/accounts/login/")
    planted = session_of(ben)
    sessions.end_all(user=ben, now=factories.T0)
    client.cookies["sessionid"] = planted
    give_password(ben, client)
    names = [planted, client.session.session_key]
    client = Client()
    sign_in(client, ben, PASSWORD)
    names.append(client.session.session_key)
    kept = dict(client.cookies)

    client.post("/accounts/logout/")
    thief = Client()
    thief.cookies.load({name: morsel.value for name, morsel in kept.items()})

    assert len(set(names)) == 3
    assert not is_in(thief)


def test_s11_a_copy_of_the_database_has_no_session_in_it_that_opens_anything(ben: User) -> None:
    key = session_of(ben)
    row = StaffSession.objects.get(user=ben)
    thief, owner = Client(), Client()
    thief.cookies["sessionid"], owner.cookies["sessionid"] = row.session_key, key

    assert key not in str(StaffSession.objects.values().get())
    assert [is_in(thief), is_in(owner)] == [False, True]


def test_who_was_signed_in_before_sessions_had_names_still_is(ben: User) -> None:
    key = session_of(ben)
    StaffSession.objects.update(session_key=key, is_whole=False)
    client = Client()
    client.cookies["sessionid"] = key

    with connection.cursor() as cursor:
        cursor.execute(import_module("recovery.migrations.0037_sessions_by_name").BY_NAME)

    assert is_in(client)
    assert row_of(client).is_whole


def test_s11_of_a_session_of_the_release_before_the_audit_has_a_word_and_no_part_of_its_key(
    ben: User,
) -> None:
    key = session_of(ben)
    StaffSession.objects.update(session_key=key)

    sessions.end_all(user=ben, now=factories.T0)

    assert AuditEvent.objects.get(what="session ended").browser == asking.word_for(key)


@pytest.mark.django_db(transaction=True)
def test_s11_asked_without_waiting_the_name_of_a_session_is_no_key_either(ben: User) -> None:
    key = session_of(ben)
    name = asking.name_for(key)

    async def ask() -> tuple[list[dict[str, object]], list[bool], str]:
        found = [await SessionStore(each).aload() for each in (key, name)]
        there = [await SessionStore().aexists(each) for each in (key, name)]
        await (begun := SessionStore()).acreate()
        await SessionStore().adelete(key)
        await sync_to_async(connections.close_all)()
        return found, there, str(begun.session_key)

    with ThreadPoolExecutor(1) as elsewhere:  # a browser that was at work in this thread left its loop in it
        found, there, begun = elsewhere.submit(asyncio.run, ask()).result(timeout=60)

    assert [bool(each) for each in found] == there == [True, False]
    assert StaffSession.objects.get().session_key == asking.name_for(begun)


def test_s17_signed_out_its_row_is_gone(ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    row = row_of(client)

    client.post("/accounts/logout/")

    assert not StaffSession.objects.filter(pk=row.pk).exists()


def test_s12_one_browser_is_signed_out_from_another_and_only_that_one(ben: User, sign_in: SignIn) -> None:
    here, lost, third = sign_in(ben), sign_in(ben), sign_in(ben)
    row = row_of(lost)

    shown = here.get(SECURITY)
    ended = here.post(f"/account/sessions/{row.uuid}/end", follow=True)

    assert str(row.uuid) in shown.content.decode()
    assert "Signed out there." in said(ended)
    assert [is_in(client) for client in (here, lost, third)] == [True, False, True]


def test_s12_everything_else_is_signed_out_by_one_press(ben: User, sign_in: SignIn) -> None:
    here, others = sign_in(ben), [sign_in(ben), sign_in(ben)]

    here.post("/account/sessions/end")

    assert is_in(here)
    assert not any(map(is_in, others))


def test_s12_nobody_signs_a_colleague_out(ben: User, dee: User, sign_in: SignIn) -> None:
    bens, dees = sign_in(ben), sign_in(dee)
    row = StaffSession.objects.get(user=ben)

    dees.post(f"/account/sessions/{row.uuid}/end")
    dees.post("/account/sessions/end")

    assert is_in(bens)
    assert "Ben" not in said(dees.get(SECURITY))


def test_s12_the_key_of_a_session_is_on_no_page(ben: User, sign_in: SignIn) -> None:
    here, other = sign_in(ben), sign_in(ben)

    page = here.get(SECURITY).content.decode()

    assert here.session.session_key not in page
    assert other.session.session_key not in page


def test_s13_a_closed_account_is_out_at_once_everywhere(ben: User, sign_in: SignIn) -> None:
    clients = [sign_in(ben), sign_in(ben)]

    User.objects.filter(pk=ben.pk).update(is_active=False)

    assert not any(map(is_in, clients))
    assert (
        clients[0]
        .get(POLL, headers={"HX-Request": "true"})
        .headers["HX-Redirect"]
        .startswith("/accounts/login/")
    )


def test_s13_a_new_password_signs_out_everywhere_else(ben: User, sign_in: SignIn) -> None:
    here, there = sign_in(ben), sign_in(ben)
    new = "four words never together"

    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert [is_in(here), is_in(there)] == [True, False]
    assert StaffSession.objects.filter(user=ben).count() == 1


def test_s23_whoever_has_typed_nothing_lately_is_asked_again_before_the_change(
    ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    passes(client, minutes=6)

    asked = client.post("/account/recovery-codes")
    wrong = client.post(asked["Location"], {"password": "not it"})
    codes = client.post(asked["Location"], {"password": PASSWORD})

    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert wrong.status_code == 200
    assert "recovery codes" in said(codes)


def test_s23_a_contact_of_ones_own_is_added_only_by_whoever_knows_the_password(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    passes(client, minutes=6)

    answer = client.post("/contacts/add", {"channel": "email", "address": "eve@example.org"})

    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert not ben.contacts.exists()


def test_s23_what_waits_for_the_password_is_sealed(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    passes(client, minutes=6)

    client.post("/contacts/add", {"channel": "email", "address": "the-apricot-jam@example.org"})

    row = StaffSession.objects.get(user=ben)
    assert "the-apricot-jam" in str(row.get_decoded())
    assert DatabaseSessions().decode(row.session_data) == {}


def test_s17_a_session_that_began_before_they_were_sealed_goes_on(ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    row = StaffSession.objects.get(user=ben)
    StaffSession.objects.update(session_data=DatabaseSessions().encode(row.get_decoded()))

    assert is_in(client)


def test_s23_of_two_tabs_that_wait_for_the_password_the_first_is_told_that_nothing_was_done(
    ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    passes(client, minutes=6)
    first = client.post("/account/recovery-codes")
    client.post("/contacts/add", {"channel": "email", "address": "eve@example.org"})

    answer = client.post(first["Location"], {"password": PASSWORD}, follow=True)

    assert answer.status_code == 405
    assert "Nothing was done by this" in said(answer)
    assert not RecoveryCode.objects.filter(user=ben).exists()


def test_s23_who_gives_the_password_too_late_is_told_that_nothing_was_done(
    ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    passes(client, minutes=6)
    asked = client.post("/account/recovery-codes")
    passes(client, minutes=16)

    assert client.post(asked["Location"], {"password": PASSWORD})["Location"].startswith("/accounts/login/")
    again = sign_in(ben).post(asked["Location"], {"password": PASSWORD}, follow=True)

    assert again.status_code == 405
    assert "Nothing was done by this" in said(again)


def test_s50_what_was_refused_after_the_password_is_remembered_of_the_page_that_refused(
    team: CareTeam, dee: User, ana: DeviceToken, sign_in: SignIn
) -> None:
    client = sign_in(dee)
    passes(client, minutes=6)
    asked = client.post(f"/patients/{ana.episode.uuid}/person/hold", {"reason": " "})

    refused = client.post(asked["Location"], {"password": PASSWORD})

    assert refused.status_code == 422
    event = AuditEvent.objects.get(what="refused: person-hold")
    assert (event.user, event.episode_id, event.detail) == (dee, ana.episode_id, {"status": 422})


def test_s23_a_changed_password_is_told_to_its_owner(ben: User, sign_in: SignIn) -> None:
    new = "four words never together"

    sign_in(ben).post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )

    assert [message.to for message in mail.outbox] == [[ben.email]]
    assert "Your password was changed." in mail.outbox[0].body
    assert "Ben" not in mail.outbox[0].body


def test_s23_wrong_passwords_by_the_hundred_lock_no_phone_and_put_nobody_out(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    client, (_, token) = sign_in(ben), factories.phone(ana.episode)

    for _ in range(100):
        Client().post("/accounts/login/", {"login": ben.email, "password": "wrong"})

    phone = Client(headers={"Authorization": f"Bearer {token}"})
    assert phone.get("/api/v1/me").status_code == 200
    assert is_in(client)


def test_sessions_that_are_over_are_forgotten_at_the_next_sign_in(ben: User, sign_in: SignIn) -> None:
    sign_in(ben)
    StaffSession.objects.update(expire_date=clock.real())

    sign_in(ben)

    assert StaffSession.objects.count() == 1
