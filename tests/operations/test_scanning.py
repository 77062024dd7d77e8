"""The reader without end: as good as the plain one on what is JSON, and never lost on what is none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.scanning import MAX_DEPTH, MOST_STEPS, Flaw, scan

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
BROKEN_OFF = Flaw("not_json", None)


@given(DOCUMENTS, st.sampled_from([None, 1]))
def test_what_is_json_is_read_as_by_the_plain_reader(document: Any, indent: int | None) -> None:
    assert scan(json.dumps([document], indent=indent)) == ([document], True)


@given(st.dictionaries(st.text(), DOCUMENTS, min_size=1, max_size=4), st.data())
def test_of_what_broke_off_nothing_is_read_that_was_not_there(document: dict[str, Any], data: Any) -> None:
    text = json.dumps(document)
    cut = data.draw(st.integers(0, len(text) - 1))

    read, is_whole = scan(text[:cut])

    assert not is_whole
    assert read is None or _is_part(read, document)


@given(st.text(alphabet='{}[],:"\\ntfaN0-1.e \n', max_size=60))
def test_no_text_ends_it(text: str) -> None:
    read, is_whole = scan(text)

    assert read is None or json.dumps(read, default=Flaw.kept)
    assert not is_whole or json.dumps(read, default=Flaw.kept)


def _is_part(read: Any, document: Any) -> bool:
    match read:
        case dict():
            return read.keys() <= document.keys() and all(_is_part(read[key], document[key]) for key in read)
        case list():
            rest = read[:-1] if read[-1:] == [BROKEN_OFF] else read
            return all(map(_is_part, rest, document))
    return bool(read == document)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"a": 1', {}),  # it may have been 10
        ('{"a": 1 ', {"a": 1}),
        ('{"a": [1, 2, 3', {"a": [1, 2, BROKEN_OFF]}),
        ('{"a": 1_0}', {}),
        ('{"a": 1, "a": 2, "b": tru', {"a": Flaw("duplicate_key", [1, 2])}),
        ('{"a": "b"} {"c": "d"}', {"a": "b"}),
        ('{"a": "line\nbreak", "b": "\\q"}', {"a": "line\nbreak"}),
        ("{'a': 1}", {}),
        ("", None),
    ],
)
def test_it_reads_as_far_as_it_is_json(text: str, read: Any) -> None:
    assert scan(text) == (read, False)


@pytest.mark.parametrize("opened", ["[", '{"x":', '[1, "]", '])
@pytest.mark.parametrize("ends", [True, False])
def test_what_is_too_deep_is_left_out_and_its_place_kept(opened: str, ends: bool) -> None:
    closed = "}" if "{" in opened else "]"
    text = f'{{"a": {opened * 50_000}1{closed * 50_000 if ends else ""}, "b": 2}}'

    read, is_whole = scan(text)

    assert is_whole is ends
    assert read.get("b") == (2 if ends else None)
    levels, inner = 1, read["a"]
    while not isinstance(inner, Flaw):
        inner, levels = (
            list(inner.values() if isinstance(inner, dict) else inner)[-2 if BROKEN_OFF in inner else -1],
            levels + 1,
        )
    assert (levels, inner) == (MAX_DEPTH, Flaw("too_deep", None))


def test_it_takes_a_bounded_number_of_steps() -> None:
    read, is_whole = scan("[" + "1," * MOST_STEPS)

    assert not is_whole
    assert len(read) <= MOST_STEPS
