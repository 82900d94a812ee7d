"""What a command says of the data that it read, beside its result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from training_data.columns import TABLES
from training_data.dataset import Dataset
from training_data.references import find_unknown


def warn_of_unknown(data: Path, tables: Sequence[str] = tuple(TABLES)) -> None:
    """Say on standard error which rows name what is not there; the others are used."""
    for one in find_unknown(Dataset.open(data), tables):
        typer.echo(f"padan: {one.said}", err=True)
