"""S15: a passkey is a second factor as the app is: after the password, for one challenge, and the last one stays."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connections
from django.test import Client

from recovery import clock, passkeys, second_factor
from recovery.models import AuditEvent, CareTeam, RecoveryCode, User
from tests import factories
from tests.dashboard.scenes import said
from tests.factories import PASSWORD
from tests.security.staff_doors.keys import NEW, Passkey, options_on
from tests.security.staff_doors.people import (
    CODE,
    SECURITY,
    SET_UP,
    SIGN_IN,
    give_code,
    give_password,
    is_in,
    passes,
    with_app,
)
from tests.security.staff_doors.test_second_factor import codes_on, secret_on
from tests.signing_in import shown_code, sign_in

ROLES = ("nurse", "doctor", "coordinator", "admin")
NOTHING = "{}"


def with_key(user: User, **how: Any) -> Passkey:
    """They set it up right after their first password."""
    key = Passkey(**how)
    assert key.add(give_password(user)).status_code == 200
    return key


def remembered(what: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(what=what).order_by("pk"))


def page_of(key: Authenticator) -> str:
    return f"/account/passkeys/{key.data['uuid']}/remove"


@pytest.mark.parametrize("role", ROLES)
def test_s15_each_role_may_have_a_passkey_in_place_of_the_app(team: CareTeam, role: str) -> None:
    user = factories.member(team, "Nia Boateng", role)
    newcomer = give_password(user)

    offered = newcomer.get(SET_UP)
    codes = codes_on(Passkey().add(newcomer, name="Stick"))

    assert f'href="{NEW}"' in offered.content.decode()
    assert is_in(newcomer)
    assert len(set(codes)) == RecoveryCode.objects.filter(user=user).count() == second_factor.CODES
    assert [event.user for event in remembered("added passkey")] == [user]


def test_s15_a_password_and_a_passkey_let_in_and_it_is_remembered(ben: User) -> None:
    key = with_key(ben)

    client = give_password(ben)
    before = is_in(client)
    answer = key.sign_in(client)

    assert (before, answer["Location"], is_in(client)) == (False, "/", True)
    assert [event.user for event in remembered("used passkey")] == [ben]


def test_s15_setting_up_a_passkey_ends_every_session_that_was_opened_without_it(ben: User) -> None:
    elsewhere, client = give_password(ben), give_password(ben)
    before = client.session.session_key

    Passkey().add(client)

    assert is_in(client)
    assert client.session.session_key != before
    assert elsewhere.get(NEW)["Location"].startswith(SIGN_IN)


def test_s15_a_passkey_is_never_the_first_factor(ben: User) -> None:
    key = with_key(ben)

    assert Client().post(CODE, {"credential": NOTHING})["Location"].startswith(SIGN_IN)
    assert Client().get("/accounts/webauthn/login/").status_code == 404
    assert "data-passkey" not in Client().get(SIGN_IN).content.decode()
    assert key.sign_in(give_password(ben))["Location"] == "/"


def test_s15_the_passkey_of_somebody_else_lets_nobody_in(ben: User, team: CareTeam) -> None:
    with_key(ben)
    other = with_key(factories.member(team, "Mia Lund"), name=b"another key......")

    client = give_password(ben)
    refused = other.sign_in(client)

    assert (refused.status_code, is_in(client)) == (200, False)
    assert "was not taken" in said(refused)
    [wrong] = remembered("gave wrong second factor")
    assert (wrong.subject_id, wrong.detail) == (ben.uuid, {"by_what": "passkey"})


def test_s15_who_bears_its_name_without_its_key_is_refused(ben: User) -> None:
    with_key(ben)
    client = give_password(ben)

    assert "was not taken" in said(Passkey(counter=100).sign_in(client))
    assert not is_in(client)


def test_s15_a_signature_given_to_another_service_or_without_a_touch_is_refused(ben: User) -> None:
    key = with_key(ben)
    client, lured = give_password(ben), key.copied()
    lured.host = "testserver.example"

    elsewhere = client.post(CODE, {"credential": lured.signed(options_on(client.get(CODE)))})
    untouched = client.post(CODE, {"credential": key.signed(options_on(client.get(CODE)), touched=False)})

    assert ["was not taken" in said(answer) for answer in (elsewhere, untouched)] == [True, True]
    assert not is_in(client)


def test_s15_a_challenge_counts_once_and_for_the_browser_that_was_asked(ben: User) -> None:
    key = with_key(ben, counter=0)
    first, second = give_password(ben), give_password(ben)
    options = options_on(first.get(CODE))
    second.get(CODE)

    stolen = second.post(CODE, {"credential": key.signed(options)})
    first.post(CODE, {"credential": NOTHING})
    too_late = first.post(CODE, {"credential": key.signed(options)})

    assert ["was not taken" in said(answer) for answer in (stolen, too_late)] == [True, True]
    assert not is_in(first)
    assert not is_in(second)


def test_s15_a_passkey_that_was_copied_is_refused_and_that_is_said_and_remembered(ben: User) -> None:
    key = with_key(ben)
    copy = key.copied()
    key.sign_in(give_password(ben))

    client = give_password(ben)
    refused = copy.sign_in(client)

    assert "somebody may have copied it" in said(refused)
    assert not is_in(client)
    assert [event.detail for event in remembered("gave wrong second factor")] == [
        {"by_what": "copied passkey"}
    ]


@pytest.mark.django_db(transaction=True)
def test_s15_of_twenty_with_the_same_count_at_once_one_is_let_in(ben: User) -> None:
    with_key(ben)
    key = passkeys.of(ben).get()

    def take(_: int) -> bool:
        try:
            return passkeys.counts(key=key, counter=2, now=clock.real())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as many:
        taken = list(many.map(take, range(20)))

    assert sorted(taken) == [False] * 19 + [True]


def test_s15_a_passkey_that_does_not_count_is_taken_again(ben: User) -> None:
    key = with_key(ben, counter=0)

    assert [key.sign_in(give_password(ben))["Location"] for _ in range(2)] == ["/", "/"]


def test_s15_wrong_codes_and_wrong_passkeys_are_counted_together(ben: User) -> None:
    key = with_key(ben)
    with_app(ben)
    client = give_password(ben)

    for _ in range(3):
        client.post(CODE, {"credential": NOTHING})
    for _ in range(2):
        give_code(client, "123")
    by_key, by_code = key.sign_in(client), give_code(client, shown_code())

    assert "Too many" in said(by_key)
    assert "Too many" in said(by_code)
    assert not is_in(client)
    assert len(remembered("locked out of second factor")) == 1


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "no json",
        "null",
        "7",
        "[]",
        NOTHING,
        "[" * 9_000,
        "x" * 20_000,
        json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}),
        json.dumps({"id": "AA", "rawId": "AB", "type": "public-key", "response": "x"}),
        json.dumps(
            {
                "rawId": "AA",
                "response": {
                    "clientDataJSON": "e30",
                    "attestationObject": "oA",
                    "authenticatorData": "AA",
                    "signature": "AA",
                },
            }
        ),
    ],
    ids=range(11),
)
def test_s15_what_is_no_answer_of_a_passkey_is_refused(ben: User, team: CareTeam, sent: str) -> None:
    with_key(ben)
    signing, newcomer = give_password(ben), give_password(factories.member(team, "Mia Lund"))
    signing.get(CODE)
    newcomer.get(NEW)

    at_the_door = signing.post(CODE, {"credential": sent})
    at_the_desk = newcomer.post(NEW, {"credential": sent})

    assert (at_the_door.status_code, at_the_desk.status_code) == (200, 422)
    assert "Press the button again" in said(at_the_desk)
    assert not is_in(signing)
    assert not is_in(newcomer)


def test_s15_a_recovery_code_lets_in_whoever_has_a_passkey_alone(ben: User) -> None:
    codes = codes_on(Passkey().add(give_password(ben)))

    client = give_password(ben)
    wrong = give_code(client, "aaaa-bbbb-cccc")
    right = give_code(client, codes[0])
    again = give_code(give_password(ben), codes[0])

    assert "none of your recovery codes" in said(wrong)
    assert (right["Location"], is_in(client), again.status_code) == ("/", True, 200)


def test_s15_a_passkey_is_added_beside_the_app_after_the_password_again(ben: User) -> None:
    client, key = Client(), Passkey()
    sign_in(client, ben, PASSWORD)
    codes = set(RecoveryCode.objects.filter(user=ben).values_list("code_hash", flat=True))
    passes(client, minutes=6)

    asked = client.get(NEW)
    unasked = client.post(NEW, {"credential": NOTHING})
    went_on = client.post(unasked["Location"], {"password": PASSWORD})
    added = key.add(client, name="Stick in the drawer")

    assert {asked["Location"].split("?")[0], unasked["Location"].split("?")[0]} == {
        "/accounts/reauthenticate/"
    }
    assert "Press the button again" in said(went_on)
    assert added["Location"] == SECURITY
    assert "Stick in the drawer" in said(client.get(SECURITY))
    assert "A passkey was added" in mail.outbox[-1].body
    assert set(RecoveryCode.objects.filter(user=ben).values_list("code_hash", flat=True)) == codes
    assert key.sign_in(give_password(ben))["Location"] == "/"


def test_s15_an_app_is_added_beside_a_passkey_and_the_mail_says_so(ben: User) -> None:
    client = give_password(ben)
    Passkey().add(client)

    secret = secret_on(client.get(SET_UP))
    client.post(SET_UP, {"code": second_factor.code_at(secret, clock.real())})

    assert "An authenticator app was added" in mail.outbox[-1].body
    assert {each.type for each in second_factor.all_of(ben)} == {"totp", "webauthn"}


def test_s15_the_same_passkey_is_not_added_twice_and_there_is_an_end_to_them(ben: User) -> None:
    client = give_password(ben)
    Passkey().add(client)

    again = Passkey().add(client)
    for number in range(2, passkeys.MOST + 1):
        assert Passkey(name=b"key %13d" % number).add(client).status_code == 303
    too_many = Passkey(name=b"one more key.....").add(client)

    assert "one of yours already" in said(again)
    assert f"You have {passkeys.MOST} passkeys" in said(too_many)
    assert passkeys.of(ben).count() == passkeys.MOST


def test_s15_one_passkey_is_not_added_under_two_names(ben: User) -> None:
    client, key = give_password(ben), Passkey()
    key.add(client)
    sent = json.loads(key.made(options_on(client.get(NEW)))) | {"id": "AAAA", "rawId": "AAAA"}

    answer = client.post(NEW, {"credential": json.dumps(sent)})

    assert answer.status_code == 422
    assert passkeys.of(ben).count() == 1


def test_s15_a_password_alone_adds_no_passkey_to_somebody_who_has_a_second_factor(ben: User) -> None:
    early = give_password(ben)
    options = options_on(early.get(NEW))
    with_app(ben)

    answer = early.post(NEW, {"credential": Passkey().made(options)})

    assert answer["Location"] == SIGN_IN
    assert not passkeys.of(ben).exists()
    with pytest.raises(second_factor.SetUpElsewhere):
        passkeys.add(
            user=ben, name="", credential={}, counter=0, with_both=False, keep=None, now=clock.real()
        )


def test_s15_the_only_second_factor_is_not_removed_and_another_may_be(ben: User) -> None:
    client = give_password(ben)
    Passkey().add(client)
    only = passkeys.of(ben).get()

    page, refused = client.get(SECURITY), client.post(page_of(only), follow=True)
    Passkey(name=b"the second key...").add(client)
    removed = client.post(page_of(only), follow=True)

    assert page_of(only) not in page.content.decode()
    assert "This is your only second factor." in said(refused)
    assert "The passkey is removed" in said(removed)
    assert only.pk not in passkeys.of(ben).values_list("pk", flat=True)
    assert "A passkey was removed" in mail.outbox[-1].body
    assert [event.user for event in remembered("removed passkey")] == [ben]


@pytest.mark.django_db(transaction=True)
def test_s15_of_two_passkeys_that_are_removed_at_once_one_stays(ben: User) -> None:
    client = give_password(ben)
    for name in (b"the first key....", b"the second key..."):
        Passkey(name=name).add(client)

    def take_away(key: Authenticator) -> str:
        try:
            passkeys.remove(user=ben, key_id=key.data["uuid"], keep=None, now=clock.real())
        except passkeys.PasskeyRefused:
            return "refused"
        finally:
            connections.close_all()
        return "removed"

    with ThreadPoolExecutor(2) as both:
        done = list(both.map(take_away, passkeys.of(ben)))

    assert sorted(done) == ["refused", "removed"]
    assert passkeys.of(ben).count() == 1


def test_s15_removing_a_passkey_asks_for_the_password_and_ends_all_other_sessions(ben: User) -> None:
    client, other = Client(), Client()
    sign_in(client, ben, PASSWORD)
    Passkey().add(client)
    key = passkeys.of(ben).get()
    other.force_login(ben)
    passes(client, minutes=6)

    asked = client.post(page_of(key))
    client.post(asked["Location"], {"password": PASSWORD})

    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not passkeys.of(ben).exists()
    assert (is_in(client), is_in(other)) == (True, False)


def test_s15_a_passkey_of_somebody_else_is_not_there_to_be_removed(ben: User, team: CareTeam) -> None:
    with_key(factories.member(team, "Mia Lund"))
    client = Client()
    sign_in(client, ben, PASSWORD)

    of_mia = client.post(page_of(Authenticator.objects.get(type="webauthn")))
    of_nobody = client.post(f"/account/passkeys/{uuid4()}/remove")

    assert (of_mia.status_code, of_nobody.status_code) == (404, 404)
    assert Authenticator.objects.filter(type="webauthn").exists()


def test_s15_an_administrator_takes_passkeys_away_with_the_rest(ben: User) -> None:
    with_key(ben)

    second_factor.forget(user=ben)

    assert not second_factor.is_set_up(ben)
    assert give_password(ben).get("/")["Location"] == SET_UP


def test_of_a_passkey_only_what_is_public_is_kept(ben: User) -> None:
    with_key(ben)

    kept = passkeys.of(ben).get().data

    assert set(kept) == {"uuid", "name", "counter", "credential"}
    assert kept["name"] == passkeys.UNNAMED
    assert set(kept["credential"]["response"]) <= {"clientDataJSON", "attestationObject", "transports"}


def test_opened_by_its_number_the_service_offers_no_passkey_and_says_why(ben: User) -> None:
    client = Client(headers={"host": "127.0.0.1:8000"})
    give_password(ben, client)

    page = client.get(NEW)

    assert "opened by its number" in said(page)
    assert "data-passkey" not in page.content.decode()
    assert NEW not in client.get(SET_UP).content.decode()
