"""The drill: patients report, a backup is taken while they do, they report on, and the disk is lost.

What was restored must hold everything that was answered before the last piece of the log was kept, and all the
invariants; and the service goes on from there by itself."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.run import audited
from tests.drill import disaster
from tests.drill.disaster import OtherDisk
from tests.faults.aftermath import assert_each_report_is_kept_once, assert_invariants
from tests.faults.conftest import LEASE_S, PROGRAMS
from tests.faults.phones import Phones
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

COUNTED = (
    "checkin",
    "assessment",
    "alert",
    "alertevent",
    "notification",
    "attempt",
    "auditevent",
    "episode",
    "user",
)


@dataclass(frozen=True)
class Outcome:
    reports: int
    pieces: int
    backup_took_s: float
    restore_took_s: float
    rows: dict[str, int]


def drill(*, patients: int, seconds: float, disk: OtherDisk, say: Callable[[str], None]) -> Outcome:
    """`seconds` are reported in before the backup and after it. Raises AssertionError where something is missing."""
    with System(postgres=disk.settings, DELIVERY_LEASE_S=LEASE_S) as system:
        phones = Phones(Scene.of(system, patients=patients))
        system.start(*PROGRAMS)
        with phones.reporting():
            time.sleep(seconds)
            began = time.monotonic()
            backup = disaster.back_up(system, disk)
            backup_took_s = time.monotonic() - began
            say(f"a backup is there after {backup_took_s:.1f} s, while patients report")
            time.sleep(seconds)
        phones.scene.wait_until_quiet()
        disaster.catch_up(system, disk)
        before = counted(system)

        disaster.lose_the_disk(system)
        say(f"the disk is lost: {len(phones.reports)} reports were answered")
        began = time.monotonic()
        say(disaster.restore(system, backup, disk.log).strip())
        disaster.open_again(system)
        restore_took_s = time.monotonic() - began
        say(f"PostgreSQL is open again after {restore_took_s:.1f} s")

        after = counted(system)
        assert after == before, {
            name: (before[name], after[name]) for name in before if before[name] != after[name]
        }
        assert_each_report_is_kept_once(phones)
        system.restore(*PROGRAMS)
        wait_until(system.answers)
        assert_invariants(phones)
        assert audited(system) == []
        assert_the_audit_is_whole(system)
        assert_goes_on(system)
        say("nothing is missing, every invariant holds, and a red flag reaches the team again")
        return Outcome(len(phones.reports), len(disk.pieces), backup_took_s, restore_took_s, after)


def assert_goes_on(system: System) -> None:
    """Somebody is enrolled, reports, and the team is told: nothing that was restored stands in the way."""
    phones = Phones(Scene.of(system))
    phones.send_until_taken(phones.report(phones.scene.patients[0], {"bladder": "new_or_worse"}))
    assert_invariants(phones)


def assert_the_audit_is_whole(system: System) -> None:
    """What was remembered is as it was written, under the key of its time and no other."""
    wait_until(lambda: system.rows("SELECT count(*) FROM recovery_auditbatch")[0][0] > 0)
    said = system.manage("audit")
    assert "as they were written" in said, said
    command = [sys.executable, "manage.py", "audit"]
    other = system.env | {"SECRET_KEY": "not the key of this service, but as long as one"}
    done = subprocess.run(command, cwd=system.tree, env=other, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "the seal is not ours" in done.stderr, done.stderr


def counted(system: System) -> dict[str, int]:
    return {name: system.rows(f"SELECT count(*) FROM recovery_{name}")[0][0] for name in COUNTED}
