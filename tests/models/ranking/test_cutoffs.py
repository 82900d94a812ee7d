"""Backtest cutoffs: no event of a past is later than the future it is to foretell."""

from __future__ import annotations

import numpy as np
import pytest

from models.candidates.interactions import Interactions
from models.ranking.cutoffs import Horizon, backtest_cutoffs, find_common_past

N_USERS, N_ITEMS = 80, 30


def events(seed: int = 0, timed: bool = True) -> Interactions:
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(N_USERS), 8).astype(np.int32)
    items = np.concatenate([rng.permutation(N_ITEMS)[:8] for _ in range(N_USERS)])
    at = rng.permutation(len(users)).astype(np.int64) if timed else None
    weights = np.ones(len(users), dtype=np.float32)
    return Interactions(users, items.astype(np.int32), weights, N_USERS, N_ITEMS, at)


@pytest.mark.parametrize("timed", [True, False])
def test_cutoffs_of_time_do_not_overlap(timed: bool) -> None:
    everything = events(timed=timed)
    clock = np.arange(len(everything)) if everything.at is None else everything.at
    seen = np.zeros(0, dtype=np.int64)
    if not timed:
        everything = Interactions(
            everything.users, everything.items, everything.weights, N_USERS, N_ITEMS, clock
        )
    for cutoff in backtest_cutoffs(everything, "time", 3, 0.2, 1):
        assert cutoff.past.at is not None
        assert cutoff.future.at is not None
        assert cutoff.past.at.max() < cutoff.future.at.min()
        assert not np.isin(cutoff.future.at, seen).any()
        seen = np.concatenate([seen, cutoff.future.at])
        assert len(cutoff.future) == pytest.approx(
            0.2 * (len(cutoff.past) + len(cutoff.future)), abs=2
        )


@pytest.mark.parametrize("depth", [1, 3])
def test_cutoffs_of_next_foretell_each_of_the_last_events_once(depth: int) -> None:
    everything = events()
    assert everything.at is not None
    last = {user: np.sort(everything.at[everything.users == user]) for user in range(N_USERS)}
    found = []
    for cutoff in backtest_cutoffs(everything, "next", 4, 0.1, depth):
        past, future = cutoff.past, cutoff.future
        assert past.at is not None
        assert future.at is not None
        np.testing.assert_array_equal(everything.at[cutoff.known], past.at)
        for user, at in zip(future.users, future.at, strict=True):
            assert past.at[past.users == user].max() < at
            assert (last[user] > at).sum() == (last[user] >= at).sum() - 1
            assert not (past.at[past.users == user] >= at).any()
        others = ~np.isin(everything.users, future.users)
        assert np.isin(everything.at[others], past.at).all()
        found += list(zip(future.users, future.at, strict=True))
    assert sorted(found) == sorted(
        (user, at) for user, times in last.items() for at in times[-depth:]
    )


def test_who_has_but_the_events_to_foretell_is_asked_about_once() -> None:
    everything = Interactions(
        np.array([0, 1, 1, 2, 2, 2], dtype=np.int32),
        np.arange(6, dtype=np.int32),
        np.ones(6, dtype=np.float32),
        3,
        6,
    )
    found = [
        (int(user), int(item))
        for cutoff in backtest_cutoffs(everything, "next", 1, 0.1, 3)
        for user, item in zip(cutoff.future.users, cutoff.future.items, strict=True)
    ]
    assert found == [(0, 0), (1, 2), (2, 5), (2, 4)]


@pytest.mark.parametrize("horizon", ["time", "next"])
def test_the_common_past_has_seen_no_future(horizon: Horizon) -> None:
    everything = events()
    cutoffs = list(backtest_cutoffs(everything, horizon, 3, 0.2, 3))
    common = find_common_past(everything, cutoffs)
    assert common.at is not None
    assert len(common)
    for cutoff in cutoffs:
        assert cutoff.past.at is not None
        assert cutoff.future.at is not None
        assert np.isin(common.at, cutoff.past.at).all()
        assert not np.isin(common.at, cutoff.future.at).any()
