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

from recommender.eligibility import checks
from recommender.eligibility.calendar import find_ready_days
from recommender.eligibility.course_rules import COURSE_RULES
from recommender.eligibility.exclusion_codes import BIT, PASSING, Exclusion, list_exclusions
from recommender.eligibility.exclusions import (
    count_exclusions,
    find_exclusions,
    find_participant_exclusions,
)
from recommender.eligibility.mask import build_list_mask, build_mask
from recommender.eligibility.participant_rules import PAIR_RULES, PARTICIPANT_RULES
from recommender.eligibility.travel import measure_km
from tests.recommender.reference import Reference
from tests.recommender.worlds import CHOICES, World, load_rules, random_world
from training_data.columns import TABLES

worlds = st.integers(0, 2**32 - 1).map(random_world)
MANY = settings(max_examples=12, deadline=None, derandomize=True)


def compare_with_reference(seed: int) -> Counter[Exclusion]:
    """Compare mask and exclusions of one world with the reference, and count the exclusions."""
    world = random_world(seed)
    query, reference = world.query(), Reference(world)
    mask, bits = build_mask(query), find_exclusions(query)
    found = [[set(list_exclusions(int(pair))) for pair in row] for row in bits]
    assert found == reference.exclusions, f"world {seed}"
    assert mask.tolist() == [[not pair for pair in row] for row in found], f"world {seed}"
    assert query.has_priority.tolist() == [
        reference.has_priority(participant) for participant in reference.participants
    ]
    return Counter(exclusion for row in found for pair in row for exclusion in pair)


def test_mask_and_exclusions_equal_the_slow_reference() -> None:
    seen = sum((compare_with_reference(seed) for seed in range(200)), Counter())
    # nothing is withdrawn by rule
    assert set(seen) == set(Exclusion) - {Exclusion.WITHDRAWN}


@pytest.mark.slow
def test_mask_and_exclusions_equal_the_slow_reference_in_5000_worlds() -> None:
    for seed in range(1_000_000, 1_005_000):
        compare_with_reference(seed)


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
    queries = [random_world(seed).query() for seed in range(10)]
    whole = [(build_mask(q), find_exclusions(q)) for q in queries]
    monkeypatch.setattr(checks, "CELLS", 60)  # three rows
    for query, (mask, bits) in zip(queries, whole, strict=True):
        assert np.array_equal(build_mask(query), mask)
        assert np.array_equal(find_exclusions(query), bits)


@MANY
@given(worlds)
def test_a_batch_of_one_is_a_row_of_a_batch(world: World) -> None:
    whole = build_mask(world.query())
    for row in range(len(world.participants)):
        alone = replace(world, participants=world.participants[row : row + 1])
        assert np.array_equal(build_mask(alone.query())[0], whole[row])


@MANY
@given(worlds)
def test_what_excludes_participants_from_all_may_be_found_first(world: World) -> None:
    """And is what the other three find of them, in whichever order they are asked."""
    query, fresh = world.query(), world.query()
    of_participants = find_participant_exclusions(query)
    rows = np.arange(len(query.batch))
    assert np.array_equal(build_mask(query), build_mask(fresh))
    assert np.array_equal(count_exclusions(query, rows), count_exclusions(world.query(), rows))
    bits = find_exclusions(query)
    assert np.array_equal(bits, find_exclusions(fresh))
    their_own = np.uint64(sum(1 << BIT[exclusion] for exclusion in PARTICIPANT_RULES))
    assert (bits & their_own == of_participants[:, None]).all()
    assert (of_participants & ~their_own == 0).all()


def change_participants(world: World, **columns: pl.Expr) -> World:
    return replace(world, participants=world.participants.with_columns(**columns))


def assert_never_shrinks(smaller: World, larger: World) -> None:
    assert not (build_mask(smaller.query()) & ~build_mask(larger.query())).any()


@MANY
@given(worlds, st.integers(0, 5_000_000))
def test_a_larger_balance_never_shrinks_the_set(world: World, more: int) -> None:
    known = change_participants(world, balance_idr=pl.col("balance_idr").fill_null(0))
    assert_never_shrinks(
        known, change_participants(known, balance_idr=pl.col("balance_idr") + more)
    )


@MANY
@given(worlds, st.floats(0, 3000))
def test_a_wider_radius_never_shrinks_the_set(world: World, more: float) -> None:
    known = change_participants(world, radius_km=pl.col("radius_km").fill_null(20.0))
    assert_never_shrinks(known, change_participants(known, radius_km=pl.col("radius_km") + more))


@MANY
@given(worlds, st.integers(1, 50))
def test_more_seats_never_shrink_the_set(world: World, more: int) -> None:
    seats = (pl.col("seats", "seats_left") + more).cast(pl.Int32)
    assert_never_shrinks(world, replace(world, classes=world.classes.with_columns(seats)))


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
    assert_never_shrinks(world, longer)


@MANY
@given(worlds, st.integers(1, 400))
def test_a_later_end_of_the_programme_never_shrinks_the_set(world: World, days: int) -> None:
    rule = world.rules.class_dates
    if rule is not None:
        later = rule.model_copy(update={"last_day": rule.last_day + dt.timedelta(days=days)})
        assert_never_shrinks(
            world, replace(world, rules=world.rules.model_copy(update={"class_dates": later}))
        )


