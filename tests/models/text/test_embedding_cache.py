from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.text.embedding_cache import CachedEncoder, EmbeddingCache
from models.text.encoder import Role, SentenceEncoder


class CountingEncoder:
    """Vectors from the texts' lengths; remembers what it was asked."""

    dim = 3

    def __init__(self, name: str = "counting") -> None:
        self.name = name
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        self.asked += texts
        return np.array(
            [[len(text), role == "query", len(self.name)] for text in texts], dtype=np.float32
        ).reshape(-1, 3)


def test_each_distinct_text_is_encoded_once(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    cached = CachedEncoder(encoder, EmbeddingCache(tmp_path), chunk_size=2)
    texts = ["satu", "dua", "satu", "tiga puluh", ""]
    first = cached.encode(texts, "query")
    np.testing.assert_array_equal(first, CountingEncoder().encode(texts, "query"))
    assert sorted(encoder.asked) == sorted(set(texts))
    again = CachedEncoder(CountingEncoder(), EmbeddingCache(tmp_path))
    np.testing.assert_array_equal(again.encode(texts, "query"), first)
    assert again.encoder.asked == []  # type: ignore[attr-defined]


def test_role_and_encoder_are_part_of_the_key(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path)
    one = CachedEncoder(CountingEncoder("one"), cache)
    other = CachedEncoder(CountingEncoder("another"), cache)
    vectors = {
        tuple(encoder.encode(["teks"], role)[0])
        for encoder in (one, other)
        for role in ("query", "passage")
    }
    assert len(vectors) == 4


def test_vectors_come_back_as_they_went(tmp_path: Path, tiny_encoder: SentenceEncoder) -> None:
    cached = CachedEncoder(tiny_encoder, EmbeddingCache(tmp_path))
    texts = [f"las {number}" for number in range(1200)]  # more than one SQL query takes
    fresh = cached.encode(texts, "query")
    np.testing.assert_array_equal(cached.encode(texts, "query"), fresh)
    np.testing.assert_allclose(fresh, tiny_encoder.encode(texts, "query"), atol=1e-6)
    assert cached.encode([], "query").shape == (0, tiny_encoder.dim)


def _write(home: Path, first: int) -> None:
    cached = CachedEncoder(CountingEncoder(), EmbeddingCache(home), chunk_size=5)
    cached.encode(["x" * number for number in range(first, first + 200)], "query")


def test_processes_share_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(tmp_path, first)) for first in (0, 100, 100)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    late = CachedEncoder(CountingEncoder(), EmbeddingCache(tmp_path))
    vectors = late.encode(["x" * number for number in range(300)], "query")
    np.testing.assert_array_equal(vectors[:, 0], np.arange(300))
    assert late.encoder.asked == []  # type: ignore[attr-defined]
