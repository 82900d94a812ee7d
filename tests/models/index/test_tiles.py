"""Products with a table in tiles, against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from models.index.tiles import MAX_ROWS, WIDTH, Tiles
from models.vectors import unit


@pytest.mark.parametrize("count", [0, 1, WIDTH - 1, WIDTH, 3 * WIDTH + 5])
@pytest.mark.parametrize("dim", [0, 1, 7, 128])
def test_products_are_those_of_numpy(count: int, dim: int) -> None:
    rng = np.random.default_rng(count + dim)
    table = rng.standard_normal((count, dim), dtype=np.float32)
    tiles = Tiles(table)
    for few in [*range(15), MAX_ROWS, MAX_ROWS + 1]:
        vectors = rng.standard_normal((few, dim), dtype=np.float32)
        found = tiles.products(vectors)
        assert found.dtype == np.float32
        assert found.flags.c_contiguous
        np.testing.assert_allclose(found, vectors @ table.T, rtol=1e-4, atol=1e-4)


def test_one_has_the_same_products_alone_as_among_others() -> None:
    rng = np.random.default_rng(0)
    tiles = Tiles(rng.standard_normal((50, 96), dtype=np.float32))
    vectors = rng.standard_normal((13, 96), dtype=np.float32)
    together = tiles.products(vectors)
    for row, vector in enumerate(vectors):
        np.testing.assert_array_equal(tiles.products(vector[None]), together[row : row + 1])


def test_columns_need_not_lie_side_by_side() -> None:
    rng = np.random.default_rng(1)
    tiles, vectors = Tiles(np.eye(20, 5, dtype=np.float32)), rng.random((4, 10), dtype=np.float32)
    np.testing.assert_allclose(tiles.products(vectors[:, ::2])[:, :5], vectors[:, ::2], rtol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_products_within_a_mask_are_those_of_numpy_where_it_wants_them(share: float) -> None:
    rng = np.random.default_rng(2)
    vectors = unit(rng.standard_normal((9, 24), dtype=np.float32))
    table = unit(rng.standard_normal((70, 24), dtype=np.float32))
    columns = rng.permutation(100)[:70].astype(np.int32)
    mask = rng.random((9, 100)) < share
    found = Tiles(table).products_within(vectors, columns, mask)
    expected = np.zeros((9, 100), dtype=np.float32)
    expected[:, columns] = vectors @ table.T
    wanted = mask & np.isin(np.arange(100), columns)
    np.testing.assert_allclose(found[wanted], expected[wanted], rtol=1e-4, atol=1e-5)
