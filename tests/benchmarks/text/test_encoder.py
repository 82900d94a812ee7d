from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.text.encoder import (
    SIMILARITY,
    Query,
    human_agreement,
    load_queries,
    search_quality,
)
from training_data.demo.catalogue import demo_courses


def test_queries_are_split_and_their_answers_exist() -> None:
    tuning, held_out = load_queries()
    assert {q.text for q in tuning}.isdisjoint(q.text for q in held_out)
    assert min(len(tuning), len(held_out)) >= 80
    answers = frozenset[str]().union(*(q.relevant for q in [*tuning, *held_out]))
    assert answers <= set(demo_courses()["course_id"])


def test_search_quality_of_a_known_ranking() -> None:
    def scores(queries: Sequence[str]) -> NDArray[np.float32]:
        table = {"first": [3, 2, 1], "third": [3, 2, 1], "tied": [1, 1, 0]}
        return np.array([table[query] for query in queries], dtype=np.float32)

    queries = [
        Query("first", frozenset({"a", "c"})),
        Query("third", frozenset({"c"})),
        Query("tied", frozenset({"b"})),  # a tie counts against
    ]
    found = search_quality(scores, queries, ["a", "b", "c"])
    assert found == {"top1": 0.333, "mrr": 0.611}  # (1 + 1/3 + 1/2) / 3


def test_agreement_with_human_labels_by_file(tmp_path: Path) -> None:
    for name, (first, second, label) in SIMILARITY.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pairs = [("a", "a", 5), ("a", "b", 1), ("a", "ab", 3)]
        rows = (
            [f'"{left}\n{right}",{score}' for left, right, score in pairs]
            if first == second
            else [f"{left},{right},{score}" for left, right, score in pairs]
        )
        header = ",".join(dict.fromkeys((first, second, label)))
        (tmp_path / name).write_text("\n".join([header, *rows]))

    def letters(texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([["a" in text, "b" in text] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    found = human_agreement(
        {"letters": letters, "against": lambda t: _opposed(letters(t))}, tmp_path
    )
    assert found == {name: {"letters": 1.0, "against": -1.0} for name in SIMILARITY}


def _opposed(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn the second half round, so that every cosine changes its sign."""
    half = len(rows) // 2
    return np.vstack([rows[:half], -rows[half:]])
