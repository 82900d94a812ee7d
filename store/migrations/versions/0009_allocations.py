"""Allocations of seats: the job, and each person of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "allocations",
        sa.Column("allocation_id", sa.String(32), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("bundle_version", sa.String(128), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column("entrants", sa.Integer()),
        sa.Column("entrants_sha256", sa.String(64)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("stage", sa.String(20)),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("runner", sa.String(32)),
        sa.Column("heard_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.JSON()),
        sa.Column("problem", sa.String(4000)),
    )
    op.create_index("allocations_by_time", "allocations", ["created_at"])
    op.create_table(
        "allocation_people",
        sa.Column("allocation_id", sa.String(32), primary_key=True),
        sa.Column("participant_id", sa.String(128), primary_key=True),
        sa.Column("accepted", sa.String(128)),
        sa.Column("offered", sa.String(128)),
        sa.Column("refused", sa.JSON()),
        sa.Column("class_id", sa.String(128)),
        sa.Column("fit", sa.Float()),
        sa.Column("status", sa.String(20)),
        sa.Column("reason", sa.String(20)),
        sa.Column("nearest_class_id", sa.String(128)),
        sa.Column("missing", sa.Float()),
        sa.Column("tier", sa.Integer()),
        sa.Column("lot", sa.Integer()),
    )
    op.create_index("allocation_people_by_id", "allocation_people", ["participant_id"])
