"""Participants by id within the time that a list has: as the store holds them or, without it, as they are kept."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from api.observability.metrics import Metrics
from api.recommend.participant_cache import CachedParticipant, ParticipantCache
from api.schemas.recommendations import Cause

PAUSE_SECONDS = 1.0  # so long the store is not asked after it failed

log = logging.getLogger("padan.api")


class ParticipantLookup:
    """Asks the store in a thread of its own; one that hangs is left to itself, and another takes its place.

    Parameters
    ----------
    seconds : float
        How long a list waits for the store.
    """

    def __init__(self, participants: ParticipantCache, seconds: float) -> None:
        self._participants = participants
        self._seconds = seconds
        self._thread = _start()
        self._from = 0.0

    async def find(
        self, ids: Sequence[str], metrics: Metrics
    ) -> tuple[Mapping[str, CachedParticipant | None], Cause | None]:
        """Return the participants of the ids, and why they are those in memory where they are."""
        if ids and time.monotonic() >= self._from and self._participants.store_is_up:
            start = time.perf_counter()
            try:
                found = self._participants.find_without_waiting(ids)
                if found is None:
                    found = await self._find_in_thread(ids)
            except (SQLAlchemyError, TimeoutError) as error:
                log.error("the store does not answer: %s", type(error).__name__)
                self._from = time.monotonic() + PAUSE_SECONDS
            else:
                metrics.observe_stage("store", time.perf_counter() - start)
                return dict(zip(ids, found, strict=True)), None
        return {name: self._participants.find_kept(name) for name in ids}, "store"

    def close(self) -> None:
        """Ask nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _find_in_thread(self, ids: Sequence[str]) -> list[CachedParticipant | None]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                return await loop.run_in_executor(self._thread, self._participants.find, ids)
        except TimeoutError:  # it may hang: the next question goes another way
            self.close()
            self._thread = _start()
            self._participants.reconnect()
            raise


def _start() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="store")
