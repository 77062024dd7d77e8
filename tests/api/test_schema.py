import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from recovery.api.examples import CAREGIVER, CORRECTION, PREFERENCES
from recovery.clinical import protocol as protocols
from tests.api.conftest import SetClock
from tests.api.phones import BATCH, CHECK_INS, Phone, check_in

ANNOTATIONS = {"title", "description", "default", "examples", "example", "discriminator", "readOnly"}


def keywords(described: Any) -> Iterator[str]:
    """Of a JSON Schema and of all that are part of it; what a property is called is none."""
    if not isinstance(described, dict):
        return
    yield from described
    for word, inside in described.items():
        if word in {"properties", "patternProperties", "$defs"}:
            parts = list(inside.values())
        elif word in {"anyOf", "allOf", "oneOf", "prefixItems"}:
            parts = inside
        elif word in {"items", "additionalProperties", "not", "if", "then", "else"}:
            parts = [inside]
        else:
            continue
        for part in parts:
            yield from keywords(part)


@pytest.fixture(scope="module")
def schema() -> Any:
    return Client().get("/api/v1/schema").json()


def test_the_description_is_valid_openapi_without_a_warning(schema: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")

    validate(schema)
    assert schema["openapi"].startswith("3.1")


def test_nothing_is_said_in_words_that_no_reader_of_it_knows(schema: Any) -> None:
    """A bound under another name would bind nobody, and no validator would say so."""
    known = set(OAS31Validator.VALIDATORS) | ANNOTATIONS

    assert {word for each in schema["components"]["schemas"].values() for word in keywords(each)} <= known


def test_every_call_of_the_phone_is_described(schema: Any) -> None:
    described = {
        f"{method.upper()} {path}" for path, methods in schema["paths"].items() for method in methods
    }

    assert described == {
        "POST /api/v1/enrolments/redeem",
        "GET /api/v1/me",
        "GET /api/v1/me/looks",
        "DELETE /api/v1/me/device",
        "GET /api/v1/me/preferences",
        "PUT /api/v1/me/preferences",
        "GET /api/v1/me/reminders",
        "PUT /api/v1/me/reminders/{reminder_id}",
        "PUT /api/v1/me/form",
        "GET /api/v1/me/phones",
        "DELETE /api/v1/me/phones/{device_id}",
        "GET /api/v1/me/caregivers",
        "POST /api/v1/me/caregivers",
        "PUT /api/v1/me/caregivers/{caregiver_id}",
        "DELETE /api/v1/me/caregivers/{caregiver_id}",
        "POST /api/v1/me/caregivers/{caregiver_id}/code",
        "GET /api/v1/questionnaire",
        "POST /api/v1/check-ins",
        "GET /api/v1/check-ins",
        "GET /api/v1/check-ins/{client_id}",
        "PUT /api/v1/check-ins/{client_id}",
        "DELETE /api/v1/check-ins/{client_id}",
        "POST /api/v1/check-ins/batch",
        "GET /api/v1/alerts",
        "GET /api/v1/problems/{code}",
    }


def test_the_answers_codes_are_the_protocols(schema: Any) -> None:
    answers = schema["components"]["schemas"]["Answers"]["properties"]

    for link_id, item in protocols.get().questionnaire.items.items():
        text = json.dumps(answers[link_id])
        assert all(f'"{code}"' in text for code in item.codes), link_id


def test_the_example_is_taken_as_it_stands(schema: Any, ana: Phone, set_clock: SetClock) -> None:
    media = schema["paths"]["/api/v1/check-ins"]["post"]["requestBody"]["content"]["application/json"]
    (example,) = media["examples"].values()

    assert ana.post(CHECK_INS, example["value"]).status_code == 201


Fits = Callable[[str, Any], bool]


@pytest.fixture
def fits(schema: Any) -> Fits:
    """Whether a document fits its description: here that is asked, as an app's author would."""

    def asked(name: str, document: Any) -> bool:
        reference = {"$ref": f"#/components/schemas/{name}", "components": schema["components"]}
        return OAS31Validator(reference).is_valid(document)

    return asked


def test_what_is_answered_fits_what_is_described(fits: Fits, ana: Phone) -> None:
    sent = check_in(bleeding="oozing")
    assert fits("CheckInBodyRequest", sent)
    assert not fits("CheckInBodyRequest", check_in(bleeding="Oozing"))
    assert fits("Receipt", ana.post(CHECK_INS, sent).json())
    assert fits("CheckInPage", ana.get(CHECK_INS).json())
    assert fits("Me", ana.get("/api/v1/me").json())
    assert fits("Questionnaire", ana.get("/api/v1/questionnaire").json())
    assert fits("AlertList", ana.get("/api/v1/alerts").json())
    assert fits("ProblemDocument", ana.post(CHECK_INS, {}).json())


@pytest.mark.parametrize(
    ("named", "unfit"),
    [
        ("an id that is nobody's", {"id": "00000000-0000-0000-0000-000000000000"}),
        ("an instant that is no date", {"observed_at": "2026-02-30T09:00:00"}),
        ("an instant of another century", {"observed_at": "1999-12-30T09:00:00Z"}),
        ("a text with U+0000", {"app_version": "test\0"}),
        ("not one answer", {"answers": {}}),
        ("no number at all of degrees", {"answers": {"temp": {"value": 1e7, "unit": "C"}}}),
    ],
)
def test_what_is_refused_does_not_fit_what_is_described_either(
    fits: Fits, ana: Phone, named: str, unfit: dict[str, Any]
) -> None:
    sent = check_in() | unfit

    assert not fits("CheckInBodyRequest", sent)
    assert ana.post(CHECK_INS, sent).status_code in {400, 422}


@pytest.mark.parametrize(
    ("unfit", "is_taken"),
    [
        ({}, True),
        ({"name": " Tom\tWhitfield\n", "phone": "+44 (20) 7946-0101 ext. 2", "relation": ""}, True),
        ({"phone": "1 x2345"}, True),
        ({"phone": " "}, True),
        ({"name": "=Tom"}, False),
        ({"name": "12"}, False),
        ({"name": "Tom\u202e"}, False),
        ({"relation": "son\u0007"}, False),
        ({"phone": "1234"}, False),
        ({"phone": " x12345"}, False),
        ({"phone": "call me"}, False),
        ({"agreed_to": "caregiver/0"}, False),
    ],
)
def test_a_caregiver_is_taken_if_and_only_if_they_fit_what_is_described(
    fits: Fits, ana: Phone, unfit: dict[str, Any], is_taken: bool
) -> None:
    sent = CAREGIVER | unfit

    assert fits("CaregiverBodyRequest", sent) is is_taken
    assert ana.post("/api/v1/me/caregivers", sent).status_code == (201 if is_taken else 422)


@pytest.mark.parametrize(
    ("document", "unfit"),
    [
        ("PreferencesBodyRequest", PREFERENCES | {"repeats": 3}),
        ("PreferencesBodyRequest", PREFERENCES | {"repeats": -1}),
        ("CorrectionBodyRequest", CORRECTION | {"base_revision": 0}),
        ("CorrectionBodyRequest", CORRECTION | {"base_revision": 32_001}),
    ],
)
def test_what_is_out_of_its_bounds_does_not_fit_either(
    fits: Fits, document: str, unfit: dict[str, Any]
) -> None:
    assert fits(document, PREFERENCES if "repeats" in unfit else CORRECTION)
    assert not fits(document, unfit)


def test_a_batch_may_hold_what_is_no_check_in_as_described(fits: Fits, ana: Phone) -> None:
    sent = {"check_ins": [check_in(), "no check-in", {"id": 5}]}

    answered = ana.post(BATCH, sent)

    assert fits("BatchBodyRequest", sent)
    assert [result["status"] for result in answered.json()["results"]] == [201, 400, 422]
    assert fits("BatchResults", answered.json())


def test_what_was_sent_leads_to_reading_correcting_and_withdrawing_it(schema: Any) -> None:
    submit = schema["paths"]["/api/v1/check-ins"]["post"]["responses"]

    for status in ("200", "201"):
        assert set(submit[status]["links"]) == {"get_check_in", "correct_check_in", "withdraw_check_in"}
        assert {str(link["parameters"]) for link in submit[status]["links"].values()} == {
            "{'client_id': '$response.body#/id'}"
        }
    assert "links" not in submit["422"]


def test_every_described_answer_can_be_named_when_one_asks_about_it(schema: Any) -> None:
    answers = [
        response
        for path in schema["paths"].values()
        for operation in path.values()
        for response in operation["responses"].values()
    ]

    assert all("X-Request-Id" in response["headers"] for response in answers)


def test_the_page_runs_under_a_policy_without_inline_scripts(db: None) -> None:
    page = Client().get("/api/v1/docs")

    text = page.content.decode()
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", text) == []
    for source in re.findall(r'(?:src|href)="(/static/[^"]+)"', text):
        served = Client().get(source)
        assert served.status_code == 200, source
        served.close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_shows_the_calls_in_a_browser(live_server: Any, page: Any) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    page.goto(f"{live_server.url}/api/v1/docs")

    page.get_by_text("Send a check-in and be told what to do").first.wait_for()
    assert [text for text in complaints if "Content Security Policy" in text] == []
