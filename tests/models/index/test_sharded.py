"""The index of a whole country: near the exact one, and nobody is found who was erased."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.index.flat import FaissIndex
from models.index.sharded import IndexShape, ShardedIndex

SHAPE = IndexShape(dim=32, kept=24, files=3, lists=8)


def make_vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    """Return vectors of a few groups, whose first directions are the widest."""
    rng = np.random.default_rng(seed)
    spread = np.geomspace(1, 0.01, 32)
    centres = rng.normal(size=(20, 32)) * spread
    near = centres[rng.integers(20, size=count)] + 0.5 * rng.normal(size=(count, 32)) * spread
    return near.astype(np.float32)


@pytest.fixture
def vectors() -> NDArray[np.float32]:
    return make_vectors(2_000)


@pytest.fixture
def index(tmp_path: Path, vectors: NDArray[np.float32]) -> ShardedIndex:
    index = ShardedIndex.create(tmp_path / "index", SHAPE, vectors)
    index.add(name(range(1_000)), vectors[:1_000])
    index.add(name(range(1_000, 2_000)), vectors[1_000:])
    return index


def name(numbers: range) -> list[str]:
    return [f"participant-{number:06}" for number in numbers]


def test_it_finds_most_of_the_exact_nearest(
    index: ShardedIndex, vectors: NDArray[np.float32]
) -> None:
    exact, _ = FaissIndex(32).add(name(range(2_000)), vectors).search(vectors[:200], 10)
    found, scores = index.search(vectors[:200], 10)
    shared = [len({*some} & {*others}) for some, others in zip(found, exact.tolist(), strict=True)]
    assert np.mean(shared) >= 9  # of so few dimensions; `padan bench index` asks more
    assert (np.diff(scores, axis=1) <= 0).all()
    assert len(index) == 2_000


def test_it_reads_what_another_wrote(index: ShardedIndex, vectors: NDArray[np.float32]) -> None:
    again = ShardedIndex(index.folder)
    assert again.search(vectors[:50], 5)[0] == index.search(vectors[:50], 5)[0]


def test_who_was_erased_is_in_no_answer_and_no_file(
    index: ShardedIndex, vectors: NDArray[np.float32]
) -> None:
    gone = name(range(0, 2_000, 7))
    reader = ShardedIndex(index.folder)
    reader.search(vectors[:5], 10)  # has the files of before mapped
    assert index.erase([*gone, "nobody"]) == len(gone)
    assert index.erase(gone) == 0
    found, _ = index.search(vectors, 10)
    assert not {*gone} & {one for some in found for one in some}
    assert all(len(some) == 10 for some in found)
    assert len(index) == 2_000 - len(gone)
    for path in index.folder.iterdir():
        content = path.read_bytes()
        assert not any(one.encode() in content for one in gone)
    index.add(gone[:3], vectors[[0, 7, 14]])
    assert gone[0] in index.search(vectors[:1], 3)[0][0]


@pytest.mark.parametrize("ids", [["participant-000005"], ["new", "new"]])
def test_an_id_stands_once(
    index: ShardedIndex, vectors: NDArray[np.float32], ids: list[str]
) -> None:
    with pytest.raises(ValueError, match="already, or comes twice"):
        index.add(ids, vectors[: len(ids)])
    assert len(index) == 2_000


def test_an_empty_index_finds_nobody(tmp_path: Path, vectors: NDArray[np.float32]) -> None:
    index = ShardedIndex.create(tmp_path / "index", SHAPE, vectors)
    found, scores = index.search(vectors[:2], 4)
    assert found == [[], []]
    assert np.isneginf(scores).all()


def test_too_few_vectors_to_learn_from_are_refused(
    tmp_path: Path, vectors: NDArray[np.float32]
) -> None:
    with pytest.raises(ValueError, match="8 lists"):
        ShardedIndex.create(tmp_path / "index", SHAPE, vectors[:7])
