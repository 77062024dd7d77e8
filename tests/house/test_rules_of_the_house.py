"""Rules of the design that a linter does not know, looked up in the source."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from services.children import ROOT

OURS = ("config", "demo", "recovery", "services", "tests", "bench")


def _sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text())


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git working copy")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _places(found: list[tuple[Path, ast.AST]]) -> list[str]:
    return [f"{path}:{node.lineno}" for path, node in found]  # type: ignore[attr-defined]


def test_doors_reach_rows_through_access_alone() -> None:
    """Tenancy lives in access.py; `.objects` in a door would go around it."""
    found = [
        (path, node)
        for path, tree in _sources("recovery/api", "recovery/dashboard")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}
    ]
    assert _places(found) == []


SEE_EVERY_CLINIC = {
    "recovery/audit/reading.py",  # how far the one chain is bound, in numbers
    "recovery/management/every_clinic.py",  # commands: the watch, the auditor and the canary among them
    "recovery/notifications/senders.py",  # the watch's threads
    "recovery/owed/counting.py",  # numbers alone, for who runs the service
    "recovery/owed/service.py",
    "recovery/tasks.py",  # workers take what is owed, whosever it is
    "demo/story.py",  # plays everybody
}
OF_NO_CLINIC = {"demo", "judge", "wall"}
"""Commands that ask for no row of a clinic."""


def test_only_who_looks_after_all_clinics_sees_every_clinic() -> None:
    """The second wall is worth what its doors are worth (ADR 31)."""
    opening = {"every_clinic", "assume_every_clinic", "EVERY"}
    found = {
        path.as_posix()
        for path, tree in _sources("config", "demo", "recovery", "services")
        if path.as_posix() != "recovery/tenancy.py"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in opening and ast.unparse(node.value) == "tenancy")
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "recovery.tenancy"
            and any(each.name in opening for each in node.names)
        )
    }
    assert found == SEE_EVERY_CLINIC


def test_each_command_says_that_it_is_for_every_clinic_or_asks_for_no_row() -> None:
    """Without it a command sees nothing, except in tests."""
    for_every = {
        path.stem
        for path, tree in _sources("recovery/management/commands")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and "ForEveryClinic" in map(ast.unparse, node.bases)
    }
    commands = {path.stem for path, _ in _sources("recovery/management/commands")} - {"__init__"}
    assert commands - for_every == OF_NO_CLINIC


def test_no_task_is_put_off_by_celery() -> None:
    """What is due later is a row that the watch finds: an ETA is redelivered over and over, or lost."""
    found = [
        (path, node)
        for path, tree in _sources("config", "demo", "recovery")
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg in {"eta", "countdown"}
    ]
    assert _places(found) == []


def test_only_doors_read_the_clock() -> None:
    """Everything below is given `now`, else neither a test nor a replay could set the time."""
    found = [
        (path, node)
        for path, tree in _sources("recovery")
        if path.name != "clock.py" and "migrations" not in path.parts and "management" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            ast.unparse(node.func)
            in {"datetime.now", "timezone.now", "date.today", "datetime.today", "time.time"}
        )
    ]
    assert _places(found) == []


def test_print_is_for_commands() -> None:
    found = [
        (path, node)
        for path, tree in _sources("config", "recovery", "services")
        if "commands" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert _places(found) == []


FORBIDDEN = {
    "an absolute path of somebody's machine": re.compile(rb"/(home|root|Users|work)/[a-z]"),
    "the host of a package index": re.compile(
        rb"pypi\.org|pythonhosted|registry\.npmjs|--(extra-)?index-url|proxy\.golang"
    ),
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a conflict that was not resolved": re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group().decode(errors='replace')}"
        for path in _tracked()
        if path != Path(__file__).resolve() and (match := FORBIDDEN[what].search(path.read_bytes()))
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_lock_holds_what_is_asked_for(name: str) -> None:
    """Each direct requirement is locked, in a version it allows, with hashes. If not: make lock."""
    wanted = [
        Requirement(line.partition("#")[0].strip())
        for line in (ROOT / f"{name}.in").read_text().splitlines()
        if line.partition("#")[0].strip() and not line.startswith("-")
    ]
    locked = dict(re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", (ROOT / f"{name}.txt").read_text(), re.MULTILINE))
    for requirement in wanted:
        version = locked.get(requirement.name.lower().replace("_", "-"))
        assert version, f"{requirement.name} is not in {name}.txt"
        assert requirement.specifier.contains(version), f"{requirement} is locked as {version}"
    text = (ROOT / f"{name}.txt").read_text()
    assert text.count("--hash=sha256:") >= len(locked)


def test_both_locks_agree() -> None:
    pins = [
        dict(re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", (ROOT / file).read_text(), re.MULTILINE))
        for file in ("requirements.txt", "requirements-dev.txt")
    ]
    assert {name: pins[0][name] for name in pins[0].keys() & pins[1].keys()} == {
        name: pins[1][name] for name in pins[0].keys() & pins[1].keys()
    }


def test_the_services_can_be_imported_before_anything_is_installed() -> None:
    modules = [path.stem for path in (ROOT / "services").glob("*.py") if path.stem != "__init__"]
    code = "; ".join(f"import services.{module}" for module in modules)
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
