"""Run by tests as a program: `supervised.py <directory> <scene>`. Toy processes under the real supervisor.

What runs is written to <directory>/pids.json, "up" to <directory>/up once all is. Each toy has <directory> in its
command line, so that a test can find what was left behind.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from services import place
from services.embedded import Services
from services.process import Process
from services.supervisor import Supervisor

SLEEPER = "import time; print('hello', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
SLOW_TO_STOP = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(time.sleep(1)))
time.sleep(600)
"""
TALKER = "while True: print('x' * 1000, flush=True)"
FAILING = "print('the reason'); raise SystemExit(3)"
SERVER = """
import os, socket, sys, time
listener = socket.socket()
listener.bind(("127.0.0.1", int(sys.argv[2])))
listener.listen()
while os.fork() == 0:  # grandchildren hold the port, each a child of the one before
    if time.sleep(0.05) or os.getpid() % 3 == 0:
        break
time.sleep(600)
"""


def main() -> int:
    directory, scene, *more = sys.argv[1:]
    var = Path(directory)
    try:
        lock = place.claim(var)
    except place.NotOurs as error:
        sys.exit(str(error))

    def toy(name: str, code: str, *after: str, patience_s: float = 10) -> Process:
        return Process(
            name, [sys.executable, "-c", code, directory, *more], after=after, patience_s=patience_s
        )

    def on_change(pids: Mapping[str, int]) -> None:
        (var / "pids.new").write_text(json.dumps(dict(pids)))
        (var / "pids.new").replace(var / "pids.json")
        with (var / "history").open("a") as history:
            history.write(" ".join(sorted(pids)) + "\n")

    def scenes() -> list[Process]:
        match scene:
            case "two":
                return [toy("first", SLEEPER), toy("second", SLEEPER, "first")]
            case "once between":
                return [
                    toy("base", SLEEPER),
                    replace(toy("made", "pass", "base"), once=True),
                    toy("last", SLOW_TO_STOP, "made"),
                ]
            case "server":
                return [toy("server", SERVER)]
            case "stubborn":
                return [toy("stubborn", STUBBORN, patience_s=60)]
            case "talker":
                return [toy("talker", TALKER)]
            case "failing":
                return [toy("good", SLEEPER), toy("failing", FAILING, "good")]
            case "embedded":
                services = Services(var, given={})
                made = toy("made", "pass", "postgres")
                provisioned = Process(
                    "made", made.argv, before=services.provision, after=["postgres"], once=True
                )
                (var / "urls.json").write_text(json.dumps([services.database_url, services.redis_url]))
                return [*services.processes(), provisioned, toy("last", SLEEPER, "made", "valkey")]
        raise SystemExit(f"no scene {scene}")

    supervisor = Supervisor(on_change=on_change, on_up=lambda: (var / "up").touch(), hold=[lock])
    return supervisor.run(scenes())


if __name__ == "__main__":
    sys.exit(main())
