"""Metrics of ranked lists, vectorised over users; one value per user, so that models can be paired.

A ranking is an integer array of shape (U, k): column 0 is the first place, -1 pads lists that are
shorter. What was right is a :class:`Truth`. Finding the hits is done once, by :func:`judge`; every
accuracy metric is then a sum over the hits only, which are few.

>>> judged = judge(ranked, Truth.from_events(users, items, n_users))
>>> ndcg(judged, 10).mean()

Users without anything relevant have no defined accuracy: their value is NaN, never 0 and never
dropped silently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ranked = NDArray[np.integer]
PerUser = NDArray[np.float64]

_BLOCK = 1 << 22  # cells compared, or floats gathered, at a time: stays in tens of megabytes


@dataclass(frozen=True)
class Truth:
    """Relevant items of each user, in compressed rows.

    Attributes
    ----------
    indptr : ndarray of int, shape (U + 1,)
        User u's items stand in ``items[indptr[u]:indptr[u + 1]]``.
    items : ndarray of int, shape (T,)
        Each item once per user.
    gains : ndarray of float64, shape (T,), optional
        Positive relevance of each; None means 1 throughout.
    """

    indptr: NDArray[np.integer]
    items: NDArray[np.integer]
    gains: NDArray[np.float64] | None = None

    @classmethod
    def from_events(
        cls, users: ArrayLike, items: ArrayLike, n_users: int, gains: ArrayLike | None = None
    ) -> Truth:
        """Collect events by user; a repeated item counts once, with its largest gain."""
        user_ids, item_ids = np.asarray(users), np.asarray(items)
        weights = None if gains is None else np.asarray(gains, dtype=np.float64)
        order = np.lexsort(
            (item_ids, user_ids) if weights is None else (-weights, item_ids, user_ids)
        )
        user_ids, item_ids = user_ids[order], item_ids[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (user_ids[1:] != user_ids[:-1]) | (item_ids[1:] != item_ids[:-1])
        sizes = np.bincount(user_ids[first], minlength=n_users)
        indptr = np.concatenate(([0], np.cumsum(sizes)))
        return cls(indptr, item_ids[first], None if weights is None else weights[order][first])

    @property
    def sizes(self) -> NDArray[np.integer]:
        """Number of relevant items per user, shape (U,)."""
        return np.diff(self.indptr)


@dataclass(frozen=True)
class Judged:
    """The hits of a ranking, ordered by user and then by rank.

    Attributes
    ----------
    users, ranks : ndarray of int, shape (H,)
        Row in the ranking and place in it (0 is the first) of each hit.
    gains : ndarray of float64, shape (H,)
    truth : Truth
    width : int
        Places in the ranking; the largest cut-off that can be asked for.
    """

    users: NDArray[np.integer]
    ranks: NDArray[np.integer]
    gains: NDArray[np.float64]
    truth: Truth
    width: int


def judge(ranked: Ranked, truth: Truth) -> Judged:
    """Find where the relevant items stand in the ranking.

    Parameters
    ----------
    ranked : ndarray of int, shape (U, k)
    truth : Truth
        Of the same U users.

    Raises
    ------
    ValueError
        If the numbers of users differ, or a relevant item stands twice in one list or twice in the
        truth.
    """
    n_users, width = ranked.shape
    if len(truth.indptr) != n_users + 1:
        raise ValueError(f"ranking of {n_users} users, truth of {len(truth.indptr) - 1}")
    owners = np.repeat(np.arange(n_users), truth.sizes)
    step = max(_BLOCK // max(width, 1), 1)
    found = [
        _flat_hits(ranked, owners[start : start + step], truth.items[start : start + step], start)
        for start in range(0, len(owners), step)
    ]
    events = np.concatenate([rows for rows, _ in found]) if found else np.empty(0, np.intp)
    ranks = np.concatenate([places for _, places in found]) if found else np.empty(0, np.intp)
    if (events[1:] == events[:-1]).any():
        user = owners[events[1:][events[1:] == events[:-1]][0]]
        raise ValueError(f"user {user}: an item stands twice in the ranked list")
    users = owners[events]
    order = np.argsort(users * width + ranks, kind="stable")
    users, ranks = users[order], ranks[order]
    same = (users[1:] == users[:-1]) & (ranks[1:] == ranks[:-1])
    if same.any():
        raise ValueError(f"user {users[1:][same][0]}: an item stands twice in the truth")
    gains = np.ones(len(order)) if truth.gains is None else truth.gains[events[order]]
    return Judged(users, ranks, gains, truth, width)


def ndcg(judged: Judged, k: int) -> PerUser:
    """Discounted gain over that of the ideal order (Järvelin & Kekäläinen 2002).

    The gain is linear and the discount log2, as in scikit-learn and ranx.
    """
    top = _within(judged, k)
    discount = _discounts(k)
    dcg = np.bincount(
        judged.users[top], judged.gains[top] * discount[judged.ranks[top]], len(judged.truth.sizes)
    )
    return _divide(dcg, _ideal_dcg(judged.truth, k))


def recall(judged: Judged, k: int) -> PerUser:
    """Share of the user's relevant items that stand in the first k places."""
    return _divide(_hits(judged, k), judged.truth.sizes)


