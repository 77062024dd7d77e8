"""Characters that cannot be kept, that mislead, or that somebody would like to be obeyed."""

import json
from typing import Any

import pytest
from django.test import Client

from recovery import alerts, clock
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, CheckIn
from tests import factories
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.bad_input.refused import RED, TEXT, refused, with_answers, with_note


@pytest.mark.parametrize("text", ['"a\\u0000b"', '"\\u0000"'])
def test_b03_nul_in_a_document(ana: Phone, text: str) -> None:
    refused(ana, with_note(text), 400, "nul_character", places=["answers.free_text"])


def test_b03_nul_in_a_name(ana: Phone) -> None:
    refused(ana, with_note('"a", "b\\u0000": 1'), 400, "nul_character", places=["answers.b\\x00"])


def test_b03_nul_as_it_is(ana: Phone) -> None:
    """No JSON from there on; the red flag stands before it."""
    refused(ana, with_note('"a\x00b"'), 400, "not_json")


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\udfff x"', '"\\ude00\\ud83d"'])
def test_b04_half_a_character_in_a_document(ana: Phone, text: str) -> None:
    refused(ana, with_note(text), 400, "lone_surrogate", places=["answers.free_text"])


def test_b04_half_a_character_in_a_name(ana: Phone) -> None:
    refused(ana, with_note('"a", "\\udfff": 1'), 400, "lone_surrogate", places=["answers.\\udfff"])


@pytest.mark.parametrize(("text", "code"), [("\\u0000", "nul_character"), ("\\ud800", "lone_surrogate")])
@pytest.mark.parametrize("field", ["app_version", "status", "id"])
def test_b05_the_same_in_a_field(ana: Phone, field: str, text: str, code: str) -> None:
    sent = TEXT.replace(f'"{field}": "', f'"{field}": "{text}')

    refused(ana, sent.encode(), 400, code, places=[field])


KEPT = {
    "emoji": "\U0001f9d1",
    "joined emoji": "\U0001f469\u200d\U0001f9bd",
    "right-to-left override": "a\u202eb",
    "Arabic": "\u0634\u0643\u0631\u0627",
    "combining": "e\u0301 and \u00e9",
    "look-alike": "\u0430bc",
    "flag": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "line breaks": "one\ntwo\r\nthree\u2028four",
    "as long as may be, in code points": "\U0001f9d1" * 1_000,
}


@pytest.mark.parametrize("name", KEPT)
def test_b34_what_is_valid_is_kept_character_by_character(ana: Phone, name: str) -> None:
    sent = check_in(free_text=KEPT[name])

    assert ana.post(CHECK_INS, sent).status_code == 201
    assert CheckIn.objects.get().answers["free_text"] == KEPT[name]
    assert ana.get(f"{CHECK_INS}/{sent['id']}").json()["answers"]["free_text"] == KEPT[name]


def test_b34_length_is_counted_in_code_points(ana: Phone) -> None:
    sent = with_answers(free_text="\U0001f9d1" * 1_001)

    refused(ana, sent, 422, "invalid", places=["answers.free_text"])


def shown(ana: Phone, text: str) -> str:
    """The page of the alert that this note opened, as nurse Ben gets it."""
    ana.post(CHECK_INS, check_in(free_text=text))
    alerts.flag(assessment_id=Assessment.objects.get().pk, by="watch", now=clock.now())
    ben = Client()
    ben.force_login(factories.member(ana.device.episode.team))
    return ben.get(f"/alerts/{Alert.objects.get(rule='TEXT').uuid}").content.decode()


def test_b34_what_turns_the_direction_turns_nothing_beside_it(ana: Phone) -> None:
    """A refused report's text is seen to in tests/browser/test_reports.py."""
    assert "<bdi>\u202e\u2067abc</bdi>" in shown(ana, "\u202e\u2067abc")


def test_b35_a_note_as_long_as_may_be_and_one_more(ana: Phone) -> None:
    """The questionnaire allows 1,000 characters. What is too long is judged all the same: its words can only raise."""
    assert ana.post(CHECK_INS, check_in(free_text="a" * 1_000)).status_code == 201

    sent = check_in(free_text="chest pain " + "a" * 990)
    problem = refused(
        ana, sent, 422, "invalid", places=["answers.free_text"], told="TEXT", tier=Tier.SAME_DAY
    )
    assert [error["code"] for error in problem["errors"]] == ["too_long"]


def test_b35_one_word_of_a_megabyte(ana: Phone) -> None:
    """It comes after the red flag: nothing beyond 256 kB is read."""
    sent = json.dumps(RED | {"note": "a" * 1_000_000}).encode()

    refused(ana, sent, 413, "too_large")


INERT = {
    "SQL": "'); DROP TABLE recovery_checkin; --",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{ settings.SECRET_KEY }}{% debug %} %s ${x}",
    "formula": "=HYPERLINK(0)",
    "log": "line\r\n2026-03-03 ERROR forged \u001b[31m",
}


@pytest.mark.parametrize("name", INERT)
def test_b36_what_wants_to_be_obeyed_is_a_text_like_any_other(
    ana: Phone, settings: Any, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    page = shown(ana, INERT[name])

    assert CheckIn.objects.get().answers["free_text"] == INERT[name]
    assert "<script>alert" not in page
    assert "onerror=alert(1)>" not in page
    assert settings.SECRET_KEY not in page
    assert INERT[name] not in caplog.text
