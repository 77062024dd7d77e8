"""Each part of `make bench` runs, with tiny numbers, and yields the figures that the table is made of."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.limits import FIGURES
from services.children import ROOT

PARTS = sorted({figure.part for figure in FIGURES})


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("part", PARTS)
def test_a_part_runs_and_yields_its_figures(part: str, tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--quick", "--into", str(results), part]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=360)
    assert done.returncode == 0, done.stdout + done.stderr

    measured = json.loads(results.read_text())[part]
    wanted = {figure.name for figure in FIGURES if figure.part == part}
    assert wanted <= set(measured)
    assert all(isinstance(measured[name], int | float) for name in wanted)
    assert not [name for name in ("lost", "untold", "not_taken", "double") if measured.get(name)]
