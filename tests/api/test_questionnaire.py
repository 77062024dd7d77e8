import pytest

from recovery.api.bodies import check_in_body
from recovery.clinical import protocol as protocols
from tests.api.conftest import SetClock
from tests.api.phones import Phone

QUESTIONNAIRE = "/api/v1/questionnaire"


def items(phone: Phone) -> dict[str, dict]:
    return {item["id"]: item for page in phone.get(QUESTIONNAIRE).json()["pages"] for item in page["items"]}


def test_every_question_of_the_protocol_is_asked_in_its_words(ana: Phone) -> None:
    questionnaire = protocols.get().questionnaire

    asked = items(ana)

    assert list(asked) == list(questionnaire.items)
    assert len(ana.get(QUESTIONNAIRE).json()["pages"]) == 6
    for link_id, item in questionnaire.items.items():
        assert asked[link_id]["text"] == item.text
        assert tuple(value["code"] for value in asked[link_id]["values"]) == item.codes


@pytest.mark.parametrize(("hours", "asked"), [(71.99, True), (72, False)])
def test_bandage_and_bath_are_not_asked_after_72_hours(
    ana: Phone, set_clock: SetClock, hours: float, asked: bool
) -> None:
    assert items(ana)["bandage"]["not_asked_after_h"] == 72
    set_clock(hours)

    assert ("bandage" in items(ana), "immersion" in items(ana)) == (asked, asked)


def test_a_form_can_be_drawn_from_it(ana: Phone) -> None:
    asked = items(ana)

    assert (asked["pain_now"]["low"], asked["pain_now"]["high"], asked["pain_now"]["required"]) == (
        0,
        10,
        True,
    )
    assert asked["temp"]["ranges"] == [
        {"unit": "C", "low": 34.0, "high": 43.0},
        {"unit": "F", "low": 93.2, "high": 109.4},
    ]
    assert asked["weakness_where"]["show_when"] == {"weakness": ["same", "new_or_worse"]}
    assert asked["free_text"]["max_length"] == 1_000
    assert [value["code"] for value in asked["chest_pain"]["values"] if value["alarm"]] == ["yes"]


def test_the_emergency_screen_goes_with_it(ana: Phone) -> None:
    """An emergency needs no network: the phone carries the condition and the words."""
    told = ana.get(QUESTIONNAIRE).json()

    assert {"cannot_move": "yes"} in told["emergency_screen"]["any"]
    assert told["emergency_action"] == "Call 999 now. Do not drive yourself."
    assert told["emergency_if"][0] == "you cannot move a part of your body"
    assert len(told["emergency_if"]) == len(told["emergency_screen"]["any"])


def test_the_answers_are_read_by_the_same_document(ana: Phone) -> None:
    answers = check_in_body("vk-default/1").model_json_schema()["$defs"]["Answers"]

    assert set(answers["properties"]) == set(items(ana))
