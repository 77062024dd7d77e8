"""Removes each guard in turn, in a copy of the tree, and looks whether its test fails."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from services.children import ROOT, environment
from tests.guards.guards import Guard
from tests.services_plugin import HANDED_DOWN

COPIED = (
    "bench",
    "config",
    "demo",
    "docs",
    "deploy",
    "recovery",
    "services",
    "tests",
    "manage.py",
    "pyproject.toml",
)

MIGRATION = '''"""Without a guard."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("recovery", "{after}")]
    operations = [migrations.RunSQL("""{sql}""")]
'''

TEST_WITHIN_S = 300
FAILED, PASSED = 1, 0
"""What pytest ends with. Anything else is neither: the test is not there, or could not be begun."""


@dataclass(frozen=True)
class Finding:
    guard: Guard
    noticed_by: tuple[str, ...]
    trouble: str = ""
    """Why nothing can be said: the text is not there, or pytest did not come to the test."""

    @property
    def is_noticed(self) -> bool:
        return bool(self.noticed_by)


def unguarded(guards: Sequence[Guard]) -> list[str]:
    """The tests with all guards in place: what fails by itself proves nothing."""
    with _tree() as tree:
        status, output = _run(tree, sorted({guard.test for guard in guards}))
    return [] if status == PASSED else [*_failed(output), *output.splitlines()[-15:]]


def check(guards: Iterable[Guard], *, at_once: int, say: Callable[[Finding], None]) -> list[Finding]:
    with ThreadPoolExecutor(at_once) as pool, _trees(at_once) as trees:

        def one(guard: Guard) -> Finding:
            tree = trees.get()
            try:
                found = without(guard, tree)
            finally:
                trees.put(tree)
            say(found)
            return found

        return list(pool.map(one, guards))


def without(guard: Guard, tree: Path) -> Finding:
    """Take it out, run its test, put it back."""
    if not stands_once(guard, tree):
        return Finding(
            guard, (), f"does not stand once in {guard.file}: say in tests/guards/guards.py where it went"
        )
    with _removed(guard, tree):
        status, output = _run(tree, [guard.test])
    noticed_by = tuple(_failed(output))
    if status not in {FAILED, PASSED} or (status == FAILED and not noticed_by):  # or Python gave up before
        return Finding(guard, (), "\n".join(output.splitlines()[-15:]))
    return Finding(guard, noticed_by)


def stands_once(guard: Guard, tree: Path = ROOT) -> bool:
    if guard.file:
        return (tree / guard.file).read_text().count(guard.text) == 1
    models = "".join(path.read_text() for path in (tree / "recovery" / "models").glob("*.py"))
    return models.count(f'name="{guard.text}"') == 1


@contextmanager
def _removed(guard: Guard, tree: Path) -> Iterator[None]:
    path = tree / guard.file
    if not guard.file:
        migrations = tree / "recovery" / "migrations"
        last = max(each.stem for each in migrations.glob("[0-9]*.py"))
        path = migrations / "9999_without_a_guard.py"
        path.write_text(MIGRATION.format(after=last, sql=guard.instead))
    before = path.read_text()
    if guard.file:
        path.write_text(before.replace(guard.text, guard.instead))
    try:
        yield
    finally:
        if guard.file:
            path.write_text(before)
        else:
            path.unlink()


def _run(tree: Path, tests: list[str]) -> tuple[int, str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "addopts=",
        *_OPTIONS,
        *tests,
    ]
    env = environment(PYTHONDONTWRITEBYTECODE="1")
    if env.pop(HANDED_DOWN, None):  # within a test, whose database is no server to make others on
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
            env.pop(name, None)
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            env=env,
            capture_output=True,
            text=True,
            timeout=TEST_WITHIN_S * max(1, len(tests) // 5),
        )
    except subprocess.TimeoutExpired:
        return -1, "it takes too long"
    return done.returncode, done.stdout + done.stderr


_OPTIONS = ("-p", "tests.services_plugin", "-p", "no:valkey", "-rfE", "--timeout=180", "--tb=line")


def _failed(output: str) -> list[str]:
    """An error in a fixture counts, too: that the database refuses what a test stands on is a failure."""
    return [
        found.rpartition("::")[2] for found in re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    ]


@contextmanager
def _trees(number: int) -> Iterator[Queue[Path]]:
    trees: Queue[Path] = Queue()
    with tempfile.TemporaryDirectory(prefix="recovery-guards-") as directory:
        for each in range(number):
            trees.put(_copy(Path(directory) / str(each)))
        yield trees


@contextmanager
def _tree() -> Iterator[Path]:
    with _trees(1) as trees:
        yield trees.get()


def _copy(to: Path) -> Path:
    to.mkdir()
    leave = shutil.ignore_patterns("__pycache__", ".*_cache", "var")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=leave)
        else:
            shutil.copy(ROOT / name, to / name)
    return to
