"""Bodies that can be read but are no check-in as agreed: refused with the place, kept, and judged as far as valid.

The marks B11 ... B37 name rows of the table of bad input (docs/api.md)."""

from typing import Any

import pytest

from recovery.models import CheckIn, Quarantine
from tests.api.phones import CHECK_INS, Phone, check_in

ANSWERS: dict[str, tuple[str, Any]] = {
    "B1 NaN as text": ("pain_now", "NaN"),
    "B11 true as pain": ("pain_now", True),
    "B12 true as a temperature": ("temp", {"value": True, "unit": "C"}),
    "B13 number as text": ("pain_now", "7"),
    "B13 number as text with blanks": ("pain_now", " 7 "),
    "B13 fraction as text": ("pain_now", "7.0"),
    "B14 underscore": ("pain_now", "1_0"),
    "B15 other digits": ("pain_now", "٧"),
    "B16 below": ("pain_now", -1),
    "B16 above": ("pain_now", 11),
    "B16 2^31": ("pain_now", 2**31),
    "B16 2^63": ("pain_now", 2**63),
    "B17 fraction": ("pain_now", 7.9),
    "B34 too long, counted in code points": ("free_text", "\U0001f9d1" * 1_001),
    "B35 a very long word": ("free_text", "a" * 10_000),
    "B37 other case": ("bleeding", "Oozing"),
    "B37 trailing blank": ("bleeding", "oozing "),
    "B37 empty": ("bleeding", ""),
    "B37 unknown code": ("bleeding", "gushing"),
    "list for one code": ("bleeding", ["oozing"]),
    "one code for a list": ("wound", "redness"),
    "unknown code in a list": ("wound", ["redness", "rash"]),
    "text for an object": ("temp", "38.0"),
    "temperature without unit": ("temp", {"value": 38.0}),
    "temperature in Kelvin": ("temp", {"value": 311.0, "unit": "K"}),
    "lower case unit": ("temp", {"value": 38.0, "unit": "c"}),
    "number for a text": ("free_text", 7),
    "B20 unknown question": ("severity", "none"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_is_none_is_refused_and_the_others_are_judged(ana: Phone, name: str) -> None:
    link_id, answer = ANSWERS[name]
    sent = check_in(chest_pain="yes", **{link_id: answer})

    answered = ana.post(CHECK_INS, sent)

    problem = answered.json()
    assert (answered.status_code, problem["code"]) == (422, "invalid")
    assert problem["errors"]
    assert all(error["place"].startswith(f"answers.{link_id}") for error in problem["errors"])
    assert problem["urgency"] == "emergency"
    assert problem["action"] == "Call 999 now. Do not drive yourself."
    assert "CHEST" in {line["rule"] for line in problem["lines"]}
    assert CheckIn.objects.count() == 0
    assert (Quarantine.objects.get().readable, str(Quarantine.objects.get().client_id)) == (True, sent["id"])


FIELDS: dict[str, tuple[str, Any, str]] = {
    "B21 id as a number": ("id", 5, "not_an_id"),
    "B21 id in braces": ("id", "{0d2f6a52-7c1e-4c0e-9d39-2b8f2f3a6c11}", "not_an_id"),
    "B21 id without hyphens": ("id", "0d2f6a527c1e4c0e9d392b8f2f3a6c11", "not_an_id"),
    "B21 id as urn": ("id", "urn:uuid:0d2f6a52-7c1e-4c0e-9d39-2b8f2f3a6c11", "not_an_id"),
    "B21 nil": ("id", "00000000-0000-0000-0000-000000000000", "not_an_id"),
    "B21 max": ("id", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "not_an_id"),
    "B22 without offset": ("observed_at", "2026-03-03T09:00:00", "not_an_instant"),
    "B23 date only": ("observed_at", "2026-03-03", "not_an_instant"),
    "B24 year 1": ("observed_at", "0001-01-01T00:00:00+14:00", "not_an_instant"),
    "B24 year 9999": ("observed_at", "9999-12-31T23:59:59-14:00", "not_an_instant"),
    "B24 year 10000": ("observed_at", "10000-01-01T00:00:00Z", "not_an_instant"),
    "B24 1999": ("observed_at", "1999-12-31T23:59:59Z", "out_of_range"),
    "B24 2100 after all": ("observed_at", "2099-12-31T23:59:59-01:00", "out_of_range"),
    "B24 30 February": ("observed_at", "2026-02-30T00:00:00Z", "not_an_instant"),
    "B24 leap second": ("observed_at", "2026-06-30T23:59:60Z", "not_an_instant"),
    "B24 offset of 25 hours": ("observed_at", "2026-03-03T09:00:00+25:00", "not_an_instant"),
    "B24 seconds since 1970": ("observed_at", 1772528400, "not_an_instant"),
    "a blank for the T": ("observed_at", "2026-03-03 09:00:00Z", "not_an_instant"),
    "other digits in a date": ("observed_at", "2026-03-0٣T09:00:00Z", "not_an_instant"),
    "sent_at without offset": ("sent_at", "2026-03-03T09:00:00", "not_an_instant"),
    "status of another kind": ("status", "final", "unknown_code"),
    "answered by nobody known": ("answered_by", "nurse", "unknown_code"),
    "version as a number": ("app_version", 1.4, "wrong_type"),
    "version too long": ("app_version", "1" * 41, "too_long"),
    "version empty": ("app_version", "", "too_short"),
    "answers as a list": ("answers", [], "wrong_type"),
    "answers null": ("answers", None, "wrong_type"),
    "B18 no answers": ("answers", {}, "no_answers"),
    "B18 nothing but nulls": ("answers", {"pain_now": None, "chest_pain": None}, "no_answers"),
    "B20 is_staff": ("is_staff", True, "unknown_field"),
    "B20 severity": ("severity", "none", "unknown_field"),
    "B20 received_at": ("received_at", "2026-03-03T09:00:00Z", "unknown_field"),
    "B20 patient": ("patient", 1, "unknown_field"),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_does_not_fit_is_named(ana: Phone, name: str) -> None:
    field, value, code = FIELDS[name]

    problem = ana.post(CHECK_INS, check_in() | {field: value}).json()

    assert problem["code"] == "invalid"
    assert [(error["place"], error["code"]) for error in problem["errors"]] == [(field, code)]
    assert CheckIn.objects.count() == 0
    assert Quarantine.objects.count() == 1


@pytest.mark.parametrize("field", check_in())
def test_every_field_is_needed(ana: Phone, field: str) -> None:
    sent = check_in()
    del sent[field]

    problem = ana.post(CHECK_INS, sent).json()

    assert [(error["place"], error["code"]) for error in problem["errors"]] == [(field, "missing")]


def test_all_unknown_fields_are_listed(ana: Phone) -> None:
    sent = check_in(severity="none") | {"is_staff": True, "tier": 0}

    problem = ana.post(CHECK_INS, sent).json()

    assert {error["place"] for error in problem["errors"]} == {"is_staff", "tier", "answers.severity"}


def test_a_refused_report_without_findings_does_not_say_that_nothing_was_found(ana: Phone) -> None:
    problem = ana.post(CHECK_INS, check_in() | {"status": "final"}).json()

    assert problem["urgency"] == "none"
    assert problem["action"] == (
        "We could not take this report as it came. Please do the check-in again, or call 020 7946 0101."
    )


def test_no_value_that_was_sent_is_repeated(ana: Phone) -> None:
    answered = ana.post(
        CHECK_INS, check_in(bleeding="marker-one", free_text=["marker-two"]) | {"status": "marker-three"}
    )

    assert answered.status_code == 422
    assert b"marker" not in answered.content


TAKEN: dict[str, tuple[str, Any, Any]] = {
    "B13 seven as 7.0": ("pain_now", 7.0, 7),
    "B34 emoji with joiner": ("free_text", "\U0001f469\u200d\U0001f9bd", None),
    "B34 right-to-left override": ("free_text", "a\u202eb", None),
    "B34 combining": ("free_text", "e\u0301 and \u00e9", None),
    "B34 look-alike": ("free_text", "\u0430bc", None),
    "B35 as long as may be": ("free_text", "\U0001f9d1" * 1_000, None),
    "B36 SQL": ("free_text", "'); DROP TABLE recovery_checkin; --", None),
    "B36 HTML": ("free_text", "<script>alert(1)</script>", None),
    "B36 template": ("free_text", "{{ settings.SECRET_KEY }} %s ${x}", None),
    "B36 formula": ("free_text", "=HYPERLINK(0)", None),
    "null is not answered": ("pain_change", None, None),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_looks_odd_and_is_valid_is_kept_as_it_is(ana: Phone, name: str) -> None:
    link_id, sent, kept = TAKEN[name]

    answered = ana.post(CHECK_INS, check_in(**{link_id: sent}))

    assert answered.status_code == 201
    stored = CheckIn.objects.get().answers.get(link_id)
    assert stored == (sent if kept is None else kept)
    assert type(stored) is not float


@pytest.mark.parametrize("observed_at", ["2000-01-01T00:00:00Z", "2029-03-03T09:00:00.123456789+05:30"])
def test_no_report_is_refused_for_its_time_alone(ana: Phone, observed_at: str) -> None:
    """B25: a phone with a wrong clock still reports; the report is judged at the time it arrived."""
    sent = check_in() | {"observed_at": observed_at}

    assert ana.post(CHECK_INS, sent).json()["hours"] == 20.0
    assert ana.get(f"{CHECK_INS}/{sent['id']}").json()["clock_suspect"] is True


def test_an_id_in_capitals_is_the_same_id(ana: Phone) -> None:
    sent = check_in()

    ana.post(CHECK_INS, sent | {"id": sent["id"].upper()})

    assert ana.post(CHECK_INS, sent).status_code == 200
    assert ana.get(f"{CHECK_INS}/{sent['id'].upper()}").json()["id"] == sent["id"]
