from __future__ import annotations

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, P, R, Success, nDCG
from sklearn.metrics import ndcg_score

from evaluation import metrics
from evaluation.metrics import Truth

N_ITEMS = 40


def random_case(
    seed: int, n_users: int = 3000, k: int = 15
) -> tuple[np.ndarray, Truth, np.ndarray]:
    """Lists of different length, users without truth, graded and repeated events."""
    rng = np.random.default_rng(seed)
    ranked = np.argsort(rng.random((n_users, N_ITEMS)), axis=1)[:, :k]
    ranked[np.arange(k) >= rng.integers(1, k + 1, n_users)[:, None]] = -1
    n = n_users * 4
    users, items = rng.integers(0, n_users, n), rng.integers(0, N_ITEMS, n)
    truth = Truth.from_events(users, items, n_users, rng.integers(1, 5, n))
    dense = np.zeros((n_users, N_ITEMS))
    np.maximum.at(dense, (np.repeat(np.arange(n_users), truth.sizes), truth.items), truth.gains)
    return ranked, truth, dense


def ir_values(ranked: np.ndarray, dense: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """The same measures by ir_measures (trec_eval underneath), NaN for users without truth."""
    qrels = [
        ir_measures.Qrel(str(u), str(i), int(dense[u, i]))
        for u, i in zip(*np.nonzero(dense), strict=True)
    ]
    run = [
        ir_measures.ScoredDoc(str(u), str(row[r]), float(k - r))
        for u, row in enumerate(ranked[:, :k])
        for r in range(k)
        if row[r] >= 0
    ]
    names = {nDCG @ k: "ndcg", R @ k: "recall", P @ k: "precision", AP @ k: "map"}
    names |= {RR @ k: "mrr", Success @ k: "hit_rate"}
    values = {name: np.full(len(ranked), np.nan) for name in names.values()}
    for found in ir_measures.iter_calc(list(names), qrels, run):
        values[names[found.measure]][int(found.query_id)] = found.value
    return values


@pytest.mark.parametrize("k", [1, 5, 15])
def test_accuracy_agrees_with_ir_measures(k: int) -> None:
    ranked, truth, dense = random_case(k)
    ours = metrics.accuracy(ranked, truth, (k,))
    for name, expected in ir_values(ranked, dense, k).items():
        np.testing.assert_allclose(ours[f"{name}@{k}"], expected, atol=1e-9, err_msg=name)


def test_graded_ndcg_agrees_with_scikit_learn() -> None:
    ranked, truth, dense = random_case(7)
    k = ranked.shape[1]
    scores = np.zeros_like(dense)
    for place in range(k):
        listed = ranked[:, place] >= 0
        scores[listed, ranked[listed, place]] = k - place
    has = truth.sizes > 0
    ours = metrics.ndcg(metrics.judge(ranked, truth), 10)[has]
    full = ranked[has][:, -1] >= 0  # scikit-learn would fill short lists with ties
    theirs = [
        ndcg_score(dense[has][[u]], scores[has][[u]], k=10, ignore_ties=True)
        for u in np.flatnonzero(full)
    ]
    np.testing.assert_allclose(ours[full], theirs, atol=1e-12)


def test_perfect_and_worst_ranker() -> None:
    _, truth, dense = random_case(1)
    perfect = np.argsort(-dense, axis=1, kind="stable")
    worst = perfect[:, ::-1]
    has = truth.sizes > 0
    best = metrics.accuracy(perfect, truth, (10,))
    for name in ("ndcg@10", "mrr@10", "hit_rate@10"):
        np.testing.assert_allclose(best[name][has], 1)
        assert np.isnan(best[name][~has]).all()
    all_found = truth.sizes <= 10
    np.testing.assert_allclose(best["recall@10"][has & all_found], 1)
    few = has & (truth.sizes <= N_ITEMS - 10)
    for name, values in metrics.accuracy(worst, truth, (10,)).items():
        assert (values[few] == 0).all(), name


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_values_lie_between_0_and_1_and_grow_with_a_better_place(seed: int) -> None:
    ranked, truth, _ = random_case(seed, n_users=30)
    before = metrics.accuracy(ranked, truth, (10,))
    judged = metrics.judge(ranked, truth)
    for values in before.values():
        assert ((values >= 0) & (values <= 1 + 1e-12))[truth.sizes > 0].all()
    late = judged.ranks > 0
    if late.any():  # swap a hit with the place before it
        user, rank = judged.users[late][0], judged.ranks[late][0]
        better = ranked.copy()
        better[user, [rank - 1, rank]] = ranked[user, [rank, rank - 1]]
        after = metrics.accuracy(better, truth, (10,))
        assert after["map@10"][user] >= before["map@10"][user] - 1e-12
        assert after["mrr@10"][user] >= before["mrr@10"][user]


def test_blocks_do_not_change_the_hits(monkeypatch: pytest.MonkeyPatch) -> None:
    ranked, truth, _ = random_case(2, n_users=50)
    whole = metrics.accuracy(ranked, truth, (10,))
    monkeypatch.setattr(metrics, "CELLS", 64)
    for name, values in metrics.accuracy(ranked, truth, (10,)).items():
        np.testing.assert_array_equal(values, whole[name])


def test_faults_are_named() -> None:
    truth = Truth.from_events([0], [3], 1)
    with pytest.raises(ValueError, match="twice in the ranked list"):
        metrics.judge(np.array([[3, 3]]), truth)
    with pytest.raises(ValueError, match="twice in the truth"):
        metrics.judge(np.array([[3, 1]]), Truth(np.array([0, 2]), np.array([3, 3])))
    with pytest.raises(ValueError, match="ranking of 2 users, truth of 1"):
        metrics.judge(np.zeros((2, 1), dtype=int), truth)
    with pytest.raises(ValueError, match="cut-off 5"):
        metrics.ndcg(metrics.judge(np.array([[3, 1]]), truth), 5)
