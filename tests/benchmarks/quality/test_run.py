"""The quality benchmark: its data, its tasks, and a small run of ours beside two peers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from benchmarks.quality import run as run_module
from benchmarks.quality.data import find_horizon, from_tables, read_tables
from benchmarks.quality.figures import mean_ndcg
from benchmarks.quality.kept_rankings import find_kept, read_kept
from benchmarks.quality.plain_peers import plain_peers
from benchmarks.quality.public import READERS, read_public
from benchmarks.quality.run import run
from benchmarks.quality.screen import show
from benchmarks.quality.task import make_task, only_items
from benchmarks.quality.tuning import Budget
from models.candidates.interactions import Interactions
from models.text.encoder import SentenceEncoder

PUBLIC = Path(__file__).parents[4] / "shared" / "data" / "interactions"
# events, participants, courses, warm participants of the test
SIZES = {
    "mars": (21_908, 3_007, 1_167, 47),
    "coco": (159_664, 24_036, 8_196, 7_292),
    "xuetangx": (27_952, 5_720, 247, 5_720),
    "ml-100k": (100_000, 943, 1_682, 90),
}


def interactions(pairs: list[tuple[int, int]]) -> Interactions:
    users, items = np.array(pairs, dtype=np.int32).T
    return Interactions(users, items, np.ones(len(pairs), dtype=np.float32), 4, 5)


def toy(n_users: int = 120, n_items: int = 40, timed: bool = True) -> pl.DataFrame:
    """Participants walk along the courses from where they begin."""
    rng = np.random.default_rng(0)
    steps = 8
    begin = rng.integers(0, n_items, n_users)
    table = pl.DataFrame(
        {
            "participant": [f"p{user}" for user in range(n_users) for _ in range(steps)],
            "course": [f"c{(b + s) % n_items}" for b in begin for s in range(steps)],
        }
    )
    moments = (rng.uniform(0, 1, n_users)[:, None] * 1000 + np.arange(steps) * 40).ravel()
    return table.with_columns(at=pl.Series(moments.astype(np.int64))) if timed else table


@pytest.mark.parametrize("name", sorted(READERS))
def test_public_sets_are_read_whole(name: str) -> None:
    if not PUBLIC.is_dir():
        pytest.skip("the public sets are not beside the checkout (shared/data/interactions)")
    data = read_public(name, PUBLIC)
    events, users, items, warm = SIZES[name]
    parts = data.split.train, data.split.validation, data.split.test
    assert sum(map(len, parts)) == len(data.events) == events
    assert (data.events.n_users, data.events.n_items) == (users, items)
    past = data.events.take(data.split.development)
    task = make_task(past, data.events.take(data.split.test))
    assert len(task.warm) == warm
    assert find_horizon(data) == ("next" if name == "xuetangx" else "time")
    if data.texts is not None:
        assert len(data.texts) == items


@pytest.mark.parametrize("name", ["coco", "xuetangx", "ml-100k"])
def test_kept_rankings_reach_what_they_are_said_to(name: str) -> None:
    """Two programs, one figure: who kept them measured them by a program of their own."""
    if not PUBLIC.is_dir():
        pytest.skip("the public sets are not beside the checkout (shared/data/interactions)")
    data = read_public(name, PUBLIC)
    events = data.events
    test = make_task(events.take(data.split.development), events.take(data.split.test))
    (path,) = find_kept(name, PUBLIC)
    kept = read_kept(path, test, 20)
    said = json.loads((path.parent / "sasrec-results.json").read_text(encoding="utf-8"))
    assert mean_ndcg(test, test.warm, kept.warm) == pytest.approx(said[name]["test"], abs=1e-6)
    seen = test.seen[test.warm]
    assert not seen[np.arange(len(kept.warm))[:, None], kept.warm].sum()


def test_kept_rankings_of_another_task_are_refused(tmp_path: Path) -> None:
    task = make_task(interactions([(0, 1), (1, 2)]), interactions([(0, 2), (1, 3)]))
    np.savez(tmp_path / "some-toy.npz", ids=np.array([[2, 3]], dtype=np.int32))
    with pytest.raises(ValueError, match="the task has 2 participants"):
        read_kept(tmp_path / "some-toy.npz", task, 2)
    np.savez(tmp_path / "some-toy.npz", ids=np.array([[2, 3], [9, 1]], dtype=np.int32))
    with pytest.raises(ValueError, match="courses that are not among the task's 5"):
        read_kept(tmp_path / "some-toy.npz", task, 2)


def test_target_is_what_is_new() -> None:
    past = interactions([(0, 0), (0, 1), (1, 2)])
    task = make_task(past, interactions([(0, 1), (0, 3), (0, 3), (2, 2), (1, 2)]))
    assert task.warm.tolist() == [0]
    assert task.cold.tolist() == [2]
    assert task.target.toarray().sum() == 2
    assert task.target[0, 3] == task.target[2, 2] == 1
    assert only_items(task, np.arange(5) == 2).cold.tolist() == [2]
    assert only_items(task, np.arange(5) == 2).warm.tolist() == []


def test_columns_that_lack_are_named() -> None:
    with pytest.raises(ValueError, match=r"events lack the column.*course"):
        from_tables("mine", pl.DataFrame({"participant": ["a"]}), "time")
    table = pl.DataFrame({"participant": ["a"], "course": ["x"], "part": ["trian"]})
    with pytest.raises(ValueError, match="part must be one of"):
        from_tables("mine", table, "given")
    with pytest.raises(ValueError, match="no public set 'movies'"):
        read_public("movies", Path())


def test_own_tables(tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    toy().with_columns(at=pl.from_epoch("at").dt.to_string("iso")).write_csv(events)
    texts = tmp_path / "texts.csv"
    pl.DataFrame({"course": ["c0", "new"], "text": ["Baking bread", "Keeping books"]}).write_csv(
        texts
    )
    data = read_tables(events, "leave-last-out", texts)
    assert data.events.n_items == 41
    assert data.texts is not None
    assert sorted(filter(None, data.texts)) == ["Baking bread", "Keeping books"]
    assert len(data.split.test) == 120
    with pytest.raises(ValueError, match="--split"):
        read_tables(events, "tomorrow")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("kind", "timed"),
    [("time", True), pytest.param("leave-last-out", False, marks=pytest.mark.slow)],
)
def test_a_small_run(
    kind: str,
    timed: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny_encoder: SentenceEncoder,
) -> None:
    """Walking along the courses is easy to foretell for who looks at the order; popularity does not."""
    monkeypatch.setenv("PADAN_HOME", str(tmp_path))
    data = from_tables("toy", toy(timed=timed), kind)  # type: ignore[arg-type]
    peers = [peer for peer in plain_peers() if peer.name in ("popular, 7 days", "EASE")]
    result = run(data, tiny_encoder, budget=Budget(trials=2, seconds=20), only=peers)
    show(result, Console())
    assert result.bench == "quality-toy"
    assert set(result.details["warm"]) == {"Padan", "popular, 7 days", "EASE"}
    figures = result.details["warm"]["Padan"]
    assert all(0 <= figures[name] <= 1 for name in ("ndcg@10", "recall@10", "mrr@20"))
    assert figures["ndcg@10"] > 2 * result.details["warm"]["popular, 7 days"]["ndcg@10"]
    sources = result.details["sources"]
    assert (
        max(alone["recall@20"] for alone in sources["alone"].values())
        <= sources["candidate_recall"]
    )
    assert figures["recall@20"] <= sources["candidate_recall"]
    low, high = result.details["interval"]
    assert low <= result.details["difference"] <= high
    assert result.holds == (result.figure >= 1.1)


def test_the_benchmark_has_no_model_of_its_own() -> None:
    """What ranks for us is the engine: only peers may use a model of `models/`."""
    folder = Path(run_module.__file__).parent
    used = {
        path.name
        for path in folder.glob("*.py")
        if "models.candidates." in (text := path.read_text(encoding="utf-8"))
        and re.search(
            r"from models\.(candidates\.(?!interactions|histories|base)|ranking\.(?!cutoffs))", text
        )
    }
    assert used <= {path.name for path in folder.glob("*_peers.py")}
