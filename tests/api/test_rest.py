"""What can be read of a body that is refused: a red flag in it is found whatever stands beside it."""

import gzip
import json
from typing import Any

import pytest

from recovery.models import Assessment, Quarantine
from tests.api.phones import BATCH, CHECK_INS, Phone, check_in

RED = json.dumps(check_in(chest_pain="yes"))


def beside(answer: str) -> bytes:
    """The red flag with `answer`, as it stands, for pain_now."""
    return RED.replace('"pain_now": 2', f'"pain_now": {answer}').encode()


DEEP = "[" * 100_000 + "]" * 100_000

RED_FLAGS: dict[str, tuple[bytes, str]] = {
    "no number": (beside("NaN"), "not_a_number"),
    "too large a number": (beside("1e999"), "number_too_large"),
    "half a character": (beside('"\\ud800"'), "lone_surrogate"),
    "a key twice": (beside('9, "pain_now": 0'), "duplicate_key"),
    "21 levels": (beside("[" * 21 + "]" * 21), "too_deep"),
    "100,000 levels before it": (beside(DEEP), "too_deep"),
    "40,000 objects that do not end": (RED[:-1].encode() + b', "x": ' + b'{"x":' * 40_000, "too_deep"),
    "another encoding": (RED.encode("utf-16"), "not_utf8"),
    "a byte that is no text": (beside('"caf\u00e9"').replace(b"\xc3\xa9", b"\xe9"), "not_utf8"),
    "byte order mark": (b"\xef\xbb\xbf" + RED.encode(), "byte_order_mark"),
    "the end is missing": (RED[: RED.index('"cough"')].encode(), "not_json"),
    "a mistake further on": (RED.replace('"wants_call": "no"', "'wants_call': no").encode(), "not_json"),
    "256 kB of something else": (RED[:-1].encode() + b', "photo": "' + b"a" * 256 * 1024 + b'"}', "too_large"),
    "two documents": (RED.encode() * 2, "not_json"),
}  # fmt: skip


@pytest.mark.hazard("HZ1.4")
@pytest.mark.parametrize("name", RED_FLAGS)
def test_a_red_flag_beside_what_nobody_can_read_is_an_emergency(ana: Phone, name: str) -> None:
    raw, code = RED_FLAGS[name]

    problem = ana.post(CHECK_INS, raw).json()

    assert (problem["code"], problem["urgency"]) == (code, "emergency")
    assert problem["action"] == "Call 999 now. Do not drive yourself."
    assert {line["rule"] for line in problem["lines"]} >= {"CHEST", "UNREADABLE"}
    kept = Quarantine.objects.get()
    assert (bytes(kept.body), kept.readable) == (raw[: 256 * 1024], False)
    assert str(kept.client_id) == json.loads(RED)["id"]
    assert Assessment.objects.filter(quarantine=kept, tier=4, flagged_at=None).exists()


def test_a_body_of_another_kind_is_read_as_json_if_it_is_json(ana: Phone) -> None:
    answered = ana.post(CHECK_INS, RED.encode(), content_type="text/plain")

    assert (answered.status_code, answered.json()["urgency"]) == (415, "emergency")


def test_what_is_compressed_is_not_unpacked(ana: Phone) -> None:
    answered = ana.post(CHECK_INS, gzip.compress(RED.encode()), **{"Content-Encoding": "gzip"})

    assert (answered.status_code, answered.json()["urgency"]) == (415, "same_day")


@pytest.mark.parametrize(
    "twice",
    [
        '"cannot_move": "yes", "cannot_move": "no"',
        '"cannot_move": "no", "cannot_move": "yes"',
        '"pain_now": 3, "pain_now": 4, "cannot_move": "no", "cannot_move": null, "cannot_move": "yes"',
    ],
)
def test_of_an_answer_that_stands_twice_the_worse_counts(ana: Phone, twice: str) -> None:
    raw = json.dumps(check_in()).replace('"cannot_move": "no"', twice)

    problem = ana.post(CHECK_INS, raw.encode()).json()

    assert (problem["code"], problem["urgency"]) == ("duplicate_key", "emergency")
    assert {line["rule"] for line in problem["lines"]} >= {"NEURO-MOVE", "UNREADABLE"}


def test_of_answers_that_stand_twice_both_count(ana: Phone) -> None:
    first, second = check_in(bleeding="oozing")["answers"], check_in(chest_pain="yes")["answers"]
    raw = json.dumps(check_in()).replace(
        '"answers": ', f'"answers": {json.dumps(first)}, "answers": {json.dumps(second)}, "other": '
    )

    lines = ana.post(CHECK_INS, raw.encode()).json()["lines"]

    assert [line["rule"] for line in lines] == ["CHEST", "BLEED-OOZE", "UNREADABLE"]


def test_a_report_too_deep_for_any_reader_spoils_no_other_of_its_batch(ana: Phone) -> None:
    deep = json.dumps(check_in(18, calf="one_leg")).replace('"pain_now": 2', f'"pain_now": {DEEP}')
    raw = f'{{"check_ins": [{json.dumps(check_in(17))}, {deep}, {json.dumps(check_in(19))}]}}'

    results = ana.post(BATCH, raw.encode()).json()["results"]

    assert [result["status"] for result in results] == [201, 400, 201]
    assert results[1]["body"]["errors"][0]["place"].startswith("answers.pain_now[0]")
    assert {line["rule"] for line in results[1]["body"]["lines"]} == {"LEG-CLOT", "UNREADABLE"}


def test_of_a_batch_that_broke_off_each_report_that_came_is_judged(ana: Phone) -> None:
    whole, cut = json.dumps(check_in(18, calf="one_leg")), json.dumps(check_in(19, chest_pain="yes"))
    raw = f'{{"check_ins": [{whole}, {cut[: cut.index(chr(34) + "cough")]}'

    answered = ana.post(BATCH, raw.encode())

    assert (answered.status_code, answered.json()["code"]) == (400, "not_json")
    assert {line["rule"] for line in answered.json()["lines"]} == {"CHEST", "LEG-CLOT", "UNREADABLE"}
    assert [row.readable for row in Quarantine.objects.order_by("pk")] == [False, True, True]


@pytest.mark.parametrize("raw", [b"", b"{", b"[1, 2", b"\x00\x01", b'"text"', b"\xff\xfe"])
def test_where_nothing_can_be_read_the_patient_is_told_to_call(ana: Phone, raw: bytes) -> None:
    problem: dict[str, Any] = ana.post(CHECK_INS, raw).json()

    assert (problem["urgency"], [line["rule"] for line in problem["lines"]]) == ("same_day", ["UNREADABLE"])
