"""Odd tables: repeats, ties, strange ids and clocks, participants and courses that barely appear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.quality.data import SplitKind, find_horizon, from_tables, read_tables
from benchmarks.quality.plain_peers import plain_peers
from benchmarks.quality.run import run
from benchmarks.quality.task import make_task
from benchmarks.quality.tuning import Budget
from models.text.encoder import SentenceEncoder


def events(n: int = 900, participants: int = 150, courses: int = 30) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "participant": [f"ä {user}" for user in rng.integers(0, participants, n)],
            "course": [f"c/{item}" for item in rng.zipf(1.5, n) % courses],
            "at": np.sort(rng.integers(0, 10_000, n)),
        }
    )


def late(table: pl.DataFrame, word: str) -> pl.DataFrame:
    """Courses of the last tenth of the time are others."""
    renamed = pl.when(pl.col("at") > 9_000).then(pl.lit(word) + pl.col("course"))
    return table.with_columns(course=renamed.otherwise("course"))


def one_event_each(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(participant=pl.int_range(pl.len()).cast(pl.String))


def a_long_history(table: pl.DataFrame) -> pl.DataFrame:
    n = 3_000
    rng = np.random.default_rng(1)
    busy = {
        "participant": ["busy"] * n,
        "course": [f"c/{item}" for item in rng.integers(0, 30, n)],
        "at": np.sort(rng.integers(0, 10_000, n)),
    }
    return pl.concat([table, pl.DataFrame(busy)])


ODD: dict[str, tuple[pl.DataFrame, SplitKind]] = {
    "repeats": (pl.concat([events()] * 3), "leave-last-out"),
    "all at one time": (events().with_columns(at=pl.lit(5)), "leave-last-out"),
    "five moments": (events().with_columns(pl.col("at") // 2_500), "time"),
    "a clock before 1970, in no known unit": (
        events().with_columns((pl.col("at") - 20_000) * 10**12),
        "time",
    ),
    "no clock": (events().drop("at"), "time"),
    "numbers for ids": (
        events().with_columns(pl.col("participant", "course").hash() % 1_000),
        "time",
    ),
    "new courses only in the test": (late(events(), "new "), "time"),
    "one event each": (one_event_each(events()), "time"),
    "a long history": (a_long_history(events()), "leave-last-out"),
    "nothing to validate on": (
        events().with_columns(
            part=pl.when(pl.col("at") < 8_000).then(pl.lit("train")).otherwise(pl.lit("test"))
        ),
        "given",
    ),
    "six events": (events().head(6), "time"),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", sorted(ODD))
def test_nothing_odd_stops_a_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_encoder: SentenceEncoder
) -> None:
    monkeypatch.setenv("PADAN_HOME", str(tmp_path))
    table, kind = ODD[name]
    budget = Budget(trials=2, seconds=5)
    data = from_tables("odd", table, kind)
    result = run(data, tiny_encoder, budget=budget, only=plain_peers()[:2])
    assert "NaN" not in result.line()
    figures = result.details["warm"]["Padan"]
    assert all(0 <= figures[metric] <= 1 for metric in ("ndcg@10", "recall@20", "mrr@20"))
    if result.details["warm_participants"] > 20 and name != "new courses only in the test":
        assert figures["recall@20"] > 0.3


def test_repeats_are_no_second_target() -> None:
    table = pl.DataFrame(
        {
            "participant": ["a"] * 7,
            "course": ["x", "y", "x", "z", "y", "w", "z"],
            "at": [1, 2, 3, 4, 5, 6, 7],
        }
    )
    data = from_tables("odd", table, "leave-last-out")
    # courses in order: x y z w; z is validated, w tested; y at 5 and z at 7 are later than z at 4
    assert data.split.train.tolist() == [0, 1, 2]
    assert data.split.validation.tolist() == [3]
    assert data.split.test.tolist() == [5]


@pytest.mark.parametrize("repeats", [1, 3])
def test_everybody_s_last_course_is_a_target(repeats: int) -> None:
    data = from_tables("odd", pl.concat([events()] * repeats), "leave-last-out")
    task = make_task(data.events.take(data.split.development), data.events.take(data.split.test))
    courses = events().unique(["participant", "course"]).group_by("participant").len()
    assert len(task.warm) == (courses["len"] > 1).sum()
    assert task.target.nnz == len(task.warm)


def test_one_moment_for_all_is_no_cut_in_time() -> None:
    assert find_horizon(from_tables("odd", *ODD["all at one time"])) == "next"
    assert find_horizon(from_tables("odd", *ODD["five moments"])) == "time"


@pytest.mark.parametrize(
    ("table", "kind", "message"),
    [
        (events().head(0), "time", "there are no events"),
        (events().with_columns(course=None), "time", "900 event.*column 'course'"),
        (events().with_columns(at=pl.lit(float("nan"))), "time", "900 event.*column 'at'"),
        (one_event_each(events()), "leave-last-out", "none to test on"),
    ],
)
def test_tables_without_an_answer_are_refused(
    table: pl.DataFrame, kind: SplitKind, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        from_tables("odd", table, kind)


def test_ids_stay_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("participant,course,at\n007,1e3,1\n7,1000,2\n007,1000,3\n7,x,4\n7,y,5\n")
    data = read_tables(path, "leave-last-out")
    assert (data.events.n_users, data.events.n_items) == (2, 4)


def test_courses_that_enter_after_the_end_are_unknown() -> None:
    texts = pl.DataFrame(
        {"course": ["c/1", "soon", "later"], "text": ["a", "b", "c"], "entered": [1, 9_000, 20_000]}
    )
    known = from_tables("odd", events(), "time").events.n_items
    assert from_tables("odd", events(), "time", texts).events.n_items == known + 1
