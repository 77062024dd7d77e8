"""docs/operations.md is true: each alarm, metric, process and log line of it is there; each command can be given."""

import itertools
import re
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import load_command_class

from recovery.auditor import KINDS
from recovery.owed.states import STATES
from services import binaries
from services.children import ROOT
from tests.faults.conftest import METRICS_TOKEN
from tests.system import System

PAGE = (ROOT / "docs" / "operations.md").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

OUTSIDE = "https://recovery.example.org"


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_column(text: str) -> Iterator[str]:
    """What stands in code in the first column of the tables."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield from re.findall(r"`([^`]+)`", line.split(" | ")[0])


def commands() -> list[str]:
    fenced = re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    blocks = [line for block in fenced for line in block.splitlines()]
    return [*(line.strip() for line in PAGE.splitlines() if line.startswith("    ")), *blocks]


def of(program: str) -> list[str]:
    return [command for command in commands() if command.startswith(f"{program} ")]


def test_every_command_is_of_a_kind_that_is_looked_at_below():
    assert set(commands()) == {*of("make"), *of("curl"), *of("docker compose")}
    assert len(commands()) > 20


@pytest.mark.parametrize("command", of("make"))
def test_what_is_made_can_be_made(command: str):
    target, *variables = command.split()[1:]
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert all(f"$({variable.partition('=')[0]})" in makefile for variable in variables)


@pytest.mark.parametrize("command", of("docker compose"))
def test_what_docker_compose_is_asked_for_is_in_its_file(command: str):
    _, _, verb, *words = shlex.split(command)
    assert verb in {"build", "exec", "logs", "ps", "restart", "run", "stop", "up"}
    named = [word for word in words if word in COMPOSE]
    if verb in {"exec", "run"}:
        (service,) = named[:1]
        for word in words:
            if word.startswith("/scripts/"):
                mounted = [
                    volume.split(":") for volume in COMPOSE[service]["volumes"] if f":{word}:" in volume
                ]
                assert (ROOT / mounted[0][0]).stat().st_mode & 0o100
    elif verb in {"restart", "stop"} or "--no-deps" in words:
        assert named
        assert {word for word in words if word.isalpha()} == set(named)


@pytest.mark.parametrize("command", [each for each in of("docker compose") if " manage.py " in each])
def test_what_manage_py_is_asked_it_knows(command: str):
    words = shlex.split(command)
    name, *arguments = itertools.takewhile(
        lambda word: word not in {">", ">>"}, words[words.index("manage.py") + 1 :]
    )
    assert load_command_class("recovery", name).create_parser("manage.py", name).parse_args(arguments)


@pytest.mark.slow
@pytest.mark.parametrize("command", [each for each in of("docker compose") if " psql " in each])
def test_what_the_database_is_asked_it_can_answer(system: System, command: str):
    words = shlex.split(command)
    query = words[words.index("-c") + 1]
    psql = [binaries.postgres() / "psql", system.admin_url, "-c", query]
    done = subprocess.run(psql, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    first_column = re.match(r"SELECT (?:\w+\.)?(\w+)", query)
    assert first_column
    assert first_column[1] in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", of("curl"))
def test_what_is_asked_over_http_is_answered(system: System, command: str):
    *options, url = shlex.split(command)[1:]
    assert url.startswith(OUTSIDE)
    request = urllib.request.Request(url.replace(OUTSIDE, system.url))
    if "-H" in options:
        name, value = options[options.index("-H") + 1].split(": ")
        request.add_header(name, value.replace("$METRICS_TOKEN", METRICS_TOKEN))
    with urllib.request.urlopen(request, timeout=20) as answered:
        assert answered.status == 200


@pytest.mark.slow
def test_the_metrics_that_are_to_be_watched_are_there_and_no_other_is_left_out(system: System):
    request = urllib.request.Request(
        f"{system.url}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=20) as answered:
        shown = set(re.findall(r"^# TYPE (\w+)", answered.read().decode(), re.MULTILINE))
    named = set(re.findall(r"\brecovery_\w+(?=[`{])", section("What to watch")))
    assert named <= shown | {
        "recovery_auditor_age_seconds",
        "recovery_deadman_age_seconds",
    }  # once there was a look
    assert shown - named <= {"recovery_owed", "recovery_heartbeat_age_seconds", "recovery_canary_absent"}


def test_states_that_are_named_exist():
    named = set(re.findall(r'state="([a-z-]+)"', PAGE))
    assert named
    assert named <= {state.name for state in STATES}


def test_each_alarm_has_one_line_that_says_what_to_do_and_there_is_none_that_never_comes():
    alarms = section("What each alarm means, and what to do").split("### Words in the log")[0]
    assert sorted(first_column(alarms)) == sorted(KINDS)


@pytest.mark.parametrize("said", list(first_column(PAGE.split("### Words in the log")[-1].split("\n## ")[0])))
def test_words_in_the_log_are_words_that_are_logged(said: str):
    assert said in _source()


@cache
def _source() -> str:
    return "".join(path.read_text() for path in sorted(Path(ROOT, "recovery").rglob("*.py")))


def test_each_process_is_named_with_what_stops_when_it_stops():
    named = set(first_column(section("What there is, and what stops when it stops")))
    assert named == set(COMPOSE) - {"proxy", "migrate"}


def test_two_run_of_what_is_said_to_run_twice():
    for name in re.findall(r"^\| `(\w+)` \(2\)", PAGE, re.MULTILINE):
        assert COMPOSE[name]["deploy"]["replicas"] == 2
