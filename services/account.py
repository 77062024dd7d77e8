"""Under which account PostgreSQL runs. It refuses root, and an account that the system has no name for."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NOBODY = 65534


@dataclass(frozen=True)
class Account:
    """`prefix` goes before the command; with `uid`, the program runs as that one and must be given its files first."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None

    def hand_over(self, directory: Path) -> None:
        """Gives a directory with all that is in it to the account, if that is another one than ours."""
        if self.uid is None:
            return
        for path in (directory, *directory.rglob("*")):
            os.chown(path, self.uid, self.uid, follow_symlinks=False)


class NoAccount(RuntimeError):
    """PostgreSQL cannot be started by whoever we are."""


@cache
def for_postgres() -> Account:
    """Ours if it will do; else ours under an ordinary name (user namespace: same files, same pid); else nobody's."""
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return Account()
    prefix = _another_name()
    if prefix:
        return Account(prefix=prefix)
    if os.geteuid() == 0:
        return Account(uid=NOBODY)
    raise NoAccount(
        f"User id {os.geteuid()} has no name on this system, and PostgreSQL needs one: "
        "add it to /etc/passwd, use another account, or give a server in DATABASE_URL."
    )


def _another_name() -> tuple[str, ...]:
    unshare = shutil.which("unshare")
    named = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0]
    if not unshare or not named:
        return ()
    uid = NOBODY if NOBODY in named else named[0]
    prefix = (unshare, "--user", f"--map-user={uid}", f"--map-group={uid}", "--")
    allowed = subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    return prefix if allowed else ()


def _has_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False
