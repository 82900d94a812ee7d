"""What a command says of the data that it read, beside its result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from training_data.columns import TABLES
from training_data.dataset import Dataset
from training_data.references import find_unknown
from training_data.regions import RegionTable


def warn_of_unknown(data: Path, tables: Sequence[str] = tuple(TABLES)) -> None:
    """Say on standard error which rows name what is not there; the others are used."""
    dataset = Dataset.open(data)
    regions = RegionTable.load(dataset.own_or_named(dataset.info.region_pack))
    for one in find_unknown(dataset, regions, tables):
        typer.echo(f"padan: {one.said}", err=True)


def warn_of_untakeable(data: Path) -> None:
    """Say on standard error which trainings nobody can ever take by today's rules, and why."""
    from recommender.eligibility.untakeable import find_untakeable  # seconds to import
    from recommender.training.reference_data import load_reference_data

    dataset = Dataset.open(data)
    reference = load_reference_data(dataset)
    programme = reference.programme
    never = find_untakeable(dataset, programme, reference.vocabularies, programme.today())
    for reason, ids in never.items():
        typer.echo(
            f"padan: {len(ids)} trainings can be taken by nobody under {programme.label}: "
            f"{reason.value}, such as '{ids[0]}'",
            err=True,
        )
