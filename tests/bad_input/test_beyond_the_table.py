"""What is not as agreed and stands in no row: types, missing fields, broken lines, and what no answer may say."""

import io
from typing import Any

import pytest

from recovery.models import CheckIn, Quarantine
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.bad_input.refused import RED, TEXT, refused, with_answer, with_answers

ANSWERS: dict[str, tuple[str, Any]] = {
    "list for one code": ("bleeding", ["oozing"]),
    "one code for a list": ("wound", "redness"),
    "text for an object": ("temp", "38.0"),
    "number for a text": ("free_text", 7),
    "object for a code": ("bleeding", {"code": "oozing"}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_another_type_spoils_no_other(ana: Phone, name: str) -> None:
    link_id, answer = ANSWERS[name]

    problem = refused(ana, with_answers(**{link_id: answer}), 422, "invalid")
    assert all(error["place"].startswith(f"answers.{link_id}") for error in problem["errors"])


FIELDS: dict[str, tuple[str, Any, str]] = {
    "version as a number": ("app_version", 1.4, "wrong_type"),
    "version too long": ("app_version", "1" * 41, "too_long"),
    "version empty": ("app_version", "", "too_short"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_does_not_fit_is_named(ana: Phone, name: str) -> None:
    field, value, code = FIELDS[name]

    problem = refused(ana, RED | {field: value}, 422, "invalid", places=[field])
    assert [error["code"] for error in problem["errors"]] == [code]


@pytest.mark.parametrize("answers", [[], None, "none", 7])
def test_answers_that_are_no_object_are_named(ana: Phone, answers: Any) -> None:
    problem = ana.post(CHECK_INS, RED | {"answers": answers}).json()

    assert [(error["place"], error["code"]) for error in problem["errors"]] == [("answers", "wrong_type")]
    assert (CheckIn.objects.count(), Quarantine.objects.count()) == (0, 1)


@pytest.mark.parametrize("field", check_in())
def test_every_field_is_needed(ana: Phone, field: str) -> None:
    sent = check_in()
    del sent[field]

    problem = ana.post(CHECK_INS, sent).json()

    assert [(error["place"], error["code"]) for error in problem["errors"]] == [(field, "missing")]
    assert Quarantine.objects.count() == 1


def test_no_value_that_was_sent_is_repeated(ana: Phone) -> None:
    answered = ana.post(
        CHECK_INS, check_in(bleeding="marker-one", free_text=["marker-two"]) | {"status": "marker-three"}
    )

    assert answered.status_code == 422
    assert b"marker" not in answered.content


def test_null_is_not_answered(ana: Phone) -> None:
    ana.post(CHECK_INS, check_in(pain_change=None))

    assert "pain_change" not in CheckIn.objects.get().answers


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"']
)
def test_utf_8_may_be_named(ana: Phone, content_type: str) -> None:
    assert ana.post(CHECK_INS, check_in(), content_type=content_type).status_code == 201


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_nothing_compressed_is_unpacked(ana: Phone, encoding: str) -> None:
    answered = ana.post(CHECK_INS, check_in(), **{"Content-Encoding": encoding})

    assert answered.json()["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "raw", [TEXT.encode() * 2, TEXT.replace('"', "'").encode()], ids=["two", "single quotes"]
)
def test_what_is_nearly_json_is_none(ana: Phone, raw: bytes) -> None:
    problem = ana.post(CHECK_INS, raw).json()

    assert problem["code"] == "not_json"
    assert problem["errors"][0]["place"].startswith("character ")
    assert bytes(Quarantine.objects.get().body) == raw


def test_every_unreadable_place_is_named(ana: Phone) -> None:
    raw = with_answer('NaN, "a\\u0000": 1e999, "temp": 1, "temp": 2')

    problem = refused(ana, raw, 400, "not_a_number")
    assert {(error["place"], error["code"]) for error in problem["errors"]} == {
        ("answers.pain_now", "not_a_number"),
        ("answers.a\\x00", "nul_character"),
        ("answers.a\\x00", "number_too_large"),
        ("answers.temp", "duplicate_key"),
    }


class Reset(io.BytesIO):
    """A body whose reading fails: the other end has gone."""

    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError


@pytest.mark.parametrize("came", [io.BytesIO(TEXT.encode()[:100]), Reset()], ids=["cut off", "reset"])
def test_a_line_that_broke_is_no_alarm(ana: Phone, came: io.BytesIO) -> None:
    """The phone has its report still, and sends it again."""
    cut: dict[str, Any] = {"wsgi.input": came, "CONTENT_LENGTH": str(len(TEXT))}

    answered = ana.client.generic(
        "POST", CHECK_INS, b"{}", content_type="application/json", headers=ana._headers({}), **cut
    )

    assert (answered.status_code, answered.json()["code"]) == (503, "cut_off")
    assert Quarantine.objects.count() == 0


def test_a_correction_that_cannot_be_read_is_kept_with_the_id_in_its_path(ana: Phone) -> None:
    sent = check_in()
    ana.post(CHECK_INS, sent)

    raw = TEXT.replace('"sent_at"', '"sent_at": 1, "sent_at"').encode()
    refused(ana, raw, 400, "duplicate_key", method="put", path=f"{CHECK_INS}/{sent['id']}")
    assert str(Quarantine.objects.get().client_id) == sent["id"]


def test_the_same_unreadable_body_sent_again_is_kept_once(ana: Phone) -> None:
    first, second = ana.post(CHECK_INS, b"{").json(), ana.post(CHECK_INS, b"{").json()

    assert Quarantine.objects.count() == 1
    assert {**first, "request_id": ""} == {**second, "request_id": ""}
