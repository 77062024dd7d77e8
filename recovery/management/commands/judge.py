"""`manage.py judge FILE.json`: judge written cases without a database, one JSON result per line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from recovery.clinical.cases import CaseError, judge, read_cases
from recovery.clinical.protocol import DEFAULT, Protocol, ProtocolError, get, load


class Command(BaseCommand):
    help = (
        "Judge the cases of a JSON file and print rules, tiers and urgency of each, one JSON object per line."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", help="a list of cases, one case, or {scenarios: [...]}; - reads standard input"
        )
        parser.add_argument(
            "--protocol", default=DEFAULT, help="a version such as vk-default/1, or a YAML file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            protocol = _protocol(options["protocol"])
            cases = read_cases(_text(options["file"]))
        except (CaseError, ProtocolError, OSError, UnicodeDecodeError) as error:
            self._leave(str(error))
        refused = False
        for index, raw in enumerate(cases):
            name = raw.get("id") if isinstance(raw, dict) else None
            try:
                result, remarks = judge(raw, protocol, f"cases[{index if name is None else name}]")
            except CaseError as error:
                self.stderr.write(str(error))
                refused = True
                continue
            for remark in remarks:
                self.stderr.write(f"{remark} (left out)")
            self.stdout.write(json.dumps(result))
        if refused:
            sys.exit(2)

    def _leave(self, message: str) -> None:
        self.stderr.write(message)
        sys.exit(2)


def _protocol(version_or_path: str) -> Protocol:
    if Path(version_or_path).suffix in (".yaml", ".yml"):
        return load(Path(version_or_path))
    try:
        return get(version_or_path)
    except KeyError:
        raise CaseError(f"--protocol: there is no {version_or_path!r}") from None


def _text(file: str) -> str:
    return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
