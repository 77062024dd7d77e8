"""A mail server that costs next to nothing: takes every mail, and at the end tells what it was given and when.

`python -m bench.postbox` prints its port, serves until its input ends, and prints `{Message-ID: [times]}` as JSON. The
times are the monotonic clock's, which the processes of one machine share.
"""

import asyncio
import json
import sys
import time

Arrivals = dict[str, list[float]]


class Session(asyncio.Protocol):
    """One connection. Commands may come in pieces and several at once."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._buffer = b""
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 bench\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._buffer:
            end = b"\r\n.\r\n" if self._in_mail else b"\r\n"
            item, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            self._transport.write(self._taken(item) if self._in_mail else self._answer(item))

    def _taken(self, mail: bytes) -> bytes:
        self._in_mail = False
        _, _, after = mail.partition(b"Message-ID: ")
        self._arrivals.setdefault(after.partition(b"\r\n")[0].decode(), []).append(time.monotonic())
        return b"250 kept\r\n"

    def _answer(self, command: bytes) -> bytes:
        match command[:4].upper():
            case b"DATA":
                self._in_mail = True
                return b"354 go on\r\n"
            case b"EHLO":
                return b"250-bench\r\n250 PIPELINING\r\n"
            case b"QUIT":
                return b"221 bye\r\n"
        return b"250 ok\r\n"


async def main() -> None:
    arrivals: Arrivals = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(arrivals), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    json.dump(arrivals, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