@MANY
@given(worlds, st.sampled_from(sorted(CHOICES)))
def test_without_a_rule_the_set_never_shrinks(world: World, kind: str) -> None:
    # the grant and the reach say what is meant where a person says nothing; an own share spares the balance
    if kind not in ("grant", "reach", "own_payment"):
        freer = world.rules.model_copy(update={kind: None})
        assert_never_shrinks(world, replace(world, rules=freer))


@MANY
@given(worlds, st.sets(st.integers(0, 19)))
def test_a_withdrawn_course_is_permitted_to_nobody(world: World, gone: set[int]) -> None:
    query = world.query()
    before = build_mask(query)
    withdrawn = query.catalogue.without({f"c{i}" for i in gone})
    after = build_mask(
        replace(query, availability=replace(query.availability, catalogue=withdrawn))
    )
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
        ("guru PNS", True),
        ("Guru (PNS)", True),
        ("P.N.S.", True),
        ("pns/guru", True),
        ("kades", True),
        ("Kades Sukamaju", True),
        ("polwan", True),
        ("anggota TNI AD", True),
        ("kaur keuangan desa", True),
        ("anggota komisi III DPRD", True),
        ("Bupati", True),
        ("direktur keuangan BUMN", True),
        ("dirut perusahaan BUMD", True),
        ("wiraswasta, mantan TNI", False),
        ("polisi (pensiun)", False),
        ("purnawirawan TNI-AL", False),
        ("guru bukan PNS", False),
        ("PNS bukan guru", True),
        ("mantan wartawan, sekarang PNS", True),
        ("mantan honorer sekarang PPPK", True),
        ("honorer lalu guru PNS", True),
        ("dulu polisi sekarang petani", False),
        ("TNI sekarang sudah pensiun", False),
        ("istri anggota TNI", False),
        ("penjahit seragam polisi", False),
        ("calon PNS", False),
        ("karyawan BUMN", False),
        ("komisaris utama BUMN", True),
        ("guru A.S.N.", True),
        ("dewan pengawas rumah sakit BUMD", True),
        ("direktur PDAM", True),
        ("pegawai pemerintah dengan perjanjian kerja", True),
        ("anggota kepolisian", True),
        ("kolonel angkatan darat", True),
        ("hukum tua", True),
        ("geuchik gampong", True),
        ("komisioner KPK", True),
        ("keponakan lurah", False),
        ("adik kades", False),
        ("orang tua PNS", False),
        ("sudah tidak PNS", False),
        ("berhenti jadi polisi", False),
        ("gagal tes polisi", False),
        ("pelamar TNI", False),
        ("persiapan masuk polwan", False),
        ("asisten rumah tangga bupati", False),
        ("direktur CV Maju", False),
        ("kepala sekolah di desa", False),
        ("staf desain", False),
        ("politisi", False),
        (None, False),
    ],
)
def test_occupations_are_excluded_in_any_spelling_and_by_code(
    occupation: str | None, excluded: bool
) -> None:
    world = replace(random_world(0), rules=load_rules("prakerja-2024"))
    query = change_participants(world, occupation=pl.lit(occupation, pl.String)).query()
    found = {
        exclusion for bits in find_exclusions(query)[0] for exclusion in list_exclusions(int(bits))
    }
    assert (Exclusion.OCCUPATION_EXCLUDED in found) == excluded


def test_every_exclusion_has_one_rule() -> None:
    assert set(Exclusion) == PARTICIPANT_RULES.keys() | COURSE_RULES.keys() | PAIR_RULES.keys()
    assert len(Exclusion) == len(PARTICIPANT_RULES) + len(COURSE_RULES) + len(PAIR_RULES)
    assert len(Exclusion) <= 64  # bits


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_listed_is_what_one_may_take_now_or_after_the_training_under_way(seed: int) -> None:
    """A class that is over for registration by then is not listed; who waits for nothing sees what may be taken."""
    query = random_world(seed).query()
    listed, now, passing = build_list_mask(query), build_mask(query), build_mask(query, PASSING)
    ready = find_ready_days(query)
    assert (now <= passing).all()
    assert (listed <= passing).all()
    prompt = ready == query.today
    np.testing.assert_array_equal(listed[prompt], passing[prompt])
    closes, open_ = query.availability.registration_closes, query.availability.stages["open"]
    sessions = query.catalogue.sessions
    for row in np.flatnonzero(~prompt):
        for course in np.flatnonzero(passing[row]):
            of_course = sessions.course == course
            entered = of_course & open_ & (closes >= ready[row])
            lasts = query.catalogue.available_until[course] >= ready[row]
            if query.catalogue.face_to_face[course]:
                away = measure_km(
                    query.batch.home.take(np.array([row])),
                    sessions.location.take(np.flatnonzero(entered)),
                    query.catalogue.regions,
                    query.rules.reach,
                )
                can_enter = (away <= query.radius_km[row]).any()
            else:
                can_enter = entered.any() or not of_course.any()
            assert listed[row, course] == (can_enter and lasts)
