"""A record whose seed is revealed, of each kind of allocation."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from recommender.matching.allocation import Aim
from recommender.matching.lottery import make_seed
from recommender.matching.outcome import describe
from recommender.matching.promise import commit, reveal
from recommender.matching.record import write_outcome
from recommender.matching.run import solve
from tests.recommender.matching.cases import add_choices, make_case


@pytest.fixture(scope="module", params=["one", "two", "choices"])
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small allocation whose seed is revealed."""
    folder = tmp_path_factory.mktemp(request.param)
    seed = make_seed()
    case, aim = make_case(seed, 2 if request.param == "two" else 1), Aim()
    if request.param == "choices":
        case, aim = add_choices(case), Aim("choices")
    commit(folder, case, aim, seed, dt.date(2026, 3, 1))
    write_outcome(folder, describe(case, solve(case, aim)))
    reveal(folder)
    return folder


@pytest.fixture
def copied(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "copy"))
