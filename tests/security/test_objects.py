"""Whose rows are whose: what the matrix of tests/test_access_matrix.py does not ask, by generation from its routes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from recovery import models
from recovery.models import CheckIn, Membership
from tests import factories
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.factories import at
from tests.test_access_matrix import BEN, MATRIX, METHODS, ROUTES, Scene, routes
from tests.test_access_matrix import scene_of_its_own as scene

__all__ = ["scene"]

FOR_STAFF = [
    route
    for route, row in MATRIX.items()
    if row["GET"].endswith("404 302") or row["POST"].endswith("404 302")
]
"""What leads to something of a patient's or a team's."""
OBJECT_OF_A_PHONE = "api/v1/check-ins/<client_id:client_id>"


def asked(route: str) -> str:
    return "GET" if MATRIX[route]["GET"].split()[BEN] != "405" else "POST"


def statuses(scene: Scene, caller: str, route: str, *methods: str) -> list[int]:
    return [scene.ask(caller, method, scene.path(route)).status_code for method in methods]


# --- S1, S9: strangers of the same house, and those who have left -----------------------------------------------------


def test_s01_there_is_something_to_try() -> None:
    assert len(FOR_STAFF) > 30


@pytest.mark.hazard("HZ4.5")
@pytest.mark.parametrize("role", ["nurse", "admin"])
def test_s01_another_team_of_the_same_clinic_is_as_strange_as_another_clinic(scene: Scene, role: str) -> None:
    clinic = models.Clinic.objects.get(name="Hillside Spine Clinic")
    scene.callers["fay"] = Client()
    scene.callers["fay"].force_login(factories.member(factories.team(clinic, "Hip team"), "Fay Dunn", role))

    for route in FOR_STAFF:
        if "<" in route:  # what names nobody else leads to one's own
            assert {route: statuses(scene, "fay", route, *METHODS)} == {
                route: statuses(scene, "cleo", route, *METHODS)
            }


def test_s01_an_administrator_sees_the_people_of_her_own_team_only(scene: Scene) -> None:
    clinic = models.Clinic.objects.get(name="Hillside Spine Clinic")
    fay, theirs = Client(), models.User.objects.get(name="Dee Lund").memberships.get().team
    fay.force_login(factories.member(factories.team(clinic, "Hip team"), "Fay Dunn", "admin"))

    own = fay.get("/team")

    assert (own.status_code, "Fay Dunn" in own.content.decode()) == (200, True)
    assert [name for name in ("Ben Okafor", "Dee Lund") if name in own.content.decode()] == []
    assert fay.get(f"/team?team={theirs.uuid}").status_code == 404


def test_s09_who_has_left_the_team_is_a_stranger_at_the_next_request(scene: Scene) -> None:
    """In the session that was open all the while."""
    Membership.objects.filter(user__name="Ben Okafor").update(ended_at=at(20))

    for route in FOR_STAFF:
        if not route.startswith("contacts/"):  # which are one's own
            assert {route: statuses(scene, "ben", route, asked(route))} == {route: [404]}


def test_s09_s13_whose_account_is_closed_is_signed_out_at_the_next_request(scene: Scene) -> None:
    models.User.objects.filter(name="Ben Okafor").update(is_active=False)

    answered = scene.ask("ben", "GET", scene.path("patients/<uuid:episode_id>"))

    assert (answered.status_code, answered.url.partition("?")[0]) == (302, "/accounts/login/")


# --- S2: somebody else's in the body ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "named", ["patient", "patient_id", "episode", "device", "device_id", "clinic", "team", "alert"]
)
def test_s02_a_phone_reports_for_nobody_else_whatever_its_body_names(
    ana: Phone, eve: Phone, named: str
) -> None:
    other = eve.device.episode

    answered = ana.post(CHECK_INS, check_in() | {named: str(other.uuid)})

    assert answered.status_code == 422
    assert not CheckIn.objects.exists()


def test_s02_an_id_of_somebody_elses_report_makes_one_of_ones_own(ana: Phone, eve: Phone) -> None:
    document = check_in()
    assert eve.post(CHECK_INS, document).status_code == 201

    assert ana.post(CHECK_INS, document).status_code == 201

    assert set(CheckIn.objects.values_list("patient_id", flat=True)) == {
        ana.device.patient_id,
        eve.device.patient_id,
    }


# --- S5: nothing that can be counted ----------------------------------------------------------------------------------

UNCOUNTABLE = {"uuid", "client_id", "slug"}


def test_s05_no_address_has_a_number_in_it() -> None:
    kinds = {kind for route in routes() for kind in re.findall(r"<(\w+):", route)}

    assert kinds <= UNCOUNTABLE


@pytest.mark.parametrize("caller", ["ana", "ben"])
def test_s05_no_answer_names_a_row_by_its_number(scene: Scene, caller: str) -> None:
    for route in [route for route, row in MATRIX.items() if "200" in row["GET"]]:
        answered = scene.ask(caller, "GET", scene.path(route))
        if answered.status_code != 200:
            continue
        kind = answered.headers.get("Content-Type", "")
        if "json" in kind and route != "api/v1/schema":
            assert list(numbers_by_name(json.loads(answered.content))) == []
        elif kind.startswith("text/html"):
            page = answered.content.decode()
            assert re.findall(r'(?:href|action|hx-\w+)="[^"#?]*/\d+[/"?]', page) == []
            assert (
                re.findall(
                    r'(?:id|name|value|data-[\w-]*id)="\w*(?:patient|episode|alert|user|device)[-_]?\d+"',
                    page,
                )
                == []
            )


def numbers_by_name(document: Any, name: str = "") -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield from numbers_by_name(value, key)
    elif isinstance(document, list):
        for value in document:
            yield from numbers_by_name(value, name)
    elif type(document) is int and re.fullmatch(r"(.*_)?(id|pk|uuid)", name):
        yield name


# --- S6: columns that are not for the sender --------------------------------------------------------------------------

SENT = set(check_in()) | {"base_revision"}
COLUMNS = sorted(
    {
        name
        for model in (
            models.CheckIn,
            models.Assessment,
            models.Alert,
            models.Episode,
            models.Patient,
            models.DeviceToken,
        )
        for field in model._meta.concrete_fields
        for name in {field.name, field.attname}
    }
    - SENT
)


def test_s06_no_column_is_set_from_outside(ana: Phone) -> None:
    for column in COLUMNS:
        answered = ana.post(CHECK_INS, check_in() | {column: None})

        assert answered.status_code == 422
        assert [error["place"] for error in answered.json()["errors"]] == [column]
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize(
    "column", ["patient", "clinic", "team", "role", "is_staff", "token_hash", "revoked_at"]
)
@pytest.mark.parametrize("inside", ["", "device"])
def test_s06_nor_when_a_phone_signs_on(db: None, column: str, inside: str) -> None:
    body: dict[str, Any] = {"code": "AAAA-AAAA-AAAA", "device": {"name": "Ana's", "platform": "web"}}
    (body[inside] if inside else body)[column] = "1"

    answered = Client().post("/api/v1/enrolments/redeem", body, content_type="application/json")

    assert answered.status_code in {400, 422}
    assert f"{inside}.{column}".strip(".") in answered.content.decode()


# --- S7: no more than is needed ---------------------------------------------------------------------------------------

IDENTIFIERS = ("H0", "1950-04-12", "07700 900123", "07700 900456", "Whitfield, Tom", "ben.", "@example.org")


@pytest.mark.parametrize(
    "path", ["/api/v1/me", "/api/v1/check-ins", "/api/v1/alerts", "/api/v1/questionnaire"]
)
def test_s07_a_phone_learns_neither_identifiers_nor_who_works_there(scene: Scene, path: str) -> None:
    answered = scene.ask("ana", "GET", path)

    assert answered.status_code == 200
    assert [
        found for found in (*IDENTIFIERS, "Okafor", "Dee Lund") if found in answered.content.decode()
    ] == []


# --- S8: other methods, and other doors -------------------------------------------------------------------------------

OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


@pytest.mark.parametrize("header", OVERRIDES)
@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_s08_a_header_does_not_change_the_method(scene: Scene, header: str, method: str) -> None:
    phone = scene.callers["ana"]
    path = scene.path(OBJECT_OF_A_PHONE)

    assert phone.get(path, headers={header: method}).status_code == 200
    assert (
        phone.post(path, b"{}", content_type="application/json", headers={header: method}).status_code == 405
    )
    assert phone.get(f"{path}?_method={method}").status_code == 400
    assert CheckIn.objects.get().withdrawn_at is None


def test_s08_a_token_opens_no_page_of_the_staff(scene: Scene) -> None:
    for route in FOR_STAFF:
        assert {route: set(statuses(scene, "ana", route, "GET", "POST", "PUT", "DELETE"))} == {route: {302}}


# --- S61: what was there before ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v0", "v2", "v1.1", "V1", "", "beta", "internal"])
def test_s61_no_other_version_answers(scene: Scene, version: str) -> None:
    answered = scene.ask("ana", "GET", f"/api/{version}/me")

    assert (answered.status_code, answered.json()["code"]) == (404, "not_found")


def test_s61_all_there_is_of_the_api_is_of_one_version() -> None:
    assert {route.split("/")[1] for route in ROUTES if route.startswith("api/")} == {"v1"}
    assert get_resolver().urlconf_name == "config.urls"
