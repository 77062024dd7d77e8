"""Very many phones that come back at once after a time without a network, each with a batch that it kept."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.hold.line import BATCH, PATIENCE_S

TRIES = 60
"""A phone does not give up; a test does."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0


@dataclass
class Outcome:
    """`statuses` of every answer; `unanswered` are lines that broke; `answered` those who were, in the end."""

    statuses: Counter[int] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)
    unanswered: int = 0
    put_off_without_a_time: int = 0


async def come_back(url: str, kept: Mapping[str, Sequence[dict[str, Any]]], *, within_s: float) -> Outcome:
    """Each phone (a token) sends its batch at some moment within that time, and again until it is answered."""
    outcome, chance = Outcome(), random.Random(19)

    async def phone(token: str, batch: Sequence[dict[str, Any]], starts_s: float, hurry: float) -> None:
        await asyncio.sleep(starts_s)
        for turn in range(TRIES):
            wait_s = min(FIRST_WAIT_S * 2**turn, LONGEST_WAIT_S)
            try:
                status, headers = await asyncio.wait_for(_send(url, token, batch), PATIENCE_S)
            except (OSError, EOFError, TimeoutError):
                outcome.unanswered += 1
            else:
                outcome.statuses[status] += 1
                if status == 200:
                    outcome.answered.add(token)
                    return
                outcome.put_off_without_a_time += "retry-after" not in headers
                wait_s = max(wait_s, float(headers.get("retry-after", 0)))
            await asyncio.sleep(wait_s * hurry)

    async with asyncio.TaskGroup() as phones:
        for token, batch in kept.items():
            starts_s, hurry = chance.uniform(0, within_s), chance.uniform(0.8, 1.2)
            phones.create_task(phone(token, batch, starts_s, hurry))
    return outcome


async def _send(url: str, token: str, batch: Sequence[dict[str, Any]]) -> tuple[int, dict[str, str]]:
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        body = json.dumps({"check_ins": batch}).encode()
        head = f"POST {BATCH} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = answer.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        results = json.loads(await reader.readexactly(int(headers["content-length"])))
        assert int(status.split()[1]) != 200 or {each["status"] for each in results["results"]} <= {200, 201}
        return int(status.split()[1]), headers
    finally:
        writer.close()
