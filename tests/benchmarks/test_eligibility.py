"""The benchmark of the masks on a small scale: it runs, checks itself and says what it found."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import eligibility

pytestmark = pytest.mark.integration


def test_the_benchmark_ends_with_one_figure() -> None:
    result = eligibility.run(participants=60, courses=500, repeats=1)
    line = json.loads(result.line())
    assert line["bench"] == "eligibility"
    assert line["target"] == 2.0
    assert line["holds"] == (line["figure"] < 2.0)
    assert 0.05 < line["permitted_share"] < 0.95
    assert line["peak_mib"] > 0


def test_the_benchmark_refuses_a_mask_that_its_reasons_contradict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = eligibility.find_exclusions
    monkeypatch.setattr(eligibility, "find_exclusions", lambda query: np.zeros_like(right(query)))
    with pytest.raises(AssertionError, match="disagree"):
        eligibility.run(participants=20, courses=200, repeats=1)
