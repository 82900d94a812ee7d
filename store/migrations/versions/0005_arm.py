"""The arm of an experiment, beside what was decided in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; earlier decisions were in no experiment."""
    op.add_column("audit", sa.Column("arm", sa.String(20)))
