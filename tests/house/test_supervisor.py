"""The supervisor with real processes: what it starts, starts again, and never leaves behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from services import ports
from services.children import Child, Guard
from services.leftovers import command_line
from tests.house.scenes import Scene
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")

Play = Callable[..., Scene]


@pytest.fixture
def play(tmp_path: Path) -> Generator[Play]:
    scenes: list[Scene] = []

    def start(name: str, *more: object, wait: bool = True) -> Scene:
        scenes.append(scene := Scene(tmp_path / "var", name, *more))
        if wait:
            wait_until(scene.is_up)
        return scene

    yield start
    for scene in scenes:
        scene.end()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_stop_ends_all_in_reverse_order(play: Play, how: signal.Signals) -> None:
    scene = play("two")
    scene.supervisor.send_signal(how)
    assert scene.supervisor.wait(timeout=30) == 0
    assert (scene.var / "history").read_text().splitlines() == ["first", "first second", "first", ""]
    assert scene.left() == {}


def test_what_is_done_once_keeps_those_apart_that_stand_on_it_and_below_it(play: Play) -> None:
    scene = play("once between")
    scene.supervisor.terminate()
    assert scene.supervisor.wait(timeout=30) == 0
    assert (scene.var / "history").read_text().splitlines()[-3:] == ["base last", "base", ""]


def test_nothing_outlives_a_killed_supervisor_not_even_children_of_children(play: Play) -> None:
    scene = play("server", ports.free())
    wait_until(lambda: len(scene.left()) >= 3)
    scene.supervisor.kill()
    scene.supervisor.wait()
    wait_until(lambda: scene.left() == {})


def test_nothing_outlives_it_when_the_guard_was_killed_before(play: Play) -> None:
    scene = play("server", ports.free())
    guards = _guards_of(scene)
    for pid in guards:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: bool(_guards_of(scene) - guards))
    scene.supervisor.kill()
    scene.supervisor.wait()
    wait_until(lambda: scene.left() == {})


def test_another_guard_knows_of_them_before_it_is_told_another_word(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard()
    child = Child(["sleep", "600"], guard=guard)
    guard._process.kill()
    guard._process.wait()
    monkeypatch.setattr(Guard, "_write", lambda guard, line: None)
    assert guard.renew()
    guard.close()
    wait_until(child.is_gone)


def test_a_killed_child_starts_again_and_its_orphans_do_not_keep_the_port(play: Play) -> None:
    scene = play("server", ports.free())
    first = scene.pids["server"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: scene.pids.get("server", first) != first)
    again = scene.pids["server"]
    wait_until(lambda: len(scene.left()) >= 3)
    assert scene.pids["server"] == again, "it could not take its port"
    assert "server was ended by SIGKILL: starting it again" in scene.said


def test_a_second_request_kills(play: Play) -> None:
    scene = play("stubborn")
    scene.supervisor.send_signal(signal.SIGINT)
    wait_until(lambda: "stopping" in scene.said)
    assert scene.supervisor.poll() is None
    scene.supervisor.send_signal(signal.SIGINT)
    assert scene.supervisor.wait(timeout=30) == 0
    assert scene.left() == {}


def test_a_reader_who_stops_reading_does_not_stop_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.house.supervised", str(tmp_path / "var"), "talker"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as supervisor:
        wait_until((tmp_path / "var" / "up").exists)
        supervisor.terminate()
        assert supervisor.wait(timeout=30) == 0
        supervisor.stdout.close()


def test_what_never_starts_is_given_up_with_its_own_words(play: Play) -> None:
    scene = play("failing", wait=False)
    assert scene.supervisor.wait(timeout=60) == 1
    assert "the reason" in scene.said
    assert "failing ended with status 3: giving up" in scene.said
    assert scene.left() == {}


def test_two_do_not_run_in_one_directory(play: Play) -> None:
    first = play("two")
    second = play("two", wait=False)
    assert second.supervisor.wait(timeout=30) == 1
    assert f"is in use by process {first.supervisor.pid}" in second.said


def test_after_a_kill_the_next_run_waits_until_the_last_one_is_gone(play: Play) -> None:
    first = play("stubborn")
    first.supervisor.kill()
    first.supervisor.wait()
    (first.var / "up").unlink()
    play("two")
    assert "time.sleep" not in "".join(line for line in first.left().values() if "SIG_IGN" in line)


def _guards_of(scene: Scene) -> set[int]:
    children = Path(f"/proc/{scene.supervisor.pid}/task/{scene.supervisor.pid}/children").read_text().split()
    return {int(pid) for pid in children if "guard.py" in command_line(int(pid))}
