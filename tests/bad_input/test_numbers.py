"""Numbers that are none, and what only looks like one. A phone sends JSON numbers; nothing else is taken for one."""

from typing import Any

import pytest
from django.db import DataError, IntegrityError, transaction

from recovery.models import CheckIn
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.bad_input.refused import refused, with_answer, with_answers

PAIN = ["answers.pain_now"]


@pytest.mark.parametrize(
    ("literal", "code"),
    [
        ("NaN", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("-Infinity", "not_a_number"),
        ("1e999", "number_too_large"),
        ("-1e999", "number_too_large"),
    ],
)
def test_b01_nan_and_infinity(ana: Phone, literal: str, code: str) -> None:
    refused(ana, with_answer(literal), 400, code, places=PAIN)


@pytest.mark.parametrize("text", ["NaN", "inf", "Infinity", "-inf"])
def test_b01_nan_and_infinity_as_text(ana: Phone, text: str) -> None:
    """Readable, so 422 (design §5)."""
    refused(ana, with_answers(pain_now=text), 422, "invalid", places=PAIN)


@pytest.mark.parametrize("literal", ["1e999", "-1e999", "[1e999]", '{"x": [1e999]}'])
def test_b02_an_infinite_number_inside_a_document(ana: Phone, literal: str) -> None:
    refused(ana, with_answer(f'{{"value": {literal}}}'), 400, "number_too_large")


@pytest.mark.parametrize("answer", [True, False])
def test_b11_true_is_no_pain(ana: Phone, answer: bool) -> None:
    refused(ana, with_answers(pain_now=answer), 422, "invalid", places=PAIN)


def test_b12_true_is_no_temperature(ana: Phone) -> None:
    refused(
        ana, with_answers(temp={"value": True, "unit": "C"}), 422, "invalid", places=["answers.temp.value"]
    )


@pytest.mark.parametrize("text", ["7", " 7 ", "7.0", "", "seven"])
def test_b13_text_is_no_number(ana: Phone, text: str) -> None:
    refused(ana, with_answers(pain_now=text), 422, "invalid", places=PAIN)


def test_b13_seven_may_be_written_as_7_0(ana: Phone) -> None:
    assert ana.post(CHECK_INS, check_in(pain_now=7.0)).status_code == 201

    kept = CheckIn.objects.get().answers["pain_now"]
    assert (kept, type(kept)) == (7, int)


def test_b14_an_underscore_is_no_number(ana: Phone) -> None:
    refused(ana, with_answers(pain_now="1_0"), 422, "invalid", places=PAIN)


def test_b14_an_underscore_is_no_json(ana: Phone) -> None:
    """Where the text breaks, reading ends: what stood before it is judged, and a human being told of the rest."""
    sent = (
        with_answer("1_0")
        .replace(b'"chest_pain": "yes"', b'"x": 0')
        .replace(b'"pain_now"', b'"chest_pain": "yes", "pain_now"')
    )
    refused(ana, sent, 400, "not_json")


@pytest.mark.parametrize("digit", ["٧", "７", "𝟕"])
def test_b15_other_digits_are_no_number(ana: Phone, digit: str) -> None:
    refused(ana, with_answers(pain_now=digit), 422, "invalid", places=PAIN)


@pytest.mark.parametrize("pain", [-1, 11, 2**31, 2**63, -(2**63), 99_999_999_999_999_999_999])
def test_b16_pain_out_of_range(ana: Phone, pain: int) -> None:
    refused(ana, with_answers(pain_now=pain), 422, "invalid", places=PAIN)


def test_b16_pain_of_five_thousand_digits(ana: Phone) -> None:
    refused(ana, with_answer("1" * 5_000), 400, "number_too_large", places=PAIN)


@pytest.mark.parametrize("pain", [-1, 11, 2**31, 2**63])
def test_b16_the_database_would_refuse_it_too(ana: Phone, pain: int) -> None:
    ana.post(CHECK_INS, check_in())

    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        CheckIn.objects.update(answers={"pain_now": pain})


@pytest.mark.parametrize("pain", [7.9, 0.1, -0.5, 10.000001, 1e-300])
def test_b17_a_fraction_is_no_pain(ana: Phone, pain: Any) -> None:
    refused(ana, with_answers(pain_now=pain), 422, "invalid", places=PAIN)
