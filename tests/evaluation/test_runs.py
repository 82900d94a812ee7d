from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evaluation.runs import read_run, to_ranking, write_run

USERS = pl.Series(["u1", "u2", "u3"])
ITEMS = pl.Series(["a", "b", "c", "d"])


def test_trec_and_parquet_agree(tmp_path: Path) -> None:
    trec = tmp_path / "model.run"
    trec.write_text("u2 Q0 c 1 3.5 me\n\nu2\tQ0 a  2 4.5 me\nu1 Q0 d 1 -1e-3 me\nu9 Q0 a 1 1 me\n")
    ranked, unknown = to_ranking(read_run(trec), USERS, ITEMS, 2)
    assert ranked.tolist() == [[3, -1], [0, 2], [-1, -1]]
    assert unknown == 0
    parquet = tmp_path / "model.parquet"
    scores = np.array([[1.0, 0], [2, 1], [0, 0]])
    write_run(parquet, ranked, scores, USERS, ITEMS)
    again, _ = to_ranking(read_run(parquet), USERS, ITEMS, 2)
    np.testing.assert_array_equal(again, ranked)


def test_ties_do_not_depend_on_the_order_in_the_file() -> None:
    run = pl.DataFrame({"user": ["u1"] * 3, "item": ["c", "a", "b"], "score": [1.0, 1.0, 2.0]})
    assert to_ranking(run, USERS, ITEMS, 3)[0][0].tolist() == [1, 0, 2]
    assert to_ranking(run.reverse(), USERS, ITEMS, 3)[0][0].tolist() == [1, 0, 2]


def test_unknown_items_are_counted() -> None:
    run = pl.DataFrame({"user": ["u1", "u1"], "item": ["zzz", "a"], "score": [2.0, 1.0]})
    ranked, unknown = to_ranking(run, USERS, ITEMS, 2)
    assert (ranked[0].tolist(), unknown) == ([0, -1], 1)


def test_faults_name_file_line_and_field(tmp_path: Path) -> None:
    run = tmp_path / "bad.run"
    run.write_text("u1 Q0 a 1 2.0 me\nu1 Q0 b 2\n")
    with pytest.raises(ValueError, match=r"bad\.run: line 2 has 4 fields"):
        read_run(run)
    run.write_text("u1 Q0 a 1 high me\n")
    with pytest.raises(ValueError, match="line 1: the score is not a number"):
        read_run(run)
    table = tmp_path / "bad.parquet"
    pl.DataFrame({"user": ["u1"], "course": ["a"]}).write_parquet(table)
    with pytest.raises(ValueError, match=r"missing \['item', 'score'\]"):
        read_run(table)
    pl.DataFrame({"user": ["u1"], "item": ["a"], "score": [float("nan")]}).write_parquet(table)
    with pytest.raises(ValueError, match="row 1 has an empty"):
        read_run(table)


def test_repeated_items_and_strange_users_are_refused() -> None:
    run = pl.DataFrame({"user": ["u1", "u1"], "item": ["a", "a"], "score": [2.0, 1.0]})
    with pytest.raises(ValueError, match="user u1: item a stands twice"):
        to_ranking(run, USERS, ITEMS, 2)
    with pytest.raises(ValueError, match="none of the users"):
        to_ranking(run, pl.Series(["x"]), ITEMS, 2)
