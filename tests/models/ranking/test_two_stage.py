"""Candidates, then the ranker: nothing it learns from has seen its label."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pytest

from models.candidates.base import CandidateModel
from models.candidates.ease import EASE
from models.candidates.histories import Histories, histories
from models.candidates.interactions import Interactions
from models.candidates.popularity import Popularity
from models.candidates.side import SideInformation
from models.candidates.top_k import Scores
from models.ranking.cutoffs import Horizon, backtest_cutoffs
from models.ranking.ensemble import RankerEnsemble
from models.ranking.trees import Ranker
from models.ranking.two_stage import TwoStage, not_taken

N_USERS, N_ITEMS = 80, 30
NOTHING = SideInformation()


def events(seed: int = 0, timed: bool = True) -> Interactions:
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(N_USERS), 8).astype(np.int32)
    items = np.concatenate([rng.permutation(N_ITEMS)[:8] for _ in range(N_USERS)])
    at = rng.permutation(len(users)).astype(np.int64) if timed else None
    weights = np.ones(len(users), dtype=np.float32)
    return Interactions(users, items.astype(np.int32), weights, N_USERS, N_ITEMS, at)


def two_stage(horizon: Horizon = "time") -> TwoStage:
    sources: dict[str, CandidateModel] = {"popular": Popularity(), "ease": EASE(l2=10.0)}
    ranker = RankerEnsemble(Ranker(trees=5, leaves=4, min_leaf=5, threads=1))
    return TwoStage(
        sources, ranker, ranker, horizon, cutoffs=2, pool=8, pairs=5 * N_USERS, queries=N_USERS
    )


@dataclass
class Spy(CandidateModel):
    """Notes what it was fitted on and for whom it was asked."""

    fitted_on: list[Interactions] = field(default_factory=list)
    asked_with: list[tuple[Interactions, Histories]] = field(default_factory=list)

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:  # noqa: ARG002
        self.fitted_on.append(interactions)
        return self

    def score(self, batch: Histories) -> Scores:
        self.asked_with.append((self.fitted_on[-1], batch))
        return np.zeros((len(batch), batch.n_items), dtype=np.float32)


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
def test_no_feature_has_seen_its_label(horizon: Horizon) -> None:
    """While examples are made, sources know no event of the future, nor do the histories."""
    everything = events()
    model = two_stage(horizon)
    spy = Spy()
    model.sources["spy"] = spy
    model.examples(everything, NOTHING)
    cutoffs = list(backtest_cutoffs(everything, horizon, model.cutoffs, model.window))
    assert len(spy.fitted_on) == len(cutoffs)
    for fitted, cutoff in zip(spy.fitted_on, cutoffs, strict=True):
        assert fitted.at is not None
        assert cutoff.future.at is not None
        assert not np.isin(cutoff.future.at, fitted.at).any()
    for fitted, batch in spy.asked_with:
        assert fitted.at is not None
        assert np.isin(batch.at, fitted.at).all()


def test_lists_hold_only_what_is_permitted_and_are_deterministic() -> None:
    everything = events()
    batch = histories(everything)
    lists = []
    for _ in range(2):
        model = two_stage().fit(everything, NOTHING)
        ids, scores = model.recommend(batch, 10, not_taken(batch))
        lists.append(ids)
    np.testing.assert_array_equal(*lists)
    mask = not_taken(batch)
    rows, places = np.nonzero(ids >= 0)
    assert mask[rows, ids[rows, places]].all()
    assert (np.isneginf(scores) == (ids < 0)).all()


def test_one_is_a_row_of_many() -> None:
    everything = events()
    batch = histories(everything)
    model = two_stage().fit(everything, NOTHING)
    many, _ = model.recommend(batch, 6, not_taken(batch))
    one = batch.take(slice(5, 6))
    np.testing.assert_array_equal(model.recommend(one, 6, not_taken(one))[0][0], many[5])


def test_labels_are_the_future() -> None:
    examples = two_stage().examples(events(), NOTHING)
    assert examples.groups.sum() == len(examples.labels) == len(examples.table)
    ends = np.cumsum(examples.groups)
    taken = np.add.reduceat(examples.labels, ends - examples.groups)
    assert (taken >= 1).all()
    assert (examples.groups - taken <= 5).all()
    assert len(examples.names) == examples.table.shape[1]


@pytest.mark.parametrize("horizon", ["time", "next"])
def test_nobody_is_asked_beyond_the_queries(
    horizon: Horizon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.ranking.two_stage.BATCH", 4)
    model = two_stage(horizon)
    everybody = len(model.examples(events(), NOTHING).groups)
    model.queries = 15
    spy = Spy()
    model.sources["spy"] = spy
    some = len(model.examples(events(), NOTHING).groups)
    # what is asked last is one batch
    assert 15 <= some < 15 + 4 < everybody
    assert len(spy.fitted_on) == 1


def test_threads_change_nothing() -> None:
    found = []
    for threads in (1, 3):
        model = two_stage()
        model.threads = threads
        batch = histories(events())
        found.append(model.fit(events(), NOTHING).recommend(batch, 10, not_taken(batch)))
    for one, several in zip(*found, strict=True):
        np.testing.assert_array_equal(one, several)
