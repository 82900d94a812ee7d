"""The face: what a notebook asks a bundle, and how it is told what it cannot have."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import padan
from training_data.programmes.programme import Programme

SOMEBODY = {"region": "Kota Kupang", "birth_year": 1995, "skills": ["memasak"]}


@pytest.fixture(scope="module")
def model(tiny_home: Path) -> Any:
    (bundle,) = (path for path in (tiny_home / "bundles").iterdir() if path.is_dir())
    return padan.load(bundle)


def test_the_day_is_the_programmes(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    day = dt.date.today() + dt.timedelta(days=1)
    monkeypatch.setattr(Programme, "today", lambda _: day)
    assert model.recommend(SOMEBODY).day == day
    assert model.explain(SOMEBODY, [model.bundle.engine.catalogue.ids[0]])["day"] == day


def test_a_table_of_numpy_and_nobody_at_all_are_answered(model: Any) -> None:
    assert model.recommend_many([]) == []
    of_numpy = SOMEBODY | {"birth_year": np.int64(1995)}
    assert model.recommend(of_numpy).items == model.recommend(SOMEBODY).items


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"k": 0}, "k is 0"),
        ({"k": 101}, "k is 101"),
        ({"k": -1}, "k is -1"),
        ({"day": "2026-12-01"}, "day is '2026-12-01'"),
        ({"day": dt.datetime(2026, 12, 1)}, "day is datetime"),
        ({"language": "xx"}, "language 'xx': this programme speaks id, en"),
    ],
)
def test_what_cannot_be_asked_is_named(model: Any, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        model.recommend(SOMEBODY, **asked)


def test_a_list_is_as_long_as_it_is_asked_for(model: Any) -> None:
    """Or holds all that is permitted: what no source would propose among its first is not left out."""
    some = model.recommend({}, k=100)
    all_ = len(model.bundle.engine.catalogue)
    assert len(some) == min(100, all_ - sum(some.excluded.values()))
