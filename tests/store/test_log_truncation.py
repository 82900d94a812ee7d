"""SQLite's write-ahead log is emptied after an erasure, whoever reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from store import log_truncation
from store.database import Store, open_store
from store.log_truncation import LogTruncation
from store.tables import datasets

WORD = "/folder-of-somebody"


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite-wal"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.upgrade()
    with store.writing() as connection:
        connection.execute(sa.insert(datasets), {"folder": WORD})
    yield store
    store.engine.dispose()


def test_who_reads_for_long_holds_up_no_erasure(
    store: Store, log_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_truncation, "PAUSE_SECONDS", 0.02)
    truncation = LogTruncation(store)
    truncation.start()
    with store.reading() as connection:
        connection.execute(sa.select(datasets)).all()
        with store.writing() as other:
            other.execute(sa.delete(datasets))
        began = time.monotonic()
        truncation.truncate()
        assert time.monotonic() - began < 1
        assert WORD.encode() in log_file.read_bytes()
    until = time.monotonic() + 5
    while log_file.stat().st_size and time.monotonic() < until:
        time.sleep(0.01)
    assert not (log_file.exists() and log_file.stat().st_size)
    truncation.close()


def test_the_log_is_emptied_at_the_stop(store: Store, log_file: Path) -> None:
    assert log_file.stat().st_size
    LogTruncation(store).close()
    assert not (log_file.exists() and log_file.stat().st_size)
