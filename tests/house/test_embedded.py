"""PostgreSQL and Valkey of our own: they come back, keep what was written, and work for whoever runs them."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import psycopg
import pytest
import redis

from services import place
from services.children import ROOT
from tests.house.scenes import Scene
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")

ORDINARY = 12_345  # a user id that the system has no name for, as some container platforms hand out
Play = Callable[..., Scene]
as_root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def play(tmp_path: Path) -> Generator[Play]:
    scenes: list[Scene] = []

    def start() -> Scene:
        (tmp_path / "var" / "up").unlink(missing_ok=True)
        scenes.append(scene := Scene(tmp_path / "var", "embedded"))
        wait_until(scene.is_up, within_s=60)
        return scene

    yield start
    for scene in scenes:
        scene.end()


def _urls(scene: Scene) -> tuple[str, str]:
    database_url, redis_url = json.loads((scene.var / "urls.json").read_text())
    return database_url, redis_url


def _kill(scene: Scene, name: str) -> None:
    """And wait until another one is there."""
    pid = scene.pids[name]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: scene.pids.get(name, pid) != pid)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=30).close()
    except psycopg.OperationalError:
        return False
    return True


def test_killed_servers_come_back_at_the_same_addresses_with_what_they_had(play: Play) -> None:
    scene = play()
    database_url, redis_url = _urls(scene)
    with redis.Redis.from_url(redis_url) as client:
        client.set("kept", "yes")
        client.execute_command("WAITAOF", 1, 0, 60_000)
    _kill(scene, "postgres")
    _kill(scene, "valkey")
    wait_until(lambda: _answers(database_url))
    retry = redis.retry.Retry(redis.backoff.ConstantBackoff(0.1), 100)
    with redis.Redis.from_url(redis_url, retry=retry) as client:
        assert client.get("kept") == b"yes"


def test_a_killed_run_is_taken_up_by_the_next_one(play: Play) -> None:
    first = play()
    urls = _urls(first)
    first.supervisor.kill()
    first.supervisor.wait()
    second = play()
    assert _urls(second) == urls
    assert _answers(urls[0])
    second.supervisor.terminate()
    assert second.supervisor.wait(timeout=60) == 0
    assert second.left() == {}


def test_a_stale_pid_file_that_names_somebody_alive_does_not_prevent_the_start(play: Play) -> None:
    first = play()
    first.supervisor.terminate()
    first.supervisor.wait(timeout=60)
    (first.var / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert _answers(_urls(play())[0])


def test_secrets_are_readable_by_their_owner_alone(play: Play) -> None:
    scene = play()
    for path in (scene.var / "services.json", scene.var / "valkey" / "valkey.conf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    passwords = [
        value
        for name, value in json.loads((scene.var / "services.json").read_text()).items()
        if "pass" in name
    ]
    assert len(passwords) == 4
    assert not [line for line in scene.left().values() if any(password in line for password in passwords)]


def test_what_is_in_use_is_not_forgotten(play: Play) -> None:
    scene = play()
    with pytest.raises(place.NotOurs, match=f"in use by process {scene.supervisor.pid}"):
        place.forget(scene.var)
    scene.supervisor.terminate()
    scene.supervisor.wait(timeout=60)
    place.forget(scene.var)
    assert not scene.var.exists()


@as_root_only
def test_a_directory_of_somebody_else_is_refused_with_the_name_of_the_owner(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    os.chown(tmp_path / "var", ORDINARY, ORDINARY)
    with pytest.raises(place.NotOurs, match=f"belongs to user id {ORDINARY} and this is root"):
        place.claim(tmp_path / "var")


@as_root_only
def test_an_ordinary_user_without_a_name_or_a_home_can_run_it() -> None:
    become = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
    libraries = sysconfig.get_path("purelib")
    become += ["env", "-i", "PATH=/usr/bin:/bin", "HOME=/nonexistent", f"PYTHONPATH={libraries}"]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin") or sys.executable]
    python = next((each for each in candidates if _can_run(become, each)), None)
    if not python:
        pytest.skip(f"an ordinary user can reach neither {ROOT} nor a {version}")
    with tempfile.TemporaryDirectory(prefix="ordinary-") as directory:
        os.chown(directory, ORDINARY, ORDINARY)
        scene = Scene(Path(directory) / "var", "embedded", prefix=become, python=python)
        try:
            wait_until(scene.is_up, within_s=60)
            assert (scene.var / "postgres" / "data").stat().st_uid == ORDINARY
            assert _answers(_urls(scene)[0])
            scene.supervisor.terminate()
            assert scene.supervisor.wait(timeout=60) == 0
            assert scene.left() == {}
        finally:
            scene.end()


def _can_run(become: list[str], python: str) -> bool:
    command = [*become, python, "-c", "import psycopg; from services import binaries; binaries.postgres()"]
    return subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0
