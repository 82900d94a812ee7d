"""Backtest cutoffs: no event of a past is later than the future it is to foretell."""

from __future__ import annotations

import numpy as np
import pytest

from models.candidates.interactions import Interactions
from models.ranking.cutoffs import Horizon, backtest_cutoffs, find_common_past, mark_future

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
    for cutoff in backtest_cutoffs(everything, "time", 3, 0.2):
        assert cutoff.past.at is not None
        assert cutoff.future.at is not None
        assert cutoff.past.at.max() < cutoff.future.at.min()
        assert not np.isin(cutoff.future.at, seen).any()
        seen = np.concatenate([seen, cutoff.future.at])
        assert len(cutoff.future) == pytest.approx(
            0.2 * (len(cutoff.past) + len(cutoff.future)), abs=2
        )


def test_cutoffs_of_next_hold_out_each_last_event_once() -> None:
    everything = events()
    assert everything.at is not None
    last = {user: everything.at[everything.users == user].max() for user in range(N_USERS)}
    found = []
    for cutoff in backtest_cutoffs(everything, "next", 4):
        assert cutoff.future.at is not None
        assert len(cutoff.past) + len(cutoff.future) == len(everything)
        found += list(zip(cutoff.future.users, cutoff.future.at, strict=True))
    assert sorted(found) == sorted(last.items())


@pytest.mark.parametrize("horizon", ["time", "next"])
def test_the_common_past_has_seen_no_future(horizon: Horizon) -> None:
    everything = events()
    cutoffs = list(backtest_cutoffs(everything, horizon, 3, 0.2))
    common = find_common_past(everything, horizon, cutoffs)
    assert common.at is not None
    assert len(common)
    for cutoff in cutoffs:
        assert cutoff.past.at is not None
        assert cutoff.future.at is not None
        assert np.isin(common.at, cutoff.past.at).all()
        assert not np.isin(common.at, cutoff.future.at).any()


def test_the_future_of_next_is_marked_as_it_was_cut() -> None:
    everything = events()
    assert everything.at is not None
    for cutoff in backtest_cutoffs(everything, "next", 3):
        assert cutoff.future.at is not None
        marked = mark_future(everything, cutoff)
        np.testing.assert_array_equal(everything.at[marked], cutoff.future.at)
