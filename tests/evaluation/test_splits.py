from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.splits import (
    Split,
    global_time_split,
    item_holdout,
    leave_last_out,
    rolling_splits,
    user_holdout,
)
from models.candidates.interactions import Interactions


@st.composite
def events(draw: st.DrawFn) -> Interactions:
    n = draw(st.integers(0, 60))
    column = lambda top: np.array(  # noqa: E731
        draw(st.lists(st.integers(0, top), min_size=n, max_size=n)), dtype=np.int64
    )
    users, items, at = column(6).astype(np.int32), column(9).astype(np.int32), column(20)
    return Interactions(users, items, np.ones(n, dtype=np.float32), 7, 10, at)


def parts(split: Split) -> list[np.ndarray]:
    return [split.train, split.validation, split.test]


WHOLE = [
    global_time_split,
    leave_last_out,
    user_holdout,
    item_holdout,
    lambda x: global_time_split(x, order="file"),
    lambda x: leave_last_out(x, order="random", seed=3),
]


@pytest.mark.parametrize("split", WHOLE)
@given(events())
def test_every_event_is_in_exactly_one_part(
    split: Callable[[Interactions], Split], interactions: Interactions
) -> None:
    rows = np.concatenate(parts(split(interactions)))
    assert sorted(rows.tolist()) == list(range(len(interactions)))


@given(events())
def test_global_parts_follow_in_time_and_ties_stay_together(interactions: Interactions) -> None:
    train, validation, test = (
        interactions.at[rows] for rows in parts(global_time_split(interactions))
    )
    for earlier, later in ((train, validation), (validation, test), (train, test)):
        assert not len(earlier) or not len(later) or earlier.max() < later.min()


@given(events(), st.integers(1, 4))
def test_rolling_windows_follow_each_other(interactions: Interactions, k: int) -> None:
    splits = rolling_splits(interactions, k, window=0.15)
    at = interactions.at
    for split in splits:
        before = np.concatenate([split.train, split.validation])
        assert not len(before) or not len(split.test) or at[before].max() < at[split.test].min()
        assert (at[split.train][:, None] < at[split.validation]).all()
    tested = np.concatenate([split.test for split in splits])
    assert len(np.unique(tested)) == len(tested)
    for earlier, later in pairwise(splits):
        past = np.union1d(earlier.train, earlier.validation)
        assert np.isin(past, np.union1d(later.train, later.validation)).all()
        assert np.isin(earlier.test, later.validation).all()


@given(events())
def test_last_out_follows_in_time_for_each_user(interactions: Interactions) -> None:
    split = leave_last_out(interactions)
    for user in np.unique(interactions.users):
        of_user = [interactions.at[rows[interactions.users[rows] == user]] for rows in parts(split)]
        train, validation, test = of_user
        n = np.count_nonzero(interactions.users == user)
        assert (len(test), len(validation)) == (n > 1, n > 2)
        ordered = np.concatenate([np.sort(train), validation, test])
        assert (np.diff(ordered) >= 0).all()


@given(events())
def test_holdouts_keep_users_and_items_whole(interactions: Interactions) -> None:
    for split, ids in (
        (user_holdout(interactions), interactions.users),
        (item_holdout(interactions), interactions.items),
    ):
        train, validation, test = (set(ids[rows].tolist()) for rows in parts(split))
        assert not train & validation
        assert not train & test
        assert not validation & test


def test_shares_are_those_asked_for() -> None:
    n = 1000
    at = np.random.default_rng(0).permutation(n)
    ids = np.zeros(n, dtype=np.int32)
    interactions = Interactions(ids, ids, np.ones(n, dtype=np.float32), 1, 1, at)
    assert [len(p) for p in parts(global_time_split(interactions))] == [800, 100, 100]
    assert [len(p) for p in parts(rolling_splits(interactions, 3)[0])] == [600, 100, 100]


def test_without_time_the_order_must_be_chosen() -> None:
    ids = np.zeros(4, dtype=np.int32)
    interactions = Interactions(ids, ids, np.ones(4, dtype=np.float32), 1, 1)
    with pytest.raises(ValueError, match="order='file'"):
        global_time_split(interactions)
    assert global_time_split(interactions, (0.5, 0.25, 0.25), order="file").test.tolist() == [3]


def test_fractions_are_checked() -> None:
    ids = np.zeros(4, dtype=np.int32)
    interactions = Interactions(ids, ids, np.ones(4, dtype=np.float32), 1, 1, ids.astype(np.int64))
    with pytest.raises(ValueError, match="sum to 1"):
        global_time_split(interactions, (0.8, 0.1, 0.2))
    with pytest.raises(ValueError, match="nothing to train on"):
        rolling_splits(interactions, 9)
