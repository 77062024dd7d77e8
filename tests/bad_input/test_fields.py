"""Ids, instants and codes: one spelling each, and nothing is taken for what it is nearest to."""

from datetime import timedelta

import pytest

from recovery.clinical import protocol as protocols
from recovery.models import CheckIn
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.bad_input.refused import RED, refused, with_answers
from tests.factories import at


@pytest.mark.parametrize(
    "value",
    [
        5,
        None,
        "",
        "5",
        "{0d2f6a52-7c1e-4c0e-9d39-2b8f2f3a6c11}",
        "0d2f6a527c1e4c0e9d392b8f2f3a6c11",
        "urn:uuid:0d2f6a52-7c1e-4c0e-9d39-2b8f2f3a6c11",
        " 0d2f6a52-7c1e-4c0e-9d39-2b8f2f3a6c11",
        "0d2f6a52-7c1e-4c0e-9d39-2b8f2f3a6c1g",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    ],
)
def test_b21_an_id_has_one_spelling(ana: Phone, value: object) -> None:
    refused(ana, RED | {"id": value}, 422, "invalid", places=["id"])


def test_b21_an_id_in_capitals_is_the_same_id(ana: Phone) -> None:
    sent = check_in()

    ana.post(CHECK_INS, sent | {"id": sent["id"].upper()})

    assert ana.post(CHECK_INS, sent).status_code == 200
    assert ana.get(f"{CHECK_INS}/{sent['id'].upper()}").json()["id"] == sent["id"]


@pytest.mark.hazard("HZ9.1")
@pytest.mark.parametrize("field", ["observed_at", "sent_at"])
@pytest.mark.parametrize("value", ["2026-03-03T09:00:00", "2026-03-03T09:00:00.000"])
def test_b22_an_instant_without_offset(ana: Phone, field: str, value: str) -> None:
    refused(ana, RED | {field: value}, 422, "invalid", places=[field])


@pytest.mark.parametrize("value", ["2026-03-03", "20260303", "2026-03-03T"])
def test_b23_a_date_is_no_instant(ana: Phone, value: str) -> None:
    refused(ana, RED | {"observed_at": value}, 422, "invalid", places=["observed_at"])


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0001-01-01T00:00:00+14:00", "not_an_instant"),
        ("9999-12-31T23:59:59-14:00", "not_an_instant"),
        ("10000-01-01T00:00:00Z", "not_an_instant"),
        ("2026-02-30T00:00:00Z", "not_an_instant"),
        ("2026-06-30T23:59:60Z", "not_an_instant"),  # a leap second, as docs/api.md says
        ("2026-03-03T24:00:00Z", "not_an_instant"),
        ("2026-03-03T09:00:00+25:00", "not_an_instant"),
        ("2026-03-0٣T09:00:00Z", "not_an_instant"),
        ("2026-03-03 09:00:00Z", "not_an_instant"),
        (1772528400, "not_an_instant"),
        (None, "not_an_instant"),
        ("1970-01-01T00:00:00Z", "out_of_range"),
        ("1999-12-31T23:59:59Z", "out_of_range"),
        ("2099-12-31T23:59:59-01:00", "out_of_range"),
    ],
)
def test_b24_an_instant_that_there_is_none_of(ana: Phone, value: object, code: str) -> None:
    """Specification 6.8: refused for its year alone, outside 2000 to 2100."""
    problem = refused(ana, RED | {"observed_at": value}, 422, "invalid", places=["observed_at"])
    assert [error["code"] for error in problem["errors"]] == [code]


@pytest.mark.hazard("HZ9.2")
@pytest.mark.parametrize(
    "felt", ["2000-01-01T00:00:00Z", "2029-03-03T09:00:00.123456789+05:30", "2026-03-02T09:59:59Z"]
)
def test_b25_a_clock_that_is_wrong_is_no_reason_to_refuse(ana: Phone, felt: str) -> None:
    """Specification 6.8: kept as sent, marked, judged at the time it arrived; and no tier is lowered."""
    answered = ana.post(CHECK_INS, RED | {"observed_at": felt})

    assert (answered.status_code, answered.json()["urgency"], answered.json()["hours"]) == (
        201,
        "emergency",
        20.0,
    )
    kept = CheckIn.objects.get()
    assert (kept.clock_suspect, kept.effective_at) == (True, at(20))
    assert kept.observed_at.isoformat()[:16] in {"2000-01-01T00:00", "2029-03-03T03:30", "2026-03-02T09:59"}


@pytest.mark.parametrize(("minutes", "suspect"), [(5, False), (6, True)])
def test_b25_five_minutes_ahead_are_a_clock_like_any_other(ana: Phone, minutes: int, suspect: bool) -> None:
    ana.post(CHECK_INS, check_in() | {"observed_at": (at(20) + timedelta(minutes=minutes)).isoformat()})

    assert CheckIn.objects.get().clock_suspect is suspect


@pytest.mark.parametrize(
    "value", ["Oozing", "OOZING", "oozing ", " oozing", "oozin", "", "gushing", "none\u200b", ["oozing"]]
)
def test_b37_a_code_has_one_spelling(ana: Phone, value: object) -> None:
    refused(ana, with_answers(bleeding=value), 422, "invalid", places=["answers.bleeding"])


@pytest.mark.parametrize("value", ["Completed", "final", ""])
def test_b37_so_has_a_status(ana: Phone, value: str) -> None:
    refused(ana, RED | {"status": value}, 422, "invalid", places=["status"])


@pytest.mark.parametrize("value", ["nurse", "Patient", "caregiver"])
def test_b37_nobody_else_answers_on_a_phone(ana: Phone, value: str) -> None:
    """`nurse` is what the care team's own door writes."""
    refused(ana, RED | {"answered_by": value}, 422, "invalid", places=["answered_by"])


def test_b37_an_unknown_code_in_a_list_spoils_no_other(ana: Phone) -> None:
    problem = refused(ana, with_answers(wound=["redness", "pus_or_discharge", "rash"]), 422, "invalid")
    assert "WOUND-INFECT" in [line["rule"] for line in problem["lines"]]


def test_b37_every_code_of_the_questionnaire_is_taken_as_it_stands(ana: Phone) -> None:
    """No version has retired a code yet: each that the protocol ever had is one of its own."""
    for item in protocols.get().questionnaire.items.values():
        for code in item.codes:
            answer = [code] if item.kind == "choices" else code
            sent = check_in(19, **{item.link_id: answer})
            assert ana.post(CHECK_INS, sent).status_code == 201, (item.link_id, code)
