"""TOML files that hold one pydantic model: read, or refused with the file and the key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


def load_model(model: type[Model], path: Path, error: type[Exception], hint: str) -> Model:
    """Return the model that a file holds; a key that is left out keeps its default.

    Raises
    ------
    error
        If the file is not there, is no TOML, or a key is unknown or out of range; ``hint`` ends that message.
    """
    try:
        return model(**tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise error(f"{path}: {problem}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise error(f"{path}: {key}: {first['msg']}; {hint}") from problem
