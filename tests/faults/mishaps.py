"""What may befall the broker, the provider and processes. What is a block lasts as long as it, and is mended by it."""

import os
import random
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from signal import SIGKILL
from threading import Event, Thread

import redis

from tests.notifications.postbox import Postbox
from tests.provider import Answer, Fate, Receiver
from tests.system import System
from tests.waiting import wait_until

A_MOMENT_S = 0.1

POOL = 2
"""How many children of a worker send at once, so how many sends its end can cut short."""

SENDERS = POOL + 2
"""With the two watches."""


@contextmanager
def client_of_the_broker(system: System) -> Generator[redis.Redis]:
    with redis.Redis.from_url(system.redis_url, socket_timeout=5, decode_responses=True) as client:
        yield client


@contextmanager
def full(system: System) -> Generator[None]:
    """It has no room left, and does not forget to make some."""
    with client_of_the_broker(system) as client:
        client.config_set("maxmemory", "1")
        try:
            yield
        finally:
            client.config_set("maxmemory", "256mb")


@contextmanager
def read_only(system: System) -> Generator[None]:
    """A fail-over made it the copy of another, who is not there."""
    with client_of_the_broker(system) as client:
        client.replicaof("127.0.0.1", "1")
        try:
            yield
        finally:
            client.replicaof("NO", "ONE")


@contextmanager
def unable_to_save(system: System) -> Generator[None]:
    """Its disk is full: it takes nothing that it could not keep."""
    with client_of_the_broker(system) as client:
        in_the_way = system.directory / "valkey" / "dump.rdb"
        in_the_way.unlink(missing_ok=True)  # it saved here at the end of an earlier mishap
        (in_the_way / "full").mkdir(parents=True)
        client.config_set("save", "3600 1")
        client.bgsave()
        wait_until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
        try:
            yield
        finally:
            (in_the_way / "full").rmdir()
            in_the_way.rmdir()
            client.bgsave()
            wait_until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "ok")
            client.config_set("save", "")


@contextmanager
def paused(system: System) -> Generator[None]:
    """It takes connections and lets them wait."""
    with client_of_the_broker(system) as client:
        until = time.monotonic() + 8
        client.execute_command("CLIENT", "PAUSE", 8_000, "ALL")
        yield
        time.sleep(max(0.0, until - time.monotonic()))


@contextmanager
def forgetful(system: System, *, every_s: float) -> Generator[list[int]]:
    """It loses all it has, again and again. How many things that were, each time."""
    lost: list[int] = []
    over = Event()

    def forget() -> None:
        while not over.wait(every_s):
            lost.append(client.dbsize())
            client.flushall()

    with client_of_the_broker(system) as client:
        thread = Thread(target=forget)
        thread.start()
        try:
            yield lost
        finally:
            over.set()
            thread.join()


@contextmanager
def swallowing(system: System) -> Generator[None]:
    """The mail server keeps each mail and answers nothing, so that its sender cannot know. Answered when it is over."""
    system.mailbox.swallow = True
    try:
        yield
    finally:
        system.mailbox.swallow = False
        _let_go(system.mailbox.answer)


@contextmanager
def silent(mailbox: Postbox) -> Generator[None]:
    """It takes connections and says nothing on them."""
    mailbox.silent = True
    try:
        yield
    finally:
        mailbox.silent = False
        _let_go(mailbox.answer)


@contextmanager
def answering(web: Receiver, path: str, fate: Answer | Fate) -> Generator[None]:
    web.answers[path] = fate
    try:
        yield
    finally:
        del web.answers[path]
        _let_go(web.answer)


def _let_go(answer: Event) -> None:
    answer.set()
    time.sleep(A_MOMENT_S)  # for those who wait to see it
    answer.clear()


def kill_all(pids: list[int]) -> None:
    """`kill -9`, of processes that the caller has recorded."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, SIGKILL)


def some_time(least_s: float, most_s: float) -> None:
    time.sleep(random.uniform(least_s, most_s))
