"""An approximate index of a whole country's profiles: files of some of them each, mapped into memory and not read.

A vector is turned onto the widest directions, and each of those that are kept takes half a byte (RaBitQ; Gao and
others 2024). Vectors that lie near each other are in one list, and a search looks through the nearest lists. In
which file a vector is follows from its id, so somebody new or erased rewrites that file alone.
"""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from models.vectors import unit

SHAPE, TRAINED = "shape.json", "trained.faiss"
ID: Final = "id"
LISTS_A_ROOT: Final = 4  # lists of a file, times the root of its vectors
SAMPLE: Final = 40  # vectors a list that the lists are learnt from


class IndexShape(BaseModel):
    """How an index is laid out.

    Attributes
    ----------
    dim, kept : int
        Width of a vector, and of what is kept of it.
    files : int
        Among which the vectors are spread.
    lists : int
        Of a file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dim: int = Field(ge=1)
    kept: int = Field(ge=1)
    files: int = Field(ge=1)
    lists: int = Field(ge=1)

    @classmethod
    def of(cls, dim: int, count: int, kept: int = 448, most: int = 1_000_000) -> IndexShape:
        """Return the shape for so many vectors, ``most`` in a file."""
        files = max(1, -(-count // most))
        lists = max(1, min(round(LISTS_A_ROOT * (count / files) ** 0.5), count // SAMPLE))
        return cls(dim=dim, kept=min(kept, dim), files=files, lists=lists)

    @property
    def factory(self) -> str:
        """What FAISS makes it of."""
        return f"PCAR{self.kept},IVF{self.lists},RaBitQ4"


class ShardedIndex:
    """Unit vectors by the ids of participants, found by cosine.

    Parameters
    ----------
    folder : Path
        What `create` made.
    probes : int
        Lists of each file that a search looks through: more find more of the nearest, and take longer.
    """

    def __init__(self, folder: Path, probes: int = 16) -> None:
        self.folder = folder
        self.probes = probes
        self.shape = IndexShape.model_validate_json((folder / SHAPE).read_text(encoding="utf-8"))
        self._opened: dict[int, tuple[Any, pl.Series]] = {}

    @classmethod
    def create(cls, folder: Path, shape: IndexShape, sample: NDArray[np.float32]) -> ShardedIndex:
        """Make an empty index, its directions and lists learnt from some of the vectors.

        Raises
        ------
        ValueError
            If there are fewer of these than lists or directions.
        """
        if len(sample) < max(shape.lists, shape.kept) or sample.shape[1] != shape.dim:
            raise ValueError(
                f"{shape.lists} lists and {shape.kept} directions of vectors of length {shape.dim} "
                f"cannot be learnt from {sample.shape}"
            )
        # distances and not products: these the shift to the middle of the vectors would change
        trained = faiss.index_factory(shape.dim, shape.factory, faiss.METRIC_L2)
        trained.train(unit(sample))
        folder.mkdir(parents=True)
        faiss.write_index(trained, str(folder / TRAINED))
        (folder / SHAPE).write_text(shape.model_dump_json(), encoding="utf-8")
        return cls(folder)

    def __len__(self) -> int:
        return sum(self._open(file)[0].ntotal for file in range(self.shape.files))

    def names(self) -> Iterator[str]:
        """Yield the ids."""
        for file in range(self.shape.files):
            yield from self._open(file)[1].drop_nulls()

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(path.stat().st_size for path in self.folder.iterdir())

    def add(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Add vectors (n, dim) under new ids; they are normalised.

        Raises
        ------
        ValueError
            If an id is there already or comes twice.
        """
        self.fill([(ids, vectors)])

    def fill(self, blocks: Iterable[tuple[Sequence[str], NDArray[np.float32]]]) -> None:
        """Add vectors as `add` does, block after block; each file is written once, at the end.

        Raises
        ------
        ValueError
            If an id is there already or comes twice; then nothing was added.
        """
        files: dict[int, tuple[Any, list[pl.Series]]] = {}
        for ids, vectors in blocks:
            for file, rows in self._group(ids).items():
                if file not in files:
                    index, known = self._load(file)
                    files[file] = index, [known]
                index, names = files[file]
                first = sum(map(len, names))
                names.append(pl.Series(ID, [ids[row] for row in rows], dtype=pl.String))
                index.add_with_ids(unit(vectors[rows]), np.arange(first, first + len(rows)))
        joined = {file: pl.concat(names) for file, (_, names) in files.items()}
        for every in joined.values():
            twice = every.filter(every.is_duplicated()).drop_nulls()
            if len(twice):
                raise ValueError(f"the id '{twice[0]}' is in the index already, or comes twice")
        for file, every in joined.items():
            self._write_ids(file, every)  # first: an id without a vector does no harm
            self._write_index(file, files[file][0])

    def erase(self, ids: Sequence[str]) -> int:
        """Remove vectors by their ids, and the ids; return how many were there."""
        erased = 0
        for file, rows in self._group(ids).items():
            index, known = self._load(file)
            gone = known.is_in([ids[row] for row in rows]).fill_null(value=False)
            numbers = np.flatnonzero(gone.to_numpy()).astype(np.int64)
            if len(numbers):
                index.remove_ids(faiss.IDSelectorBatch(numbers))
                self._write_index(file, index)
                left = pl.select(pl.when(~gone).then(known)).to_series().to_list()
                # made anew: long names that nothing points at would be written with the others
                self._write_ids(file, pl.Series(ID, left, dtype=pl.String))
                erased += len(numbers)
        return erased

    def search(
        self, vectors: NDArray[np.float32], k: int
    ) -> tuple[list[list[str]], NDArray[np.float32]]:
        """Find about the nearest k of each query.

        Parameters
        ----------
        vectors : ndarray of float32, shape (B, dim)
            They are normalised.

        Returns
        -------
        ids : list of list of str
            Best first; fewer than k where fewer are found.
        scores : ndarray of float32, shape (B, k)
            About the cosines; -inf where there are no more.
        """
        queries = unit(vectors)
        found = [self._search_file(file, queries, k) for file in range(self.shape.files)]
        scores = np.concatenate([scores for _, scores in found], axis=1)
        names = np.concatenate([names for names, _ in found], axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        best = np.take_along_axis(scores, order, axis=1)
        named = np.take_along_axis(names, order, axis=1)
        return [[name for name in row if name is not None] for row in named.tolist()], best

    def _search_file(
        self, file: int, queries: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.object_], NDArray[np.float32]]:
        index, ids = self._open(file)
        faiss.extract_index_ivf(index).nprobe = min(self.probes, self.shape.lists)
        distances, numbers = index.search(queries, k)
        names = np.full(numbers.shape, None, dtype=object)
        real = numbers >= 0
        names[real] = ids.gather(numbers[real]).to_list()
        return names, np.where(real, 1 - distances / 2, np.float32(-np.inf))

    def _group(self, ids: Sequence[str]) -> dict[int, list[int]]:
        """Return the rows of the ids of each file."""
        rows: defaultdict[int, list[int]] = defaultdict(list)
        for row, name in enumerate(ids):
            rows[zlib.crc32(name.encode()) % self.shape.files].append(row)
        return rows

    def _open(self, file: int) -> tuple[Any, pl.Series]:
        """Return a file's index and ids, mapped."""
        if file not in self._opened:
            self._opened[file] = self._load(file, faiss.IO_FLAG_MMAP)
        return self._opened[file]

    def _load(self, file: int, flags: int = 0) -> tuple[Any, pl.Series]:
        """Return a file's index and ids; of one that is not there yet, the trained index without any."""
        path = self._path(file, "faiss")
        if not path.is_file():
            return faiss.read_index(str(self.folder / TRAINED)), pl.Series(ID, [], dtype=pl.String)
        ids = pl.read_ipc(self._path(file, "arrow"))[ID]
        return faiss.read_index(str(path), flags), ids

    def _path(self, file: int, kind: str) -> Path:
        return self.folder / f"part-{file:05}.{kind}"

    def _write_index(self, file: int, index: Any) -> None:
        self._replace(file, "faiss", lambda path: faiss.write_index(index, str(path)))

    def _write_ids(self, file: int, ids: pl.Series) -> None:
        self._replace(file, "arrow", lambda path: ids.to_frame().write_ipc(path))

    def _replace(self, file: int, kind: str, write: Callable[[Path], object]) -> None:
        """Write a file beside its place and rename it: who has the old one mapped goes on reading that."""
        path = self._path(file, kind)
        draft = path.with_name(f"{path.name}.tmp")
        write(draft)
        os.replace(draft, path)
        self._opened.pop(file, None)
