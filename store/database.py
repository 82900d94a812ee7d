"""The store's database: SQLite by default, PostgreSQL by ``PADAN_DATABASE_URL``."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from store.errors import StoreDownError, StoreError
from store.settings import database_url
from store.statements import as_json
from store.tables import salt

Found = TypeVar("Found")

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 10  # how long a writer waits for another one in SQLite
STATEMENT_SECONDS = 3_600.0  # of commands, which read and write everything
POOL: dict[str, Any] = {
    "pool_size": 10,
    "max_overflow": 40,
    "hide_parameters": True,  # errors are logged, what is in the rows is not
    "json_serializer": as_json,
    "json_deserializer": orjson.loads,
}


class PersistentConnection:
    """A connection that stays open, on which each statement is a transaction of its own.

    To take a connection from the pool, begin, and end costs several times what a short statement does. It
    is safe to use from several threads, one after the other.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Begins no transaction.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._open: sa.Connection | None = None
        self._lock = Lock()
        self._abandoned = False

    def run(self, statement: Callable[[sa.Connection], Found]) -> Found:
        """Return what one statement finds; it is asked again where the database had closed the connection."""
        with self._lock:
            old = self._open is not None
            try:
                return self._try(statement)
            except sa.exc.DBAPIError as error:
                if not (old and error.connection_invalidated) or self._abandoned:
                    raise
            return self._try(statement)

    def abandon(self) -> None:
        """Have the connection end with the statement under way, if there is one, without waiting for it."""
        self._abandoned = True
        if self._lock.acquire(blocking=False):
            self._end()
            self._lock.release()

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            self._end()

    def _try(self, statement: Callable[[sa.Connection], Found]) -> Found:
        self._open = self._open or self._connect()
        try:
            return statement(self._open)
        except Exception:
            self._end()
            raise
        finally:
            if self._abandoned:
                self._end()

    def _connect(self) -> sa.Connection:
        connection = self._engine.connect()
        connection.detach()
        return connection

    def _end(self) -> None:
        ended, self._open = self._open, None
        if ended is not None:
            ended.close()


