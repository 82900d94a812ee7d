"""The asynchronous client behind the face of the blocking one, so that one test serves both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from padan_client import AsyncPadan, Padan


class AwaitingPadan:
    """Calls the methods of an `AsyncPadan` and waits for their end."""

    def __init__(self, padan: AsyncPadan, runner: asyncio.Runner) -> None:
        self._padan = padan
        self._runner = runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._padan, name)
        return lambda *args, **kwargs: self._runner.run(method(*args, **kwargs))


@contextmanager
def open_client(kind: type[Padan] | type[AsyncPadan], url: str, **settings: Any) -> Iterator[Any]:
    """Give a client of either kind with blocking methods until the block ends."""
    if issubclass(kind, Padan):
        with kind(url, **settings) as padan:
            yield padan
        return
    with asyncio.Runner() as runner:
        padan = kind(url, **settings)
        runner.run(padan.__aenter__())
        yield AwaitingPadan(padan, runner)
        runner.run(padan.__aexit__(None, None, None))
