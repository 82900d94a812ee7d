"""An exact index of unit vectors: trainings on one side, participants on the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.vectors import unit

Ids = NDArray[Any]  # int64, or str of the longest id's width


class FaissIndex:
    """FAISS ``IndexFlatIP`` over L2-normalised vectors, found by integer or string ids.

    Parameters
    ----------
    dim : int
        Width of the vectors.

    Attributes
    ----------
    ids : ndarray of int64 or str, shape (n,)
        The id of each row.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.ids: Ids = np.empty(0, dtype=np.int64)
        self._index: Any = faiss.IndexFlatIP(dim)
        self._order: NDArray[np.intp] = np.empty(0, dtype=np.intp)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The unit vectors, shape (n, dim): a view of the index, valid until it changes."""
        if not len(self):
            return np.empty((0, self.dim), dtype=np.float32)
        flat: NDArray[np.float32] = faiss.rev_swig_ptr(self._index.get_xb(), len(self) * self.dim)
        return flat.reshape(len(self), self.dim)

    def add(self, ids: ArrayLike, vectors: NDArray[np.float32]) -> Self:
        """Add vectors, shape (n, dim), under new ids; they are normalised, zero vectors stay zero.

        Raises
        ------
        ValueError
            An id is there already or comes twice, ids and vectors differ in number or kind, or a
            vector is of another width or not finite.
        """
        new = _as_ids(ids)
        if vectors.shape != (len(new), self.dim):
            raise ValueError(
                f"{len(new)} ids need vectors of shape {(len(new), self.dim)}, not {vectors.shape}"
            )
        if not np.isfinite(vectors).all():
            bad = new[~np.isfinite(vectors).all(axis=1)][0]
            raise ValueError(f"the vector of id '{bad}' is not finite")
        if len(self) and new.dtype.kind != self.ids.dtype.kind:
            raise ValueError("one index holds integer ids or string ids, not both")
        joined = np.concatenate([self.ids, new]) if len(self) else new
        distinct, counts = np.unique(joined, return_counts=True)
        if len(distinct) < len(joined):
            raise ValueError(f"id '{distinct[counts > 1][0]}' would stand twice in the index")
        self._index.add(unit(vectors))
        self._set_ids(joined)
        return self

    def remove(self, ids: ArrayLike) -> Self:
        """Remove vectors by their ids; the others keep their order.

        Raises
        ------
        KeyError
            An id is not in the index.
        """
        rows = self.rows(ids)
        self._index.remove_ids(faiss.IDSelectorBatch(rows))
        self._set_ids(np.delete(self.ids, rows))
        return self

    def rows(self, ids: ArrayLike) -> NDArray[np.int64]:
        """Return the row of each id.

        Raises
        ------
        KeyError
            An id is not in the index.
        """
        wanted = _as_ids(ids)
        if not len(wanted):
            return np.empty(0, dtype=np.int64)
        if not len(self) or wanted.dtype.kind != self.ids.dtype.kind:
            raise KeyError(f"id '{wanted[0]}' is not in the index")
        place = np.searchsorted(self.ids, wanted, sorter=self._order)
        rows = self._order[np.minimum(place, len(self) - 1)]
        missing = self.ids[rows] != wanted
        if missing.any():
            raise KeyError(f"id '{wanted[missing][0]}' is not in the index")
        return rows.astype(np.int64)

    def search(
        self, vectors: NDArray[np.float32], k: int, ids_allowed: ArrayLike | None = None
    ) -> tuple[Ids, NDArray[np.float32]]:
        """Find the nearest of the allowed ids for each query, exactly.

        Parameters
        ----------
        vectors : ndarray of float32, shape (B, dim)
            Queries; they are normalised.
        k : int
            Most results a query.
        ids_allowed : array_like of shape (A,), optional
            Only these ids; all by default.

        Returns
        -------
        ids : ndarray, shape (B, min(k, A))
            Best first. Never an id that is not allowed, never a filler.
        scores : ndarray of float32, shape (B, min(k, A))
            Cosines.
        """
        rows = None if ids_allowed is None else self.rows(ids_allowed)
        k = min(k, len(self) if rows is None else len(rows))
        if k <= 0 or not len(vectors):
            empty = np.empty((len(vectors), max(k, 0)), dtype=np.float32)
            return np.empty(empty.shape, dtype=self.ids.dtype), empty
        queries = unit(vectors)
        if len(queries) == 1:  # NumPy is faster for one, FAISS for many
            columns, scores = _top_one(
                queries, self.vectors if rows is None else self.vectors[rows], k
            )
        elif rows is None:
            scores, columns = self._index.search(queries, k)
        else:
            scores, columns = faiss.knn(
                queries, self.vectors[rows], k, metric=faiss.METRIC_INNER_PRODUCT
            )
        return self.ids[columns if rows is None else rows[columns]], scores

    def save(self, directory: Path, name: str) -> None:
        """Write ``name.faiss`` and ``name.ids.json``."""
        faiss.write_index(self._index, str(directory / f"{name}.faiss"))
        (directory / f"{name}.ids.json").write_text(json.dumps(self.ids.tolist()), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path, name: str) -> Self:
        """Read what ``save`` has written.

        Raises
        ------
        ValueError
            Index and ids differ in number, or the index is of another type.
        """
        read: Any = faiss.read_index(str(directory / f"{name}.faiss"))
        if not isinstance(read, faiss.IndexFlat) or read.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise ValueError(f"{directory / name}.faiss is not a flat inner-product index")
        ids = _as_ids(json.loads((directory / f"{name}.ids.json").read_text(encoding="utf-8")))
        if len(ids) != read.ntotal:
            raise ValueError(f"{directory / name}: {len(ids)} ids for {read.ntotal} vectors")
        index = cls(read.d)
        index._index = read
        index._set_ids(ids)
        return index

    def _set_ids(self, ids: Ids) -> None:
        self.ids = ids
        self._order = np.argsort(ids)


def _top_one(
    query: NDArray[np.float32], vectors: NDArray[np.float32], k: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    scores = (vectors @ query[0])[None]
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    found = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1), np.take_along_axis(found, order, axis=1)


def _as_ids(ids: ArrayLike) -> Ids:
    array = np.asarray(ids)
    if not array.size:
        return np.empty(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iuUO":
        raise ValueError(f"ids must be a list of integers or of strings, not {array.dtype}")
    return array.astype(np.str_ if array.dtype.kind in "UO" else np.int64)