def precision(judged: Judged, k: int) -> PerUser:
    """Share of the first k places that hold relevant items; places of a short list are misses."""
    return _nan_without_truth(_hits(judged, k) / k, judged.truth)


def average_precision(judged: Judged, k: int) -> PerUser:
    """Sum of the precisions at the hits within k, over all relevant items (trec_eval's map_cut)."""
    top = _within(judged, k)
    users = judged.users[top]
    firsts = np.searchsorted(users, users, side="left")
    nth_hit = np.arange(len(users)) - firsts + 1
    total = np.bincount(users, nth_hit / (judged.ranks[top] + 1), len(judged.truth.sizes))
    return _divide(total, judged.truth.sizes)


def reciprocal_rank(judged: Judged, k: int) -> PerUser:
    """1 / place of the first hit within k, 0 without one (Voorhees 1999)."""
    top = _within(judged, k)
    users, ranks = judged.users[top], judged.ranks[top]
    first = np.ones(len(users), dtype=bool)
    first[1:] = users[1:] != users[:-1]
    value = np.zeros(len(judged.truth.sizes))
    value[users[first]] = 1.0 / (ranks[first] + 1)
    return _nan_without_truth(value, judged.truth)


def hit_rate(judged: Judged, k: int) -> PerUser:
    """1 where at least one relevant item stands in the first k places."""
    return _nan_without_truth((_hits(judged, k) > 0).astype(np.float64), judged.truth)


ACCURACY = {
    "ndcg": ndcg,
    "recall": recall,
    "precision": precision,
    "map": average_precision,
    "mrr": reciprocal_rank,
    "hit_rate": hit_rate,
}


def accuracy(
    ranked: Ranked, truth: Truth, cutoffs: tuple[int, ...] = (10, 20)
) -> dict[str, PerUser]:
    """Return each accuracy metric at each cut-off, named like ``ndcg@10``; each has shape (U,)."""
    judged = judge(ranked, truth)
    return {f"{name}@{k}": metric(judged, k) for name, metric in ACCURACY.items() for k in cutoffs}


def coverage(ranked: Ranked, n_items: int) -> float:
    """Share of the catalogue that stands in at least one list."""
    return float(np.count_nonzero(_counts(ranked, n_items)) / n_items)


def gini(ranked: Ranked, n_items: int) -> float:
    """Gini coefficient of how often items are listed: 0 is equal (Castells et al. 2015)."""
    return gini_coefficient(_counts(ranked, n_items))


