"""Settings: the environment (``PADAN_...``) before ``padan.toml`` before the defaults."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX: Final = "PADAN_"
FILE: Final = "padan.toml"


class SettingsError(ValueError):
    """A setting that cannot be used."""


def config_file() -> Path:
    """Return the file of settings: ``$PADAN_CONFIG``, or ``./padan.toml``, which need not exist.

    Raises
    ------
    SettingsError
        If ``$PADAN_CONFIG`` names no file.
    """
    named = os.environ.get(f"{PREFIX}CONFIG")
    if named and not Path(named).is_file():
        raise SettingsError(f"{PREFIX}CONFIG names {named}, and there is no such file")
    return Path(named or FILE)


class FileSettings(BaseSettings):
    """Settings of one part of the program; the parts share one file, so each passes over the others' keys.

    Raises
    ------
    SettingsError
        If a value is of another type or out of its bounds, or the file is no TOML; the message names each.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{config_file()}: not valid TOML: {error}") from None
        except ValidationError as error:
            problems = [
                f"{PREFIX}{str(problem['loc'][0]).upper()}={problem['input']!r}: {problem['msg']}"
                for problem in error.errors()
            ]
            raise SettingsError("; ".join(problems)) from None

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
