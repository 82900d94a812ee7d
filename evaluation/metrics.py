"""Accuracy of ranked lists, vectorised over users; one value per user, so that models can be paired.

A ranking is an integer array of shape (U, k): column 0 is the first place, -1 pads lists that are
shorter. What was right is a :class:`Truth`. Finding the hits is done once, by :func:`judge`; every
accuracy metric is then a sum over the hits only, which are few. Metrics of other kinds are in
`evaluation.beyond_accuracy`.

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

CELLS = 1 << 22  # cells compared, or floats gathered, at a time: stays in tens of megabytes


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
    step = max(CELLS // max(width, 1), 1)
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
    discount = discounts(k)
    dcg = np.bincount(
        judged.users[top], judged.gains[top] * discount[judged.ranks[top]], len(judged.truth.sizes)
    )
    return divide(dcg, _ideal_dcg(judged.truth, k))


def recall(judged: Judged, k: int) -> PerUser:
    """Share of the user's relevant items that stand in the first k places."""
    return divide(_hits(judged, k), judged.truth.sizes)


def precision(judged: Judged, k: int) -> PerUser:
    """Share of the first k places that hold relevant items; places of a short list are misses."""
    return nan_without_truth(_hits(judged, k) / k, judged.truth)


def average_precision(judged: Judged, k: int) -> PerUser:
    """Sum of the precisions at the hits within k, over all relevant items (trec_eval's map_cut)."""
    top = _within(judged, k)
    users = judged.users[top]
    firsts = np.searchsorted(users, users, side="left")
    nth_hit = np.arange(len(users)) - firsts + 1
    total = np.bincount(users, nth_hit / (judged.ranks[top] + 1), len(judged.truth.sizes))
    return divide(total, judged.truth.sizes)


def reciprocal_rank(judged: Judged, k: int) -> PerUser:
    """1 / place of the first hit within k, 0 without one (Voorhees 1999)."""
    top = _within(judged, k)
    users, ranks = judged.users[top], judged.ranks[top]
    first = np.ones(len(users), dtype=bool)
    first[1:] = users[1:] != users[:-1]
    value = np.zeros(len(judged.truth.sizes))
    value[users[first]] = 1.0 / (ranks[first] + 1)
    return nan_without_truth(value, judged.truth)


def hit_rate(judged: Judged, k: int) -> PerUser:
    """1 where at least one relevant item stands in the first k places."""
    return nan_without_truth((_hits(judged, k) > 0).astype(np.float64), judged.truth)


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


def discounts(k: int) -> NDArray[np.float64]:
    """Return what each of k places counts: 1 / log2(1 + rank), ranks from 1."""
    return np.asarray(1.0 / np.log2(np.arange(2, k + 2)))


def _ideal_dcg(truth: Truth, k: int) -> NDArray[np.float64]:
    discount = discounts(k)
    if truth.gains is None:
        up_to = np.concatenate(([0.0], np.cumsum(discount)))
        return np.asarray(up_to[np.minimum(truth.sizes, k)])
    owners = np.repeat(np.arange(len(truth.sizes)), truth.sizes)
    best_first = truth.gains[np.lexsort((-truth.gains, owners))]
    place = np.arange(len(owners)) - np.repeat(truth.indptr[:-1], truth.sizes)
    top = place < k
    ideal = best_first[top] * discount[place[top]]
    return np.asarray(np.bincount(owners[top], ideal, len(truth.sizes)), dtype=np.float64)


def divide(numerator: NDArray[np.number], denominator: NDArray[np.number]) -> PerUser:
    """Return the quotients, NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def nan_without_truth(values: PerUser, truth: Truth) -> PerUser:
    """Return the values, NaN for users without anything relevant."""
    return np.where(truth.sizes > 0, values, np.nan)
