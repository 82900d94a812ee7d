"""First tables; the audit refuses changes."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "participants",
        sa.Column("participant_id", sa.String(128), primary_key=True),
        sa.Column("birth_year", sa.Integer()),
        sa.Column("gender", sa.String(6)),
        sa.Column("education", sa.String(15)),
        sa.Column("employment_status", sa.String(19)),
        sa.Column("occupation", sa.String(200)),
        sa.Column("target_occupation", sa.String(200)),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("interests", sa.JSON(), nullable=False),
        sa.Column("region_code", sa.String(32)),
        sa.Column("rural", sa.Boolean()),
        sa.Column("latitude", sa.Float()),
        sa.Column("longitude", sa.Float()),
        sa.Column("radius_km", sa.Float()),
        sa.Column("disability", sa.Boolean()),
        sa.Column("balance_idr", sa.BigInteger()),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("admitted_on", sa.Date()),
        sa.Column("has_device", sa.Boolean()),
        sa.Column("has_connection", sa.Boolean()),
        sa.Column("profiling_opt_out", sa.Boolean(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("event_id", sa.String(128), primary_key=True),
        sa.Column("participant_id", sa.String(128), nullable=False),
        sa.Column("course_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("value", sa.Float()),
        sa.Column("request_id", sa.String(128)),
        sa.Column("position", sa.Integer()),
        sa.Column("propensity", sa.Float()),
        sa.Column("bundle_version", sa.String(128)),
        sa.Column("received_at", MOMENT, nullable=False),
    )
    op.create_index("events_of_participant", "events", ["participant_id"])
    op.create_index("events_by_time", "events", ["at"])
    op.create_table(
        "audit",
        sa.Column("entry", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(64)),
        sa.Column("request_id", sa.String(128)),
        sa.Column("bundle_version", sa.String(128)),
        sa.Column("programme", sa.String(200)),
        sa.Column("decision", sa.JSON()),
    )
    op.create_index("audit_of_subject", "audit", ["subject"])
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
    )
    op.create_table(
        "erasures",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
    )
    op.create_table(
        "loads",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
    )
    salt = op.create_table("salt", sa.Column("value", sa.String(64), primary_key=True))
    op.bulk_insert(salt, [{"value": secrets.token_hex(32)}])
    _append_only("audit")
    _append_only("erasures")


def _append_only(table: str) -> None:
    message = f"{table} is append-only"
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )
