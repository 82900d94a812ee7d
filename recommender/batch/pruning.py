"""What runs leave, without those who are gone."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from recommender.batch.lists import PERSON, write_rows
from recommender.batch.parts import MANIFEST, Part, PartsFolder, find_part, lock_parts
from recommender.batch.shards import split_dataset
from store.erasure_lists import ErasureList
from training_data.dataset import Dataset

SPLIT_SECONDS: Final = (
    86_400  # a split that was not written for so long is of a run that was killed
)


def prune_results(folder: Path, gone: ErasureList) -> int:
    """Take the lists of people who are gone out of a folder of results; return how many there were.

    Raises
    ------
    BatchError
        If a run writes into it.
    """
    if not (folder / MANIFEST).is_file():
        return 0
    with lock_parts(folder) as parts:
        count = sum(_prune_part(parts, id_, gone) for id_ in list(parts.lines))
        parts.rewrite_manifest()
    return count


def _prune_part(parts: PartsFolder, id_: str, gone: ErasureList) -> int:
    path = find_part(parts.folder, id_)
    if not path.is_file():
        return 0
    people = pl.read_parquet(path, columns=[PERSON])[PERSON]
    named = [name for name in people if gone.holds(name)]
    if named:
        left = pl.read_parquet(path).filter(~pl.col(PERSON).is_in(named))
        content, ids = write_rows(left), left[PERSON]
        said = {
            "rows": len(ids),
            "first": ids[0] if len(ids) else "",
            "last": ids[-1] if len(ids) else "",
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        parts.write(Part(parts.lines[id_].model_copy(update=said), content))
    return len(named)


@contextmanager
def split_for_a_run(dataset: Dataset, folder: Path) -> Iterator[Path]:
    """Give the shards of a dataset, below a folder that splits are in, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    delete_left_splits(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix="run-") as own:
        yield split_dataset(dataset, Path(own))


def delete_left_splits(folder: Path) -> None:
    """Delete what runs that were killed left of their splits."""
    for split in folder.glob("*"):
        if time.time() - split.stat().st_mtime > SPLIT_SECONDS:
            shutil.rmtree(split)
