"""The protocol document: loaded, checked and kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from recovery.clinical.problems import Problem
from recovery.clinical.protocol.loader import ProtocolError, build, load
from recovery.clinical.protocol.model import (
    Article,
    Information,
    Item,
    Page,
    Protocol,
    Questionnaire,
    RiskFactor,
    Rule,
    ServiceAlert,
    Setting,
    Value,
)

PROTOCOLS = Path(__file__).resolve().parent.parent / "protocols"
DEFAULT = "vk-default/1"


@cache
def get(version: str = DEFAULT) -> Protocol:
    """The protocol of a version. Raises KeyError when there is no such document."""
    name, _, number = version.partition("/")
    path = PROTOCOLS / f"{name}-{number}.yaml"
    if path.parent != PROTOCOLS or not path.is_file():
        raise KeyError(version)
    protocol = load(path)
    if protocol.version != version:
        raise ProtocolError([Problem("version", f"is {protocol.version} in the document of {version}")])
    return protocol


def get_or_default(version: str) -> Protocol:
    """The protocol of a version, or the default one where that cannot be had: for what must be said all the same."""
    try:
        return get(version)
    except (KeyError, ProtocolError):
        return get()


def every() -> list[Protocol]:
    """Each protocol that there is a document of."""
    return [get("/".join(path.stem.rsplit("-", 1))) for path in sorted(PROTOCOLS.glob("*.yaml"))]


__all__ = [
    "DEFAULT",
    "PROTOCOLS",
    "Article",
    "Information",
    "Item",
    "Page",
    "Problem",
    "Protocol",
    "ProtocolError",
    "Questionnaire",
    "RiskFactor",
    "Rule",
    "ServiceAlert",
    "Setting",
    "Value",
    "build",
    "every",
    "get",
    "get_or_default",
    "load",
]
