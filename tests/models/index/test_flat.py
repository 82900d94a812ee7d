from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.index.flat import FaissIndex


def _vectors(n: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(n, 8)).astype(np.float32)


def _cosines(queries: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    normalised = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (queries, vectors)]
    return normalised[0] @ normalised[1].T


@pytest.fixture
def index() -> FaissIndex:
    return FaissIndex(8).add([f"c{number}" for number in range(50)], _vectors(50))


def test_it_finds_the_exact_nearest(index: FaissIndex) -> None:
    queries = _vectors(20, seed=1)
    ids, scores = index.search(queries, 5)
    expected = np.argsort(-_cosines(queries, _vectors(50)), axis=1)[:, :5]
    assert ids.tolist() == [[f"c{row}" for row in rows] for rows in expected]
    np.testing.assert_allclose(
        scores, np.sort(_cosines(queries, _vectors(50)))[:, :-6:-1], atol=1e-6
    )


@pytest.mark.parametrize("allowed", [None, [f"c{number}" for number in (40, 3, 17, 8, 21, 30)]])
def test_one_query_gets_what_a_batch_gets(index: FaissIndex, allowed: list[str] | None) -> None:
    queries = _vectors(20, seed=2)
    ids, scores = index.search(queries, 4, allowed)
    for row, query in enumerate(queries):
        one_ids, one_scores = index.search(query[None], 4, allowed)
        assert one_ids[0].tolist() == ids[row].tolist()
        np.testing.assert_allclose(one_scores[0], scores[row], atol=1e-6)


@pytest.mark.parametrize("n_queries", [1, 3])
def test_only_allowed_ids_and_no_filler(index: FaissIndex, n_queries: int) -> None:
    allowed = ["c7", "c1", "c30"]
    ids, scores = index.search(_vectors(n_queries, seed=3), 10, allowed)
    assert ids.shape == scores.shape == (n_queries, 3)
    assert all(sorted(row) == sorted(allowed) for row in ids.tolist())
    assert index.search(_vectors(n_queries), 10, [])[0].shape == (n_queries, 0)
    assert index.search(_vectors(n_queries), 99)[0].shape == (n_queries, 50)


def test_adding_and_removing(index: FaissIndex) -> None:
    target = _vectors(1, seed=9)
    index.add(["a much longer id"], target * 100)
    assert index.search(target, 1)[0].tolist() == [["a much longer id"]]
    np.testing.assert_allclose(index.search(target, 1)[1], 1, atol=1e-6)
    index.remove(["a much longer id", "c0"])
    assert len(index) == 49
    ids, _ = index.search(_vectors(4, seed=4), 49)
    assert {"a much longer id", "c0"}.isdisjoint(ids.ravel())
    fresh = FaissIndex(8).add([f"c{number}" for number in range(1, 50)], _vectors(50)[1:])
    assert ids.tolist() == fresh.search(_vectors(4, seed=4), 49)[0].tolist()


def test_integer_ids_and_an_empty_index(tmp_path: Path) -> None:
    empty = FaissIndex(8)
    assert empty.search(_vectors(3), 5)[0].shape == (3, 0)
    empty.save(tmp_path, "empty")
    assert len(FaissIndex.load(tmp_path, "empty")) == 0
    index = FaissIndex(8).add(np.array([70, 10, 30]), _vectors(3))
    assert index.search(_vectors(3), 1)[0].ravel().tolist() == [70, 10, 30]
    assert index.rows([30, 70]).tolist() == [2, 0]


def test_saved_and_loaded_it_answers_the_same(index: FaissIndex, tmp_path: Path) -> None:
    index.save(tmp_path, "courses")
    loaded = FaissIndex.load(tmp_path, "courses")
    for found, again in zip(
        index.search(_vectors(5, seed=5), 7), loaded.search(_vectors(5, seed=5), 7), strict=True
    ):
        np.testing.assert_array_equal(found, again)
    (tmp_path / "courses.ids.json").write_text('["c1"]')
    with pytest.raises(ValueError, match="1 ids for 50 vectors"):
        FaissIndex.load(tmp_path, "courses")


def test_errors_name_the_id(index: FaissIndex) -> None:
    with pytest.raises(ValueError, match="'c3' would stand twice"):
        index.add(["x", "c3"], _vectors(2))
    with pytest.raises(ValueError, match="'y' is not finite"):
        index.add(["x", "y"], np.array([[1] * 8, [np.nan] * 8], dtype=np.float32))
    with pytest.raises(ValueError, match="not both"):
        index.add([1], _vectors(1))
    with pytest.raises(ValueError, match="shape"):
        index.add(["x"], _vectors(2))
    for missing in (["c1", "zebra"], [5]):
        with pytest.raises(KeyError, match="is not in the index"):
            index.search(_vectors(1), 3, missing)
