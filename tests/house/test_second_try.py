"""Who gets a second try: a page in somebody else's browser, never a promise of the product (ADR 26)."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.children import ROOT

PROMISES = (
    "auditor",
    "chaos",
    "clinical",
    "escalation",
    "faults",
    "hold",
    "notifications",
    "security",
    "watch",
)

FAILS_THE_FIRST_TIME = """
from pathlib import Path

def test_it():
    tried = Path(__file__).with_suffix(".tried")
    was_tried = tried.exists()
    tried.touch()
    assert was_tried, "the first time it fails"
"""


def _run(place: Path, *options: str) -> str:
    """What pytest says of a file in a folder of this name, set up as for our own tests."""
    place.mkdir()
    (place.parent / "conftest.py").write_text("from tests.conftest import pytest_collection_modifyitems\n")
    (place / "test_that.py").write_text(FAILS_THE_FIRST_TIME)
    of_ours = [
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(place.parent),
        "-n1",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *of_ours, *options, str(place)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    return done.stdout


def test_what_passes_at_the_second_try_is_told_with_what_it_said_at_the_first(tmp_path: Path) -> None:
    told = _run(tmp_path / "demo")

    assert "1 passed, 1 rerun" in told
    assert "the first time it fails" in told


def test_what_kills_and_counts_has_one_try(tmp_path: Path) -> None:
    assert "1 failed" in _run(tmp_path / "faults")


def test_whoever_wants_to_know_forgives_nothing(tmp_path: Path) -> None:
    assert "1 failed" in _run(tmp_path / "demo", "--force-reruns=0")


def test_no_promise_beside_this_test_gets_a_second_try(request: pytest.FixtureRequest) -> None:
    """A red flag that is lost once in a hundred runs is lost."""
    again = [
        item.nodeid
        for item in request.session.items
        if item.get_closest_marker("flaky")
        and not item.get_closest_marker("browser")
        and set(PROMISES) & set(item.path.parent.parts)
    ]

    assert again == []
