"""Settings: the environment (``PADAN_...``) before ``padan.toml`` before the defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX: Final = "PADAN_"
FILE: Final = "padan.toml"


def config_file() -> Path:
    """Return the file of settings, which need not exist: ``$PADAN_CONFIG``, or ``./padan.toml``."""
    return Path(os.environ.get(f"{PREFIX}CONFIG") or FILE)


class FileSettings(BaseSettings):
    """Settings of one part of the program; the parts share one file, so each passes over the others' keys."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where a setting is looked for, the first place first."""
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, config_file()),
        )
