"""Each part of `make bench` runs, with tiny numbers, and yields the figures that the table is made of."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.limits import FIGURES
from bench.size import TABLES
from services.children import ROOT
from tests import databases

COUNTED = {"statements_per_post", "refresh_statements", "refresh_bytes"}
"""They depend neither on the machine nor on how much there is."""

PARTS = sorted({figure.part for figure in FIGURES})


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("part", PARTS)
def test_a_part_runs_and_yields_its_figures(part: str, tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--quick", "--into", str(results), part]
    env = dict(os.environ)
    if (tables := databases.written_down()) is not None:
        env[TABLES] = str(tables)
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=360)
    assert done.returncode == 0, done.stdout + done.stderr

    measured = json.loads(results.read_text())[part]
    of_part = [figure for figure in FIGURES if figure.part == part]
    assert {figure.name for figure in of_part} <= set(measured)
    assert all(isinstance(measured[figure.name], int | float) for figure in of_part)
    assert not [each for each in of_part if each.name in COUNTED and each.met(measured[each.name]) == "no"]
    assert not [name for name in ("lost", "untold", "not_taken", "double") if measured.get(name)]