@dataclass(frozen=True)
class Store:
    """A database with the store's tables.

    Attributes
    ----------
    is_up : callable
        Whether it answers, by somebody who watches; where it does not, nobody waits for it to find out.
    """

    engine: sa.Engine
    is_up: Callable[[], bool] = lambda: True

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection to read with."""
        self._require_up()
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a connection whose changes are durable after the block, or undone if it raises."""
        self._require_up()
        with self._immediate.begin() as connection:
            yield connection

    def _require_up(self) -> None:
        if not self.is_up():
            raise StoreDownError("the store does not answer")

    def persistent_connection(self) -> PersistentConnection:
        """Return a connection of its own that stays open, for short statements."""
        if self.engine.dialect.name == "sqlite":
            return PersistentConnection(self.engine.execution_options(sqlite_begin=None))
        return PersistentConnection(self.engine.execution_options(isolation_level="AUTOCOMMIT"))

    def non_blocking_connection(self) -> sqlite3.Connection | None:
        """Return a bare connection whose statements are answered at once or not at all.

        None where a network lies between. SQLAlchemy's part of a statement would take longer than SQLite's.
        """
        if self.engine.dialect.name != "sqlite":
            return None
        pooled = self.engine.raw_connection()
        bare = pooled.driver_connection
        pooled.detach()  # so what is set does not come back to the pool
        assert isinstance(bare, sqlite3.Connection)  # noqa: S101
        bare.execute("PRAGMA busy_timeout = 0")
        return bare

    @cached_property
    def _immediate(self) -> sa.Engine:
        return self.engine.execution_options(sqlite_begin="IMMEDIATE")

    def upgrade(self) -> None:
        """Bring the tables to the newest version."""
        config = _alembic()
        with self.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def prepare(self) -> None:
        """Bring a local SQLite file to the newest version; hold a shared database to it."""
        if self.engine.dialect.name == "sqlite":
            self.upgrade()
            self.truncate_log()
        self.check_newest()

    def truncate_log(self, seconds: float = BUSY_SECONDS) -> bool:
        """Empty SQLite's write-ahead log, which may hold what was erased; False where others still read from it.

        Parameters
        ----------
        seconds : float
            How long to wait for them; nobody else can write meanwhile.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        with self._sqlite_alone() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(1000 * seconds)}")
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
        return not busy

    def compact(self) -> None:
        """Write SQLite's file anew: where its pages were divided, rows that were erased may lie between others.

        Raises
        ------
        StoreError
            If others write all the time.
        """
        if self.engine.dialect.name != "sqlite":
            return
        try:
            with self._sqlite_alone() as connection:
                connection.exec_driver_sql(
                    "PRAGMA temp_store = FILE"
                )  # it is as large as the store
                connection.exec_driver_sql("VACUUM")
        except sa.exc.OperationalError as error:
            raise StoreError(f"the store could not be written anew: {error.orig}") from error

    @contextmanager
    def _sqlite_alone(self) -> Iterator[sa.Connection]:
        """Give a connection without a transaction, whose settings nobody else gets."""
        with self.engine.execution_options(sqlite_begin=None).connect() as connection:
            connection.detach()
            yield connection

    def check_newest(self) -> None:
        """Hold the tables to the newest version.

        Raises
        ------
        StoreError
            If they are of another version, or not there.
        """
        newest = ScriptDirectory.from_config(_alembic()).get_current_head()
        with self.reading() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        if found != newest:
            raise StoreError(
                f"the store's tables are of version {found}, this program's of {newest}; "
                "run `padan store upgrade`"
            )

    def knows_version(self, version: str) -> bool:
        """Whether this program can bring tables of a version to its own."""
        versions = ScriptDirectory.from_config(_alembic()).walk_revisions()
        return version in {one.revision for one in versions}

    def pseudonym(self, participant_id: str) -> str:
        """Return the salted hash (64 hexadecimal digits) under which audit and proofs name a person."""
        return make_pseudonym(self.key, participant_id)

    @cached_property
    def name(self) -> str:
        """What the store is called beside datasets: the same in every copy of it."""
        return hashlib.sha256(self.key).hexdigest()[:16]

    @cached_property
    def key(self) -> bytes:
        """The salt of the hashes."""
        with self.reading() as connection:
            return bytes.fromhex(connection.execute(sa.select(salt.c.value)).scalar_one())


def make_pseudonym(key: bytes, participant_id: str) -> str:
    """Return the hash (64 hexadecimal digits) of an id under a store's key."""
    return hmac.digest(key, participant_id.encode(), hashlib.sha256).hex()


def open_store(url: str | None = None, statement_seconds: float = STATEMENT_SECONDS) -> Store:
    """Connect to the store; SQLite's file and folder are made where they are not there.

    Parameters
    ----------
    url : str, optional
        A SQLAlchemy URL of SQLite or PostgreSQL; `store.settings.database_url` by default.
    statement_seconds : float
        How long PostgreSQL may take for one statement.

    Raises
    ------
    StoreError
        If the URL is malformed, or of another database.
    """
    try:
        parsed = sa.make_url(url or database_url())
    except sa.exc.ArgumentError as error:
        raise StoreError("PADAN_DATABASE_URL: not a database URL") from error
    match parsed.get_backend_name():
        case "sqlite":
            return Store(_sqlite(parsed))
        case "postgresql":
            from store import postgresql  # of the extra

            return Store(postgresql.create_engine(parsed, statement_seconds, **POOL))
        case other:
            raise StoreError(f"PADAN_DATABASE_URL: '{other}' is neither sqlite nor postgresql")


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _make_private(path: Path) -> None:
    """Make the file for its owner alone, and with it the files that SQLite puts beside it."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, mode=0o700)
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
    except PermissionError:
        return  # another user's: SQLite says whether it can be used


def _sqlite(url: sa.URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("PADAN_DATABASE_URL: name a file; a store in memory would not last")
    _make_private(Path(url.database))
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **POOL)

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not behind the scenes
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a commit is on the disk when it returns
        # pages (16 MiB): those of indexes, which change with every transaction, are copied home less often
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        connection.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten
        connection.execute("PRAGMA temp_store=MEMORY")  # where a statement keeps what it would undo

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        if kind is not None:
            connection.exec_driver_sql(f"BEGIN {kind}")

    return engine
