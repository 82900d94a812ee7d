"""Several sources into one dataset directory, with the rejects beside the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from training_data.columns import TABLES
from training_data.contract import Reason, count_reasons
from training_data.dataset import INFO_FILE, Dataset, DatasetInfo
from training_data.importing.importer import REJECT_SCHEMA, ImportResult, import_file
from training_data.importing.mapping import Kind, Mapping
from training_data.importing.reading import Place, name_of
from training_data.regions import RegionTable

REJECTS: Final = "rejects"


@dataclass(frozen=True)
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

    added: int
    replaced: int
    files: list[tuple[str, ImportResult]]

    @property
    def read(self) -> int:
        return sum(result.read for _, result in self.files)

    @property
    def accepted(self) -> int:
        return sum(result.accepted.height for _, result in self.files)

    @property
    def rejected(self) -> int:
        return sum(result.rejects.height for _, result in self.files)

    @property
    def assumed(self) -> dict[str, int]:
        return dict(sum((Counter(result.assumed) for _, result in self.files), Counter()))

    @property
    def reasons(self) -> list[Reason]:
        """Why rows were refused, the commonest first; a row may have several reasons."""
        return count_reasons(pl.concat([result.problems for _, result in self.files]))


def import_into(
    folder: Path,
    kind: Kind,
    places: Sequence[Place],
    mapping: Mapping | None = None,
    append: bool = True,
) -> ImportSummary:
    """Import files or databases into one table of a dataset; ``rejects.parquet`` and ``.csv`` hold the rest.

    Parameters
    ----------
    folder : Path
        The dataset's directory; it is made when a first row has been accepted.
    mapping : Mapping, optional
        For all the files; None: each file's own is found by its name or columns.
    append : bool
        True: merge into the table that is there, a row taking the place of one with its key.
        False: begin the table anew, unless no row is accepted: nothing is replaced by nothing.

    Raises
    ------
    MappingError, SourceError, DatasetError
        If a file or the dataset cannot be used; the dataset is then as it was.
    """
    there = (folder / INFO_FILE).exists()
    own = Dataset.open(folder) if there else Dataset(folder, DatasetInfo())
    regions = RegionTable.load(own.own_or_named(own.info.region_pack))
    results = [import_file(place, kind, mapping, regions) for place in places]
    accepted = pl.concat([result.accepted for result in results])
    added = _write_accepted(folder, kind, accepted, append) if accepted.height else 0
    folder.mkdir(parents=True, exist_ok=True)
    _write_rejects(folder, kind, places, results)
    named = [(name_of(place), result) for place, result in zip(places, results, strict=True)]
    return ImportSummary(added, accepted.height - added, named)


def _write_accepted(folder: Path, kind: Kind, rows: pl.DataFrame, append: bool) -> int:
    """Bring rows into their table at once, the last of one key; return how many keys are new."""
    dataset = Dataset.open_or_create(folder)
    fresh = rows.unique(TABLES[kind].primary_key(), keep="last", maintain_order=True)
    if append:
        return dataset.merge(kind, fresh).added
    dataset.write(kind, fresh)
    return fresh.height


def _write_rejects(
    folder: Path, kind: Kind, places: Sequence[Place], results: Sequence[ImportResult]
) -> None:
    """Put the rejects of these files in the place of those that the same files had before."""
    path = folder / f"{REJECTS}.parquet"
    empty = pl.DataFrame(schema={**REJECT_SCHEMA, "path": pl.String})
    before = pl.read_parquet(path) if path.is_file() else empty
    files = [
        str(place.resolve()) if isinstance(place, Path) else f"{name_of(place)} by {result.mapping}"
        for place, result in zip(places, results, strict=True)
    ]
    again = (pl.col("table") == kind) & pl.col("path").is_in(files)
    fresh = (
        result.rejects.with_columns(pl.lit(file).alias("path"))
        for file, result in zip(files, results, strict=True)
    )
    kept = pl.concat([empty, before], how="diagonal").filter(~again.fill_null(False))
    rejects = pl.concat([kept, *fresh])
    rejects.write_parquet(path)
    rejects.write_csv(folder / f"{REJECTS}.csv")
