"""The peers' search, their rankings, and the keeping of their results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.task import Ids, RankingTask, make_task
from benchmarks.quality.tuning import Budget, Params, Peer, draw_parameters, tune
from models.candidates.interactions import Interactions

pytest.importorskip("implicit")
pytest.importorskip("rectools")
pytest.importorskip("pytorch_lightning")
pytest.importorskip("lenskit")

from benchmarks.quality.peer_results import fingerprint, read
from benchmarks.quality.peers import choose_peers, list_peers
from benchmarks.quality.rectools_peers import _rank_ease, _rank_ease_by_cholesky
from benchmarks.quality.run import peer_entry

K = 5


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADAN_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def task() -> RankingTask:
    """Participants 0 to 39 walk along 12 courses; 40 to 43 have no past."""
    rng = np.random.default_rng(0)
    begin = rng.integers(0, 12, 44)
    users = np.repeat(np.arange(44, dtype=np.int32), 4)
    items = ((begin[:, None] + np.arange(4)) % 12).ravel().astype(np.int32)
    at = np.arange(len(users), dtype=np.int64)
    events = Interactions(users, items, np.ones(len(users), dtype=np.float32), 44, 12, at)
    past = (np.tile(np.arange(4), 44) < 3) & (users < 40)
    return make_task(events.take(past), events.take(~past))


def numbered() -> Peer:
    """A peer whose only parameter is the course it puts first."""

    def ranked(_: Interactions, users: Ids, k: int, params: Params) -> Ids:
        ids = np.full((len(users), k), -1, dtype=np.int32)
        ids[:, 0] = params["course"]
        return ids

    return Peer(
        "Numbered", "numpy", {"course": 0}, lambda rng: {"course": int(rng.integers(4))}, ranked
    )


def test_the_search_begins_with_the_defaults_and_repeats_nothing() -> None:
    tried = draw_parameters(numbered(), 30, seed=1)
    assert tried[0] == {"course": 0}
    assert sorted(params["course"] for params in tried) == [0, 1, 2, 3]
    assert len(draw_parameters(numbered(), 3, seed=1)) == 3


def test_every_peer_has_thirty_trials_to_make() -> None:
    for peer in list_peers():
        tried = draw_parameters(peer, 30, seed=0)
        assert len(tried) == (1 if peer.name.startswith("popular, ") else 30), peer.name
        assert all(params not in tried[:place] for place, params in enumerate(tried)), peer.name


def test_the_best_trial_wins(task: RankingTask) -> None:
    found = tune(numbered(), task, lambda ids: float(ids[0, 0] == 2), Budget(30, 100), seed=0)
    assert (found.params, found.figure, found.trials) == ({"course": 2}, 1.0, 4)
    assert tune(numbered(), task, lambda ids: 0.0 * len(ids), Budget(30, 0), seed=0).trials == 1


@pytest.mark.slow
@pytest.mark.parametrize("peer", list_peers(), ids=lambda peer: peer.name)
def test_peers_rank_what_was_not_taken(peer: Peer, task: RankingTask) -> None:
    params = {**peer.first, "epochs": 1} if "SASRec" in peer.name else peer.first
    ids = peer.rank(task.past, task.warm, K, params)
    assert ids.shape == (len(task.warm), K)
    assert ids.dtype == np.int32
    listed = ids >= 0
    assert listed[:, 0].mean() > 0.9
    rows = np.nonzero(listed)[0]
    assert not task.seen[task.warm[rows], ids[listed]].any()
    assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in ids)
    if peer.serves_newcomers:
        assert (peer.rank(task.past, task.cold, K, params) >= 0).all()


def test_the_fast_way_to_ease_is_the_library_s(task: RankingTask) -> None:
    params = {"regularization": 10.0}
    ours, theirs = (
        rank(task.past, task.warm, K, params) for rank in (_rank_ease_by_cholesky, _rank_ease)
    )
    assert (ours[:, 0] == theirs[:, 0]).mean() > 0.9


def test_what_a_result_depends_on_is_in_its_key(task: RankingTask) -> None:
    peer, budget = numbered(), Budget(30, 100)
    key = fingerprint(peer, (task,), budget, K, 0)
    assert key == fingerprint(peer, (task,), budget, K, 0)
    fewer = replace(task, past=task.past.take(np.arange(len(task.past) - 1)))
    wider = replace(peer, draw=lambda rng: {"course": int(rng.integers(9))})
    others = [
        fingerprint(peer, (fewer,), budget, K, 0),
        fingerprint(peer, (task,), Budget(30, 101), K, 0),
        fingerprint(replace(peer, library="polars"), (task,), budget, K, 0),
        fingerprint(wider, (task,), budget, K, 0),
        fingerprint(peer, (task,), budget, K + 1, 0),
    ]
    assert len({key, *others}) == 6


def test_a_peer_is_run_once(task: RankingTask) -> None:
    calls: list[Params] = []
    peer = numbered()

    def counted(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
        calls.append(params)
        return numbered().rank(past, users, k, params)

    peer, budget = replace(peer, rank=counted), Budget(2, 100)
    first = peer_entry("toy", peer, task, task, budget)
    assert len(calls) == 3
    assert not first.kept
    again = peer_entry("toy", peer, task, task, budget)
    assert len(calls) == 3
    assert again.kept
    assert np.array_equal(again.warm, first.warm)
    assert np.array_equal(again.cold, first.cold)
    assert again.tuning == first.tuning
    assert not peer_entry("toy", peer, task, task, budget, fresh=True).kept
    assert len(calls) == 6
    assert read("other", peer, "0") is None


def test_peers_are_chosen_by_part_of_their_name() -> None:
    assert [peer.name for peer in choose_peers(["als", "popular"])] == [
        "RecTools popular",
        "implicit ALS",
    ]
    with pytest.raises(ValueError, match="no peer is called 'magic'"):
        choose_peers(["magic"])
