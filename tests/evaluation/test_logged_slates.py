from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from evaluation.logged_slates import read_logged_slates
from evaluation.off_policy import importance_weights, independent_ips


def log(rows: list[tuple[str | None, str, str, int | None, float | None]]) -> pl.DataFrame:
    columns = ["request_id", "course_id", "kind", "position", "propensity"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        event_id=pl.int_range(pl.len()).cast(pl.String), participant_id=pl.lit("p")
    )


SHOWN = [
    ("r2", "b", "impression", 2, 0.5),
    ("r2", "a", "impression", 1, 0.25),
    ("r1", "c", "impression", 1, 1.0),
    ("r1", "a", "impression", 2, 0.5),
    ("r3", "a", "impression", 1, 1.0),
]


def test_slates_are_in_order_with_what_followed() -> None:
    followed = [("r2", "b", "click", None, None), ("r2", "b", "purchase", None, None)]
    elsewhere = [("r9", "a", "purchase", None, None)]
    slates = read_logged_slates(log(SHOWN + followed + elsewhere), 2)
    assert slates.request_ids.to_list() == ["r1", "r2"]
    assert slates.courses.tolist() == [["c", "a"], ["a", "b"]]
    assert slates.propensities.tolist() == [[1.0, 0.5], [0.25, 0.5]]
    assert slates.rewards.tolist() == [[0, 0], [0, 1.0]]


def test_impressions_that_say_too_little_spoil_no_others() -> None:
    sent = [
        ("r1", "d", "impression", 1, None),
        ("r7", "d", "impression", None, 1.0),
        (None, "d", "impression", 1, 1.0),
        ("r8", "c", "impression", 2, 0.5),
        ("r8", "d", "impression", 2, 0.5),
        ("r9", "d", "impression", 2, 0.5),
    ]
    assert read_logged_slates(log(SHOWN + sent), 2).request_ids.to_list() == ["r1", "r2"]
    with pytest.raises(ValueError, match="none of the 5 impressions"):
        read_logged_slates(log(sent[:-1]), 2)


def test_impressions_sent_beside_the_services_own_do_not_count() -> None:
    made = log(SHOWN).with_columns(event_id=pl.format("shown:{}", "event_id"))
    sent = log([("r1", "d", "impression", 1, 0.5), ("r1", "a", "click", None, None)])
    slates = read_logged_slates(pl.concat([made, sent]), 2)
    assert slates.courses.tolist() == [["c", "a"], ["a", "b"]]
    assert slates.rewards.tolist() == [[0, 0.2], [0, 0]]


def test_the_logged_policy_itself_earns_its_mean() -> None:
    rows = [(f"r{i}", "a", "impression", 1, 0.5) for i in range(200)]
    bought = [(f"r{i}", "a", "purchase", None, None) for i in range(0, 200, 4)]
    slates = read_logged_slates(log(rows + bought), 1)
    weights = importance_weights(slates.propensities, slates.propensities)
    assert independent_ips(slates.rewards, weights).value == pytest.approx(0.25)
    assert np.shape(slates.courses) == (200, 1)
