"""The floor of telling: a Celery task that writes one row, on the same broker and settings, with as many workers.

As a script, `python -m bench.bare PER_SECOND SECONDS`, it publishes such tasks and prints `{number: instant}`. The
worker writes `number instant` into the file that BARE_COMMITS names, once the row is committed. Instants are the
monotonic clock's.
"""

import json
import os
import sys
import time
from functools import cache

import psycopg
from celery import Celery

from bench.schema import BARE_QUEUE
from config import settings

WARM_UP = 10

app = Celery("bare")
app.config_from_object(settings, namespace="CELERY")


@app.task(name="bench.bare.write")
def write(number: int) -> None:
    _database().execute("INSERT INTO bench_bare (id) VALUES (%s)", [number])
    os.write(_commits(), f"{number} {time.monotonic()}\n".encode())


@cache
def _database() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


@cache
def _commits() -> int:
    return os.open(os.environ["BARE_COMMITS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def publish(per_second: float, seconds: float) -> dict[int, float]:
    """The first ones, with numbers below zero, pay for the connections and are not told."""
    began, published = time.monotonic(), {}
    for turn, number in enumerate(range(-WARM_UP, round(per_second * seconds))):
        time.sleep(max(0.0, began + turn / per_second - time.monotonic()))
        published[number] = time.monotonic()
        app.send_task(write.name, args=[number], queue=BARE_QUEUE)
    return {number: at for number, at in published.items() if number >= 0}


if __name__ == "__main__":
    json.dump(publish(float(sys.argv[1]), float(sys.argv[2])), sys.stdout)
