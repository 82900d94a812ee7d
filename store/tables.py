"""The store's tables; what the contracts of `training_data.columns` say of columns is taken from there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import dataframely as dy
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from training_data.columns import Interactions, Participants

SUBJECT = sa.String(64)


class UtcDateTime(sa.TypeDecorator[dt.datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is taken off there and put back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> Any:
        """Return the moment as the database keeps it."""
        if value is None:
            return None
        moment = value.astimezone(dt.UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(
        self, value: dt.datetime | None, dialect: sa.Dialect
    ) -> dt.datetime | None:
        """Return the moment with its time zone."""
        if value is None:
            return None
        return (
            value.replace(tzinfo=dt.UTC) if dialect.name == "sqlite" else value.astimezone(dt.UTC)
        )


def _columns(contract: type[dy.Schema]) -> list[sa.Column[Any]]:
    """Return a contract's columns; lists become JSON and moments UTC, in every database alike."""
    columns = contract.to_sqlalchemy_columns(postgresql.dialect())  # type: ignore[no-untyped-call]
    for column in columns:
        if isinstance(column.type, sa.ARRAY):
            column.type = sa.JSON()
        elif isinstance(column.type, sa.DateTime):
            column.type = UtcDateTime()
    return columns


metadata = sa.MetaData()

participants = sa.Table(
    "participants",
    metadata,
    *_columns(Participants),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("revision", sa.String(32), nullable=False),
)

events = sa.Table(
    "events",
    metadata,
    *_columns(Interactions),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Index("events_of_participant", Interactions.participant_id.name),
    sa.Index("events_by_time", Interactions.at.name),
)

shown = sa.Table(
    "shown",
    metadata,
    sa.Column("request_id", sa.String(128), primary_key=True),
    sa.Column("participant_id", sa.String(128), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("bundle_version", sa.String(128), nullable=False),
    sa.Column("items", sa.JSON, nullable=False),
    sa.Index("shown_to_participant", "participant_id"),
    sa.Index("shown_by_time", "at"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("entry", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("subject", SUBJECT),
    sa.Column("request_id", sa.String(128)),
    sa.Column("bundle_version", sa.String(128)),
    sa.Column("programme", sa.String(200)),
    sa.Column("decision", sa.JSON(none_as_null=True)),
    sa.Column("arm", sa.String(20)),
    sa.Index("audit_of_subject", sa.text("substr(subject, 1, 8)")),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("key_id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
)

prunings = sa.Table(
    "prunings",
    metadata,
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
)

datasets = sa.Table("datasets", metadata, sa.Column("folder", sa.String(4096), primary_key=True))

loads = sa.Table(
    "loads",
    metadata,
    sa.Column("fingerprint", sa.String(64), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
)

allocations = sa.Table(
    "allocations",
    metadata,
    sa.Column("allocation_id", sa.String(32), primary_key=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("client", sa.String(200), nullable=False),
    sa.Column("bundle_version", sa.String(128), nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("seed", sa.String(64), nullable=False),
    sa.Column("entrants", sa.Integer),
    sa.Column("entrants_sha256", sa.String(64)),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("stage", sa.String(20)),
    sa.Column("share", sa.Float, nullable=False),
    sa.Column("cancelled", sa.Boolean, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("runner", sa.String(32)),
    sa.Column("heard_at", UtcDateTime),
    sa.Column("outcome", sa.JSON(none_as_null=True)),
    sa.Column("problem", sa.String(4000)),
    sa.Index("allocations_by_time", "created_at"),
)

allocation_people = sa.Table(
    "allocation_people",
    metadata,
    sa.Column("allocation_id", sa.String(32), primary_key=True),
    sa.Column("participant_id", sa.String(128), primary_key=True),
    sa.Column("accepted", sa.String(128)),
    sa.Column("offered", sa.String(128)),
    sa.Column("refused", sa.JSON(none_as_null=True)),
    sa.Column("class_id", sa.String(128)),
    sa.Column("fit", sa.Float),
    sa.Column("status", sa.String(20)),
    sa.Column("reason", sa.String(20)),
    sa.Column("nearest_class_id", sa.String(128)),
    sa.Column("missing", sa.Float),
    sa.Column("tier", sa.Integer),
    sa.Column("lot", sa.Integer),
    sa.Index("allocation_people_by_id", "participant_id"),
)

salt = sa.Table("salt", metadata, sa.Column("value", sa.String(64), primary_key=True))
