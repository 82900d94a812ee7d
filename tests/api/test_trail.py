"""The audit's writer does not wait for more where enough is there, and leaves nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from api import trail
from api.trail import ENOUGH, Trail
from training_data.store.audit import Entry
from training_data.store.database import Store, open_store
from training_data.store.tables import audit


def written(store: Store) -> list[str]:
    with store.reading() as connection:
        asked = sa.select(audit.c.request_id).order_by(audit.c.entry)
        return list(connection.execute(asked).scalars())


def test_enough_entries_are_written_at_once_and_the_rest_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "GATHERING_SECONDS", 600)
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.prepare()
    kept = Trail(store)
    ids = [f"request-{number}" for number in range(ENOUGH + 3)]
    for name in ids[:ENOUGH]:
        kept.add(Entry("portal", "recommend", request_id=name))
    deadline = time.monotonic() + 30
    while kept.waiting and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not kept.waiting
    for name in ids[ENOUGH:]:
        kept.add(Entry("portal", "recommend", request_id=name))
    kept.close()
    assert written(store) == ids
    store.engine.dispose()
