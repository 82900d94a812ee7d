from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from evaluation.metrics import Truth
from evaluation.slices import (
    by_slice,
    gaps,
    participant_slices,
    providers_table,
    slices_of_codes,
    supply_gap,
    target_slices,
)
from training_data.regions import RegionTable


@pytest.fixture(scope="module")
def participants() -> pl.DataFrame:
    n = 120
    i = np.arange(n)
    return pl.DataFrame(
        {
            "birth_year": np.where(i % 2, 2000, 1970),
            "gender": pl.Series(["female", "male", None] * 40),
            "rural": pl.Series([True, False, None, True] * 30),
            "disability": i < 5,
            "region_code": pl.Series(["31.71", "64.72", None] * 40),
        }
    )


def test_dimensions_of_the_participant_table(participants: pl.DataFrame) -> None:
    regions = RegionTable.load("indonesia")
    events = np.arange(120) % 4
    slices = participant_slices(
        participants, regions, year=2024, known=events > 0, taken_before=np.maximum(events - 1, 0)
    )
    sizes = {name: {k: int(m.sum()) for k, m in masks.items()} for name, masks in slices.items()}
    assert sizes["history"] == {"warm": 90, "cold": 30}
    assert sizes["experience"] == {"trained before": 60, "first-timer": 60}
    assert sizes["rural"] == {"rural": 60, "urban": 30}
    assert sizes["gender"] == {"female": 40, "male": 40}
    assert sizes["disability"] == {"with a disability": 5, "no disability": 115}
    assert sizes["age"]["18-24"] == 60
    assert sizes["age"]["45-54"] == 60
    assert sizes["island"] == {"Jawa": 40, "Kalimantan": 40}
    assert "education" not in slices


def test_small_slices_are_hidden_and_cannot_be_subtracted() -> None:
    codes = np.repeat([0, 1, 2], [5, 15, 100])
    slices = {"x": slices_of_codes(codes, ["few", "next", "many"])}
    table = by_slice(np.ones(120), slices)
    assert table["users"].to_list() == [None, None, 100]
    assert table["mean"].to_list() == [None, None, 1.0]


def test_means_have_intervals_and_skip_undefined_users() -> None:
    values = np.random.default_rng(0).random(1000)
    values[:100] = np.nan
    codes = np.arange(1000) % 2
    table = by_slice(values, {"x": slices_of_codes(codes, ["even", "odd"])})
    assert table["users"].to_list() == [450, 450]
    assert table["mean"][0] == pytest.approx(np.nanmean(values[::2]))
    assert (table["low"] < table["mean"]).all()
    assert (table["mean"] < table["high"]).all()


def test_gap_interval_covers_although_the_pair_is_picked() -> None:
    rng = np.random.default_rng(0)
    slices = {"x": slices_of_codes(np.repeat(np.arange(5), 60), list("abcde"))}
    covered = sum(gaps(rng.random(300), slices)["low"][0] <= 0 for _ in range(200))
    assert covered >= 186  # all slices are alike: the true gap is 0


def test_gap_names_best_and_worst() -> None:
    values = np.repeat([0.2, 0.9, 0.5], 50) + np.random.default_rng(0).normal(0, 0.1, 150)
    row = gaps(values, {"x": slices_of_codes(np.repeat([0, 1, 2], 50), list("abc"))}).row(
        0, named=True
    )
    assert (row["best"], row["worst"]) == ("b", "a")
    assert 0 < row["low"] < 0.7 < row["high"]


def test_gap_does_not_speak_of_hidden_slices() -> None:
    codes = np.repeat([0, 1, 2, 3], [5, 15, 50, 50])
    values = np.repeat([0.0, 1.0, 0.4, 0.6], [5, 15, 50, 50])
    row = gaps(values, {"x": slices_of_codes(codes, ["few", "next", "c", "d"])}).row(0, named=True)
    assert (row["best"], row["worst"]) == ("d", "c")


def test_target_slices_overlap() -> None:
    truth = Truth.from_events([0, 0, 1], [0, 1, 1], 3)
    masks = target_slices(truth, np.array([0, 1]), ["webinar", "in_person"])
    assert masks["webinar"].tolist() == [True, False, False]
    assert masks["in_person"].tolist() == [True, True, False]


def test_providers_against_their_share() -> None:
    ranked = np.array([[0], [0], [1], [2]])
    table = providers_table(
        ranked, np.array([0, 0, 1, 1]), ["x", "y"], np.array([4.0, 5, np.nan, np.nan])
    )
    row = table.row(0, named=True)
    assert row["provider"] == "x"
    assert (row["share"], row["exposure"], row["ratio"], row["quality"]) == (0.5, 0.75, 1.5, 4.5)
    assert table["quality"][1] is None


def test_supply_gap_counts_people_whose_best_is_poor() -> None:
    fit = np.concatenate([np.full(10, 0.1), np.full(10, 0.9), [0.0] * 20, [0.0] * 3, [np.nan] * 9])
    region = pl.Series(["a"] * 20 + ["b"] * 20 + ["c"] * 3 + ["a"] * 9)
    table = supply_gap(fit, {"region": region}, 0.5, [["region"]])
    assert table["poor"].to_list() == [0.5, 1.0, None]
    assert table["users"].to_list() == [20, 20, None]


def test_a_small_province_cannot_be_found_from_its_island() -> None:
    island = np.repeat([0, 1], [105, 80])
    province = np.repeat([0, 1, 2, 3], [5, 100, 40, 40])
    slices = {
        "island": slices_of_codes(island, ["east", "west"]),
        "province": slices_of_codes(province, list("abcd")),
    }
    hidden = by_slice(np.ones(185), slices).filter(pl.col("mean").is_null())
    assert hidden["slice"].to_list() == ["a", "b"]
