"""The audit may be pruned of what is older than a year; all else it goes on refusing."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

MESSAGE = "audit is append-only; entries are kept for a year"


def upgrade() -> None:
    """Let entries go that are older than a year, and refuse every other change."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_delete")
        op.execute(
            "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
            "WHEN OLD.at > datetime('now', '-365 days') "
            f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )
        return
    op.execute("DROP TRIGGER audit_append_only ON audit")
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
    )
    op.execute(
        "CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF OLD.at > now() - interval '365 days' "
        f"THEN RAISE EXCEPTION '{MESSAGE}'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_kept_a_year BEFORE DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_keep()"
    )
