"""The programme's rules once more, slowly and one pair at a time: the oracle of the fast masks."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from recommender.eligibility import Reason
from tests.recommender.worlds import World
from training_data.programme import RulesInForce


def reasons(
    world: World, person: dict[str, Any], course: dict[str, Any], rules: RulesInForce
) -> set[Reason]:
    """Return every reason why a person may not take a training."""
    found = set()
    day = rules.day
    if rules.age and person["birth_year"] is not None:
        age = day.year - person["birth_year"]
        if age < rules.age.minimum:
            found.add(Reason.TOO_YOUNG)
        if age > rules.age.maximum:
            found.add(Reason.TOO_OLD)
    if rules.excluded_status and person["employment_status"] in rules.excluded_status.statuses:
        found.add(Reason.STATUS_EXCLUDED)
    if rules.excluded_occupation and person["occupation"] in rules.excluded_occupation.occupations:
        found.add(Reason.OCCUPATION_EXCLUDED)
    did = {kind: set() for kind in ("purchase", "start", "complete", "rate", "click", "impression")}
    for event in world.events.iter_rows(named=True):
        if event["participant_id"] == person["participant_id"]:
            did[event["kind"]].add(event["course_id"])
    rated = did["rate"]
    finished = did["complete"] | rated
    taken = did["purchase"] | did["start"] | finished
    if rules.one_at_a_time:
        if taken - finished:
            found.add(Reason.TRAINING_UNFINISHED)
        if rules.one_at_a_time.rating_required and finished - rated:
            found.add(Reason.TRAINING_UNRATED)
    if course["course_id"] in taken:
        found.add(Reason.TAKEN_ALREADY)
    if course["available_from"] and day < course["available_from"]:
        found.add(Reason.NOT_YET_AVAILABLE)
    if course["available_until"] and day > course["available_until"]:
        found.add(Reason.NO_LONGER_AVAILABLE)
    if rules.modes and course["mode"] not in rules.modes.allowed:
        found.add(Reason.MODE_NOT_PAID)
    if rules.languages and course["language"] not in (None, *rules.languages.allowed):
        found.add(Reason.LANGUAGE_NOT_PAID)
    hours = course["duration_hours"]
    if rules.duration and hours is not None and hours < rules.duration.minimum_hours:
        found.add(Reason.TOO_SHORT)
    if rules.price_ceiling and course["price_idr"] > rules.price_ceiling.amount:
        found.add(Reason.ABOVE_PRICE_CEILING)
    balance = person["balance_idr"]
    if balance is None:
        balance = rules.grant.amount if rules.grant else math.inf
    if course["price_idr"] > balance:
        found.add(Reason.BALANCE_TOO_LOW)
    held = set(person["skills"])
    for needed in course["prerequisites"]:
        taught = set(world.courses.filter(course_id=needed)["skills"][0])
        if needed not in finished and not (taught and taught <= held):
            found.add(Reason.PREREQUISITE_MISSING)
    return found | _place_reasons(world, person, course, rules)


def _place_reasons(
    world: World, person: dict[str, Any], course: dict[str, Any], rules: RulesInForce
) -> set[Reason]:
    face_to_face = course["mode"] in ("in_person", "hybrid")
    classes = world.classes.filter(course_id=course["course_id"]).to_dicts()
    places = classes or ([course | {"starts_on": None, "seats_left": 1}] if face_to_face else [])
    before = dt.timedelta(days=rules.registration.closes_days_before if rules.registration else 0)
    registrable = [
        p for p in places if p["starts_on"] is None or rules.day <= p["starts_on"] - before
    ]
    open_ = [p for p in registrable if p["seats_left"] > 0]
    found = set()
    if classes and not registrable:
        found.add(Reason.REGISTRATION_CLOSED)
    if registrable and not open_:
        found.add(Reason.NO_SEATS_LEFT)
    if face_to_face and not any(p["region_code"] for p in places):
        found.add(Reason.PLACE_UNKNOWN)
    ways = [_way(world, person, p, rules) for p in open_ if p["region_code"]]
    if face_to_face and ways:
        if person["region_code"] is None:
            found.add(Reason.OWN_AREA_UNKNOWN)
        elif min(ways) > _radius(person, rules):
            found.add(Reason.OUT_OF_REACH)
    return found


def _way(world: World, person: dict[str, Any], place: dict[str, Any], rules: RulesInForce) -> float:
    if person["region_code"] is None:
        return math.inf
    if person["region_code"] == place["region_code"]:
        return 0.0
    regions = world.regions
    a, b = regions.id(person["region_code"]), regions.id(place["region_code"])
    lat1, lon1, lat2, lon2 = map(
        math.radians,
        (regions.latitude[a], regions.longitude[a], regions.latitude[b], regions.longitude[b]),
    )
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    km = 2 * 6371.0088 * math.asin(math.sqrt(half))
    sea = rules.reach.sea_crossing_km if rules.reach else 0.0
    return km + (0.0 if regions.landmass[a] == regions.landmass[b] else sea)


def _radius(person: dict[str, Any], rules: RulesInForce) -> float:
    if person["radius_km"] is not None:
        return person["radius_km"]
    if rules.reach is None:
        return math.inf
    return rules.reach.rural_km if person["rural"] else rules.reach.urban_km
