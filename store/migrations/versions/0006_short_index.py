"""The audit's index of subjects, of their beginning only: each decision writes less."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the index anew."""
    op.drop_index("audit_of_subject", "audit")
    op.create_index("audit_of_subject", "audit", [sa.text("substr(subject, 1, 8)")])
