"""The audit's writers do not wait for more where enough is there, and leave nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from api.observability import audit_writer
from api.observability.audit_writer import ENOUGH, AuditWriter
from store.audit import Entry
from store.database import Store
from store.tables import audit


def list_written(store: Store) -> list[str]:
    with store.reading() as connection:
        query = sa.select(audit.c.request_id).order_by(audit.c.entry)
        return list(connection.execute(query).scalars())


def requests(count: int) -> list[str]:
    return [f"request-{number}" for number in range(count)]


def add(writer: AuditWriter, ids: Sequence[str]) -> None:
    for name in ids:
        writer.add(Entry("portal", "recommend", request_id=name))


def wait(writer: AuditWriter) -> None:
    deadline = time.monotonic() + 30
    while writer.waiting and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not writer.waiting


def test_enough_entries_are_written_at_once_and_the_rest_at_the_end(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_writer, "GATHERING_SECONDS", 600)
    writer, ids = AuditWriter(sqlite_store), requests(ENOUGH + 3)
    add(writer, ids[:ENOUGH])
    wait(writer)
    add(writer, ids[ENOUGH:])
    writer.close()
    assert list_written(sqlite_store) == ids


def test_what_one_writer_leaves_behind_the_other_one_writes(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_writer, "GATHERING_SECONDS", 600)
    monkeypatch.setattr(audit_writer, "ENOUGH", 1_000)
    monkeypatch.setattr(audit_writer, "BEHIND", 10)
    writer, ids = AuditWriter(sqlite_store), requests(11)
    add(writer, ids)
    wait(writer)
    writer.close()
    assert list_written(sqlite_store) == ids


def test_two_writers_write_each_entry_once(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_writer, "ENOUGH", 2)
    monkeypatch.setattr(audit_writer, "BEHIND", 3)
    monkeypatch.setattr(audit_writer, "CLOSE_SECONDS", 120)
    writer, ids = AuditWriter(sqlite_store), requests(2_000)
    add(writer, ids)
    writer.close()
    assert sorted(list_written(sqlite_store)) == sorted(ids)


def test_entries_wait_while_the_store_is_away(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(audit_writer, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(audit_writer, "BEHIND", 3)
    with sqlite_store.writing() as connection:
        connection.execute(sa.text("ALTER TABLE audit RENAME TO away"))
    writer, ids = AuditWriter(sqlite_store), requests(20)
    add(writer, ids)
    deadline = time.monotonic() + 30
    while "the audit waits" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "the audit waits" in caplog.text
    with sqlite_store.writing() as connection:
        connection.execute(sa.text("ALTER TABLE away RENAME TO audit"))
    wait(writer)
    writer.close()
    assert sorted(list_written(sqlite_store)) == sorted(ids)


BAD_TEXTS = ["nul\0", "half \ud800 of a pair", "\0" * 10]


def test_a_bad_entry_loses_nobody_elses_and_nothing_of_itself(store: Store) -> None:
    writer = AuditWriter(store)
    for number, text in enumerate(BAD_TEXTS):
        writer.add(Entry("portal", "recommend", request_id=f"good-{number}"))
        writer.add(Entry(text, "recommend", request_id=f"bad-{number}"))
    wait(writer)
    writer.close()
    assert len(list_written(store)) == 2 * len(BAD_TEXTS)
    with store.reading() as connection:
        actors = connection.execute(sa.select(audit.c.actor).order_by(audit.c.entry)).scalars()
        bad = [actor for actor in actors if actor != "portal"]
    assert bad == [r"nul\x00", r"half \ud800 of a pair", r"\x00" * 10]


def test_an_entry_that_no_database_takes_is_logged_and_blocks_no_other(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    writer = AuditWriter(store)
    ids = requests(5)
    add(writer, ids[:2])
    writer.add(Entry("portal", "recommend", request_id="bad", decision={"half": "\ud800"}))
    add(writer, ids[2:])
    wait(writer)
    writer.close()
    assert list_written(store) == ids
    assert "here only" in caplog.text
    assert "bad" in caplog.text


def test_what_is_being_written_still_waits(sqlite_store: Store) -> None:
    writer = AuditWriter(sqlite_store)
    with sqlite_store.writing():  # nobody else writes
        add(writer, requests(ENOUGH))
        time.sleep(0.5)
        assert writer.waiting == ENOUGH
    wait(writer)
    writer.close()
