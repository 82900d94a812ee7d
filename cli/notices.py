"""What a command says of the data that it read, beside its result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from cli.exits import exit_where_strict
from training_data.columns import TABLES
from training_data.contract import count_reasons
from training_data.dataset import Dataset
from training_data.references import find_unknown
from training_data.regions import RegionTable

SHOWN_REASONS = 10


def warn_of_rows(data: Path, tables: Sequence[str] = tuple(TABLES)) -> None:
    """Say on standard error which rows were set aside and why, and which name what is not there."""
    dataset = Dataset.open(data)
    set_aside = sum(_warn_of_broken(dataset, table) for table in tables)
    regions = RegionTable.load(dataset.own_or_named(dataset.info.region_pack))
    for one in find_unknown(dataset, regions, tables):
        typer.echo(f"padan: {one.said}", err=True)
    exit_where_strict(set_aside)


def _warn_of_broken(dataset: Dataset, table: str) -> int:
    """Say why rows of a table cannot be used, and return how many they are."""
    good, bad, problems = dataset.split(table)
    if len(bad):
        typer.echo(
            f"padan: {dataset.path(table)}: {len(good):,} rows used, {len(bad):,} set aside",
            err=True,
        )
    for reason in count_reasons(problems)[:SHOWN_REASONS]:
        typer.echo(
            f"padan: {table}: {reason.rows:,} rows: {reason.kind}, such as row {reason.row}",
            err=True,
        )
    return len(bad)


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
