"""Keys: what lies sealed in the database, and that a change of SECRET_KEY loses none of it."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from recovery import clock, contacts, sealing
from recovery.management.commands.reseal import sealed_columns
from recovery.models import Contact, Quarantine, User
from recovery.models.sealed import LOST
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.faults.scene import Scene
from tests.system import System

MARKER = "marker-in-my-own-words"
REFUSED = check_in(free_text=MARKER) | {"mood": "low"}


def stored() -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM recovery_quarantine")
        [(body,)] = cursor.fetchall()
    return bytes(body)


def test_s48_a_refused_body_cannot_be_read_in_a_copy_of_the_database(ana: Phone) -> None:
    ana.post(CHECK_INS, REFUSED)

    assert MARKER.encode() not in stored()
    assert MARKER in Quarantine.objects.get().body.decode()


def test_s48_the_same_body_is_sealed_differently_each_time(ana: Phone, eve: Phone) -> None:
    for phone in (ana, eve):
        phone.post(CHECK_INS, REFUSED)

    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT body FROM recovery_quarantine")
        assert len(cursor.fetchall()) == 2


def test_s48_what_was_stored_before_there_were_seals_is_read_as_it_stands(ana: Phone) -> None:
    ana.post(CHECK_INS, REFUSED)
    assert Quarantine._meta.get_field("body").from_db_value(b"{", None, connection) == b"{"


def test_s48_a_body_of_a_lost_key_says_so_and_breaks_no_page(ana: Phone, settings: Settings) -> None:
    ana.post(CHECK_INS, REFUSED)

    settings.SECRET_KEY = "another key, and the one before it is lost"

    assert Quarantine.objects.get().body == LOST


def test_s48_every_column_that_is_sealed_is_sealed_anew() -> None:
    assert {(column.table, column.name) for column in sealed_columns()} >= {
        ("recovery_quarantine", "body"),
        ("recovery_contact", "sealed_secrets"),
        ("recovery_letter", "sealed_address"),
        ("recovery_letter", "sealed_code"),
        ("recovery_preferences", "sealed_address"),
        ("recovery_canary", "sealed_token"),
    }


@pytest.mark.slow
def test_s48_a_change_of_the_key_loses_nothing(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """As docs/security.md says: the old key beside the new one, everything sealed anew, the old key away."""
    first, second = configured.SECRET_KEY, "the second key of this service, long enough for anybody"
    with django_db_blocker.unblock(), System(SECRET_KEY=first) as system:
        system.start("web")
        scene = Scene.of(system)
        secret = webhook_of(scene)
        assert post(scene, REFUSED) == 422

        system.env |= {"SECRET_KEY": second, "SECRET_KEY_FALLBACKS": first}
        system.restart("web")
        assert MARKER in page_of_the_refused_report(scene)
        assert post(scene, check_in(free_text=MARKER) | {"mood": "worse"}) == 422
        said = system.manage("reseal")
        assert "recovery_quarantine.body: 2 sealed anew, 0 under" in said
        assert "recovery_contact.sealed_secrets: 1 sealed anew, 0 under" in said
        system.manage("reseal")  # once more changes nothing

        system.env |= {"SECRET_KEY": second, "SECRET_KEY_FALLBACKS": ""}
        system.restart("web")
        with system.django(), override_settings(SECRET_KEY=second, SECRET_KEY_FALLBACKS=[]):
            bodies = [row.body for row in Quarantine.objects.all()]
            secrets = sealing.unseal(Contact.objects.get(channel="webhook").sealed_secrets)
        assert [json.loads(body)["answers"]["free_text"] for body in bodies] == [MARKER, MARKER]
        assert secrets == secret
        assert post(scene, check_in()) == 201  # a phone's token hangs on no key


def webhook_of(scene: Scene) -> str:
    with scene.system.django():
        user = User.objects.get(email=scene.emails[0])
        clinic = user.memberships.get().team.clinic
        _, secret = contacts.add_webhook(
            user=user, clinic=clinic, url="https://hooks.example.org/", now=clock.now()
        )
    return secret


def post(scene: Scene, document: dict[str, Any]) -> int:
    return opened(
        scene,
        CHECK_INS,
        {"Authorization": f"Bearer {scene.tokens[0]}", "Content-Type": "application/json"},
        json.dumps(document).encode(),
    )[0]


def page_of_the_refused_report(scene: Scene) -> str:
    """As a nurse reads it who signed in before the key was changed."""
    [(report,)] = scene.system.rows("SELECT uuid FROM recovery_quarantine")
    cookie = f"{configured.SESSION_COOKIE_NAME}={scene.patients[0].team[0].session}"
    status, page = opened(scene, f"/reports/{report}", {"Cookie": cookie})
    assert status == 200
    return page


def opened(scene: Scene, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, str]:
    asked = urllib.request.Request(scene.system.url + path, data=body, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()
