"""A mail server that delivers nothing: it keeps every message as a file, var/mail/<number>.eml.

As a script: `python -m demo.mailbox <port> <directory>`.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST = 10 * 1024 * 1024


class Mailbox:
    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        numbers = [int(file.stem) for file in directory.glob("*.eml") if file.stem.isdecimal()]
        self._last = max(numbers, default=0)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """A message is there as a whole or not at all: written under another name, then renamed."""
        self._last += 1
        number = self._last
        fresh = self._directory / f".{number}.new"
        content = envelope.original_content or b""
        with open(fresh, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(content)
        fresh.rename(self._directory / f"{number}.eml")
        return f"250 kept as {number}.eml"


async def receive(port: int, directory: Path) -> None:
    """Until SIGTERM or SIGINT."""
    mailbox = Mailbox(directory)
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = await loop.create_server(
        lambda: SMTP(mailbox, data_size_limit=LARGEST, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port
    )
    async with server:
        await stopping.wait()


if __name__ == "__main__":
    asyncio.run(receive(int(sys.argv[1]), Path(sys.argv[2])))
