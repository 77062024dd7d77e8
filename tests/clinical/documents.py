"""The signed document as plain data, to be spoiled or changed in one place."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

from recovery.clinical.protocol import PROTOCOLS, Problem, Protocol, ProtocolError, build
from recovery.clinical.protocol.document import read_yaml

PATH = PROTOCOLS / "vk-default-1.yaml"


@cache
def _original() -> dict[str, Any]:
    problems: list[Problem] = []
    raw = read_yaml(PATH.read_text(encoding="utf-8"), problems)
    assert not problems
    assert isinstance(raw, dict)
    return raw


def document() -> dict[str, Any]:
    return deepcopy(_original())


def rule(raw: dict[str, Any], rule_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in raw["rules"] if entry["id"] == rule_id)
    return found


def with_settings(**values: float | str) -> Protocol:
    raw = document()
    for name, value in values.items():
        raw["settings"][name]["value"] = value
    return build(raw)


def problems_of(raw: Any) -> list[str]:
    """What the loader says of a document; empty when it takes it."""
    try:
        build(raw)
    except ProtocolError as error:
        return [str(problem) for problem in error.problems]
    return []
