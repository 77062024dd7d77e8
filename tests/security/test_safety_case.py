"""The safety case cannot rot: every hazard has controls, every control code and tests, and the page is as written."""

import re

import pytest

from services.children import ROOT
from tests import safety_case

HAZARDS = safety_case.hazards()
CONTROLS = {control["id"]: control for hazard in HAZARDS for control in hazard["controls"]}


def test_every_hazard_of_the_log_is_there_with_its_scores() -> None:
    assert [hazard["id"] for hazard in HAZARDS][:15] == [f"HZ{number}" for number in range(1, 16)]
    for hazard in HAZARDS:
        assert {"id", "hazard", "harm", "before", "after", "controls"} <= hazard.keys()
        assert hazard["controls"], f"{hazard['id']} has no control"
        assert re.fullmatch(r"[A-Z][a-z]+/[A-Z][a-z]+(?: [a-z]+)? [1-5]", hazard["after"])


@pytest.mark.parametrize("control", CONTROLS)
def test_every_control_has_code_and_a_test(control: str) -> None:
    assert (ROOT / CONTROLS[control]["code"]).exists()
    assert safety_case.marked().get(control), f'mark the test that shows it: @pytest.mark.hazard("{control}")'


def test_no_mark_is_of_a_control_that_there_is_none_of() -> None:
    assert set(safety_case.marked()) <= set(CONTROLS)


def test_the_page_is_what_the_marks_say() -> None:
    assert safety_case.PAGE.read_text() == safety_case.page(), "run: make safety-case"