def gini_coefficient(amounts: ArrayLike) -> float:
    """Gini coefficient of non-negative amounts; NaN where they sum to 0."""
    ordered = np.sort(np.asarray(amounts, dtype=np.float64))
    n, total = len(ordered), ordered.sum()
    if total == 0:
        return float("nan")
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))


def provider_exposure(ranked: Ranked, providers: NDArray[np.integer], n_providers: int) -> PerUser:
    """Share of attention that each provider's items receive, shape (n_providers,), summing to 1.

    A place at rank r (from 1) gets 1 / log2(1 + r) (Singh & Joachims 2018). ``providers`` has shape
    (N,).
    """
    listed = ranked >= 0
    weights = np.broadcast_to(_discounts(ranked.shape[1]), ranked.shape)[listed]
    exposure = np.bincount(providers[ranked[listed]], weights, n_providers)
    return np.asarray(exposure / max(exposure.sum(), 1e-12), dtype=np.float64)


def novelty(ranked: Ranked, item_users: NDArray[np.integer], n_users: int) -> PerUser:
    """Mean self-information of the listed items, in bits (Zhou et al. 2010).

    An item that a share p of the users had in training carries -log2 p.

    Parameters
    ----------
    item_users : ndarray of int, shape (N,)
        Users with each item in training; an item nobody had counts as had by one.
    n_users : int
        Users in training.
    """
    return _list_mean(ranked, -np.log2(np.maximum(item_users, 1) / n_users))


def serendipity(ranked: Ranked, truth: Truth, expected: Ranked) -> PerUser:
    """Share of places with a relevant item that a primitive model does not list (Ge et al. 2010).

    Parameters
    ----------
    expected : ndarray of int, shape (k',) or (U, k')
        The primitive model's list: the most popular items, usually.
    """
    judged = judge(ranked, truth)
    items = ranked[judged.users, judged.ranks]
    if expected.ndim == 1:
        surprising = ~np.isin(items, expected)
    else:
        surprising = (expected[judged.users] != items[:, None]).all(axis=1)
    count = np.bincount(judged.users[surprising], minlength=len(ranked))
    return _nan_without_truth(count / ranked.shape[1], truth)


