"""What people are told beside the findings: what to do at each tier, what of a report that was not taken, and when to
call for help without asking the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recovery.clinical.conditions import Node, leaves_of
from recovery.clinical.protocol.model import Item, NotTaken
from recovery.clinical.protocol.reading import Reading
from recovery.clinical.protocol.shape import ActionsShape, NotTakenShape, named, shaped
from recovery.clinical.tiers import Tier


def read_actions(raw: Any, reading: Reading) -> dict[Tier, str]:
    shape = shaped(ActionsShape, raw, "actions", reading.problems)
    if shape is None:
        return {}
    return {tier: reading.text(getattr(shape, tier.code), f"actions.{tier.code}") for tier in Tier}


def read_not_taken(raw: Any, reading: Reading) -> NotTaken | None:
    shape = shaped(NotTakenShape, raw, "not_taken", reading.problems)
    if shape is None:
        return None
    return NotTaken(
        kept=reading.text(shape.kept, "not_taken.kept"),
        unseen=reading.text(shape.unseen, "not_taken.unseen"),
    )


def read_call_now_if(
    raw: Any, screen: Node | None, items: Mapping[str, Item], reading: Reading
) -> dict[str, str]:
    """One line for each question of the emergency screen. Where a question only asks for the place of another one, the
    other's line says it."""
    lines = {
        link_id: reading.text(text, place, shown=False)
        for link_id, place, text in named(raw, "call_now_if", reading.problems)
    }
    if screen is None:
        return lines
    asked = {test.subject.name: items[test.subject.name] for test in leaves_of(screen)}
    for link_id in lines.keys() - asked.keys():
        reading.note(f"call_now_if.{link_id}", "is no question of the emergency screen")
    for link_id, item in asked.items():
        is_place = item.show_when is not None and item.show_when.link_id in lines
        if link_id not in lines and not is_place:
            reading.note(f"call_now_if.{link_id}", "is missing, and the emergency screen asks it")
    return lines
