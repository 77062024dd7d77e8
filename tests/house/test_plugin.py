"""A run of tests leaves nothing behind, even if it was killed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from services import place
from tests.services_plugin import PREFIX, current


def test_the_directory_of_a_killed_run_is_removed_by_the_next_and_that_of_a_living_one_is_not(
    tmp_path: Path,
) -> None:
    killed, living = tmp_path / f"{PREFIX}killed", tmp_path / f"{PREFIX}living"
    os.close(place.claim(killed))
    lock = place.claim(living)
    (tmp_path / "test_nothing.py").write_text("def test_nothing(): pass\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(tmp_path / "test_nothing.py"),
    ]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("RECOVERY_", "PYTEST_"))}
    env |= {"TMPDIR": str(tmp_path), "DATABASE_URL": current().admin_url, "REDIS_URL": current().redis_url}
    done = subprocess.run(
        [*command, "--rootdir=.", "-c", "pyproject.toml"], env=env, capture_output=True, text=True
    )
    os.close(lock)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in tmp_path.glob(f"{PREFIX}*")) == [living.name]


def test_this_run_has_its_directory_to_itself() -> None:
    assert Path(current().directory).parent == Path(tempfile.gettempdir())
