"""docs/privacy.md is whole: each table has its line, each right its way, each kind that is let go its days."""

import re

import pytest
from django.apps import apps
from django.core.management import get_commands

from recovery.retention import KINDS
from services.children import ROOT
from tests.persons.test_graph import ABOUT_PATIENTS

PAGE = (ROOT / "docs/privacy.md").read_text()
OURS = {model.__name__: model for model in apps.get_app_config("recovery").get_models()}


def part(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def tables_in(title: str) -> set[str]:
    """Named in the first column, or anywhere in a part without a table."""
    text = part(title)
    rows = re.findall(r"^\| (`.+?) \|", text, re.MULTILINE)
    return {name for row in rows or [text] for name in re.findall(r"`([A-Z]\w+)`", row)}


WHOSE = {title: tables_in(title) for title in ("About patients", "About staff", "About nobody")}


@pytest.mark.parametrize("name", OURS)
def test_each_table_has_one_line(name: str) -> None:
    assert [title for title, tables in WHOSE.items() if name in tables] != []
    assert sum(name in tables for tables in WHOSE.values()) == 1


def test_no_line_is_about_a_table_that_is_not_there() -> None:
    assert set.union(*WHOSE.values()) <= set(OURS)


@pytest.mark.parametrize("model", ABOUT_PATIENTS)
def test_what_leads_to_a_patient_stands_among_what_is_about_patients(model: type) -> None:
    of_the_canary = {"Canary"}

    assert model.__name__ in WHOSE["About patients"] | of_the_canary


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_each_kind_that_is_let_go_is_named_with_its_days(kind) -> None:
    days = {7: "seven days"}.get(kind.days, f"{kind.days} days")
    lines = [line for line in re.split(r"\n(?=\|)|;|\.\s|, (?=`)", PAGE) if f"`{kind.name}`" in line]

    assert lines
    assert any(days in line for line in lines)


def test_the_commands_that_it_names_can_be_given() -> None:
    named = set(re.findall(r"manage\.py (\w+)", PAGE))

    assert named >= {"export_person", "retention"}
    assert named <= set(get_commands())
