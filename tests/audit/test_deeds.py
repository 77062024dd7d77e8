"""S50: each route on which something can be changed, with a body that changes it, and the event that this leaves. A
route that can be written to and stands in neither table fails."""

import json
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from recovery import alerts
from recovery.models import Alert, AuditEvent, CareTeam, User
from tests import factories
from tests.api.phones import check_in
from tests.dashboard import (
    test_caregivers,
    test_enrol,
    test_enrol_list,
    test_escalation,
    test_identity,
    test_moves,
    test_reminders,
    test_reports,
)
from tests.dashboard.scenes import said
from tests.dashboard.test_care_facts import all_no, shown
from tests.dashboard.test_rota import override, shift
from tests.factories import T0, at
from tests.test_access_matrix import MATRIX, Scene, scene, scene_of_the_module

__all__ = ["scene", "scene_of_the_module"]

Body = dict[str, Any] | Callable[[Scene, Client, str], dict[str, Any]]

REASON = {"reason": "As agreed on the telephone."}


def of_form(**changes: Any) -> Body:
    """What the page shows, but for the changes."""
    return lambda scene, client, path: shown(client, path, **changes)


def by_telephone(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    return shown(client, path, **all_no(client, path))


def ben(scene: Scene) -> User:
    return User.objects.get(name="Ben Okafor")


def the_team(scene: Scene) -> CareTeam:
    return CareTeam.objects.get(uuid=scene.objects["<uuid:team_id>"])


def taken_on(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    colleague = other_nurse(scene)
    alerts.acknowledge(alert_id=Alert.objects.get().uuid, by=colleague, now=at(20))
    page = client.get(path.removesuffix("/take-over")).content.decode()
    return dict(re.findall(r'name="(seen)" value="([^"]*)"', page))


def mine(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    colleague = other_nurse(scene)
    alerts.acknowledge(alert_id=Alert.objects.get().uuid, by=ben(scene), now=at(20))
    return {"to": str(colleague.uuid), "seen": f"acknowledged:{ben(scene).uuid}"}


def other_nurse(scene: Scene) -> User:
    return factories.member(the_team(scene), "Nora Berg")


def paused(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    client.post(path.replace("resume", "pause"), REASON)
    return REASON


def muted(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    client.post(path.rpartition("/mute/")[0] + "/mute", mute_of(scene, client, path))
    return {}


def mute_of(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    return {"until": "2026-03-20", "alert": str(Alert.objects.get().uuid)} | REASON


def invited(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    return {"name": "Nia Boateng", "email": "nia@clinic.example", "role": "nurse"}


def shift_body(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    return shift(the_team(scene), ben(scene), begins="07:00", ends="08:00", level="2")


def override_body(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    return override(ben(scene))


def new_contact(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    return {"channel": "email", "address": "ben@elsewhere.example"}


def enrolled_today(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    return test_enrol.typed(the_team(scene), procedure_on="2026-03-02", consent_on="2026-03-02")


def without_phone(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    return {"patients": [str(factories.episode(the_team(scene), name="Bo Marsh").uuid)]}


def pressed(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    """What the preview of a list would send."""
    row = test_enrol_list.ROW | {"procedure_date": "2026-03-02"}
    preview = test_enrol_list.look(client, test_enrol_list.table(row), the_team(scene))
    return dict(
        re.findall(r'<input type="hidden" name="(team|file)" value="([^"]*)"', preview.content.decode())
    )


def signed_in_elsewhere(scene: Scene, client: Client, path: str) -> dict[str, Any]:
    Client().force_login(ben(scene))
    return {}


DEEDS: dict[str, tuple[str, str, Body, str]] = {
    # The phone's: method, caller, body, event
    "api/v1/check-ins": ("POST", "ana", lambda *_: check_in(20), "sent check-in"),
    "api/v1/check-ins/batch": ("POST", "ana", lambda *_: {"check_ins": [check_in(20)]}, "sent check-in"),
    "api/v1/check-ins/<client_id:client_id>": ("DELETE", "ana", {}, "withdrew check-in"),
    "api/v1/me/device": ("DELETE", "ana", {}, "signed off"),
    "api/v1/me/preferences": (
        "PUT",
        "ana",
        {"channel": "none", "remind_at": "11:00", "repeats": 0, "quiet_from": "21:00", "quiet_until": "08:00"},
        "changed reminders",
    ),
    "api/v1/me/reminders/<client_id:reminder_id>": (
        "PUT", "ana", lambda *_: {"shown_at": T0.isoformat()}, "saw reminder"),
    "api/v1/me/form": ("PUT", "ana", lambda *_: {"opened_at": T0.isoformat()}, "opened form"),
    "api/v1/me/phones/<client_id:device_id>": ("DELETE", "ana", {}, "signed off"),
    "api/v1/me/caregivers": (
        "POST", "ana", {"name": "Ida Holm", "relation": "sister", "scope": "report", "agreed_to": "caregiver/1"},
        "let a caregiver help"),
    "api/v1/me/caregivers/<client_id:caregiver_id>": ("DELETE", "ana", {}, "ended a caregiver"),
    "api/v1/me/caregivers/<client_id:caregiver_id>/code": ("POST", "ana", {}, "issued a caregiver"),
    # One's own account
    "account/recovery-codes": ("POST", "ben", {}, "made recovery codes"),
    "account/sessions/end": ("POST", "ben", signed_in_elsewhere, "session ended"),
    "contacts/add": ("POST", "ben", new_contact, "added contact"),
    "contacts/<uuid:contact_id>/test": ("POST", "ben", {}, "sent contact test"),
    "contacts/<uuid:contact_id>/end": ("POST", "ben", {}, "ended contact"),
    "contacts/tests/<uuid:letter_id>": ("POST", "ben", {}, "answered contact test"),
    # The people of a team
    "team/<uuid:team_id>/invite": ("POST", "dee", invited, "invited"),
    "team/<uuid:team_id>/members/<uuid:user_id>/role": ("POST", "dee", {"role": "doctor"}, "changed role"),
    "team/<uuid:team_id>/members/<uuid:user_id>/end": ("POST", "dee", {}, "ended membership"),
    "team/<uuid:team_id>/members/<uuid:user_id>/renew": ("POST", "dee", {}, "took away second factor"),
    # Rota, escalation, figures
    "rota/<uuid:team_id>/shifts": ("POST", "dee", shift_body, "planned shift"),
    "rota/<uuid:team_id>/shifts/<uuid:shift_id>/remove": ("POST", "dee", {}, "removed shift"),
    "rota/<uuid:team_id>/overrides": ("POST", "dee", override_body, "planned override"),
    "rota/<uuid:team_id>/overrides/<uuid:override_id>/remove": ("POST", "dee", {}, "removed override"),
    "rota/<uuid:team_id>/lead": ("POST", "dee", lambda scene, *_: {"lead": ben(scene).uuid, "was": ""}, "named lead"),
    "rota/<uuid:team_id>/zone": ("POST", "dee", {"zone": "Europe/Lisbon", "was": ""}, "set zone of rota"),
    "figures/<uuid:team_id>/budget": (
        "POST", "dee", {"budget": 12, "was": 30, "first": "2026-02-01", "last": "2026-03-02"}, "changed alert budget"),
    "escalation/<uuid:team_id>": ("POST", "dee", lambda *_: test_escalation.as_typed(), "changed escalation policy"),
    # Patients
    "reports/<uuid:report_id>/judge": (
        "POST", "ben", lambda *_: test_reports.answered(felt_on="2026-03-02", felt_at="20:00"),
        "judged refused report by hand"),
    "reports/<uuid:report_id>/dismiss": (
        "POST", "ben", {"dismissed_as": "spoken", "reason": "She is well."}, "dismissed refused report"),
    "patients/<uuid:episode_id>/check-in": ("POST", "ben", by_telephone, "recorded check-in by phone"),
    "patients/<uuid:episode_id>/baseline": ("POST", "ben", of_form(reason="Asked.", pain_now="7"), "corrected "),
    "patients/<uuid:episode_id>/risk-factors": (
        "POST", "ben", of_form(reason="Asked.", risk_factors=["steroids"]), "corrected "),
    "patients/<uuid:episode_id>/procedure": (
        "POST", "ben", of_form(reason="Asked.", done_at="09:50"), "changed procedure time"),
    "patients/<uuid:episode_id>/note": ("POST", "ben", {"note": "Her son calls at six."}, "wrote note"),
    "patients/<uuid:episode_id>/mute": ("POST", "ben", mute_of, ""),
    "patients/<uuid:episode_id>/mute/<uuid:alert_id>/end": ("POST", "ben", muted, ""),
    "patients/<uuid:episode_id>/caregivers": (
        "POST", "ben", test_caregivers.TOM | {"name": "Ida Holm"}, "let a caregiver"),
    "patients/<uuid:episode_id>/caregivers/<uuid:caregiver_id>/code": ("POST", "ben", {}, "issued a caregiver"),
    "patients/<uuid:episode_id>/caregivers/<uuid:caregiver_id>/scope": (
        "POST", "ben", {"scope": "read"}, "changed a caregiver"),
    "patients/<uuid:episode_id>/caregivers/<uuid:caregiver_id>/end": ("POST", "ben", REASON, "ended a caregiver"),
    "patients/<uuid:episode_id>/pause": ("POST", "ben", REASON, "paused episode"),
    "patients/<uuid:episode_id>/resume": ("POST", "ben", paused, "resumed episode"),
    "patients/<uuid:episode_id>/end": ("POST", "ben", of_form(reason="Well.", stays_open="on"), "ended episode"),
    "patients/<uuid:episode_id>/extend": ("POST", "ben", {"until": "2026-07-31"} | REASON, "extended episode"),
    "patients/<uuid:episode_id>/phones/<uuid:device_id>/revoke": ("POST", "ben", REASON, "revoked phone"),
    "patients/<uuid:episode_id>/contacts": (
        "POST", "ben", of_form(phone="020 7946 0177"), "changed contacts of patient"),
    "patients/<uuid:episode_id>/identity": ("POST", "ben", lambda *_: test_identity.TYPED, "corrected "),
    "patients/<uuid:episode_id>/sheet": ("POST", "ben", {}, "issued enrolment code"),
    "enrol": (
        "POST", "ben", enrolled_today,
        "enrolled patient"),
    "enrol/list/take": ("POST", "ben", pressed, "imported list of patients"),
    "patients/<uuid:episode_id>/reminders": ("POST", "ben", test_reminders.CHOSEN, "changed reminders"),
    "enrol/sheets": (
        "POST", "ben", without_phone,
        "issued enrolment code"),
    # Alerts
    "alerts/<uuid:alert_id>/acknowledge": ("POST", "ben", {}, "alert: acknowledge"),
    "alerts/<uuid:alert_id>/take-over": ("POST", "ben", taken_on, "alert: take over"),
    "alerts/<uuid:alert_id>/ask": ("POST", "ben", mine, "alert: ask"),
    "alerts/<uuid:alert_id>/noise": ("POST", "ben", {"noise": "expected", "seen": "open:"}, "alert: noise"),
    "alerts/<uuid:alert_id>/contact": (
        "POST", "ben", {"reached": "yes", "by_what": "phone", "note": "Well.", "seen": "open:"}, "alert: contact"),
    "alerts/<uuid:alert_id>/note": ("POST", "ben", {"note": "Her son is with her."}, "alert: note"),
    "alerts/<uuid:alert_id>/close": ("POST", "ben", test_moves.CLOSE | {"seen": "open:"}, "alert: close"),
}  # fmt: skip

ELSEWHERE = {
    "account/second-factor": "tests.audit.test_accounts:test_s50_setting_up_the_second_factor_is_remembered",
    "account/passkeys/new": (
        "tests.security.staff_doors.test_passkeys:test_s15_each_role_may_have_a_passkey_in_place_of_the_app"
    ),
    "account/sessions/<uuid:session_id>/end": "tests.audit.test_accounts:test_s50_one_session_that_is_ended_is_named",
}
"""What needs more than one request, and where it is shown."""

OF_A_CONTACT = "tests.audit.test_accounts:test_s50_what_is_done_to_a_contact_of_ones_own_is_remembered"
ELSEWHERE |= dict.fromkeys(
    (f"contacts/<uuid:contact_id>/{what}" for what in ("send-code", "code", "secret")), OF_A_CONTACT
)

CHANGES_NOTHING = {
    "patients": "a search: tests/audit/test_looks.py",
    "enrol/list": "a list is looked at before it is taken: remembered as a look",
}

BY_ALLAUTH = "accounts/"
"""Pages of the sign-in: tests/audit/test_accounts.py."""


def can_be_written(route: str) -> bool:
    return any(
        status not in {"405", "404", "401", "403", "302"}
        for method in ("POST", "PUT", "DELETE")
        for status in MATRIX[route][method].split()
    )


def test_s50_every_route_that_can_be_written_to_is_shown_to_leave_its_event() -> None:
    writable = {route for route in MATRIX if can_be_written(route) and not route.startswith(BY_ALLAUTH)}
    open_to_nobody_known = {"api/v1/enrolments/redeem", "provider/sms/<uuid:key>"}

    assert writable - open_to_nobody_known <= {*DEEDS, *ELSEWHERE, *CHANGES_NOTHING}


@pytest.mark.parametrize("place", ELSEWHERE.values())
def test_what_is_shown_elsewhere_is_there(place: str) -> None:
    module, _, name = place.partition(":")

    assert callable(getattr(import_module(module), name))


@pytest.mark.parametrize("route", DEEDS)
def test_s50_what_is_done_leaves_its_event(scene: Scene, route: str) -> None:
    method, caller, body, what = DEEDS[route]
    client, path = scene.callers.get(caller) or signed_in("Dee Lund"), scene.path(route)
    if "<uuid:user_id>" in route:
        path = scene.path(route, **{"<uuid:user_id>": ben(scene).uuid})
    with transaction.atomic():
        typed = body(scene, client, path) if callable(body) else body
        answered = (
            client.generic(method, path, json.dumps(typed), content_type="application/json")
            if route.startswith("api/")
            else client.post(path, typed)
        )
        left = list(AuditEvent.objects.filter(request_id=answered["X-Request-Id"]))
        transaction.set_rollback(True)

    assert answered.status_code < 400, getattr(
        (answered.context or {}).get("form"), "errors", said(answered)[-1500:]
    )
    assert [event.what for event in left if event.what.startswith(what)] != [], [event.what for event in left]
    assert not [event.what for event in left if event.what.startswith(("looked: ", "changed nothing: "))]
    assert all(event.clinic_id is not None for event in left)
    assert any((event.user_id is None) == (caller == "ana") for event in left)


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(name=name))
    return client
