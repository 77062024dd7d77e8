"""A port is given to one at a time, also before it is listened at."""

import subprocess
import sys

import pytest

from services import ports
from services.children import ROOT

GIVEN = "from services import ports; print(ports.free(), flush=True); input()"


def test_what_was_given_to_another_process_is_given_again_when_that_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = [sys.executable, "-c", GIVEN]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        theirs = int(other.stdout.readline())
        monkeypatch.setattr(ports, "LOWEST", theirs)
        monkeypatch.setattr(ports, "HIGHEST", theirs)
        with pytest.raises(RuntimeError, match="No free port"):
            ports.free()
        other.kill()

    assert ports.free() == theirs


def test_no_process_is_given_the_same_one_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ports.free()
    monkeypatch.setattr(ports, "LOWEST", first)
    monkeypatch.setattr(ports, "HIGHEST", first)

    with pytest.raises(RuntimeError, match="No free port"):
        ports.free()
    assert ports.free(first) == first
