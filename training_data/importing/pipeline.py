"""Several source files into one dataset directory, with the rejects beside the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from training_data.dataset import INFO_FILE, Dataset, DatasetInfo
from training_data.importing.importer import REJECT_SCHEMA, ImportResult, import_file
from training_data.importing.mapping import Kind, Mapping
from training_data.regions import RegionTable

REJECTS: Final = "rejects"


@dataclass
class ImportSummary:
    """What an import did, summed over its files.

    Attributes
    ----------
    read, accepted, rejected : int
        Rows of the sources; ``read == accepted + rejected``.
    added, replaced : int
        What the accepted rows were to the table: new, or in place of a row of the same key.
    assumed : dict of str to int
        Accepted cells by column that hold an assumption of the mapping.
    files : list of tuple
        File name and its result.
    """

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    added: int = 0
    replaced: int = 0
    assumed: Counter[str] = field(default_factory=Counter)
    files: list[tuple[str, ImportResult]] = field(default_factory=list)


def import_into(
    folder: Path,
    kind: Kind,
    paths: Sequence[Path],
    mapping: Mapping | None = None,
    append: bool = True,
) -> ImportSummary:
    """Import files into one table of a dataset; ``rejects.parquet`` and ``.csv`` hold the rest.

    Parameters
    ----------
    folder : Path
        The dataset's directory; it is made when a first file has been read.
    mapping : Mapping, optional
        For all the files; None: each file's own is found by its name or columns.
    append : bool
        True: merge into the table that is there, a row taking the place of one with its key.
        False: begin the table anew.

    Raises
    ------
    MappingError, SourceError, DatasetError
        If a file or the dataset cannot be used; the dataset is then as it was.
    """
    there = (folder / INFO_FILE).exists()
    own = Dataset.open(folder) if there else Dataset(folder, DatasetInfo())
    regions = RegionTable.load(own.own_or_named(own.info.region_pack))
    results = [(path.name, import_file(path, kind, mapping, regions)) for path in paths]
    dataset = Dataset.open_or_create(folder)
    summary = ImportSummary(files=results)
    for position, (_, result) in enumerate(results):
        if position == 0 and not append:
            dataset.write(kind, result.accepted.clear())
        counts = dataset.merge(kind, result.accepted)
        summary.read += result.read
        summary.accepted += result.accepted.height
        summary.rejected += result.rejects.height
        summary.added += counts.added
        summary.replaced += counts.replaced
        summary.assumed.update(result.assumed)
    _write_rejects(folder, kind, results)
    return summary


def _write_rejects(folder: Path, kind: Kind, results: Sequence[tuple[str, ImportResult]]) -> None:
    """Put the rejects of these files in the place of those that the same files had before."""
    path = folder / f"{REJECTS}.parquet"
    before = pl.read_parquet(path) if path.is_file() else pl.DataFrame(schema=REJECT_SCHEMA)
    again = (pl.col("table") == kind) & pl.col("source").is_in([name for name, _ in results])
    rejects = pl.concat([before.filter(~again), *(result.rejects for _, result in results)])
    rejects.write_parquet(path)
    rejects.write_csv(folder / f"{REJECTS}.csv")
