"""Reach in a country of islands: where people live, how far they travel, and what counts as far."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue.locations import Spots
from recommender.eligibility.course_rules import Offer
from recommender.eligibility.mask import permitted, reason_bits
from recommender.eligibility.query import Question
from recommender.eligibility.reasons import Reason, reasons_in
from recommender.eligibility.travel import nearest_places, way_km
from tests.recommender.worlds import DAY, random_world, table
from training_data.programmes.rules import ReachRule, RulesInForce
from training_data.regions import great_circle_km

SURABAYA, SIDOARJO, MALANG = "35.78", "35.15", "35.73"
KUPANG_KOTA, KUPANG_KAB = "53.71", "53.01"  # 43 km apart, neighbours
BANYUWANGI, JEMBRANA = "35.10", "51.01"  # 53 km apart across the Bali strait
MERAUKE, BOVEN_DIGOEL = "93.01", "93.02"  # neighbours, and 216 km apart

RULE = ReachRule.model_validate(
    {
        "kind": "reach",
        "valid_from": "2024-01-01",
        "source": "test",
        "urban_km": 40,
        "rural_km": 60,
        "sea_crossing_km": 60,
        "neighbour_km": 20,
    }
)


def question(
    person: dict[str, Any], place: dict[str, Any], mode: str = "in_person", **rule: float
) -> Question:
    """One person before one training that costs nothing."""
    course = {
        "course_id": "c",
        "title": "T",
        "provider_id": "p",
        "skills": [],
        "mode": mode,
        "price_idr": 0,
        "prerequisites": [],
    }
    described = {
        "participant_id": "x",
        "skills": [],
        "interests": [],
        "groups": [],
        "profiling_opt_out": False,
    }
    world = replace(
        random_world(0),
        courses=table("courses", [course | place]),
        classes=table("classes", []),
        participants=table("participants", [described | person]),
        events=table("interactions", []),
        rules=RulesInForce(day=DAY, reach=RULE.model_copy(update=rule)),
    )
    return world.question()


def in_reach(home: str, place: str, mode: str = "in_person", **person: Any) -> bool:
    asked = question({"region_code": home} | person, {"region_code": place}, mode)
    return bool(permitted(asked)[0, 0])


@pytest.mark.parametrize(
    ("home", "place", "person", "reached"),
    [
        (SURABAYA, SIDOARJO, {}, True),
        (SURABAYA, MALANG, {}, False),
        (SURABAYA, MALANG, {"radius_km": 80.0}, True),
        (SURABAYA, SIDOARJO, {"radius_km": 5.0}, False),
        (KUPANG_KOTA, KUPANG_KAB, {}, True),  # neighbours: 43 km count as 23
        (KUPANG_KOTA, KUPANG_KAB, {"radius_km": 20.0}, False),
        (KUPANG_KOTA, KUPANG_KAB, {"radius_km": 23.0}, True),
        (BANYUWANGI, JEMBRANA, {"rural": True}, False),  # 53 km, and the sea counts for 60
        (BANYUWANGI, JEMBRANA, {"rural": True, "radius_km": 113.0}, True),
        (MERAUKE, BOVEN_DIGOEL, {"rural": True}, False),  # neighbours, yet a day's journey
        (MERAUKE, MERAUKE, {"radius_km": 0.0}, True),
    ],
)
def test_who_reaches_what(home: str, place: str, person: dict[str, Any], reached: bool) -> None:
    assert in_reach(home, place, **person) is reached


def test_country_people_travel_farther_where_they_do_not_say_so() -> None:
    way = {"latitude": -7.27, "longitude": 113.18}  # 50 km east of Surabaya
    for rural, reached in ((True, True), (False, False), (None, False)):
        asked = question({"region_code": SURABAYA, "rural": rural}, way)
        assert permitted(asked)[0, 0] == reached


@pytest.mark.parametrize("mode", ["self_paced", "webinar"])
def test_online_there_is_no_way_to_go(mode: str) -> None:
    assert in_reach(MERAUKE, SURABAYA, mode, radius_km=0.0)


def test_ones_own_region_is_in_reach_however_far_its_centroid() -> None:
    """Merauke is larger than Belgium: a person at its far end still belongs to it."""
    person = {"region_code": MERAUKE, "latitude": -6.0, "longitude": 138.0, "radius_km": 0.0}
    assert permitted(question(person, {"region_code": MERAUKE}))[0, 0]
    asked = question(person, {"region_code": BOVEN_DIGOEL})
    assert reasons_in(int(reason_bits(asked)[0, 0])) == [Reason.OUT_OF_REACH]


def test_own_coordinates_are_the_distance_itself_also_between_neighbours() -> None:
    here, there = {"latitude": -7.27, "longitude": 112.72}, {"latitude": -7.45, "longitude": 112.72}
    km = float(great_circle_km(-7.27, 112.72, -7.45, 112.72))
    for radius, reached in ((km + 0.1, True), (km - 0.1, False)):
        asked = question(
            {"region_code": SURABAYA, "radius_km": radius} | here,
            {"region_code": SIDOARJO} | there,
        )
        assert permitted(asked)[0, 0] == reached


def test_the_allowance_is_for_two_centroids_only() -> None:
    """42.66 km apart; with the allowance 22.66, unless one of the two says exactly where it is."""
    regions = random_world(0).regions
    exact = [
        {"latitude": float(regions.latitude[i]), "longitude": float(regions.longitude[i])}
        for i in (regions.id(KUPANG_KOTA), regions.id(KUPANG_KAB))
    ]
    person = {"region_code": KUPANG_KOTA, "radius_km": 30.0}
    place = {"region_code": KUPANG_KAB}
    assert permitted(question(person, place))[0, 0]
    assert not permitted(question(person | exact[0], place))[0, 0]
    assert not permitted(question(person, place | exact[1]))[0, 0]


def test_where_the_island_is_not_known_no_crossing_is_added() -> None:
    """A person with coordinates alone, 20 km from a class on an island."""
    person = {"latitude": -7.27, "longitude": 112.72, "radius_km": 25.0}
    assert permitted(question(person, {"region_code": SIDOARJO}))[0, 0]


def test_touching_regions_are_nearer_by_no_more_than_half() -> None:
    regions = random_world(0).regions

    def way(a: str, b: str, allowance: float) -> float:
        spots = [question({"region_code": code}, {}).batch for code in (a, b)]
        rule = RULE.model_copy(update={"neighbour_km": allowance, "sea_crossing_km": 0.0})
        return float(way_km(Spots.of(spots[0]), Spots.of(spots[1]), regions, rule)[0])

    plain = way(KUPANG_KOTA, KUPANG_KAB, 0.0)
    assert plain == pytest.approx(42.66, abs=0.01)
    assert way(KUPANG_KOTA, KUPANG_KAB, 20.0) == pytest.approx(plain - 20, abs=1e-3)
    assert way(KUPANG_KOTA, KUPANG_KAB, 200.0) == pytest.approx(plain / 2, abs=1e-3)
    assert way(SURABAYA, MALANG, 200.0) == way(SURABAYA, MALANG, 0.0)


def test_each_spot_stands_once_also_where_it_is_not_known() -> None:
    unknown = float("nan")
    spots, number = Spots.distinct(
        Spots(
            np.array([3, -1, 3, -1, 3], dtype=np.int32),
            np.array([1, -1, 1, -1, 1], dtype=np.int32),
            np.array([-7.0, unknown, -7.0, unknown, -7.5]),
            np.array([112.0, unknown, 112.0, unknown, 112.0]),
            np.array([False, False, False, False, True]),
        )
    )
    assert len(spots) == 3
    assert number[0] == number[2] != number[4]
    assert number[1] == number[3]
    assert spots.latitude[number[[0, 4]]].tolist() == [-7.0, -7.5]
    assert np.isnan(spots.latitude[number[1]])


def test_ways_are_symmetric_and_never_shorter_for_a_sea_between() -> None:
    world = random_world(0)
    regions = world.regions
    rows = np.flatnonzero(regions.level == regions.level.max())[::7]
    spots = Spots(
        rows.astype(np.int32),
        regions.landmass[rows],
        regions.latitude[rows],
        regions.longitude[rows],
        np.zeros(len(rows), dtype=bool),
    )
    dry = way_km(
        Spots.of(spots, (slice(None), None)),
        spots,
        regions,
        RULE.model_copy(update={"sea_crossing_km": 0.0}),
    )
    wet = way_km(Spots.of(spots, (slice(None), None)), spots, regions, RULE)
    assert np.array_equal(wet, wet.T)
    assert not wet.diagonal().any()
    assert set(np.round(np.unique(wet - dry), 2)) <= {0.0, 60.0}
    assert (wet > dry).any()


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.floats(0, 500), st.floats(0, 500))
def test_a_larger_allowance_never_shrinks_the_set(seed: int, less: float, more: float) -> None:
    """Radius by rule, and the allowance between neighbours; a longer sea never enlarges it."""
    world = random_world(seed)

    def allowed(**changes: float) -> np.ndarray:
        rule = (world.rules.reach or RULE).model_copy(update=changes)
        rules = world.rules.model_copy(update={"reach": rule})
        return permitted(replace(world, rules=rules).question())

    low, high = sorted((less, more))
    for name in ("urban_km", "rural_km", "neighbour_km"):
        assert not (allowed(**{name: low}) & ~allowed(**{name: high})).any()
    assert not (allowed(sea_crossing_km=high) & ~allowed(sea_crossing_km=low)).any()


def test_the_nearest_of_several_classes_counts() -> None:
    asked = question({"region_code": SURABAYA}, {"region_code": MALANG})
    places = [MALANG, SIDOARJO, MERAUKE]
    world = random_world(0)
    classes = table(
        "classes",
        [
            {
                "class_id": code,
                "course_id": "c",
                "region_code": code,
                "starts_on": DAY.replace(month=8),
                "ends_on": DAY.replace(month=8),
                "seats": 1,
                "seats_left": seats,
            }
            for code, seats in zip(places, (1, 1, 1), strict=True)
        ],
    )

    def nearest(held: Any) -> float:
        catalogue = replace(world, courses=asked.catalogue.table, classes=held).catalogue()
        km = Question(asked.batch, Offer(catalogue, asked.rules)).travel.of(
            np.array([0]), np.array([0])
        )
        return float(km[0])

    near = nearest(classes)
    assert near < 20
    full = classes.with_columns(
        seats_left=classes["seats_left"] * (classes["class_id"] != SIDOARJO)
    )
    assert nearest(full) == pytest.approx(78.9, abs=0.1)
    assert math.isinf(nearest(full.with_columns(seats_left=full["seats_left"] * 0)))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_place_that_is_named_is_the_nearest_open_one(seed: int) -> None:
    asked = random_world(seed).question()
    places, roads, rule = (
        asked.offer.places_to_go_to,
        asked.offer.roads_to_them,
        asked.rules.reach,
    )
    courses = np.arange(len(asked.catalogue), dtype=np.int32)
    for person in range(
        len(asked.batch)
    ):  # alone: those on no map but their region's are looked up
        rows = np.full(len(courses), person)
        named, km = nearest_places(asked.batch, rows, courses, places, roads)
        here = Spots.of(asked.batch, np.array([person]))
        for course, place, far in zip(courses, named, km, strict=True):
            there = np.flatnonzero(places.course == course)
            if not len(there):
                assert place == -1
                assert np.isnan(far)
                continue
            ways = way_km(here, Spots.of(places, there), asked.catalogue.regions, rule)
            assert place == there[ways.argmin()]
            assert far == pytest.approx(
                great_circle_km(
                    here.latitude, here.longitude, places.latitude[place], places.longitude[place]
                )[0],
                nan_ok=True,
            )
