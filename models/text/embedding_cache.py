"""Every embedding once: vectors kept by the hash of encoder, role and text."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.text.encoder import Role, TextEncoder

_LOCK_SECONDS: Final = 60
_KEYS_A_QUERY: Final = 500  # SQLite allows 999 variables at least


class EmbeddingCache:
    """Vectors under ``PADAN_HOME/embeddings.sqlite``; many processes may use it at once.

    Parameters
    ----------
    home : Path
        ``padan_home()``.
    """

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.path = home / "embeddings.sqlite"
        with closing(self._connect()) as database, database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
                " WITHOUT ROWID"
            )

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_LOCK_SECONDS)

    def get(self, keys: Sequence[bytes], dim: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Look up many vectors.

        Returns
        -------
        vectors : ndarray of float32, shape (n, dim)
            Zeros where nothing is known.
        known : ndarray of bool, shape (n,)
        """
        found: dict[bytes, bytes] = {}
        with closing(self._connect()) as database:
            for start in range(0, len(keys), _KEYS_A_QUERY):
                part = keys[start : start + _KEYS_A_QUERY]
                marks = ",".join("?" * len(part))
                sql = f"SELECT key, vector FROM embeddings WHERE key IN ({marks})"  # noqa: S608
                found.update(database.execute(sql, part))
        known = np.fromiter((key in found for key in keys), dtype=bool, count=len(keys))
        blob = b"".join(found[key] for key in keys if key in found)
        vectors = np.zeros((len(keys), dim), dtype=np.float32)
        vectors[known] = np.frombuffer(blob, dtype="<f4").reshape(-1, dim)
        return vectors, known

    def put(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Keep vectors, shape (n, dim); what another process has put meanwhile stays."""
        rows = np.ascontiguousarray(vectors, dtype="<f4")
        with closing(self._connect()) as database, database:
            database.executemany(
                "INSERT OR IGNORE INTO embeddings VALUES (?, ?)",
                ((key, row.tobytes()) for key, row in zip(keys, rows, strict=True)),
            )


class CachedEncoder:
    """An encoder that asks the cache first, and each distinct text once.

    Parameters
    ----------
    encoder : TextEncoder
        Encodes what the cache does not know.
    cache : EmbeddingCache
    chunk_size : int
        Texts that are encoded between two writes: what an interrupted run keeps.
    """

    def __init__(self, encoder: TextEncoder, cache: EmbeddingCache, chunk_size: int = 4096) -> None:
        self.encoder = encoder
        self.cache = cache
        self.chunk_size = chunk_size

    @property
    def dim(self) -> int:
        return self.encoder.dim

    @property
    def name(self) -> str:
        return self.encoder.name

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """Return L2-normalised vectors, float32, shape (n, dim)."""
        distinct = list(dict.fromkeys(texts))
        keys = [_key(self.name, role, text) for text in distinct]
        vectors, known = self.cache.get(keys, self.dim)
        missing = np.flatnonzero(~known)
        for start in range(0, len(missing), self.chunk_size):
            rows = missing[start : start + self.chunk_size]
            vectors[rows] = self.encoder.encode([distinct[row] for row in rows], role)
            self.cache.put([keys[row] for row in rows], vectors[rows])
        place = {text: row for row, text in enumerate(distinct)}
        return vectors[np.fromiter((place[text] for text in texts), np.intp, len(texts))]


def _key(name: str, role: Role, text: str) -> bytes:
    return hashlib.sha256("\0".join((name, role, text)).encode()).digest()
