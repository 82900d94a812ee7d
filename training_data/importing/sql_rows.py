"""The rows of a table or query of a database, one after the other; nothing is written there."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from training_data.importing.source import Source, SourceBuilder, SourceError, as_text, is_readable

_AT_ONCE: Final = 10_000  # rows that the database hands over
_CONNECT_SECONDS: Final = 10
_EXAMPLE: Final = "postgresql://user@host/database or sqlite:///file.db"
_MOMENTS: Final = ("date", "timestamp", "timestamptz", "timetz", "interval")


def as_database(text: str) -> sa.URL | None:
    """Return the database that a text such as ``sqlite:///lpk.db`` names; None: it names a file.

    Raises
    ------
    SourceError
        If it is no URL of a database.
    """
    if "://" not in text:
        return None
    try:
        url = sa.make_url(text)
        backend = url.get_backend_name()
    except (sa.exc.SQLAlchemyError, ValueError) as error:
        raise SourceError(
            f"a database's URL cannot be read, such as {_EXAMPLE}: {error}"
        ) from error
    if backend == "sqlite" and url.database:
        return url.set(database=str(Path(url.database).resolve()))
    return url


def tell(url: sa.URL) -> str:
    """Return a database's URL without its secrets."""
    return url.set(query={}).render_as_string()


def read_database(url: sa.URL, table: str, query: str) -> Source:
    """Read a table, or what a query finds.

    Parameters
    ----------
    url : sqlalchemy.URL
        SQLite, PostgreSQL, or what else SQLAlchemy has a driver for.
    table : str
        Its name, with its schema before a dot; "" where there is a query.

    Raises
    ------
    SourceError
        If the database does not answer, or refuses the query; the password is not said.
    """
    if not (table or query):
        raise SourceError(f"{tell(url)}: `table` or `query` in the mapping says what to read")
    engine = None
    try:
        engine = _open_engine(url)
        with engine.connect() as connection:
            reading = connection.execution_options(yield_per=_AT_ONCE, no_parameters=True)
            found = reading.exec_driver_sql(query) if query else reading.execute(_select_all(table))
            return _collect(found)
    except (sa.exc.SQLAlchemyError, sqlite3.Error, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise SourceError(f"{tell(url)}: cannot be read: {reason}") from error
    finally:
        if engine is not None:
            engine.dispose()


def _open_engine(url: sa.URL) -> sa.Engine:
    match url.get_backend_name():
        case "sqlite":
            return sa.create_engine("sqlite://", creator=lambda: _open_sqlite(url))
        case "postgresql":
            engine = sa.create_engine(
                url.set(drivername="postgresql+psycopg"),
                connect_args={"connect_timeout": _CONNECT_SECONDS, "options": "-c datestyle=ISO"},
                execution_options={"postgresql_readonly": True},
            )
            sa.event.listen(engine, "connect", _read_moments_as_text)
            return engine
        case _:
            return sa.create_engine(url)


def _open_sqlite(url: sa.URL) -> sqlite3.Connection:
    """Open a file that is there, to read only; bytes that are not UTF-8 stay to be told of."""
    uri = Path(url.database or "").as_uri()
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, check_same_thread=False)
    connection.text_factory = lambda held: held.decode(errors="surrogateescape")
    return connection


def _read_moments_as_text(connection: Any, _: object) -> None:
    """Take days as they are written: Python has none for "infinity" or before the year 1."""
    from psycopg.types.string import TextLoader  # an extra

    for name in _MOMENTS:
        connection.adapters.register_loader(name, TextLoader)


def _select_all(table: str) -> sa.Select[Any]:
    schema, _, name = table.rpartition(".")
    return sa.select(sa.text("*")).select_from(sa.table(name, schema=schema or None))


def _collect(found: sa.CursorResult[Any]) -> Source:
    if not found.returns_rows:
        raise sa.exc.InvalidRequestError("the query finds no rows, it changes them")
    names = list(found.keys())
    builder = SourceBuilder(names)
    for row in found:
        cells = [as_text(value) for value in row]
        if is_readable(cell for cell in cells if cell):
            builder.add(cells)
        else:
            builder.add_broken(
                "holds bytes that are not UTF-8", json.dumps(dict(zip(names, cells, strict=True)))
            )
    return builder.build()
