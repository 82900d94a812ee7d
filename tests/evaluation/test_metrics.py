from __future__ import annotations

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, P, R, Success, nDCG
from sklearn.metrics import ndcg_score
from sklearn.metrics.pairwise import cosine_similarity

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
    monkeypatch.setattr(metrics, "_BLOCK", 64)
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


def test_coverage_and_gini() -> None:
    ranked = np.array([[0, 1], [0, -1], [0, 1]])
    assert metrics.coverage(ranked, 4) == 0.5
    counts = np.array([3, 2, 0, 0])
    pairs = np.abs(counts[:, None] - counts).sum() / (2 * 16 * counts.mean())
    assert metrics.gini(ranked, 4) == pytest.approx(pairs)
    assert metrics.gini_coefficient([5, 5, 5]) == pytest.approx(0)
    assert np.isnan(metrics.gini_coefficient([0, 0]))


def test_provider_exposure_is_weighted_by_place() -> None:
    share = metrics.provider_exposure(np.array([[0, 1, -1], [2, 0, 1]]), np.array([0, 1, 1]), 3)
    second, third = 1 / np.log2(3), 0.5
    raw = np.array([1 + second, second + 1 + third, 0])
    np.testing.assert_allclose(share, raw / raw.sum())


def test_novelty_counts_bits() -> None:
    value = metrics.novelty(np.array([[0, 1], [2, -1], [-1, -1]]), np.array([8, 4, 0]), 8)
    np.testing.assert_allclose(value, [0.5, 3.0, np.nan])


def test_serendipity_wants_relevant_and_unexpected() -> None:
    ranked = np.array([[0, 1, 2, 3]])
    truth = Truth.from_events([0, 0], [0, 3], 1)
    assert metrics.serendipity(ranked, truth, np.array([0, 1]))[0] == 0.25
    assert metrics.serendipity(ranked, truth, np.array([[0, 3]]))[0] == 0


def test_diversity_agrees_with_pairwise_cosines() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 6))
    ranked = np.argsort(rng.random((50, 20)), axis=1)[:, :5]
    ranked[0, 3:] = -1
    ranked[1, 1:] = -1
    value = metrics.intra_list_diversity(ranked, vectors)
    for row, found in zip(ranked, value, strict=True):
        listed = row[row >= 0]
        upper = cosine_similarity(vectors[listed])[np.triu_indices(len(listed), 1)]
        assert found == pytest.approx(
            1 - upper.mean() if len(listed) > 1 else np.nan, nan_ok=True, abs=1e-6
        )


def test_calibration_is_zero_for_the_same_topics_and_grows() -> None:
    topics = np.eye(3)
    profiles = np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 0], [0, 0, 1]])
    ranked = np.array([[0, 1], [0, 0], [0, 1], [0, -1]])
    value = metrics.calibration(ranked, topics, profiles)
    assert value[0] == pytest.approx(0)
    q = 0.99 * np.array([1.0, 0]) + 0.01 * 0.5
    assert value[1] == pytest.approx((0.5 * np.log(0.5 / q)).sum())
    assert np.isnan(value[2])
    assert value[3] == pytest.approx(np.log(1 / 0.01))


def test_violations_count_refused_and_repeated() -> None:
    permitted = np.array([[True, False, True], [True, True, True]])
    ranked = np.array([[0, 1, -1], [2, 2, 2]])
    assert metrics.constraint_violations(ranked, permitted).tolist() == [1, 2]


def test_balance_regret_skips_what_does_not_fit() -> None:
    prices = np.array([60, 70, 30, 0])
    ranked = np.array([[0, 1, 2], [1, -1, -1], [3, -1, -1], [0, -1, -1]])
    balances = np.array([100, 100, 0, 100])
    lost = metrics.balance_regret(ranked, prices, balances)
    np.testing.assert_allclose(lost, [0.1, 0.3, np.nan, 0.4])
    lost = metrics.balance_regret(ranked, prices, balances, np.array([90, 100, 0, 100]))
    np.testing.assert_allclose(lost, [0.0, 0.3, np.nan, 0.4])
