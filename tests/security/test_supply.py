"""What it is built of and what it runs as: the image, its bill of materials, roles of the database, the broker."""

import json
import os
import re
import subprocess
import sys

import pytest
import yaml
from django.db import connection
from django.db.utils import ProgrammingError

from services.children import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
APPS = ("web", "worker", "watch", "migrate")


def bill() -> dict:
    made = subprocess.run([sys.executable, ".ci/sbom"], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(made.stdout)


def locked() -> dict[str, str]:
    text = (ROOT / "deploy/requirements.txt").read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", text, re.MULTILINE))


# --- S60 --------------------------------------------------------------------------------------------------------------


def test_s60_the_bill_names_every_package_of_the_image_with_its_hashes() -> None:
    made = bill()
    libraries = {part["name"]: part for part in made["components"] if part["type"] == "library"}

    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.5")
    assert {name: part["version"] for name, part in libraries.items()} == locked()
    assert all(part["hashes"] and part["purl"].startswith("pkg:pypi/") for part in libraries.values())


def test_s60_the_bill_names_every_image() -> None:
    images = {part["name"] for part in bill()["components"] if part["type"] == "container"}

    assert images == {"nginx", "postgres", "redis", "python"}


def test_s60_the_same_files_give_the_same_bill_and_nothing_stands_in_it_twice() -> None:
    made = bill()
    names = [part["bom-ref"] for part in made["components"]]

    assert made == bill()
    assert len(names) == len(set(names))


def test_s60_secrets_are_looked_for_and_each_exception_has_a_reason() -> None:
    lines = [line.split(None, 2) for line in (ROOT / ".ci/not-secrets").read_text().splitlines()[1:]]

    assert "python .ci/secrets" in (ROOT / ".ci/check").read_text()
    assert all((ROOT / path).is_file() and len(reason.split()) > 2 for path, _, reason in lines)


def test_s60_what_nobody_could_be_asked_is_said_and_is_no_success() -> None:
    nowhere = dict.fromkeys(
        ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:1/"
    )
    asked = subprocess.run(
        [".ci/audit"], cwd=ROOT, capture_output=True, text=True, env=os.environ | nowhere, timeout=60
    )

    assert asked.returncode == 2
    assert "nobody could be asked" in asked.stdout


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "deploy/requirements.txt"])
def test_s60_every_package_is_pinned_with_hashes(name: str) -> None:
    text = (ROOT / name).read_text()
    blocks = re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.MULTILINE)
    packages = [block for block in blocks if block and not block.startswith("#")]

    assert packages
    assert [
        block.split()[0] for block in packages if "==" not in block or "--hash=sha256:" not in block
    ] == []


def test_s60_nothing_is_installed_without_its_hash_and_the_checks_analyse_the_code() -> None:
    assert "pip install" in (image := (ROOT / "Dockerfile").read_text())
    assert all("--require-hashes" in line for line in re.findall(r"pip install.*", image))
    assert "bandit" in (ROOT / ".ci/check").read_text()


# --- S59 --------------------------------------------------------------------------------------------------------------

FORBIDDEN = [
    "CREATE TABLE mine ()",
    "DROP TABLE recovery_checkin",
    "ALTER TABLE recovery_checkin DISABLE TRIGGER ALL",
    "ALTER TABLE recovery_auditevent OWNER TO CURRENT_USER",
    "TRUNCATE recovery_checkin",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "COPY recovery_checkin TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT * FROM pg_authid",
    "CREATE ROLE mine",
]


@pytest.mark.django_db
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_s59_the_application_may_work_on_rows_and_nothing_else(statement: str) -> None:
    refused = r"permission denied|must be owner|must be able to SET ROLE|no privileges were granted"
    with connection.cursor() as cursor, pytest.raises(ProgrammingError, match=refused):
        cursor.execute(statement)


@pytest.mark.parametrize("name", APPS)
def test_s59_a_process_is_not_root_and_cannot_write_its_own_code(name: str) -> None:
    service = COMPOSE["services"][name]
    last_user = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[-1]

    assert last_user == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in service
    assert "privileged" not in service
    assert not [volume for volume in service.get("volumes", []) if "docker.sock" in volume]
