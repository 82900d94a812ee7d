"""A proxy before a database that fails as networks and servers do: silent, frozen, reset, slow."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import sqlalchemy as sa

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


class TcpProxy:
    """Passes on what comes to a port of this machine.

    Parameters
    ----------
    target : Path
        Socket of the server.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._writers: set[Writer] = set()
        self._silent: set[Writer] = set()
        self._delay = 0.0
        self._refusing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def silence(self) -> None:
        """Pass on nothing more of the connections that there are; new ones work, as after a failover."""
        self._call(lambda: self._silent.update(self._writers))

    def freeze(self) -> None:
        """Take everything and pass on nothing, until `restore`: then it goes on."""
        self._call(lambda: self._moving.clear())

    def reset(self) -> None:
        """End all connections, and every new one at once."""

        def end() -> None:
            self._refusing = True
            for writer in self._writers:
                writer.transport.abort()

        self._call(end)

    def slow_down(self, seconds: float) -> None:
        """Pass everything on later."""
        self._delay = seconds

    def restore(self) -> None:
        """Be as at the beginning, but for connections that were silenced."""

        def go_on() -> None:
            self._refusing, self._delay = False, 0.0
            self._moving.set()

        self._call(go_on)

    async def serve(self, ready: Callable[[], None]) -> None:
        """Pass on, until the task is cancelled."""
        self._loop = asyncio.get_running_loop()
        self._moving = asyncio.Event()
        self._moving.set()
        server = await asyncio.start_server(self._connect, sock=self._listener)
        self._task = asyncio.current_task()
        ready()
        with suppress(asyncio.CancelledError):
            await server.serve_forever()
        for writer in self._writers:
            writer.transport.abort()

    def close(self) -> None:
        """End."""
        assert self._task
        self._call(self._task.cancel)

    def _call(self, change: Callable[[], Any]) -> None:
        async def run() -> None:
            change()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    async def _connect(self, reader: Reader, writer: Writer) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        to_server: tuple[Reader, Writer] = await asyncio.open_unix_connection(str(self._target))
        ways = (self._pass_on(reader, to_server[1]), self._pass_on(to_server[0], writer))
        self._writers |= {writer, to_server[1]}
        await _first(*ways)
        for one in (writer, to_server[1]):
            one.transport.abort()
            self._writers.discard(one)
            self._silent.discard(one)

    async def _pass_on(self, reader: Reader, writer: Writer) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await asyncio.sleep(self._delay)
                await self._moving.wait()
                if writer not in self._silent:
                    writer.write(data)
                    await writer.drain()
            if writer in self._silent:  # who is silent does not even say that it is gone
                await asyncio.Event().wait()


async def _first(*ways: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(way) for way in ways]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


@contextmanager
def proxy_of(database_url: str) -> Iterator[tuple[TcpProxy, str]]:
    """Run a proxy before a PostgreSQL that listens on a socket; give it and the URL that leads through it."""
    url = sa.make_url(database_url)
    proxy = TcpProxy(Path(str(url.query["host"])) / ".s.PGSQL.5432")
    started = asyncio.Event()
    thread = Thread(target=lambda: asyncio.run(proxy.serve(started.set)), daemon=True)
    thread.start()
    while not started.is_set():
        thread.join(0.01)
    through = url.set(host="127.0.0.1", port=proxy.port, query={})
    try:
        yield proxy, through.render_as_string(hide_password=False)
    finally:
        proxy.close()
        thread.join()
