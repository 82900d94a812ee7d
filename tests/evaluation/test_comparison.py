from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from evaluation.comparison import Comparison, compare, compare_values
from evaluation.metrics import Truth


def noisy_models(
    seed: int, n_users: int = 400, gain: float = 0.0
) -> dict[str, dict[str, np.ndarray]]:
    """Two models of the same quality, up to a planted gain, that agree on what is hard."""
    rng = np.random.default_rng(seed)
    hardness = rng.beta(1, 3, n_users)
    scored: dict[str, dict[str, np.ndarray]] = {}
    for model in ("a", "b"):
        ndcg = np.clip(hardness + rng.normal(0, 0.1, n_users), 0, 1)
        scored[model] = {
            "ndcg@10": ndcg * (1 + gain * (model == "b")),
            "recall@10": (rng.random(n_users) < ndcg).astype(float),
        }
    return scored


def masks(n_users: int = 400) -> dict[str, np.ndarray]:
    user = np.arange(n_users)
    return {"all": user >= 0, "one": user % 3 == 0, "two": user % 3 == 1, "three": user % 3 == 2}


@pytest.mark.slow
def test_identical_models_come_out_as_no_difference() -> None:
    alarms = sum(
        compare_values(noisy_models(seed), masks(), baseline="a", draws=100, seed=seed).verdicts()
        != ["no difference"]
        for seed in range(200)
    )
    print(f"no difference in {200 - alarms} of 200 comparisons of like models")
    assert alarms <= 14  # 93% of 200


@pytest.mark.slow
def test_a_planted_gain_of_5_percent_is_found() -> None:
    found = 0
    for seed in range(20):
        result = compare_values(noisy_models(seed, 4000, gain=0.05), masks(4000), baseline="a")
        row = result.table.row(0, named=True)
        found += row["verdict"] == "better" and row["gain_low"] < 0.05 < row["gain_high"]
    print(f"a gain of 5% found in {found} of 20 comparisons")
    assert found >= 18


def rankings() -> tuple[dict[str, np.ndarray], Truth]:
    rng = np.random.default_rng(0)
    n_users, n_items = 300, 30
    target = rng.integers(0, n_items, n_users)
    weak = np.argsort(rng.random((n_users, n_items)), axis=1)
    strong = weak.copy()
    half = np.arange(0, n_users, 2)
    strong[half] = np.argsort(weak[half] != target[half, None], axis=1, kind="stable")
    strong[half] = np.take_along_axis(weak[half], strong[half], axis=1)
    return {"weak": weak[:, :10], "strong": strong[:, :10]}, Truth.from_events(
        np.arange(n_users), target, n_users
    )


@pytest.fixture(scope="module")
def compared() -> Comparison:
    runs, truth = rankings()
    user = np.arange(300)
    slices = {
        "helped": user % 2 == 0,
        "not helped": user % 2 == 1,
        "few": user < 40,
        "tiny": user < 5,
    }
    return compare(runs, truth, slices=slices)


def test_verdicts_follow_the_slices(compared: Comparison) -> None:
    by_slice = {
        row["slice"]: row for row in compared.table.filter(metric="ndcg@10").iter_rows(named=True)
    }
    assert by_slice["all"]["verdict"] == "better"
    assert by_slice["helped"]["verdict"] == "better"
    assert by_slice["not helped"]["verdict"] == "no difference"
    assert by_slice["not helped"]["p_holm"] == 1
    assert by_slice["all"]["low"] > 0
    assert by_slice["all"]["effect"] > 0.2


def test_small_slices_are_noted_and_tiny_ones_not_reported(compared: Comparison) -> None:
    few = compared.table.filter(slice="few")
    tiny = compared.table.filter(slice="tiny")
    assert few["note"].str.contains("few users").all()
    assert tiny["note"].str.contains("not reported").all()
    assert (
        tiny.select("value", "difference", "low", "p", "verdict").null_count().sum_horizontal()[0]
        == 15
    )


def test_the_worse_model_is_called_worse() -> None:
    runs, truth = rankings()
    result = compare(runs, truth, baseline="strong")
    assert result.table.filter(metric="ndcg@10")["verdict"].to_list() == ["worse"]


def test_it_shows_itself(compared: Comparison) -> None:
    assert f"<caption>Compared with {compared.baseline}; p corrected" in compared._repr_html_()
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(compared)
    text = captured.get()
    assert "better" in text
    assert "not helped" not in text  # rows that tell nothing stay in the table
    assert "rows of slices without a difference" in " ".join(text.split())


def test_same_seed_same_table() -> None:
    runs, truth = rankings()
    first, second = compare(runs, truth, seed=4), compare(runs, truth, seed=4)
    assert first.table.equals(second.table)
    assert isinstance(first.table, pl.DataFrame)


def test_a_single_run_is_refused() -> None:
    runs, truth = rankings()
    with pytest.raises(ValueError, match="another run"):
        compare({"weak": runs["weak"]}, truth)


@pytest.mark.parametrize("partial", ["ours", "base"])
@pytest.mark.parametrize("having", [0, 5, 95])
def test_a_run_with_lists_for_some_people_only_is_said_to_be_one(partial: str, having: int) -> None:
    rng = np.random.default_rng(0)
    whole = rng.permuted(np.tile(np.arange(20, dtype=np.int32), (100, 1)), axis=1)[:, :10]
    truth = Truth(np.arange(101), rng.integers(0, 20, 100))
    runs = {"base": whole, "ours": whole.copy()}
    runs[partial] = np.where(np.arange(100)[:, None] < having, whole, np.int32(-1))
    table = compare(runs, truth, draws=100).table
    assert set(table["note"]) == {f"{partial} has lists for {having} of 100 people"}


def test_whole_runs_have_no_note() -> None:
    whole = np.tile(np.arange(10, dtype=np.int32), (100, 1))
    truth = Truth(np.arange(101), np.full(100, 3))
    assert set(compare({"a": whole, "b": whole[:, ::-1]}, truth, draws=100).table["note"]) == {""}
