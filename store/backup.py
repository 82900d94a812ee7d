"""Copies of the store: taken while services run, put back while none does.

A copy of SQLite is a SQLite file; one of PostgreSQL is what `pg_dump` writes, by PostgreSQL's client programs.
Whoever was erased since a copy was taken is erased again when it is put back.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import sqlalchemy as sa

from store.database import Store
from store.erasure import delete_rows
from store.erasure_lists import read_lists
from store.errors import StoreError
from store.tables import (
    allocation_people,
    datasets,
    erasures,
    events,
    participants,
    shown,
)

SQLITE_HEAD: Final = b"SQLite format 3\0"
POSTGRESQL_HEAD: Final = b"PGDMP"
VERSION_TABLE: Final = "alembic_version"
ENDING_SECONDS: Final = 2.0  # that connections which were closed may take


class Erasures(NamedTuple):
    """Rows of the table of that name by subject, and the salt of the subjects."""

    key: bytes
    proofs: dict[str, dict[str, Any]]


def backup(store: Store, path: Path) -> None:
    """Write a copy of the store, as it is at one moment; services may go on.

    Raises
    ------
    StoreError
        If there is a file of that name, or the database cannot be copied.
    """
    if path.exists():
        raise StoreError(f"{path}: is there already; name a new file")
    path.parent.mkdir(parents=True, exist_ok=True)
    started = path.with_name(f"{path.name}.part")
    started.unlink(missing_ok=True)
    started.touch(mode=0o600)
    try:
        if store.engine.dialect.name == "sqlite":
            with store.reading() as connection, closing(sqlite3.connect(started)) as copy:
                _driver(connection).backup(copy)
        else:
            dump = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges"]
            _run(store, [*dump, f"--file={started}"])
        _sync(started)
        os.replace(started, path)
    finally:
        started.unlink(missing_ok=True)


def restore(store: Store, path: Path) -> int:
    """Put a copy in the place of what the store holds, brought to this program's version; no service may run.

    Returns
    -------
    int
        People of the copy who were erased since it was taken, and are erased again.

    Raises
    ------
    StoreError
        If the file is no copy of such a database, or somebody uses the store.
    """
    sqlite = store.engine.dialect.name == "sqlite"
    _require_head(path, SQLITE_HEAD if sqlite else POSTGRESQL_HEAD)
    erased = _read_erasures(store)
    if sqlite:
        _restore_sqlite(store, path)
    else:
        _restore_postgresql(store, path)
    restored = Store(store.engine)  # which knows nothing of the salt before
    restored.upgrade()
    restored.check_newest()
    return _erase_again(restored, erased)


def _restore_sqlite(store: Store, path: Path) -> None:
    target = Path(str(store.engine.url.database))
    fresh = target.with_name(f"{target.name}.part")
    shutil.copyfile(path, fresh)
    fresh.chmod(0o600)
    try:
        with closing(sqlite3.connect(fresh)) as copy:
            _require_sound(store, copy, path)
        _sync(fresh)
        store.engine.dispose()
        _require_unused(target)
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def _require_sound(store: Store, copy: sqlite3.Connection, path: Path) -> None:
    try:
        (answer,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
        versions = (
            copy.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()  # noqa: S608
            if VERSION_TABLE in tables
            else []
        )
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: damaged: {error}") from error
    if answer != "ok":
        raise StoreError(f"{path}: damaged: {answer}")
    _require_ours(store, path, [version for (version,) in versions])


def _require_ours(store: Store, path: Path, versions: Sequence[str]) -> None:
    if not versions:
        raise StoreError(f"{path}: no copy of a store")
    if not store.knows_version(versions[0]):
        raise StoreError(
            f"{path}: of version {versions[0]}, which this program does not know; use the one that wrote it"
        )


def _require_unused(target: Path) -> None:
    """Leave write-ahead logging, which SQLite does for the only user alone; the log's files go with it."""
    try:
        with closing(sqlite3.connect(target, timeout=0)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        raise StoreError(f"{target}: in use ({error}); stop the services first") from error
    except sqlite3.DatabaseError:  # damaged: what is put back takes its place
        for suffix in ("-wal", "-shm"):
            Path(f"{target}{suffix}").unlink(missing_ok=True)


def _restore_postgresql(store: Store, path: Path) -> None:
    """Drop what is there and read the copy in one transaction, so that one that fails changes nothing."""
    _require_ours(store, path, _read_versions(store, path))
    store.engine.dispose()
    with store.reading() as connection:
        _require_alone(connection)
        drops = _write_drops(connection)
    store.engine.dispose()
    read = ["pg_restore", "--no-owner", "--no-privileges", "--file=-", str(path)]
    write = ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    script = [f"--command={drops}"] if drops else []
    with subprocess.Popen(read, stdout=subprocess.PIPE) as reading:  # noqa: S603
        _run(store, [*write, *script, "--file=-"], stdin=reading.stdout)


def _write_drops(connection: sa.Connection) -> str:
    """Return the statements that empty the database, which is the store's alone.

    Of all tables, since a newer program may have made some that this one does not know.
    """
    tables = sa.inspect(connection).get_table_names()
    quote = connection.dialect.identifier_preparer.quote
    functions = connection.exec_driver_sql(
        "SELECT oid::regprocedure::text FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype"
    ).scalars()
    return " ".join(
        [f"DROP TABLE {', '.join(map(quote, tables))} CASCADE;"] * bool(tables)
        + [f"DROP FUNCTION {function};" for function in functions]
    )


def _read_versions(store: Store, path: Path) -> list[str]:
    """Return the version of a copy's tables, which `pg_restore` writes as the rows of a COPY."""
    asked = ["pg_restore", "--data-only", f"--table={VERSION_TABLE}", "--file=-", str(path)]
    lines = _run(store, asked, connected=False).splitlines()
    starts = [place for place, line in enumerate(lines) if line.startswith("COPY ")]
    return [lines[place + 1] for place in starts]


def _require_alone(connection: sa.Connection) -> None:
    """Wait for connections that end; refuse where some stay."""
    asked = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    until = time.monotonic() + ENDING_SECONDS
    while others := connection.execute(asked).scalar_one():
        if time.monotonic() > until:
            raise StoreError(f"in use by {others} other connections; stop the services first")
        time.sleep(0.1)
        # a transaction sees the connections as of its first look at them
        connection.execute(sa.text("SELECT pg_stat_clear_snapshot()"))


def _read_erasures(store: Store) -> Erasures:
    """Return what the present store knows of erasures; nothing where it has no tables or is damaged."""
    try:
        with store.reading() as connection:
            rows = connection.execute(sa.select(erasures)).mappings()
            return Erasures(store.key, {row["subject"]: dict(row) for row in rows})
    except (sa.exc.DatabaseError, sa.exc.NoResultFound) as error:
        if isinstance(error, sa.exc.DatabaseError) and error.connection_invalidated:
            raise
        return Erasures(b"", {})


def _erase_again(store: Store, before: Erasures) -> int:
    """Erase who has a proof in the store that was replaced, or stands on a list beside its datasets."""
    with store.writing() as connection:
        proofs = _read_lists(store, connection)
        if before.key == store.key:
            proofs |= before.proofs
        for subject in connection.execute(sa.select(erasures.c.subject)).scalars():
            proofs.pop(subject, None)
        if not proofs:
            return 0
        ids = {
            name
            for table in (participants, events, shown, allocation_people)
            for name in connection.execute(sa.select(table.c.participant_id).distinct()).scalars()
        }
        found = sorted(name for name in ids if store.pseudonym(name) in proofs)
        delete_rows(connection, found)
        connection.execute(sa.insert(erasures), list(proofs.values()))
    store.truncate_log()
    return len(found)


def _read_lists(store: Store, connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """Return proofs of what stands on the lists beside the store's datasets, as far as they are there."""
    folders = connection.execute(sa.select(datasets.c.folder)).scalars()
    lists = [one for folder in folders for one in read_lists(Path(folder))]
    subjects = {subject for one in lists if one.key == store.key for subject in one.subjects}
    now = dt.datetime.now(dt.UTC)
    return {subject: {"subject": subject, "at": now, "counts": {}} for subject in subjects}


def _require_head(path: Path, head: bytes) -> None:
    with path.open("rb") as file:
        if file.read(len(head)) != head:
            raise StoreError(f"{path}: no copy of a database of this kind")


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    bare = connection.connection.driver_connection
    assert isinstance(bare, sqlite3.Connection)  # noqa: S101
    return bare


def _run(
    store: Store, command: list[str], stdin: IO[bytes] | None = None, *, connected: bool = True
) -> str:
    """Run a client program of PostgreSQL, on the store's database; return what it wrote."""
    url = store.engine.url.set(drivername="postgresql")
    environment = os.environ | {"PGPASSWORD": str(url.password or "")}
    if connected:
        address = url.set(password=None).render_as_string(hide_password=False)
        command = [*command, f"--dbname={address}"]
    try:
        done = subprocess.run(  # noqa: S603
            command, stdin=stdin, env=environment, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise StoreError(
            f"{command[0]} is missing: install PostgreSQL's client programs"
        ) from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise StoreError(f"{command[0]}: {lines[0] if lines else 'failed'}")
    return done.stdout.decode(errors="replace")


def _sync(path: Path) -> None:
    """Have the file on the disk before it is named."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
