"""What a step of training costs."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.training.costs import CLEAR, Costs


@pytest.mark.skipif(not CLEAR.exists(), reason="only Linux tells the peak of a part")
def test_the_peak_of_a_step_is_its_own_and_that_of_its_parts() -> None:
    costs = Costs()
    with costs.measure("whole"):
        with costs.measure("large"):
            np.ones(40_000_000)
        with costs.measure("small"):
            np.ones(1_000)
    told = {cost.step: cost for cost in costs.list()}
    assert list(told) == ["whole", "large", "small"]
    assert told["large"].peak_mb - told["small"].peak_mb > 250
    assert told["whole"].peak_mb >= told["large"].peak_mb
    assert told["whole"].seconds >= told["large"].seconds > 0


def test_a_step_that_comes_again_is_summed() -> None:
    costs = Costs()
    for _ in range(3):
        with costs.measure("again"):
            sum(range(100_000))
    (told,) = costs.list()
    assert told.seconds > 0
