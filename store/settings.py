"""Settings of the store."""

from __future__ import annotations

from pydantic import Field

from training_data.home import padan_home
from training_data.settings import FileSettings


class StoreSettings(FileSettings):
    """The database, and how long it keeps what."""

    database_url: str | None = Field(
        None,
        description="SQLite file or PostgreSQL, as SQLAlchemy writes it (postgresql://...); "
        "left out: store.sqlite in the home",
    )
    participant_retention_days: int = Field(
        1_825, ge=1, description="days that participants of whom nothing was heard are kept"
    )
    event_retention_days: int = Field(
        1_825, ge=1, description="days that events and impressions are kept"
    )
    audit_retention_days: int = Field(
        1_825, ge=365, description="days that entries of the audit are kept"
    )


def database_url() -> str:
    """Return the URL of the store's database: the setting, or the file ``store.sqlite`` in the home."""
    return StoreSettings().database_url or f"sqlite:///{padan_home() / 'store.sqlite'}"
