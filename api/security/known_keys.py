"""The API keys of the store, all of them in memory: a key that is known is let in without asking anybody.

There are few of them, so they are read together. Whoever tries keys that do not exist then costs the store a
reading four times a second at most, however many he tries, and holds up nobody whose key is good.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from store import keys
from store.database import Store

KEPT_SECONDS = 5  # so long a revoked key may still be let in
OUTAGE_SECONDS = 600  # so long a known key is let in while the store does not answer
PAUSE_SECONDS = 0.25  # between two readings

log = logging.getLogger("padan.security")


class KnownKeys:
    """Finds keys by their ids.

    Parameters
    ----------
    seconds : float
        How long a request waits for the store.
    """

    def __init__(self, store: Store, seconds: float) -> None:
        self._store = store
        self._seconds = seconds
        self._keys: Mapping[str, keys.ApiKey] = {}
        # on the monotonic clock: when the last reading that found them began, and when one was last asked for
        self._read_at = self._asked_at = self._began = -float("inf")
        self._thread = ThreadPoolExecutor(1, "keys")
        self._reading: Future[None] | None = None

    async def find(self, key_id: str) -> keys.ApiKey | None:
        """Return a key; one that is not known is looked for in the store first.

        Raises
        ------
        SQLAlchemyError, TimeoutError
            If the store does not answer, and the key was not known lately.
        """
        now = time.monotonic()
        held = self._keys.get(key_id)
        lately = now - self._read_at <= OUTAGE_SECONDS
        if held and lately and now - self._asked_at < KEPT_SECONDS:
            return held
        try:
            async with asyncio.timeout(self._seconds + 2 * PAUSE_SECONDS):
                await self._read_after(now)
        except (SQLAlchemyError, TimeoutError) as error:
            if held is None or not lately:
                raise
            log.error("the store does not answer, a known key is let in: %s", type(error).__name__)
            return held
        return self._keys.get(key_id)

    def close(self) -> None:
        """Read no more."""
        self._thread.shutdown(wait=False)

    async def _read_after(self, moment: float) -> None:
        """Return when the keys are known as of a moment or later."""
        while self._read_at < moment:
            if self._reading is None or self._reading.done():
                self._asked_at = time.monotonic()
                self._reading = self._thread.submit(self._read)
            await asyncio.shield(asyncio.wrap_future(self._reading))

    def _read(self) -> None:
        time.sleep(max(0.0, self._began + PAUSE_SECONDS - time.monotonic()))
        self._began = began = time.monotonic()
        with self._store.reading() as connection:
            found = keys.all_keys(connection)
        self._keys, self._read_at = {key.key_id: key for key in found}, began
