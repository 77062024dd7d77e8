"""The word screen of the free text, sentence by sentence (specification 6.9)."""

from __future__ import annotations

import pytest

from recovery.clinical.protocol import get

SCREEN = get().word_screen


@pytest.mark.hazard("HZ14.1")
@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("I want to die", "self_harm"),
        ("Not suicide", "self_harm"),
        ("SUICIDE", "self_harm"),
        ("suicidal", "plain"),
        ("I can't breathe", "alarm"),
        ("I can’t breathe", "alarm"),
        ("I cant breathe", "plain"),
        ("chest\npain", "alarm"),
        ("chest   \r\n pain", "alarm"),
        ("chest, pain", "plain"),
        ("no chest pain", "plain"),
        ("no\n chest pain", "plain"),
        ("no, chest pain", "alarm"),
        ("no bad chest pain", "alarm"),
        ("no chest pain, then chest pain", "alarm"),
        ("piano chest pain", "alarm"),
        ("without fever", "plain"),
        ("not worse", "plain"),
        ("nothing worse", "worry"),
        ("fever!", "worry"),
        ("(fever)", "worry"),
        ("fever_", "plain"),
        ("fever2", "plain"),
        ("ifever", "plain"),
        ("éfever", "plain"),
        ("numbness", "plain"),
        ("numb, and I passed out", "alarm"),
        ("no fever but bleeding", "worry"),
        ("", "plain"),
    ],
)
def test_text_is_screened(text, level):
    assert SCREEN.level(text) == level


def test_lists_are_those_of_the_specification():
    assert set(SCREEN.self_harm) == {"kill myself", "end my life", "suicide", "want to die"}
    assert len(SCREEN.alarm) == 11
    assert set(SCREEN.worry) == {"bleeding", "fever", "numb", "weak", "pus", "worse", "fell"}


@pytest.mark.hazard("HZ14.1")
def test_every_phrase_of_every_list_is_found():
    for level in ("self_harm", "alarm", "worry"):
        for phrase in getattr(SCREEN, level):
            assert SCREEN.level(f"Hello, {phrase.upper()}.") == level
