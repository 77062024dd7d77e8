"""Bodies that nobody can read: refused with a stable code, kept as they came, and the patient is told to call.

The marks B1 ... B32 name rows of the table of bad input (docs/api.md)."""

import io
import json
from typing import Any

import pytest

from recovery.models import Assessment, Quarantine
from tests.api.phones import CHECK_INS, Phone, check_in

TEXT = json.dumps(check_in())


def with_answer(text: str) -> bytes:
    """The check-in with `text`, as it stands, as the answer to pain_now."""
    return TEXT.replace('"pain_now": 2', f'"pain_now": {text}').encode()


def with_note(text: str) -> bytes:
    return TEXT.replace('"wants_call": "no"', f'"free_text": {text}').encode()


UNREADABLE: dict[str, tuple[bytes, int, str, str]] = {
    "B1 NaN": (with_answer("NaN"), 400, "not_a_number", "answers.pain_now"),
    "B1 Infinity": (with_answer("-Infinity"), 400, "not_a_number", "answers.pain_now"),
    "B1 1e999": (with_answer("1e999"), 400, "number_too_large", "answers.pain_now"),
    "B2 1e999 deep inside": (with_answer('{"value": [1e999]}'), 400, "number_too_large", "answers.pain_now.value[0]"),
    "B3 NUL": (with_note('"a\\u0000b"'), 400, "nul_character", "answers.free_text"),
    "B3 NUL in a name": (with_note('"a", "b\\u0000": 1'), 400, "nul_character", "answers.b\\x00"),
    "B3 NUL as it is": (with_note('"a\x00b"'), 400, "not_json", ""),
    "B4 lone surrogate": (with_note('"\\ud800"'), 400, "lone_surrogate", "answers.free_text"),
    "B4 lone surrogate in a name": (with_note('"a", "\\udfff": 1'), 400, "lone_surrogate", "answers.\\udfff"),
    "B5 surrogates the wrong way round": (with_note('"\\ude00\\ud83d"'), 400, "lone_surrogate", "answers.free_text"),
    "B6 100,000 levels": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "too_deep", ""),
    # Where exactly is said as long as the reader itself gets that deep, which hangs on how deep it was called.
    "B7 300 levels": (with_answer("[" * 300 + "]" * 300), 400, "too_deep", "answers.pain_now" + "[0]" * 18),
    "B7 900 levels": (with_answer("[" * 900 + "]" * 900), 400, "too_deep", ""),
    "B10 the same key twice": (with_answer('9, "pain_now": 0'), 400, "duplicate_key", "answers.pain_now"),
    "B10 an outer key twice": (TEXT.replace('"status"', '"status": "completed", "status"').encode(), 400,
                               "duplicate_key", "status"),
    "B16 5,000 digits": (with_answer("1" * 5_000), 400, "number_too_large", "answers.pain_now"),
    "B18 empty body": (b"", 400, "empty_body", ""),
    "B18 blanks": (b" \n", 400, "empty_body", ""),
    "B19 list": (b"[]", 400, "not_an_object", ""),
    "B19 null": (b"null", 400, "not_an_object", ""),
    "B19 text": (b'"pain"', 400, "not_an_object", ""),
    "B19 number": (b"7", 400, "not_an_object", ""),
    "B26 more than 256 kB": (with_note('"' + "a" * 256 * 1024 + '"'), 413, "too_large", ""),
    "B30 UTF-16": (TEXT.encode("utf-16"), 400, "not_utf8", "byte 0"),
    "B30 Latin-1": (with_note('"caf\u00e9"').replace(b"\xc3\xa9", b"\xe9"), 400, "not_utf8", ""),
    "B30 byte order mark": (b"\xef\xbb\xbf" + TEXT.encode(), 400, "byte_order_mark", "byte 0"),
    "B30 cut off": (TEXT.encode()[:-20], 400, "not_json", ""),
    "two documents": (TEXT.encode() * 2, 400, "not_json", f"character {len(TEXT)}"),
    "single quotes": (TEXT.replace('"', "'").encode(), 400, "not_json", "character 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused_kept_and_answered_with_a_call(ana: Phone, name: str) -> None:
    raw, status, code, place = UNREADABLE[name]

    answered = ana.post(CHECK_INS, raw)

    problem = answered.json()
    kept = Quarantine.objects.get()
    assert (answered.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answered.headers["Content-Type"] == "application/problem+json"
    assert not place or [error["place"] for error in problem["errors"]] == [place]
    assert (problem["urgency"], problem["lines"][0]["rule"]) == ("same_day", "UNREADABLE")
    assert problem["action"].startswith("Call your care team now on 020 7946 0101.")
    assert (bytes(kept.body), kept.readable, kept.code) == (raw[: 256 * 1024], False, code)
    assert Assessment.objects.get(quarantine=kept).flagged_at is None  # owed to the team


MEDIA_TYPES = {
    "B27 text/plain": "text/plain",
    "B27 none": None,
    "B28 form": "application/x-www-form-urlencoded",
    "B29 another charset": "application/json; charset=utf-7",
    "B29 unknown charset": "application/json;charset=klingon",
    "B31 multipart without boundary": "multipart/form-data",
    "a kind of JSON": "application/fhir+json",
}


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_only_json_in_utf_8_is_taken(ana: Phone, name: str) -> None:
    answered = ana.post(CHECK_INS, check_in(), content_type=MEDIA_TYPES[name])

    assert (answered.status_code, answered.json()["code"]) == (415, "unsupported_media_type")
    assert answered.json()["urgency"] == "same_day"
    assert Quarantine.objects.get().code == "unsupported_media_type"


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"']
)
def test_utf_8_may_be_named(ana: Phone, content_type: str) -> None:
    assert ana.post(CHECK_INS, check_in(), content_type=content_type).status_code == 201


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_nothing_compressed_is_unpacked(ana: Phone, encoding: str) -> None:
    """B32: a small body cannot become a large one."""
    answered = ana.post(CHECK_INS, check_in(), **{"Content-Encoding": encoding})

    assert answered.json()["code"] == "unsupported_media_type"


def test_every_unreadable_place_is_named(ana: Phone) -> None:
    raw = with_answer('NaN, "a\\u0000": 1e999, "temp": 1, "temp": 2')

    problem = ana.post(CHECK_INS, raw).json()

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
    sent: dict[str, Any] = check_in()
    ana.post(CHECK_INS, sent)

    answered = ana.put(f"{CHECK_INS}/{sent['id']}", b"{")

    assert (answered.status_code, answered.json()["urgency"]) == (400, "same_day")
    assert str(Quarantine.objects.get().client_id) == sent["id"]


def test_the_same_unreadable_body_sent_again_is_kept_once(ana: Phone) -> None:
    first, second = ana.post(CHECK_INS, b"{").json(), ana.post(CHECK_INS, b"{").json()

    assert Quarantine.objects.count() == 1
    assert {**first, "request_id": ""} == {**second, "request_id": ""}
