"""Checks for leaks: a model that has seen what it is to foretell looks splendid, and is worthless.

Each check returns the reasons for suspicion in plain words; an empty list is a pass.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics import Ranked, Truth, judge, ndcg
from evaluation.splits import Split
from models.candidates.interactions import Interactions

RankFromTable = Callable[[Interactions, Split], Ranked]


def check_split(interactions: Interactions, split: Split) -> list[str]:
    """Find training events that lie after the first test event, or are test events themselves.

    Only for splits by one moment for all (global or rolling); leave-last-out overlaps between users
    by construction.
    """
    reasons = []
    past = split.development
    both = np.intersect1d(past, split.test)
    if len(both):
        reasons.append(f"{len(both)} test events are training events too, first row {both[0]}")
    if interactions.at is not None and len(past) and len(split.test):
        border = interactions.at[split.test].min()
        late = past[interactions.at[past] >= border]
        if len(late):
            reasons.append(
                f"{len(late)} training events are not before the first test event (at {border}), "
                f"first row {late[0]}: the model learns from the future"
            )
    return reasons


def check_newest_event(newest: dt.datetime | None, border: dt.datetime) -> list[str]:
    """Find a model that has learnt from an event of the test's time.

    Parameters
    ----------
    newest : datetime (UTC), optional
        Time of the newest event that it learnt from; None where it learnt from none.
    border : datetime (UTC)
        The first moment of the test.
    """
    if newest is None or newest < border:
        return []
    return [
        f"it learnt from events up to {newest:%Y-%m-%d %H:%M} UTC, and the test begins at "
        f"{border:%Y-%m-%d %H:%M}: some of what it is to foretell it has seen"
    ]


def check_pipeline(
    rank: RankFromTable, interactions: Interactions, split: Split, *, seed: int = 0
) -> list[str]:
    """Run a whole pipeline twice, the second time with another future; its lists must not change.

    Whatever reads test events (features over the full table, popularity of all time, a filter on
    what was taken later) changes its lists when those events go to other items.

    Parameters
    ----------
    rank : callable
        From all interactions and the split to rankings of shape (U, k); fits and recommends. It
        must be deterministic, which is checked too.
    interactions : Interactions
    split : Split
    """
    first = rank(interactions, split)
    if not np.array_equal(first, rank(interactions, split)):
        return ["two runs on the same data differ: fix the pipeline's seed, then check again"]
    changed = (first != rank(_other_future(interactions, split.test, seed), split)).any(axis=1)
    if not changed.any():
        return []
    return [
        f"{changed.mean():.0%} of the lists change when the {len(split.test)} test events move "
        f"to other items (first: user {np.flatnonzero(changed)[0]}): it reads events that "
        "lie after the training part; look for counts, encodings or filters over the whole table"
    ]


def check_strangers(
    ranked: Ranked, truth: Truth, seen: NDArray[np.bool_], k: int = 10
) -> list[str]:
    """Find a ranking that knows persons of whom the training events say nothing.

    To users without history a model that does not know their attributes can only give one list. The
    best such list in hindsight, the most taken items of their own test, bounds what it can score.

    Parameters
    ----------
    ranked : ndarray of int, shape (U, k')
    truth : Truth
    seen : ndarray of bool, shape (U,)
        Whether the user has training events.
    """
    strangers = ~seen & (truth.sizes > 0)
    owners = np.repeat(np.arange(len(seen)), truth.sizes)
    if strangers.sum() < 20:
        return []
    taken = np.bincount(truth.items[strangers[owners]])
    best = np.argsort(-taken, kind="stable")[:k]
    theirs = ndcg(judge(ranked, truth), k)[strangers]
    bound = ndcg(judge(np.tile(best, (len(seen), 1)), truth), min(k, len(best)))[strangers]
    margin = 3 * np.std(theirs - bound) / np.sqrt(len(theirs))
    if theirs.mean() <= bound.mean() + margin:
        return []
    return [
        f"ndcg@{k} of {theirs.mean():.3f} on {len(theirs)} users without any training event, where "
        f"the best single list in hindsight has {bound.mean():.3f}: unless the model uses their "
        "attributes, it has seen their test events"
    ]


def _other_future(interactions: Interactions, test: NDArray[np.intp], seed: int) -> Interactions:
    """Move every test event to another item and to another of the test's users, time unchanged."""
    rng = np.random.default_rng(seed)
    items, users = interactions.items.copy(), interactions.users.copy()
    if interactions.n_items > 1:
        shift = rng.integers(1, interactions.n_items, len(test))
        items[test] = (items[test] + shift) % interactions.n_items
    users[test] = rng.permutation(users[test])
    return Interactions(
        users,
        items,
        interactions.weights,
        interactions.n_users,
        interactions.n_items,
        interactions.at,
    )
