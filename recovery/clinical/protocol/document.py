"""YAML without its traps: no words that turn into booleans or dates, no duplicate keys, no aliases.

In YAML 1.1 `bandage: off` is False and `no: ...` is a key False. Here only `true` and `false` are
booleans, only plain decimal numbers are numbers, and everything else is the text it looks like.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from recovery.clinical.problems import Problem

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


def read_yaml(text: str, problems: list[Problem]) -> Any:
    """The plain data of a document. Duplicate keys are noted, and the first one is kept."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Loader)):
            problems.append(Problem("document", "aliases (*name) are not used here: write it out"))
            return None
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        problems.append(Problem("document", " ".join(str(error).split())))
        return None
    return None if root is None else _plain(root, "", problems)


def _plain(node: yaml.Node, place: str, problems: list[Problem]) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, problems)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, f"{place}[{index}]", problems) for index, child in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, place: str, problems: list[Problem]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem(place or "document", f"a key must be a word (line {line})"))
            continue
        key = str(key_node.value)
        inner = f"{place}.{key}" if place else key
        if key in found:
            problems.append(Problem(inner, f"duplicate key (line {line})"))
            continue
        found[key] = _plain(value_node, inner, problems)
    return found


def _scalar(node: Any) -> Any:
    text = str(node.value)
    if node.style in ("'", '"', "|", ">"):  # quoted or block text is always text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _DECIMAL.match(text) else text
