"""What the conditions of a document may talk about: its questions and risk factors, and the derived facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recovery.clinical.conditions import Node, Subject, leaves_of
from recovery.clinical.facts import CHECK_IN_FACTS, Choice, Degrees, Fact, Flag, Kind, Number, Several
from recovery.clinical.protocol.model import Item, RiskFactor


def facts_used(nodes: Sequence[Node]) -> tuple[Fact, ...]:
    """The facts that these conditions ask for; no others need to be computed."""
    names = {test.subject.name for node in nodes for test in leaves_of(node) if test.subject.source == "fact"}
    return tuple(fact for name, fact in CHECK_IN_FACTS.items() if name in names)


def subjects_of_facts(facts: Mapping[str, Fact]) -> dict[str, Subject]:
    return {f.name: Subject("fact", f.name, f.kind, f.words, always=f.always) for f in facts.values()}


def subject_of_item(item: Item) -> Subject | None:
    kinds: dict[str, Kind] = {
        "choice": Choice(item.codes),
        "choices": Several(item.codes),
        "integer": Number(item.low, item.high),
        "temperature": Degrees(),
    }
    if item.kind not in kinds:
        return None
    labels = {value.code: value.label.lower() for value in item.values}
    return Subject("answer", item.link_id, kinds[item.kind], item.short.lower(), labels)


def subjects_of_risks(risks: Mapping[str, RiskFactor]) -> dict[str, Subject]:
    return {risk.id: Subject("risk", risk.id, Flag(), risk.label, always=True) for risk in risks.values()}
