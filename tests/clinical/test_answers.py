"""The form of the answers: strict where JSON and pydantic are not, and what is left of a refused body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recovery.clinical.answers import answers_model, baseline_model, storable, valid_baseline, valid_part
from recovery.clinical.protocol import get
from tests.clinical.scenes import ALL_CLEAR, BEFORE, judge, report, tiers
from tests.clinical.strategies import ITEMS, answer

PROTOCOL = get()
MODEL = answers_model(PROTOCOL)


def given_answers(**answers: Any) -> dict[str, Any]:
    return MODEL.model_validate(answers).model_dump(exclude_none=True)


def refused(**answers: Any) -> list[tuple[int | str, ...]]:
    with pytest.raises(ValidationError) as refusal:
        MODEL.model_validate(answers)
    return [error["loc"] for error in refusal.value.errors()]


def test_all_clear_is_taken_as_it_is():
    assert given_answers(**ALL_CLEAR) == ALL_CLEAR


def test_nothing_is_required_and_null_is_not_answered():
    assert given_answers() == {}
    assert given_answers(**dict.fromkeys(ALL_CLEAR)) == {}


def test_model_is_built_once():
    assert answers_model(PROTOCOL) is MODEL


@pytest.mark.parametrize("value", [0, 10, 7.0, -0.0, 10.0])
def test_whole_score_is_taken(value):
    score = given_answers(pain_now=value)["pain_now"]
    assert score == value
    assert type(score) is int


@pytest.mark.parametrize(
    "value",
    [True, False, "7", 7.9, -1, 11, 11.0, float("nan"), float("inf"), 10**400, -(10**400), [], {}, "", "seven", b"7"],
    ids=str,
)  # fmt: skip
def test_score_that_is_no_whole_number_from_0_to_10_is_refused(value):
    assert refused(pain_now=value)[0][0] == "pain_now"


@pytest.mark.parametrize("value", ["maybe", "YES", " yes", True, 1, ["yes"], "", "yes\0"])
def test_unknown_code_is_refused(value):
    assert refused(fall=value)


@pytest.mark.parametrize(
    "value", ["redness", ["red"], {"redness": True}, [None], [["redness"]], ["redness"] * 51]
)
def test_list_of_unknown_codes_is_refused(value):
    assert refused(wound=value)


@pytest.mark.parametrize("value", [36.7, 101.2, 37, -5, 5000, 0])
def test_any_finite_temperature_is_taken_because_rules_judge_it(value):
    assert given_answers(temp={"value": value, "unit": "C"})["temp"] == {"value": value, "unit": "C"}


@pytest.mark.parametrize(
    "value",
    [
        {"value": "38.0", "unit": "C"}, {"value": True, "unit": "C"}, {"value": float("nan"), "unit": "C"},
        {"value": float("inf"), "unit": "F"}, {"value": 1e10, "unit": "C"}, {"value": 10**400, "unit": "C"},
        {"value": 38.0, "unit": "K"}, {"value": 38.0, "unit": "c"}, {"value": 38.0}, {"unit": "C"},
        {"value": None, "unit": "C"}, {"value": 38.0, "unit": "C", "site": "ear"}, 38.0, "38.0 C", [38.0, "C"],
    ],
    ids=str,
)  # fmt: skip
def test_temperature_that_is_none_is_refused(value):
    assert refused(temp=value)[0][0] == "temp"


@pytest.mark.parametrize("value", ["a\0b", "\ud800", "ok \udfff", "x" * 1001, 7, ["a"], True], ids=repr)
def test_text_that_cannot_be_kept_is_refused(value):
    assert refused(free_text=value) == [("free_text",)]


def test_text_of_a_thousand_characters_is_taken_whatever_they_are():
    text = "é" * 999 + "\U0001f600"
    assert given_answers(free_text=text) == {"free_text": text}


def test_unknown_field_is_refused():
    assert refused(pain_now=2, paim_now=3) == [("paim_now",)]


def test_baseline_form_has_its_own_codes():
    form = baseline_model(PROTOCOL)
    assert form.model_validate(dict(BEFORE)).model_dump(exclude_none=True) == BEFORE
    with_place = {"weakness": "present", "weakness_where": ["arm"]}
    assert form.model_validate(with_place).model_dump(exclude_none=True) == with_place
    for wrong in ({"weakness": "new_or_worse"}, {"pain_change": "same"}, {"mobility": "flying"}):
        with pytest.raises(ValidationError):
            form.model_validate(wrong)


@given(
    st.fixed_dictionaries(
        {}, optional={link_id: st.one_of(st.none(), answer(i)) for link_id, i in ITEMS.items()}
    )
)
def test_every_valid_answer_is_taken_and_survives_json(answers):
    taken = MODEL.model_validate(json.loads(json.dumps(answers))).model_dump(exclude_none=True)
    assert taken == {key: value for key, value in answers.items() if value is not None}
    assert valid_part(PROTOCOL, answers) == (taken, [])


# What is left of a refused body


def test_valid_answers_of_a_refused_body_are_kept():
    valid, problems = valid_part(
        PROTOCOL, {"pain_now": 11, "cannot_move": "yes", "fall": "often", "mood": "low"}
    )
    assert valid == {"cannot_move": "yes"}
    assert [problem.place for problem in problems] == ["answers.pain_now", "answers.fall", "answers.mood"]
    assert [problem.reason for problem in problems][2] == "is not a question"
    assert all(problem.reason for problem in problems)


@pytest.mark.parametrize("raw", [None, [], "answers", 7, True])
def test_what_is_no_object_has_no_valid_part(raw):
    valid, problems = valid_part(PROTOCOL, raw)
    assert valid == {}
    assert [problem.place for problem in problems] == ["answers"]


def test_known_places_beside_an_unknown_one_still_count():
    valid, problems = valid_part(PROTOCOL, {"numbness": "new_or_worse", "numbness_where": ["saddle", "tail"]})
    assert valid["numbness_where"] == ["saddle"]
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("link_id", "mild"),
    [("numbness_where", "needle_site"), ("weakness_where", "general"), ("pain_where", "needle_site")],
)
def test_unknown_place_never_makes_a_finding_milder(link_id, mild):
    valid, _ = valid_part(PROTOCOL, {link_id: [mild, "tail"]})
    assert valid == {}


def test_text_that_is_too_long_is_still_screened():
    valid, problems = valid_part(PROTOCOL, {"free_text": "x " * 600 + "I want to die"})
    assert len(problems) == 1
    assert tiers(judge(report(30, **valid)))["TEXT"] == "emergency"


def test_text_that_cannot_be_stored_is_repaired_and_screened():
    valid, problems = valid_part(PROTOCOL, {"free_text": "chest pain\0\ud800"})
    assert valid == {"free_text": "chest pain\ufffd\ufffd"}
    assert len(problems) == 1
    assert valid["free_text"].encode()


def test_valid_part_of_a_baseline_uses_its_own_form():
    valid, problems = valid_baseline(PROTOCOL, {"weakness": "present", "bowel": "same"})
    assert valid == {"weakness": "present"}
    assert [problem.place for problem in problems] == ["baseline.bowel"]


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.one_of(st.sampled_from(sorted(ITEMS)), st.text(max_size=5)), anything, max_size=6))
def test_whatever_is_sent_the_valid_part_can_be_judged(raw):
    valid, problems = valid_part(PROTOCOL, raw)
    judge(report(30, **valid))
    told = {storable(key) for key, value in raw.items() if value is not None or key not in ITEMS}
    assert set(valid) | {problem.place.removeprefix("answers.") for problem in problems} == told
    json.dumps(valid).encode()
