"""Reach in a country of islands: where people live, how far they travel, and what counts as far."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue.locations import Locations
from recommender.eligibility.course_rules import Availability
from recommender.eligibility.exclusion_codes import Exclusion, list_exclusions
from recommender.eligibility.exclusions import find_exclusions
from recommender.eligibility.mask import build_mask
from recommender.eligibility.query import EligibilityQuery
from recommender.eligibility.travel import find_nearest_sessions, measure_km, measure_told_km
from tests.recommender.worlds import DAY, random_world, table
from training_data.programmes.rules import ReachRule, RulesInForce
from training_data.regions import great_circle_km

SURABAYA, SIDOARJO, MALANG = "35.78", "35.15", "35.73"
KUPANG_KOTA, KUPANG_KAB = "53.71", "53.01"  # 43 km apart, neighbours
BANYUWANGI, JEMBRANA = "35.10", "51.01"  # 53 km apart across the Bali strait
MERAUKE, BOVEN_DIGOEL = "93.01", "93.02"  # neighbours, and 216 km apart
JAYAPURA_KAB, JAYAPURA_KOTA = "91.03", "91.71"  # 33 km of road, and 91 between the centroids

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


def build_query(
    person: dict[str, Any], venue: dict[str, Any], mode: str = "in_person", **rule: float
) -> EligibilityQuery:
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
        courses=table("courses", [course | venue]),
        classes=table("classes", []),
        participants=table("participants", [described | person]),
        events=table("interactions", []),
        rules=RulesInForce(day=DAY, reach=RULE.model_copy(update=rule)),
    )
    return world.query()


def in_reach(home: str, venue: str, mode: str = "in_person", **person: Any) -> bool:
    query = build_query({"region_code": home} | person, {"region_code": venue}, mode)
    return bool(build_mask(query)[0, 0])


@pytest.mark.parametrize(
    ("home", "venue", "person", "reached"),
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
def test_who_reaches_what(home: str, venue: str, person: dict[str, Any], reached: bool) -> None:
    assert in_reach(home, venue, **person) is reached


def test_country_people_travel_farther_where_they_do_not_say_so() -> None:
    way = {"latitude": -7.27, "longitude": 113.18}  # 50 km east of Surabaya
    for rural, reached in ((True, True), (False, False), (None, False)):
        query = build_query({"region_code": SURABAYA, "rural": rural}, way)
        assert build_mask(query)[0, 0] == reached


@pytest.mark.parametrize("mode", ["self_paced", "webinar"])
def test_online_there_is_no_way_to_go(mode: str) -> None:
    assert in_reach(MERAUKE, SURABAYA, mode, radius_km=0.0)


def test_ones_own_region_is_in_reach_however_far_its_centroid() -> None:
    """Merauke is larger than Belgium: a person at its far end still belongs to it."""
    person = {"region_code": MERAUKE, "latitude": -6.0, "longitude": 138.0, "radius_km": 0.0}
    assert build_mask(build_query(person, {"region_code": MERAUKE}))[0, 0]
    query = build_query(person, {"region_code": BOVEN_DIGOEL})
    assert list_exclusions(int(find_exclusions(query)[0, 0])) == [Exclusion.OUT_OF_REACH]


def test_own_coordinates_are_the_distance_itself_also_between_neighbours() -> None:
    here, there = {"latitude": -7.27, "longitude": 112.72}, {"latitude": -7.45, "longitude": 112.72}
    km = float(great_circle_km(-7.27, 112.72, -7.45, 112.72))
    for radius, reached in ((km + 0.1, True), (km - 0.1, False)):
        query = build_query(
            {"region_code": SURABAYA, "radius_km": radius} | here,
            {"region_code": SIDOARJO} | there,
        )
        assert build_mask(query)[0, 0] == reached


def test_the_allowance_is_for_two_centroids_only() -> None:
    """42.66 km apart; with the allowance 22.66, unless one of the two says exactly where it is."""
    regions = random_world(0).vocabularies.regions
    exact = [
        {"latitude": float(regions.latitude[i]), "longitude": float(regions.longitude[i])}
        for i in (regions.id(KUPANG_KOTA), regions.id(KUPANG_KAB))
    ]
    person = {"region_code": KUPANG_KOTA, "radius_km": 30.0}
    venue = {"region_code": KUPANG_KAB}
    assert build_mask(build_query(person, venue))[0, 0]
    assert not build_mask(build_query(person | exact[0], venue))[0, 0]
    assert not build_mask(build_query(person, venue | exact[1]))[0, 0]


def test_where_the_island_is_not_known_no_crossing_is_added() -> None:
    """A person with coordinates alone, 20 km from a class on an island."""
    person = {"latitude": -7.27, "longitude": 112.72, "radius_km": 25.0}
    assert build_mask(build_query(person, {"region_code": SIDOARJO}))[0, 0]


def test_touching_regions_are_nearer_by_no_more_than_half() -> None:
    regions = random_world(0).vocabularies.regions

    def measure(a: str, b: str, allowance: float) -> float:
        homes = [build_query({"region_code": code}, {}).batch.home for code in (a, b)]
        rule = RULE.model_copy(update={"neighbour_km": allowance, "sea_crossing_km": 0.0})
        return float(measure_km(*homes, regions, rule)[0])

    plain = measure(KUPANG_KOTA, KUPANG_KAB, 0.0)
    assert plain == pytest.approx(42.66, abs=0.01)
    assert measure(KUPANG_KOTA, KUPANG_KAB, 20.0) == pytest.approx(plain - 20, abs=1e-3)
    assert measure(KUPANG_KOTA, KUPANG_KAB, 200.0) == pytest.approx(plain / 2, abs=1e-3)
    assert measure(SURABAYA, MALANG, 200.0) == measure(SURABAYA, MALANG, 0.0)


def test_each_location_stands_once_also_where_it_is_not_known() -> None:
    unknown = float("nan")
    locations, number = Locations(
        np.array([3, -1, 3, -1, 3], dtype=np.int32),
        np.array([1, -1, 1, -1, 1], dtype=np.int32),
        np.array([-7.0, unknown, -7.0, unknown, -7.5]),
        np.array([112.0, unknown, 112.0, unknown, 112.0]),
        np.array([False, False, False, False, True]),
    ).distinct()
    assert len(locations) == 3
    assert number[0] == number[2] != number[4]
    assert number[1] == number[3]
    assert locations.latitude[number[[0, 4]]].tolist() == [-7.0, -7.5]
    assert np.isnan(locations.latitude[number[1]])


def test_distances_are_symmetric_and_never_shorter_for_a_sea_between() -> None:
    regions = random_world(0).vocabularies.regions
    rows = np.flatnonzero(regions.level == regions.level.max())[::7]
    locations = Locations(
        rows.astype(np.int32),
        regions.landmass[rows],
        regions.latitude[rows],
        regions.longitude[rows],
        np.zeros(len(rows), dtype=bool),
    )
    dry = measure_km(
        locations.take((slice(None), None)),
        locations,
        regions,
        RULE.model_copy(update={"sea_crossing_km": 0.0}),
    )
    wet = measure_km(locations.take((slice(None), None)), locations, regions, RULE)
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
        return build_mask(replace(world, rules=rules).query())

    low, high = sorted((less, more))
    for name in ("urban_km", "rural_km", "neighbour_km"):
        assert not (allowed(**{name: low}) & ~allowed(**{name: high})).any()
    assert not (allowed(sea_crossing_km=high) & ~allowed(sea_crossing_km=low)).any()


def test_the_nearest_of_several_classes_counts() -> None:
    query = build_query({"region_code": SURABAYA}, {"region_code": MALANG})
    venues = [MALANG, SIDOARJO, MERAUKE]
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
            for code, seats in zip(venues, (1, 1, 1), strict=True)
        ],
    )

    def nearest(held: Any) -> float:
        catalogue = replace(world, courses=query.catalogue.table, classes=held).catalogue()
        km = EligibilityQuery(query.batch, Availability(catalogue, query.rules)).travel.between(
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
def test_the_session_that_is_named_is_the_nearest_open_one(seed: int) -> None:
    query = random_world(seed).query()
    sessions, routes = query.availability.attended_sessions, query.availability.attended_routes
    courses = np.arange(len(query.catalogue), dtype=np.int32)
    regions, rule, locations = query.catalogue.regions, query.rules.reach, sessions.location
    # each alone: for those on no map but their region's, the nearest is looked up
    for row in range(len(query.batch)):
        rows = np.full(len(courses), row)
        named = find_nearest_sessions(query.batch, rows, courses, sessions, routes)
        of_all = query.availability.attended_rows[named] if len(sessions) else named
        km = measure_told_km(query.batch, rows, of_all, query.catalogue, routes)
        here = query.batch.home.take(np.array([row]))
        for course, session, far in zip(courses, named, km, strict=True):
            there = np.flatnonzero(sessions.course == course)
            if not len(there):
                assert session == -1
                continue
            away = measure_km(here, locations.take(there), regions, rule)
            assert session == there[away.argmin()]
            to = locations.take(np.array([session]))
            road = regions.way_km(here.region, to.region)[0]
            told = great_circle_km(here.latitude, here.longitude, to.latitude, to.longitude)[0]
            if not np.isnan(road) and not (here.exact | to.exact)[0]:
                told = road
            if np.isnan(road) or here.exact[0] == to.exact[0]:
                assert far == pytest.approx(told, nan_ok=True)
            else:  # one place is known: no shorter than road and crow, no longer by more than the road's detour
                detour = max(0.0, float(road - regions.distance_km(here.region, to.region)[0]))
                assert min(told, road) - 1e-6 <= far <= told + detour + 1e-6


def test_people_are_told_the_known_way_and_not_that_from_the_centroid() -> None:
    query = build_query({"region_code": JAYAPURA_KAB}, {"region_code": JAYAPURA_KOTA})
    routes, one = query.availability.routes, np.array([0])
    km = measure_told_km(query.batch, one, one, query.catalogue, routes)
    assert km.tolist() == [33.0]
