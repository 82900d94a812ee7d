"""A participant's revision: another one after each change, so that what is kept of them can be held to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; all who are there begin with the same revision."""
    op.add_column(
        "participants", sa.Column("revision", sa.String(32), nullable=False, server_default="first")
    )
