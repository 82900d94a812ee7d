"""The benchmark counts what is wrong, and its market is that of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.matching.magang import WAYS, build_market, measure, read_places
from benchmarks.matching.run import check, measure_large, measure_worlds
from benchmarks.matching.worlds import make_large_world


def test_small_worlds_hold() -> None:
    found = measure_worlds(40)
    assert (found.unmet, found.over, found.blocked, found.gained) == (0, 0, 0, 0)
    assert 0 < found.infeasible < found.worlds
    assert found.worst_gap <= 0.01


def test_a_large_world_holds() -> None:
    found = measure_large(2_000, 50, 20)
    assert found["gap"] <= 0.01
    assert found["served"] <= found["seats"]


def test_broken_assignments_are_seen() -> None:
    problem = make_large_world(50, 5, 3, seed=0)
    everybody = problem.classes[problem.starts[:-1]].copy()
    with pytest.raises(AssertionError, match="overfull"):
        check(problem, everybody)
    everybody[0] = next(one for one in range(5) if one not in problem.classes[:3])
    with pytest.raises(AssertionError, match="not permitted"):
        check(problem, everybody)


def test_the_real_market_is_rebuilt(shared_data: Path) -> None:
    rows = read_places(shared_data / "vacancies")
    assert rows.height > 14_000
    market = build_market(rows, 0, 0.02)
    fields, province = rows["fields"].to_list(), rows["province"].to_numpy()
    assert all(fields)
    assert (province[market.problem.classes] == market.home[market.problem.people]).all()
    figures = {}
    for name, way in WAYS.items():
        seated = way(market, 0)
        check(market.problem, seated)
        figures[name] = measure(market, seated)
    assert figures["matching"]["seats"] >= figures["first come"]["seats"]
    assert all(0 <= one["worst"] <= 1 and np.isfinite(one["fit"]) for one in figures.values())
