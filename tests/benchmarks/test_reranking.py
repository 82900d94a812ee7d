"""The benchmark of reranking: every way gives what it is for, on people simulated for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.reranking import NONE, USUAL, WAYS, run
from benchmarks.result import BenchmarkResult
from models.text.encoder import SentenceEncoder

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def result(
    tiny_encoder: SentenceEncoder, tmp_path_factory: pytest.TempPathFactory
) -> BenchmarkResult:
    return run(tiny_encoder, tmp_path_factory.mktemp("bench"), participants=2_500)


@pytest.fixture(scope="module")
def ways(result: BenchmarkResult) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = result.details["ways"]
    return found


def test_it_ends_with_the_share_of_ndcg_that_the_default_keeps(
    result: BenchmarkResult, ways: dict[str, dict[str, Any]]
) -> None:
    assert list(ways) == list(WAYS)
    kept = ways[USUAL]["ndcg"] / ways[NONE]["ndcg"]  # of figures with four places
    assert result.figure == pytest.approx(kept, abs=1e-4 / ways[NONE]["ndcg"])
    assert ways[NONE]["cost"] == ways[NONE]["low"] == 0


@pytest.mark.parametrize(
    ("way", "figure", "rises"),
    [
        ("calibration: weight 0.5", "miscalibration", False),
        ("provider cap: 1", "provider_gini", False),
        ("small providers: at least 7", "small_providers", True),
        ("outcome: share 1.0", "completion", True),
    ],
)
def test_each_way_gives_what_it_is_for(
    ways: dict[str, dict[str, Any]], way: str, figure: str, rises: bool
) -> None:
    """All but diversity, which the vectors of a random encoder say nothing of."""
    assert (ways[way][figure] > ways[NONE][figure]) == rises
    assert ways[way][figure] != ways[NONE][figure]


def test_the_data_may_be_ones_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no dataset here"):
        run(None, tmp_path, data=tmp_path / "nothing")  # type: ignore[arg-type]