def intra_list_diversity(ranked: Ranked, vectors: NDArray[np.floating]) -> PerUser:
    """Mean of 1 - cosine over the pairs of a list (Ziegler et al. 2005); NaN for less than two.

    Computed from the length of the sum of the unit vectors, so it costs k x d per user and not k^2
    x d.
    """
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.vstack(
        [vectors / np.where(norms > 0, norms, 1), np.zeros((1, vectors.shape[1]))]
    )  # row -1: padding
    unit = unit.astype(np.float32)
    step = max(_BLOCK // (ranked.shape[1] * unit.shape[1]), 1)
    cosines = np.empty(len(ranked))
    for start in range(0, len(ranked), step):
        listed = unit[ranked[start : start + step]]
        cosines[start : start + step] = (listed.sum(axis=1) ** 2).sum(axis=1) - (listed**2).sum(
            axis=(1, 2)
        )
    n = (ranked >= 0).sum(axis=1)
    return 1.0 - _divide(cosines, n * (n - 1))


def calibration(
    ranked: Ranked,
    topics: NDArray[np.floating],
    profiles: NDArray[np.floating],
    alpha: float = 0.01,
) -> PerUser:
    """KL divergence from the list's topics to the user's own, in nats; 0 is best (Steck 2018).

    Parameters
    ----------
    topics : ndarray, shape (N, T)
        Topic distribution of each item.
    profiles : ndarray, shape (U, T)
        Topic distribution of each user's past; a row of zeros (no past) gives NaN.
    alpha : float
        Share of the profile mixed into the list's distribution, which keeps it finite.
    """
    padded = np.vstack([topics, np.zeros((1, topics.shape[1]))])
    listed = np.stack(
        [padded[ranked, topic].sum(axis=1) for topic in range(topics.shape[1])], axis=1
    )
    listed = listed / np.maximum(listed.sum(axis=1, keepdims=True), 1e-12)
    smooth = (1 - alpha) * listed + alpha * profiles
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(profiles > 0, profiles * np.log(profiles / smooth), 0.0)
    known = profiles.sum(axis=1) > 0
    return np.where(known & (ranked >= 0).any(axis=1), terms.sum(axis=1), np.nan)


def constraint_violations(ranked: Ranked, permitted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count listed items that the user may not take, or that stand twice; must be 0. Shape (U,).

    Parameters
    ----------
    permitted : ndarray of bool, shape (U, N)
        The eligibility mask.
    """
    listed = ranked >= 0
    refused = listed & ~np.take_along_axis(permitted, np.where(listed, ranked, 0), axis=1)
    ordered = np.sort(ranked, axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    count: NDArray[np.int64] = refused.sum(axis=1) + twice.sum(axis=1)
    return count


def balance_regret(
    ranked: Ranked,
    prices: NDArray[np.integer],
    balances: NDArray[np.integer],
    attainable: NDArray[np.integer] | None = None,
) -> PerUser:
    """Share of the balance lost by taking the list from the top, each training that still fits.

    Parameters
    ----------
    prices : ndarray of int, shape (N,)
    balances : ndarray of int, shape (U,)
        In the unit of the prices; 0 gives NaN.
    attainable : ndarray of int, shape (U,), optional
        The most that the user could have spent on permitted trainings; the whole balance where not
        given.
    """
    left = balances.astype(np.int64)
    for place in range(ranked.shape[1]):
        item = ranked[:, place]
        price = np.where(item >= 0, prices[np.maximum(item, 0)], 0)
        left = left - np.where(price <= left, price, 0)
    lost = left if attainable is None else np.maximum(left - (balances - attainable), 0)
    return _divide(lost, balances)


def _flat_hits(
    ranked: Ranked, owners: NDArray[np.intp], items: NDArray[np.integer], start: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows, places = np.nonzero(ranked[owners] == items[:, None])
    return rows + start, places


def _within(judged: Judged, k: int) -> NDArray[np.bool_]:
    if not 1 <= k <= judged.width:
        raise ValueError(f"cut-off {k} asked of a ranking with {judged.width} places")
    return judged.ranks < k


def _hits(judged: Judged, k: int) -> NDArray[np.intp]:
    return np.bincount(judged.users[_within(judged, k)], minlength=len(judged.truth.sizes))


def _discounts(k: int) -> NDArray[np.float64]:
    return np.asarray(1.0 / np.log2(np.arange(2, k + 2)))


def _ideal_dcg(truth: Truth, k: int) -> NDArray[np.float64]:
    discount = _discounts(k)
    if truth.gains is None:
        up_to = np.concatenate(([0.0], np.cumsum(discount)))
        return np.asarray(up_to[np.minimum(truth.sizes, k)])
    owners = np.repeat(np.arange(len(truth.sizes)), truth.sizes)
    best_first = truth.gains[np.lexsort((-truth.gains, owners))]
    place = np.arange(len(owners)) - np.repeat(truth.indptr[:-1], truth.sizes)
    top = place < k
    ideal = best_first[top] * discount[place[top]]
    return np.asarray(np.bincount(owners[top], ideal, len(truth.sizes)), dtype=np.float64)


def _counts(ranked: Ranked, n_items: int) -> NDArray[np.intp]:
    return np.bincount(ranked[ranked >= 0], minlength=n_items)


def _list_mean(ranked: Ranked, values: NDArray[np.float64]) -> PerUser:
    padded = np.append(values, 0.0)  # row -1: padding
    return _divide(padded[ranked].sum(axis=1), (ranked >= 0).sum(axis=1))


def _divide(numerator: NDArray[np.number], denominator: NDArray[np.number]) -> PerUser:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _nan_without_truth(values: PerUser, truth: Truth) -> PerUser:
    return np.where(truth.sizes > 0, values, np.nan)
