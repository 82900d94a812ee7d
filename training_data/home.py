"""Where generated things live."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from training_data.settings import FileSettings


class HomeSettings(FileSettings):
    """Where generated things live."""

    home: Path = Field(Path("var"), description="bundles, store, caches and reports")

    @field_validator("home", mode="before")
    @classmethod
    def _empty_is_default(cls, value: object) -> object:
        return value or Path("var")


def padan_home() -> Path:
    """Return the directory of bundles, stores, caches and reports.

    Returns
    -------
    Path
        ``$PADAN_HOME``, ``home`` of ``padan.toml``, or ``./var``; it need not exist yet.
    """
    return HomeSettings().home
