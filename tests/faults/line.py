"""A line to a server that may go dead without a word, as one does when a firewall between forgets it: nothing arrives
any more, in either direction, and nobody is told that it ended. No root is needed for it."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from services import ports
from tests.system import System


class Line:
    """To a port of this machine; `port` is its near end. What went dead stays so; after `heal` new connections work."""

    def __init__(self, to: int) -> None:
        self._to, self.port = to, ports.free()
        self._dead, self._deaths = False, 0

    def __enter__(self) -> "Line":
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(60), "the line was not opened"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    def die(self) -> None:
        self._dead, self._deaths = True, self._deaths + 1

    def heal(self) -> None:
        self._dead = False

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, ports.HOST, self.port)
        ready.set()
        await self._over.wait()
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        born = self._deaths
        try:
            if self._dead:
                await self._over.wait()
            far, to_far = await asyncio.open_connection(ports.HOST, self._to)
            try:
                both = {
                    asyncio.ensure_future(self._carry(near, to_far, born)),
                    asyncio.ensure_future(self._carry(far, to_near, born)),
                }
                _, left = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                for carrying in left:
                    carrying.cancel()
            finally:
                to_far.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass  # the server is gone, or we are
        finally:
            self._open.discard(task)
            to_near.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, born: int) -> None:
        """Until one end hangs up. What went dead carries not even that."""
        with suppress(OSError):
            while data := await source.read(65_536):
                if born != self._deaths:
                    break
                to.write(data)
                await to.drain()
        if born != self._deaths:
            await self._over.wait()


@contextmanager
def between_worker_and_broker(system: System) -> Generator[Line]:
    """The worker reaches its broker over a line; afterwards it has none again."""
    straight = system.redis_url
    parts = urlsplit(straight)
    assert parts.port
    with Line(parts.port) as line:
        system.stop("worker")
        system.env["REDIS_URL"] = straight.replace(f":{parts.port}", f":{line.port}")
        try:
            system.start("worker")
            yield line
        finally:
            system.env["REDIS_URL"] = straight
            system.kill("worker")
            system.start("worker")
