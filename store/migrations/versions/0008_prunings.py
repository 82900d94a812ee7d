"""Who was pruned, which datasets the store knows, and an audit that replacing does not change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables; refuse what SQLite's REPLACE would do to an entry without a trigger's notice."""
    op.create_table(
        "prunings",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table("datasets", sa.Column("folder", sa.String(4096), primary_key=True))
    if op.get_bind().dialect.name == "sqlite":
        _refuse_replacing("audit", "entry")
        _refuse_replacing("erasures", "subject")


def _refuse_replacing(table: str, key: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
