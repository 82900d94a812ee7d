"""The fast masks against a slow reference, and how they must move with the world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.eligibility import CHECKS, Reason, permitted, reason_bits, reasons_in
from recommender.messages import load_messages
from recommender.refusals import EVIDENCE, evidence
from tests.recommender.reference import reasons
from tests.recommender.worlds import DAY, World, random_world
from training_data.programme import RulesInForce, load_programme, parse_programme

worlds = st.integers(0, 2**32 - 1).map(random_world)
MANY = settings(max_examples=60, deadline=None)

STRICT = """
id = "strict"
name = "Every rule at once"
version = "1"
currency = "IDR"
languages = ["id"]
[[rule]]
kind = "modes"
valid_from = 2020-01-01
source = "test"
allowed = ["webinar", "in_person"]
[[rule]]
kind = "price_ceiling"
valid_from = 2020-01-01
source = "test"
amount = 900000
[[rule]]
kind = "age"
valid_from = 2020-01-01
source = "test"
minimum = 17
maximum = 40
[[rule]]
kind = "reach"
valid_from = 2020-01-01
source = "test"
urban_km = 10
rural_km = 3000
sea_crossing_km = 500
"""


def rule_sets() -> list[RulesInForce]:
    return [
        load_programme("prakerja-2024").in_force(DAY),
        parse_programme(STRICT, "strict").in_force(DAY),
    ]


@MANY
@given(worlds, st.sampled_from(rule_sets()))
def test_mask_and_reasons_equal_the_slow_reference(world: World, rules: RulesInForce) -> None:
    question = world.question(rules)
    mask, bits = permitted(question), reason_bits(question)
    for row, person in enumerate(world.participants.iter_rows(named=True)):
        for column, course in enumerate(world.courses.iter_rows(named=True)):
            expected = reasons(world, person, course, rules)
            assert set(reasons_in(int(bits[row, column]))) == expected
            assert mask[row, column] == (not expected)


@MANY
@given(worlds)
def test_a_batch_of_one_is_a_row_of_a_batch(world: World) -> None:
    whole = permitted(world.question())
    for row in range(len(world.participants)):
        alone = replace(world, participants=world.participants[row : row + 1])
        assert np.array_equal(permitted(alone.question())[0], whole[row])


def grown(world: World, **columns: pl.Expr) -> World:
    return replace(world, participants=world.participants.with_columns(**columns))


@MANY
@given(worlds, st.integers(0, 5_000_000))
def test_a_larger_balance_never_shrinks_the_set(world: World, more: int) -> None:
    known = grown(world, balance_idr=pl.col("balance_idr").fill_null(0))
    richer = grown(known, balance_idr=pl.col("balance_idr") + more)
    assert not (permitted(known.question()) & ~permitted(richer.question())).any()


@MANY
@given(worlds, st.floats(0, 3000))
def test_a_wider_radius_never_shrinks_the_set(world: World, more: float) -> None:
    known = grown(world, radius_km=pl.col("radius_km").fill_null(20.0))
    wider = grown(known, radius_km=pl.col("radius_km") + more)
    assert not (permitted(known.question()) & ~permitted(wider.question())).any()


@MANY
@given(worlds, st.integers(1, 50))
def test_more_seats_never_shrink_the_set(world: World, more: int) -> None:
    seats = (pl.col("seats", "seats_left") + more).cast(pl.Int32)
    larger = replace(world, classes=world.classes.with_columns(seats))
    # a seat far away opens a class that only had the reason "full" before, never closes one
    assert not (permitted(world.question()) & ~permitted(larger.question())).any()


@MANY
@given(worlds, st.sets(st.integers(0, 19)))
def test_a_withdrawn_course_is_permitted_to_nobody(world: World, gone: set[int]) -> None:
    question = world.question()
    before = permitted(question)
    withdrawn = question.catalogue.without({f"c{i}" for i in gone})
    after = permitted(replace(question, catalogue=withdrawn))
    assert not after[:, sorted(gone)].any()
    kept = sorted(set(range(20)) - gone)
    assert np.array_equal(after[:, kept], before[:, kept])


def test_ones_own_region_is_in_reach_however_narrow_the_radius() -> None:
    world = random_world(3)
    course = world.courses.filter(mode="in_person")[:1].with_columns(
        region_code=pl.lit("91.71"),
        price_idr=pl.lit(0, pl.Int64),
        available_from=None,
        prerequisites=[],
    )
    here = replace(
        world,
        courses=course.cast({"available_from": pl.Date, "prerequisites": pl.List(pl.String)}),
        classes=world.classes[:0],
        events=world.events[:0],
        participants=world.participants.with_columns(
            region_code=pl.lit("91.71"),
            radius_km=pl.lit(0.0),
            latitude=pl.lit(-3.0),
            longitude=pl.lit(141.0),
        ),
    )
    bits = reason_bits(here.question())
    assert not any(Reason.OUT_OF_REACH in reasons_in(int(b)) for b in bits[:, 0])


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_exclusion_has_a_reason_that_renders(language: str) -> None:
    messages = load_messages(language, "IDR", "id")
    seen = set()
    for seed in range(30):
        question = random_world(seed).question(rule_sets()[seed % 2])
        bits = reason_bits(question)
        for row, column in np.argwhere(bits):
            for reason in reasons_in(int(bits[row, column])):
                text = messages.text("why_not", reason, evidence(question, row, column, reason))
                assert "{" not in text
                assert text
                seen.add(reason)
    assert len(seen) > 12


def test_every_reason_has_a_check_evidence_and_a_text_in_both_languages() -> None:
    for language in ("id", "en"):
        texts = load_messages(language, "IDR", "id").texts
        assert set(texts["why_not"]) == set(Reason)
    assert set(CHECKS) == set(EVIDENCE) == set(Reason)
    both = [load_messages(language, "IDR", "id").texts for language in ("id", "en")]
    for section in ("why", "why_not", "words"):
        assert both[0][section].keys() == both[1][section].keys()
