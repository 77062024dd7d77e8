"""Prepares .venv from the lock files: `python3 services/environment.py [--dev]`. Quick when there is nothing to do.

Prefers uv (fetched with pip into .tools, which neither a missing `venv` module nor an externally managed system Python
prevents) and falls back to pip alone. Hashes are checked either way.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the one file that an older Python may be asked to run
    import os
    import shutil

    for name in ("python3.11", "python3.12", "python3.13", "python3.14"):
        path = shutil.which(name)
        if path:
            os.execv(path, [path, *sys.argv])
    sys.exit("Python 3.11 or newer is needed; this is %s at %s." % (sys.version.split()[0], sys.executable))  # noqa: UP031

import fcntl
import hashlib
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "prepared-from"
RUNTIME, DEV = "requirements.txt", "requirements-dev.txt"
UV = "uv>=0.8,<1"


def main() -> None:
    try:
        dev = "--dev" in sys.argv[1:] or (STAMP.exists() and DEV in STAMP.read_text())
        locks = [RUNTIME, DEV] if dev else [RUNTIME]
        if _is_prepared(locks):
            return
        with _alone():
            if not _is_prepared(locks):
                _prepare(locks)
    except PermissionError as error:
        sys.exit(
            f"May not touch {error.filename}: use the account that owns {ROOT}, or another copy of the project."
        )


def _is_prepared(locks: list[str]) -> bool:
    """By content and place: a changed lock, another Python below it or a moved directory all mean: again."""
    return os.path.exists(PYTHON) and STAMP.exists() and STAMP.read_text() == _stamp(locks)


def _stamp(locks: list[str]) -> str:
    digests = [f"{hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()}  {lock}" for lock in locks]
    return "\n".join([_place(), *digests, ""])


def _place() -> str:
    return f"{VENV}\n{os.path.realpath(PYTHON)}"


@contextmanager
def _alone() -> Iterator[None]:
    """Two `make` at once must not install into the same place."""
    TOOLS.mkdir(exist_ok=True)
    with open(TOOLS / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare(locks: list[str]) -> None:
    began = time.monotonic()
    _say(f"preparing .venv from {' and '.join(locks)} (once, and after a change)")
    reusable = os.path.exists(PYTHON) and STAMP.exists() and STAMP.read_text().startswith(_place())
    STAMP.unlink(missing_ok=True)
    uv = _find_uv()
    if not (uv and _install_with_uv(uv, locks, reusable)):
        _say("going on with pip alone")
        _install_with_pip(locks)
    subprocess.run(
        [PYTHON, "-m", "compileall", "-q", "config", "demo", "recovery", "services"],
        cwd=ROOT,
        env=_environment(),
    )
    STAMP.write_text(_stamp(locks))
    _say(f".venv is ready ({time.monotonic() - began:.0f} s)")


def _find_uv() -> str | None:
    fetched = TOOLS / "bin" / "uv"
    if on_path := shutil.which("uv"):
        return on_path
    if not fetched.exists():
        _say("fetching uv with pip into .tools")
        if not _pip("install", "--quiet", "--upgrade", "--target", str(TOOLS), UV):
            return None
    return str(fetched) if fetched.exists() else None


def _install_with_uv(uv: str, locks: list[str], reusable: bool) -> bool:
    made = reusable or _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV))
    into = ("--python", str(PYTHON), "--compile-bytecode")
    return made and _run(uv, "pip", "sync", "--require-hashes", *into, *locks)


def _install_with_pip(locks: list[str]) -> None:
    files = [part for lock in locks for part in ("-r", lock)]
    made = _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV))
    if not made or not _pip("--python", str(PYTHON), "install", "--require-hashes", *files):
        sys.exit(
            "Could not install the requirements; the lines above say why. Is the package index within reach?"
        )


def _pip(*arguments: str) -> bool:
    if _run(sys.executable, "-m", "pip", *arguments):
        return True
    pip = shutil.which("pip3") or shutil.which("pip")
    return bool(pip) and _run(str(pip), *arguments)


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, cwd=ROOT, env=_environment()).returncode == 0
    except OSError as error:
        _say(f"{command[0]}: {error.strerror}")
        return False


def _environment() -> dict[str, str]:
    """The caller's, without what sends packages elsewhere or leaves them uncompiled; a cache that can be written."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_INPUT": "1"}
    environment |= {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    if "PIP_INDEX_URL" in environment:
        environment.setdefault("UV_DEFAULT_INDEX", environment["PIP_INDEX_URL"])
    if "PIP_CERT" in environment:
        environment.setdefault("SSL_CERT_FILE", environment["PIP_CERT"])
    if ssl.create_default_context().cert_store_stats()["x509_ca"]:  # where a company's own authority is kept
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    home = Path(
        environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or "/nonexistent") / ".cache"
    )
    nearest = next((folder for folder in (home / "uv", home, *home.parents) if folder.exists()), Path("/"))
    if not os.access(nearest, os.W_OK):
        environment.setdefault("UV_CACHE_DIR", str(TOOLS / "cache"))
        environment.setdefault("PIP_CACHE_DIR", str(TOOLS / "cache" / "pip"))
    return environment


def _say(line: str) -> None:
    sys.stderr.write(f"setup: {line}\n")


if __name__ == "__main__":
    main()
