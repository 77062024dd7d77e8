"""A thousand phones come back within ten seconds, as after a carrier's outage, each with a few reports kept offline.

Each behaves as the patient's page does (recovery/phone), over one connection: what is answered 5xx, 429 or not at all
it sends again, unchanged, after Retry-After or twice as long each time, never in step with others. One phone in twenty
holds a red flag.
"""

import asyncio
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bench import load, size, traffic
from bench.system import System
from services.ports import HOST

PHONES = size.pick(1_000, 20)
WITHIN_S = size.pick(10, 1)
REPORTS = 3
PATIENCE_S = 20.0
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 300.0
ALL_IN_WITHIN_S = 300.0


class NoAnswer(Exception):
    """The server hung up, or did not answer in time."""


@dataclass
class Tally:
    answers: Counter[str] = field(default_factory=Counter)
    """By status; `none` when there was no answer."""
    latencies: list[float] = field(default_factory=list)
    """Of each request that was answered, from its sending."""
    taken_at: dict[UUID, float] = field(default_factory=dict)


def measure() -> dict[str, Any]:
    with System(PHONES) as system:
        queues = [
            [
                traffic.report(phone, red=number % traffic.RED_EVERY == 0 and nth == 0)
                for nth in range(REPORTS)
            ]
            for number, phone in enumerate(system.phones[:PHONES])
        ]
        reports = [report for queue in queues for report in queue]
        before = _stored(system)
        began, tally = time.monotonic(), Tally()
        asyncio.run(_come_back(system.web.port, queues, tally))
        system.wait_until_told()
        stored, messages = _stored(system) - before, system.messages()
    untold = [report for report in reports if report.is_red and report.client_id not in messages]
    asked = sum(tally.answers.values())
    refused = sum(count for answer, count in tally.answers.items() if answer not in {"200", "201"})
    return {
        "phones": PHONES,
        "reports": len(reports),
        "lost": sum(report.client_id not in tally.taken_at for report in reports) + len(reports) - stored,
        "untold": len(untold),
        "requests": asked,
        "put_off_share": round((tally.answers["503"] + tally.answers["429"]) / asked, 3),
        "no_answer_share": round(tally.answers["none"] / asked, 3),
        "other_refusals": refused - tally.answers["503"] - tally.answers["429"] - tally.answers["none"],
        "all_in_s": round(max(tally.taken_at.values()) - began, 1),
        "answered_p50_s": round(statistics.median(tally.latencies), 2),
        "answered_p99_s": round(load.percentile(tally.latencies, 0.99), 2),
    }


async def _come_back(port: int, queues: list[list[traffic.Report]], tally: Tally) -> None:
    chance = random.Random(1)

    async def phone(queue: list[traffic.Report], starts_after_s: float) -> None:
        await asyncio.sleep(starts_after_s)
        await _empty(port, queue, tally, chance)

    async with asyncio.timeout(ALL_IN_WITHIN_S):
        await asyncio.gather(*(phone(queue, chance.uniform(0, WITHIN_S)) for queue in queues))


async def _empty(port: int, queue: list[traffic.Report], tally: Tally, chance: random.Random) -> None:
    wait_s = 0.0
    while queue:
        least_s = await _try_all(port, queue, tally)
        if not queue:
            return
        wait_s = min(wait_s * 2 or FIRST_WAIT_S, LONGEST_WAIT_S)
        await asyncio.sleep(max(least_s, wait_s) * chance.uniform(0.8, 1.2))


async def _try_all(port: int, queue: list[traffic.Report], tally: Tally) -> float:
    """Each report once, over one connection. What is taken leaves the queue; returns the longest Retry-After."""
    least_s = 0.0
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(HOST, port)
    except (OSError, TimeoutError):
        tally.answers["none"] += 1
        return least_s
    try:
        for report in list(queue):
            status, retry_after_s = await _send(reader, writer, report, tally)
            if status in {200, 201}:
                tally.taken_at[report.client_id] = time.monotonic()
                queue.remove(report)
            least_s = max(least_s, retry_after_s)
    except NoAnswer:
        tally.answers["none"] += 1
    finally:
        writer.transport.abort()
    return least_s


async def _send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, report: traffic.Report, tally: Tally
) -> tuple[int, float]:
    """The status, and the seconds of Retry-After."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE_S):
            writer.write(report.request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            await reader.readexactly(int(headers["content-length"]))
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise NoAnswer from error
    tally.latencies.append(time.monotonic() - began)
    tally.answers[head[0].split()[1]] += 1
    return int(head[0].split()[1]), float(headers.get("retry-after", 0))


def _stored(system: System) -> int:
    row = system.database.execute("SELECT count(*) FROM recovery_checkin").fetchone()
    assert row is not None
    return int(row[0])
