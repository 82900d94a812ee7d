"""When participants graduated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; of earlier participants it is not known."""
    op.add_column("participants", sa.Column("graduated_on", sa.Date()))
