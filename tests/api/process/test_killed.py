"""`kill -9` while events come in: what was acknowledged is there, once."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

import httpx
import pytest
import sqlalchemy as sa

from api.schemas.events import Event, EventBatch, EventsAccepted
from store.database import open_store
from store.tables import events
from tests.api.fork_server import fork_server

SENDERS = 3


@pytest.mark.parametrize(
    "rounds", [2, pytest.param(100, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_no_acknowledged_event_is_lost_or_doubled(
    database_url: str, bundle_folder: Path, rounds: int
) -> None:
    rng = Random(0)  # noqa: S311
    store = open_store(database_url)
    store.upgrade()
    sent: set[str] = set()
    acknowledged: set[str] = set()
    with fork_server(bundle_folder, database_url) as services:
        for number in range(rounds):
            services.start()
            stop = threading.Event()
            senders = [
                threading.Thread(
                    target=_send, args=(services.url, f"{number}-{one}", stop, sent, acknowledged)
                )
                for one in range(SENDERS)
            ]
            before = len(acknowledged)
            for sender in senders:
                sender.start()
            while len(acknowledged) == before:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.5))
            services.kill()
            stop.set()
            for sender in senders:
                sender.join()
            with store.reading() as connection:
                held = Counter(connection.execute(sa.select(events.c.event_id)).scalars())
            assert acknowledged <= held.keys() <= sent
            assert set(held.values()) == {1}
    print(f"{rounds} kills, {len(acknowledged)} acknowledged events, {len(sent)} sent")
    assert len(acknowledged) > rounds
    store.engine.dispose()


def _send(
    url: str, name: str, stop: threading.Event, sent: set[str], acknowledged: set[str]
) -> None:
    """Send batches, each twice as after a lost answer, until the service is gone."""
    now = dt.datetime.now(dt.UTC)
    with httpx.Client(base_url=url) as http:
        for number in range(100_000):
            if stop.is_set():
                return
            ids = [f"{name}-{number}-{one}" for one in range(7)]
            batch = [
                Event(event_id=one, participant_id=name, course_id="c", kind="click", at=now)
                for one in ids
            ]
            sent.update(ids)
            try:
                _post(http, batch)
                acknowledged.update(ids)
                assert _post(http, batch).repeated == len(ids)
            except httpx.TransportError:
                return


def _post(http: httpx.Client, batch: list[Event]) -> EventsAccepted:
    body = EventBatch(events=batch).model_dump(mode="json")
    answer = http.post("/v1/events", json=body, timeout=10).raise_for_status()
    return EventsAccepted.model_validate(answer.json())
