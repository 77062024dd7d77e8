"""The drill is run, and a backup that cannot be trusted is refused before anything is made of it."""

import shutil
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.drill import disaster
from tests.drill.disaster import OtherDisk, Refused
from tests.drill.drill import drill
from tests.drill.earlier import drill_to_an_earlier_time
from tests.faults.scene import Scene
from tests.services_plugin import current
from tests.system import System

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True, scope="module")
def _django_may_be_asked(django_db_blocker) -> Generator[None]:
    with django_db_blocker.unblock():
        yield


@dataclass(frozen=True)
class Kept:
    system: System
    backup: Path
    log: Path


@pytest.fixture(scope="module")
def kept() -> Generator[Kept]:
    """A backup with three pieces of the log after it, of a system whose disk is lost."""
    disk = OtherDisk(Path(current().directory) / "drill")
    with System(postgres=disk.settings) as system:
        backup = disaster.back_up(system, disk)
        for _ in range(3):
            Scene.of(system)
            disaster.catch_up(system, disk)
        disaster.lose_the_disk(system)
        yield Kept(system, backup, disk.log)
    shutil.rmtree(disk.log.parent)


@pytest.fixture
def copy(kept: Kept, tmp_path: Path) -> Generator[Kept]:
    """To be damaged. Nothing is left of what was made of it."""
    backup, log = tmp_path / "backup", tmp_path / "log"
    shutil.copytree(kept.backup, backup)
    shutil.copytree(kept.log, log)
    yield Kept(kept.system, backup, log)
    shutil.rmtree(disaster.data_of(kept.system), ignore_errors=True)


def test_o04_the_drill(tmp_path: Path):
    disk, said = OtherDisk(Path(current().directory) / "drill-whole"), list[str]()
    outcome = drill(patients=20, seconds=1.5, disk=disk, say=said.append)

    assert outcome.reports >= 20
    assert outcome.rows["alert"] >= 20
    assert "a red flag reaches the team again" in said[-1]


def test_what_is_sound_is_restored(copy: Kept):
    said = disaster.restore(copy.system, copy.backup, copy.log)
    assert "pieces of the log" in said
    disaster.open_again(copy.system)
    assert copy.system.rows("SELECT count(*) FROM recovery_episode") == [(3,)]
    disaster.lose_the_disk(copy.system)


def flip_a_byte(path: Path) -> None:
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def pieces(log: Path) -> list[Path]:
    return sorted(path for path in log.iterdir() if len(path.name) == 24)


def largest(backup: Path) -> Path:
    return max(
        (path for path in (backup / "base").rglob("*") if path.is_file()),
        key=lambda path: path.stat().st_size,
    )


DAMAGE = {
    "a byte of the data": (
        lambda kept: flip_a_byte(largest(kept.backup)),
        "is damaged: take the one before it",
    ),
    "a file is missing": (lambda kept: largest(kept.backup).unlink(), "is damaged: take the one before it"),
    "no manifest": (lambda kept: (kept.backup / "backup_manifest").unlink(), "is damaged"),
    "another version": (
        lambda kept: (kept.backup / "PG_VERSION").write_text("17\n"),
        "is of PostgreSQL 17 and this is",
    ),
    "not a backup": (lambda kept: (kept.backup / "PG_VERSION").unlink(), "is no backup"),
    "a byte of the log": (lambda kept: flip_a_byte(pieces(kept.log)[-1]), "is damaged: what came after it"),
    "a gap in the log": (lambda kept: pieces(kept.log)[-2].unlink(), "the log has a gap before"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_o04_what_is_damaged_is_refused_and_nothing_is_made_of_it(copy: Kept, what: str):
    damage, said = DAMAGE[what]
    damage(copy)
    with pytest.raises(Refused, match=said):
        disaster.restore(copy.system, copy.backup, copy.log)
    assert not disaster.data_of(copy.system).exists()


def test_what_runs_is_not_written_over(copy: Kept):
    disaster.data_of(copy.system).mkdir()
    with pytest.raises(Refused, match="is there already"):
        disaster.restore(copy.system, copy.backup, copy.log)


def test_a_backup_that_was_cut_short_does_not_count(kept: Kept, tmp_path: Path):
    """There is nobody to take it from: no directory is left that looks like one."""
    with pytest.raises(Refused):
        disaster.back_up(kept.system, OtherDisk(tmp_path / "other"))
    assert not [path for path in (tmp_path / "other" / "backups").iterdir() if path.suffix != ".part"]


def test_no_piece_of_the_log_is_written_over(tmp_path: Path):
    disk = OtherDisk(tmp_path / "other")
    piece = tmp_path / "piece"
    for content, refused in ((b"first", False), (b"first", False), (b"other", True)):
        piece.write_bytes(content)
        try:
            disaster.keep(piece, "0" * 24, disk)
            assert not refused
        except Refused:
            assert refused
    assert (disk.log / ("0" * 24)).read_bytes() == b"first"


def test_o05_s49_restored_to_an_earlier_time_phones_bring_back_what_is_newer_and_nobody_erased_is_back(
    tmp_path: Path,
) -> None:
    """What the other disk held in the midst of it: the log since is lost, and so is that somebody was erased."""
    disk, said = OtherDisk(Path(current().directory) / "drill-earlier", keep_every_s=2), list[str]()
    outcome = drill_to_an_earlier_time(
        patients=4, seconds=5, disk=disk, directory=tmp_path / "older", say=said.append
    )

    assert 1 < outcome.restored < outcome.answered
    assert "1 of 1 were there and are erased; the others were not there." in said
    assert "nobody who was erased is back" in said[-1]
    shutil.rmtree(disk.log.parent)
