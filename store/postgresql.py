"""Connections to PostgreSQL that end: no statement waits longer than is agreed, whatever became of the server.

A server that died, or a middlebox that forgot the connection, says nothing at all; where a server hangs, its system
still acknowledges what is sent. So the time is kept on both sides, and by the system between.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

Result = TypeVar("Result")

GRACE_SECONDS: Final = (
    0.5  # that the server has to say that its time was over, before nobody waits for it
)
CONNECT_SECONDS: Final = 2
DETECTION: Final = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}


def create_engine(url: sa.URL, seconds: float, **pool: Any) -> sa.Engine:
    """Return an engine whose statements take so many seconds at most, what the URL says of connections included."""
    milliseconds = int(1000 * seconds)
    said = {"tcp_user_timeout": milliseconds, **DETECTION}
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,  # after a restart of the database the next request finds it again
        pool_timeout=seconds,
        connect_args={name: value for name, value in said.items() if name not in url.query},
        **pool,
    )

    class Bounded(_BoundedConnection):
        seconds_to_wait = seconds + GRACE_SECONDS

    @sa.event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, args: Any, named: Any) -> Bounded:
        return Bounded.connect(*args, **named)

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Bounded, _record: Any) -> None:
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(f"SET {name} = {milliseconds}")
        connection.commit()

    return engine


class _BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed where the server does not answer in time."""

    seconds_to_wait: float

    def wait(
        self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        """Return what the server answers."""
        try:
            return super().wait(gen, interval, timeout or self.seconds_to_wait)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # an answer that came later would be taken for another statement's
            raise
