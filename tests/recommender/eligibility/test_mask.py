"""The fast masks against a slow reference, and how they must move with the world."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.eligibility import mask as eligibility
from recommender.eligibility.course_rules import OF_TRAINING
from recommender.eligibility.mask import (
    barred,
    permitted,
    question_of,
    reason_bits,
    reason_counts,
)
from recommender.eligibility.participant_rules import OF_PAIR, OF_PERSON
from recommender.eligibility.reasons import Reason, reasons_in
from tests.recommender.reference import Reference
from tests.recommender.worlds import CHOICES, World, load_rules, random_world
from training_data.columns import TABLES

worlds = st.integers(0, 2**32 - 1).map(random_world)
MANY = settings(max_examples=12, deadline=None, derandomize=True)


def hold_to_the_reference(seed: int) -> Counter[Reason]:
    """Hold mask and reasons of one world to the reference, and count the reasons."""
    world = random_world(seed)
    question, reference = world.question(), Reference(world)
    mask, bits = permitted(question), reason_bits(question)
    found = [[set(reasons_in(int(pair))) for pair in row] for row in bits]
    assert found == reference.reasons, f"world {seed}"
    assert mask.tolist() == [[not pair for pair in row] for row in found], f"world {seed}"
    assert question.priority.tolist() == [reference.priority(p) for p in reference.people]
    return Counter(reason for row in found for pair in row for reason in pair)


def test_mask_and_reasons_equal_the_slow_reference() -> None:
    seen = sum((hold_to_the_reference(seed) for seed in range(200)), Counter())
    # nothing is withdrawn by rule
    assert set(seen) == set(Reason) - {Reason.WITHDRAWN}


@pytest.mark.slow
def test_mask_and_reasons_equal_the_slow_reference_in_5000_worlds() -> None:
    for seed in range(1_000_000, 1_005_000):
        hold_to_the_reference(seed)


def test_the_worlds_keep_their_contracts() -> None:
    for seed in range(5):
        world = random_world(seed)
        for name, rows in (
            ("classes", world.classes),
            ("participants", world.participants),
            ("interactions", world.events),
        ):
            TABLES[name].validate(rows)


def test_the_size_of_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    questions = [random_world(seed).question() for seed in range(10)]
    whole = [(permitted(q), reason_bits(q)) for q in questions]
    monkeypatch.setattr(eligibility, "CELLS", 60)  # three rows
    for question, (mask, bits) in zip(questions, whole, strict=True):
        assert np.array_equal(permitted(question), mask)
        assert np.array_equal(reason_bits(question), bits)


@MANY
@given(worlds)
def test_a_batch_of_one_is_a_row_of_a_batch(world: World) -> None:
    whole = permitted(world.question())
    for row in range(len(world.participants)):
        alone = replace(world, participants=world.participants[row : row + 1])
        assert np.array_equal(permitted(alone.question())[0], whole[row])


@MANY
@given(worlds)
def test_what_bars_people_may_be_found_out_before(world: World) -> None:
    asked = world.question()
    told = question_of(asked.batch, asked.offer, barred(world.question()))
    rows = np.arange(len(asked.batch))
    assert np.array_equal(permitted(told), permitted(asked))
    assert np.array_equal(reason_bits(told), reason_bits(asked))
    assert np.array_equal(reason_counts(told, rows), reason_counts(asked, rows))


def grown(world: World, **columns: pl.Expr) -> World:
    return replace(world, participants=world.participants.with_columns(**columns))


def never_shrinks(smaller: World, larger: World) -> None:
    assert not (permitted(smaller.question()) & ~permitted(larger.question())).any()


@MANY
@given(worlds, st.integers(0, 5_000_000))
def test_a_larger_balance_never_shrinks_the_set(world: World, more: int) -> None:
    known = grown(world, balance_idr=pl.col("balance_idr").fill_null(0))
    never_shrinks(known, grown(known, balance_idr=pl.col("balance_idr") + more))


@MANY
@given(worlds, st.floats(0, 3000))
def test_a_wider_radius_never_shrinks_the_set(world: World, more: float) -> None:
    known = grown(world, radius_km=pl.col("radius_km").fill_null(20.0))
    never_shrinks(known, grown(known, radius_km=pl.col("radius_km") + more))


@MANY
@given(worlds, st.integers(1, 50))
def test_more_seats_never_shrink_the_set(world: World, more: int) -> None:
    seats = (pl.col("seats", "seats_left") + more).cast(pl.Int32)
    never_shrinks(world, replace(world, classes=world.classes.with_columns(seats)))


@MANY
@given(worlds, st.integers(0, 100))
def test_longer_dates_never_shrink_the_set(world: World, days: int) -> None:
    """Trainings offered earlier and longer, and registration open earlier and longer."""
    span = pl.duration(days=days)
    longer = replace(
        world,
        courses=world.courses.with_columns(
            pl.col("available_from") - span, pl.col("available_until") + span
        ),
        classes=world.classes.with_columns(
            pl.col("registration_from") - span, pl.col("registration_until") + span
        ),
    )
    never_shrinks(world, longer)


@MANY
@given(worlds, st.integers(1, 400))
def test_a_later_end_of_the_programme_never_shrinks_the_set(world: World, days: int) -> None:
    rule = world.rules.class_dates
    if rule is not None:
        later = rule.model_copy(update={"last_day": rule.last_day + dt.timedelta(days=days)})
        never_shrinks(
            world, replace(world, rules=world.rules.model_copy(update={"class_dates": later}))
        )


@MANY
@given(worlds, st.sampled_from(sorted(CHOICES)))
def test_without_a_rule_the_set_never_shrinks(world: World, kind: str) -> None:
    # the grant and the reach are no prohibition: they say what is meant where a person says nothing
    if kind not in ("grant", "reach"):
        freer = world.rules.model_copy(update={kind: None})
        never_shrinks(world, replace(world, rules=freer))


@MANY
@given(worlds, st.sets(st.integers(0, 19)))
def test_a_withdrawn_course_is_permitted_to_nobody(world: World, gone: set[int]) -> None:
    question = world.question()
    before = permitted(question)
    withdrawn = question.catalogue.without({f"c{i}" for i in gone})
    after = permitted(replace(question, offer=replace(question.offer, catalogue=withdrawn)))
    assert not after[:, sorted(gone)].any()
    kept = sorted(set(range(20)) - gone)
    assert np.array_equal(after[:, kept], before[:, kept])


@pytest.mark.parametrize(
    ("occupation", "excluded"),
    [
        ("Polisi", True),
        ("  anggota POLRI ", True),
        ("civil_servant", True),
        ("Pegawai-Negeri  Sipil", True),
        ("0112.03", True),  # the armed forces' and police's part of the classification
        ("1113", True),
        ("koki", False),
        ("5120", False),
        ("pensiunan polisi", False),  # a retired officer may take part
        (None, False),
    ],
)
def test_occupations_are_excluded_in_any_spelling_and_by_code(
    occupation: str | None, excluded: bool
) -> None:
    world = replace(random_world(0), rules=load_rules("prakerja-2024"))
    question = grown(world, occupation=pl.lit(occupation, pl.String)).question()
    found = {reason for bits in reason_bits(question)[0] for reason in reasons_in(int(bits))}
    assert (Reason.OCCUPATION_EXCLUDED in found) == excluded


def test_every_reason_has_one_check() -> None:
    assert set(Reason) == OF_PERSON.keys() | OF_TRAINING.keys() | OF_PAIR.keys()
    assert len(Reason) == len(OF_PERSON) + len(OF_TRAINING) + len(OF_PAIR)
    assert len(Reason) <= 32  # bits
