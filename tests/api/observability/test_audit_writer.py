"""The audit's writers do not wait for more where enough is there, and leave nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from api.observability import audit_writer as trail
from api.observability.audit_writer import ENOUGH, Trail
from store.audit import Entry
from store.database import Store
from store.tables import audit


def written(store: Store) -> list[str]:
    with store.reading() as connection:
        asked = sa.select(audit.c.request_id).order_by(audit.c.entry)
        return list(connection.execute(asked).scalars())


def requests(count: int) -> list[str]:
    return [f"request-{number}" for number in range(count)]


def add(kept: Trail, ids: Sequence[str]) -> None:
    for name in ids:
        kept.add(Entry("portal", "recommend", request_id=name))


def wait(kept: Trail) -> None:
    deadline = time.monotonic() + 30
    while kept.waiting and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not kept.waiting


def test_enough_entries_are_written_at_once_and_the_rest_at_the_end(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "GATHERING_SECONDS", 600)
    kept, ids = Trail(sqlite_store), requests(ENOUGH + 3)
    add(kept, ids[:ENOUGH])
    wait(kept)
    add(kept, ids[ENOUGH:])
    kept.close()
    assert written(sqlite_store) == ids


def test_what_one_writer_leaves_behind_the_other_one_writes(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "GATHERING_SECONDS", 600)
    monkeypatch.setattr(trail, "ENOUGH", 1_000)
    monkeypatch.setattr(trail, "BEHIND", 10)
    kept, ids = Trail(sqlite_store), requests(11)
    add(kept, ids)
    wait(kept)
    kept.close()
    assert written(sqlite_store) == ids


def test_two_writers_write_each_entry_once(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "ENOUGH", 2)
    monkeypatch.setattr(trail, "BEHIND", 3)
    kept, ids = Trail(sqlite_store), requests(2_000)
    add(kept, ids)
    kept.close()
    assert sorted(written(sqlite_store)) == sorted(ids)


def test_entries_wait_while_the_store_is_away(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(trail, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(trail, "BEHIND", 3)
    with sqlite_store.writing() as connection:
        connection.execute(sa.text("ALTER TABLE audit RENAME TO away"))
    kept, ids = Trail(sqlite_store), requests(20)
    add(kept, ids)
    deadline = time.monotonic() + 30
    while "the audit waits" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "the audit waits" in caplog.text
    with sqlite_store.writing() as connection:
        connection.execute(sa.text("ALTER TABLE away RENAME TO audit"))
    wait(kept)
    kept.close()
    assert sorted(written(sqlite_store)) == sorted(ids)
