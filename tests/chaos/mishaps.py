"""What befalls the running system, drawn from a seed. Each mishap is over, and mended, when its function returns; each
tells how many messages it may have cut off between being sent and being written down."""

import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack

from tests.faults import mishaps
from tests.faults.mishaps import POOL, SENDERS
from tests.system import System

Mishap = Callable[[System, random.Random], int]

WATCHES = ("watch", "watch-2")


def worker_killed(system: System, chance: random.Random) -> int:
    system.kill("worker")
    system.start("worker")
    return POOL


def child_of_the_worker_killed(system: System, chance: random.Random) -> int:
    mishaps.kill_all(chance.sample(children, 1) if (children := system.children("worker")) else [])
    return 1


def worker_cut_short(system: System, chance: random.Random) -> int:
    system.signal("worker", signal.SIGQUIT)
    system.end("worker")
    system.start("worker")
    return POOL


def watch_killed(system: System, chance: random.Random) -> int:
    name = chance.choice(WATCHES)
    system.kill(name)
    system.start(name)
    return 1


def web_processes_killed(system: System, chance: random.Random) -> int:
    mishaps.kill_all(system.children("web"))
    time.sleep(1)  # their server starts them again, or gives up
    system.revive()
    return 0


def asked_to_stop(system: System, chance: random.Random) -> int:
    """As in a deployment: whoever is at a message ends it."""
    name = chance.choice(("web", "worker", *WATCHES))
    system.signal(name, signal.SIGTERM)
    system.wait_until_ended(name)
    system.start(name)
    return 0


def worker_frozen(system: System, chance: random.Random) -> int:
    """Longer than a lease: what it held is sent by others, and then by itself."""
    with system.frozen("worker"):
        time.sleep(chance.uniform(1, 12))
    return POOL


def broker_killed(system: System, chance: random.Random) -> int:
    system.kill("valkey")
    time.sleep(chance.uniform(0, 3))
    system.start("valkey")
    system.revive()
    return 0


def broker_frozen(system: System, chance: random.Random) -> int:
    with system.frozen("valkey"):
        time.sleep(chance.uniform(1, 8))
    system.revive()
    return 0


def broker_emptied(system: System, chance: random.Random) -> int:
    with mishaps.client_of_the_broker(system) as client:
        for _ in range(chance.randint(1, 5)):
            client.flushall()
            time.sleep(0.5)
    return 0


def broker_full(system: System, chance: random.Random) -> int:
    with mishaps.full(system):
        time.sleep(chance.uniform(1, 5))
    system.revive()
    return 0


def postgres_killed(system: System, chance: random.Random) -> int:
    system.kill("postgres")
    system.start("postgres")
    return SENDERS


def postgres_restarted(system: System, chance: random.Random) -> int:
    system.restart("postgres")
    return SENDERS


def postgres_frozen(system: System, chance: random.Random) -> int:
    with system.frozen("postgres"):
        time.sleep(chance.uniform(1, 12))
    return SENDERS


def provider_refuses(system: System, chance: random.Random) -> int:
    with system.mailbox.refusing():
        time.sleep(chance.uniform(1, 6))
    return 0


def provider_silent(system: System, chance: random.Random) -> int:
    with mishaps.silent(system.mailbox):
        time.sleep(chance.uniform(1, 12))
    return 0


def provider_gone(system: System, chance: random.Random) -> int:
    system.mailbox.stop()
    try:
        time.sleep(chance.uniform(1, 5))
    finally:
        system.mailbox.start()
    return 0


def provider_cuts_the_line(system: System, chance: random.Random) -> int:
    """It takes each message and hangs up before it says so."""
    before = len(system.mailbox.mails)
    system.mailbox.hang_up = True
    try:
        time.sleep(chance.uniform(0.2, 2))
    finally:
        system.mailbox.hang_up = False
    return len(system.mailbox.mails) - before + SENDERS


def several_at_once(system: System, chance: random.Random) -> int:
    """The broker is frozen, and a watch and the worker die."""
    with ExitStack() as stack:
        stack.enter_context(system.frozen("valkey"))
        cut_off = watch_killed(system, chance)
        system.kill("worker")
        time.sleep(chance.uniform(0, 3))
    system.start("worker")
    return cut_off + POOL


OF_POSTGRES: tuple[Mishap, ...] = (postgres_killed, postgres_restarted, postgres_frozen)

ALL: tuple[Mishap, ...] = (
    *(worker_killed, child_of_the_worker_killed, worker_cut_short, worker_frozen, watch_killed),
    *(web_processes_killed, asked_to_stop, asked_to_stop),
    *(broker_killed, broker_frozen, broker_emptied, broker_full),
    *OF_POSTGRES,
    *(provider_refuses, provider_silent, provider_gone, provider_cuts_the_line, several_at_once),
)


def drawn(chance: random.Random) -> "Callable[[], Mishap]":
    """One after the other in random order, then all again in another: each befalls as often as any other."""
    left: list[Mishap] = []

    def draw() -> Mishap:
        if not left:
            left.extend(ALL)
            chance.shuffle(left)
        return left.pop()

    return draw
