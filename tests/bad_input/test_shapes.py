"""Bodies of the wrong shape: too deep, twice the same, empty, something else than an object, more than was agreed."""

import json
from typing import Any

import pytest

from recovery.clinical.tiers import Tier
from recovery.models import CheckIn, Quarantine
from tests.api.conftest import SetClock
from tests.api.phones import BATCH, CHECK_INS, Phone, check_in
from tests.bad_input.refused import RED, TEXT, refused, with_answer, with_answers

UNREADABLE = {"told": "UNREADABLE", "tier": Tier.SAME_DAY}
"""What is told of a report in which nothing can be read."""


def nested(levels: int, opened: str = "[") -> str:
    return opened * levels + "1" + ("]" if opened == "[" else "}") * levels


@pytest.mark.parametrize("opened", ["[", '{"x":'])
def test_b06_a_hundred_thousand_levels_in_a_field(ana: Phone, opened: str) -> None:
    """Objects of so many levels fit 256 kB only by fifty thousand."""
    levels = 100_000 if opened == "[" else 40_000

    problem = refused(ana, with_answer(nested(levels, opened)), 400, "too_deep")
    assert problem["errors"][0]["place"].startswith("answers.pain_now")


@pytest.mark.parametrize("opened", ["[", '{"x":'])
def test_b06_a_hundred_thousand_levels_that_do_not_end(ana: Phone, opened: str) -> None:
    refused(ana, (TEXT[:-1] + ', "x": ' + opened * 40_000).encode(), 400, "too_deep")


def test_b06_a_hundred_thousand_levels_and_nothing_else(ana: Phone) -> None:
    refused(ana, nested(100_000).encode(), 400, "not_an_object", **UNREADABLE)


@pytest.mark.parametrize("levels", [19, 20, 300, 900, 990, 1_100])
def test_b07_deeper_than_anybody_needs(ana: Phone, levels: int) -> None:
    """Twenty levels are read, of which body and answers are two."""
    refused(ana, with_answer(nested(levels)), 400, "too_deep", places=["answers.pain_now" + "[0]" * 18])


@pytest.mark.parametrize(
    ("twice", "told"),
    [
        ('"pain_now": 9, "pain_now": 0', "CHEST"),
        ('"pain_now": 0, "pain_now": 9', "CHEST"),
        ('"pain_now": 1, "cannot_move": "no", "cannot_move": "yes"', "CHEST"),
    ],
)
def test_b10_the_same_key_twice(ana: Phone, twice: str, told: str) -> None:
    """A plain reader keeps the last and erases the red flag in the first. Which is meant nobody knows: both count."""
    problem = refused(ana, TEXT.replace('"pain_now": 2', twice).encode(), 400, "duplicate_key", told=told)
    assert ("NEURO-MOVE" in [line["rule"] for line in problem["lines"]]) == ("cannot_move" in twice)


def test_b10_all_answers_twice_the_milder_last(ana: Phone) -> None:
    mild = json.dumps(check_in()["answers"])

    refused(ana, f'{TEXT[:-1]}, "answers": {mild}}}'.encode(), 400, "duplicate_key", places=["answers"])


@pytest.mark.parametrize("body", [b"", b" \n\t"])
def test_b18_nothing_at_all(ana: Phone, body: bytes) -> None:
    refused(ana, body, 400, "empty_body", **UNREADABLE)


def test_b18_an_empty_object(ana: Phone) -> None:
    """Readable, and nothing is in it: no alert, but the patient is not told that all is well."""
    answered = ana.post(CHECK_INS, {})

    assert (answered.status_code, answered.json()["code"], answered.json()["urgency"]) == (
        422,
        "invalid",
        "none",
    )
    assert answered.json()["action"].startswith("We could not take this report as it came.")
    assert Quarantine.objects.count() == 1


@pytest.mark.parametrize("answers", [{}, {"pain_now": None, "chest_pain": None}])
def test_b18_no_answer(ana: Phone, answers: dict[str, Any]) -> None:
    answered = ana.post(CHECK_INS, RED | {"answers": answers})

    assert (answered.status_code, answered.json()["errors"][0]["code"]) == (422, "no_answers")
    assert (CheckIn.objects.count(), Quarantine.objects.count()) == (0, 1)


@pytest.mark.parametrize("body", [b"[]", b"null", b'"pain"', b"7", b"true", b"[{}]"])
def test_b19_something_else_than_an_object(ana: Phone, body: bytes) -> None:
    refused(ana, body, 400, "not_an_object", **UNREADABLE)


@pytest.mark.parametrize(
    "extra",
    [{"mood": "low"}, {"is_staff": True}, {"severity": "none"}, {"received_at": "2026-03-03T09:00:00Z"}, {"patient": 1},
     {"urgency": "none", "tier": 0, "flagged_at": None}],
)  # fmt: skip
def test_b20_an_unknown_field_mutes_nothing(ana: Phone, extra: dict[str, Any]) -> None:
    """An app update that adds a field must not mute a red flag."""
    problem = refused(ana, RED | extra, 422, "invalid", places=list(extra))
    assert {error["code"] for error in problem["errors"]} == {"unknown_field"}


def test_b20_an_unknown_answer_mutes_nothing(ana: Phone) -> None:
    refused(ana, with_answers(severity="none"), 422, "invalid", places=["answers.severity"])


def test_b20_all_unknown_fields_are_listed(ana: Phone) -> None:
    problem = refused(ana, with_answers(severity="none") | {"is_staff": True, "tier": 0}, 422, "invalid")
    assert {error["place"] for error in problem["errors"]} == {"is_staff", "tier", "answers.severity"}


def send(phone: Phone, items: list[Any]) -> Any:
    return phone.post(BATCH, {"check_ins": items})


def test_b42_a_batch_of_none(ana: Phone) -> None:
    """Readable, so 422."""
    answered = send(ana, [])

    assert (answered.status_code, answered.json()["code"]) == (422, "invalid")
    assert Quarantine.objects.count() == 1


@pytest.mark.parametrize("size", [1, 100])
def test_b42_a_batch_of_one_and_of_a_hundred(ana: Phone, set_clock: SetClock, size: int) -> None:
    set_clock(200)

    results = send(ana, [check_in(10 + number) for number in range(size)]).json()["results"]

    assert [result["status"] for result in results] == [201] * size
    assert CheckIn.objects.count() == size


def test_b42_a_batch_of_a_hundred_and_one(ana: Phone, set_clock: SetClock) -> None:
    """The red flag stands in the last one."""
    set_clock(200)
    items = [check_in(190 + number / 100) for number in range(100)] + [RED]

    answered = send(ana, items)

    assert (answered.status_code, answered.json()["code"]) == (413, "too_many")
    assert (answered.json()["urgency"], answered.json()["lines"][0]["rule"]) == ("emergency", "CHEST")
    assert CheckIn.objects.count() == 0
    assert json.loads(bytes(Quarantine.objects.get(client_id=RED["id"]).body)) == RED


def test_b42_twins_in_one_batch(ana: Phone) -> None:
    same, other = check_in(), check_in(chest_pain="yes")

    results = send(ana, [same, same, other | {"id": same["id"]}]).json()["results"]

    assert [result["status"] for result in results] == [201, 200, 422]
    assert (results[2]["body"]["code"], results[2]["body"]["urgency"]) == ("id_conflict", "emergency")
    assert (CheckIn.objects.count(), Quarantine.objects.count()) == (1, 1)
