"""Lists that were shown, each a row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "shown",
        sa.Column("request_id", sa.String(128), primary_key=True),
        sa.Column("participant_id", sa.String(128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bundle_version", sa.String(128), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
    )
    op.create_index("shown_to_participant", "shown", ["participant_id"])
    op.create_index("shown_by_time", "shown", ["at"])
