"""The programme's rules once more, slowly and one pair at a time: the oracle of the fast masks."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from functools import cache, cached_property
from typing import Any

from recommender.eligibility.exclusion_codes import Exclusion
from tests.recommender.worlds import World
from training_data.columns import EDUCATIONS
from training_data.regions.pack import RegionPack, read_pack

Row = dict[str, Any]
FAR = dt.date(9999, 1, 1)


class Reference:
    """All the exclusions of a world, by looking at one person and one training at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rules = world.rules
        self.day = world.rules.day
        self.courses = {row["course_id"]: row for row in world.courses.iter_rows(named=True)}
        self.participants = list(world.participants.iter_rows(named=True))
        self.classes: dict[str, list[Row]] = defaultdict(list)
        for row in world.classes.iter_rows(named=True):
            self.classes[row["course_id"]].append(row)
        self.done: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for event in world.events.iter_rows(named=True):
            self.done[event["participant_id"]][event["kind"]].add(event["course_id"])

    @cached_property
    def exclusions(self) -> list[list[set[Exclusion]]]:
        """Every exclusion, person by person and training by training."""
        of_participants = [self._of_participant(person) for person in self.participants]
        of_courses = [self._of_course(course) for course in self.courses.values()]
        return [
            [
                of_participant | of_course | self._of_pair(person, course)
                for of_course, course in zip(of_courses, self.courses.values(), strict=True)
            ]
            for of_participant, person in zip(of_participants, self.participants, strict=True)
        ]

    def has_priority(self, person: Row) -> bool:
        rule = self.rules.priority_groups
        if rule is None:
            return False
        named = {group.lower() for group in person["groups"]} & {g.lower() for g in rule.groups}
        return bool(named) or person["gender"] in rule.genders

    def _history(self, person: Row) -> tuple[set[str], set[str], set[str]]:
        """Listed trainings that the person took, finished and rated."""
        did = self.done[person["participant_id"]]
        listed = set(self.courses)
        finished = did["complete"] | did["rate"]
        taken = did["purchase"] | did["start"] | finished
        return taken & listed, finished & listed, did["rate"] & listed

    def _of_participant(self, person: Row) -> set[Exclusion]:
        rules, found = self.rules, set()
        if rules.age and person["birth_year"] is not None:
            age = self.day.year - person["birth_year"]
            if age < rules.age.minimum:
                found.add(Exclusion.TOO_YOUNG)
            if rules.age.maximum is not None and age > rules.age.maximum:
                found.add(Exclusion.TOO_OLD)
        if rules.excluded_status and person["employment_status"] in rules.excluded_status.statuses:
            found.add(Exclusion.STATUS_EXCLUDED)
        if rules.excluded_occupation and person["occupation"] and self._occupation_excluded(person):
            found.add(Exclusion.OCCUPATION_EXCLUDED)
        if rules.graduation and person["graduated_on"]:
            earliest = rules.graduation.earliest_year
            first = dt.date(earliest, 1, 1) if earliest else dt.date.min
            if within := rules.graduation.within_years:
                first = max(first, self.day.replace(year=self.day.year - within))
            if person["graduated_on"] < first:
                found.add(Exclusion.GRADUATED_TOO_EARLY)
        taken, finished, rated = self._history(person)
        if rules.choices and len(taken) >= rules.choices.most:
            found.add(Exclusion.TOO_MANY_CHOICES)
        if rules.next_purchase and not taken - finished:
            last = self._last_finish(person)
            if last and self.day > last + dt.timedelta(days=rules.next_purchase.within_days):
                found.add(Exclusion.NEXT_PURCHASE_LATE)
        if rules.one_at_a_time and taken - finished:
            found.add(Exclusion.TRAINING_UNFINISHED)
        if rules.one_at_a_time and rules.one_at_a_time.rating_required and finished - rated:
            found.add(Exclusion.TRAINING_UNRATED)
        did = self.done[person["participant_id"]]
        bought = did["purchase"] | did["start"] | did["complete"] | did["rate"]
        if rules.once and did["start"] | did["complete"] | did["rate"]:
            found.add(Exclusion.TOOK_PART_ALREADY)
        if rules.first_purchase and person["admitted_on"] and not bought:
            deadline = person["admitted_on"] + dt.timedelta(days=rules.first_purchase.within_days)
            if self.day > deadline:
                found.add(Exclusion.FIRST_PURCHASE_LATE)
        return found

    def _last_finish(self, person: Row) -> dt.date | None:
        for kind in ("complete", "rate"):
            days = [
                event["at"].date()
                for event in self.world.events.iter_rows(named=True)
                if event["participant_id"] == person["participant_id"] and event["kind"] == kind
            ]
            if days:
                return max(days)
        return None

    def _occupation_excluded(self, person: Row) -> bool:
        occupations = self.world.vocabularies.occupations
        rule = self.rules.excluded_occupation
        words = " ".join(person["occupation"].lower().split())
        code, names = words, {words}
        number = occupations.vocabulary.find(person["occupation"])
        if number >= 0:
            code = occupations.codes[number]
            names.add(occupations.vocabulary.terms[number].id.replace("-", " "))
        excluded = {name.lower().replace("-", " ").replace("_", " ") for name in rule.occupations}
        named = any(f" {one} " in f" {name} " for one in excluded for name in names)
        return named or any(code.startswith(prefix) for prefix in rule.codes)

    def _of_course(self, course: Row) -> set[Exclusion]:
        rules, found = self.rules, set()
        if course["available_from"] and self.day < course["available_from"]:
            found.add(Exclusion.NOT_YET_AVAILABLE)
        if course["available_until"] and self.day > course["available_until"]:
            found.add(Exclusion.NO_LONGER_AVAILABLE)
        if rules.modes and course["mode"] not in rules.modes.allowed:
            found.add(Exclusion.MODE_NOT_PAID)
        if rules.languages and course["language"] not in (None, *rules.languages.allowed):
            found.add(Exclusion.LANGUAGE_NOT_PAID)
        hours = course["duration_hours"]
        if rules.duration and hours is not None and hours < rules.duration.minimum_hours:
            found.add(Exclusion.TOO_SHORT)
        if rules.price_ceiling and self._from_balance(course) > self._ceiling(course):
            found.add(Exclusion.ABOVE_PRICE_CEILING)
        sessions = self._sessions(course)
        for exclusion, passes in (
            (Exclusion.REGISTRATION_CLOSED, lambda s: self.day <= self._closes(s)),
            (Exclusion.REGISTRATION_NOT_OPEN, lambda s: self._opens(s) <= self.day),
            (Exclusion.CLASS_TOO_LATE, self._in_time),
            (Exclusion.TOO_MANY_HOURS_A_DAY, lambda s: self._hours_fit(course, s)),
            (Exclusion.NO_SEATS_LEFT, lambda s: s["seats_left"] > 0),
        ):
            left = [session for session in sessions if passes(session)]
            if sessions and not left:
                found.add(exclusion)
            sessions = left
        located = any(self._coordinates(session) for session in sessions)
        if course["mode"] in ("in_person", "hybrid") and sessions and not located:
            found.add(Exclusion.PLACE_UNKNOWN)
        return found

    def _from_balance(self, course: Row) -> int:
        own = self.rules.own_payment
        return max(0, math.ceil(course["price_idr"] - (own.share if own else 0)))

    def _ceiling(self, course: Row) -> float:
        rule = self.rules.price_ceiling
        for category, amount in rule.by_category.items():
            if course["category"] and category.lower() == course["category"].lower():
                return amount
        return math.inf if rule.amount is None else rule.amount

    def _sessions(self, course: Row) -> list[Row]:
        if course["course_id"] in self.classes:
            return self.classes[course["course_id"]]
        if course["mode"] not in ("in_person", "hybrid"):
            return []
        home = dict.fromkeys(("starts_on", "ends_on", "registration_from", "registration_until"))
        return [course | home | {"seats_left": 1}]

    def _closes(self, session: Row) -> dt.date:
        if session["registration_until"]:
            return session["registration_until"]
        if session["starts_on"] is None:
            return FAR
        rule = self.rules.registration
        return session["starts_on"] - dt.timedelta(days=rule.closes_days_before if rule else 0)

    def _opens(self, session: Row) -> dt.date:
        if session["registration_from"]:
            return session["registration_from"]
        rule = self.rules.registration
        if session["starts_on"] is None or not rule or rule.opens_days_before is None:
            return dt.date.min
        return session["starts_on"] - dt.timedelta(days=rule.opens_days_before)

    def _in_time(self, session: Row) -> bool:
        rule = self.rules.class_dates
        return not rule or session["ends_on"] is None or session["ends_on"] <= rule.last_day

    def _hours_fit(self, course: Row, session: Row) -> bool:
        rule, hours = self.rules.hours_per_day, course["duration_hours"]
        if (
            not rule
            or course["mode"] not in rule.hours
            or hours is None
            or not session["starts_on"]
        ):
            return True
        days = (session["ends_on"] - session["starts_on"]).days + 1
        return hours <= rule.hours[course["mode"]] * days

    def _is_open(self, course: Row, session: Row) -> bool:
        return (
            self._opens(session) <= self.day <= self._closes(session)
            and self._in_time(session)
            and self._hours_fit(course, session)
            and session["seats_left"] > 0
        )

    def _of_pair(self, person: Row, course: Row) -> set[Exclusion]:
        rules, found = self.rules, set()
        taken, finished, _ = self._history(person)
        if course["course_id"] in taken:
            found.add(Exclusion.TAKEN_ALREADY)
        balance = person["balance_idr"]
        if balance is None:
            balance = rules.grant.amount if rules.grant else math.inf
        if self._from_balance(course) > balance:
            found.add(Exclusion.BALANCE_TOO_LOW)
        held = set(person["skills"])
        for needed in course["prerequisites"]:
            if needed not in self.courses:
                found.add(Exclusion.PREREQUISITE_UNKNOWN)
                continue
            taught = set(self.courses[needed]["skills"])
            if needed not in finished and not (taught and taught <= held):
                found.add(Exclusion.PREREQUISITE_MISSING)
        required = [course["minimum_education"]]
        if rules.minimum_education:
            required.append(rules.minimum_education.education.get(course["level"]))
            required.append(rules.minimum_education.any_level)
        least = max([EDUCATIONS.index(name) for name in required if name], default=0)
        if person["education"] and EDUCATIONS.index(person["education"]) < least:
            found.add(Exclusion.EDUCATION_TOO_LOW)
        if course["needs_device"] and person["has_device"] is False:
            found.add(Exclusion.DEVICE_MISSING)
        if course["needs_connection"] and person["has_connection"] is False:
            found.add(Exclusion.CONNECTION_MISSING)
        return found | self._of_travel(person, course)

    def _of_travel(self, person: Row, course: Row) -> set[Exclusion]:
        if course["mode"] not in ("in_person", "hybrid"):
            return set()
        open_ = [session for session in self._sessions(course) if self._is_open(course, session)]
        open_ = [session for session in open_ if self._coordinates(session)]
        if not open_:
            return set()
        if not self._coordinates(person):
            return {Exclusion.OWN_AREA_UNKNOWN}
        near = min(self._measure_km(person, session) for session in open_) <= self._radius(person)
        return set() if near else {Exclusion.OUT_OF_REACH}

    def _coordinates(self, row: Row) -> tuple[float, float] | None:
        if row["latitude"] is not None and row["longitude"] is not None:
            return row["latitude"], row["longitude"]
        if row["region_code"] is None:
            return None
        regions = self.world.vocabularies.regions
        region = regions.id(row["region_code"])
        return regions.latitude[region], regions.longitude[region]

    def _measure_km(self, person: Row, session: Row) -> float:
        regions, rule = self.world.vocabularies.regions, self.rules.reach
        here, there = person["region_code"], session["region_code"]
        centroids_only = person["latitude"] is None and session["latitude"] is None
        islands = {self._island(person), self._island(session)}
        both_exact = person["latitude"] is not None and session["latitude"] is not None
        if here and here == there and not (rule and both_exact and len(islands) == 2):
            return 0.0
        km = _great_circle_km(*self._coordinates(person), *self._coordinates(session))
        if not (rule and here and there):
            return km
        a, b = regions.id(here), regions.id(there)
        if regions.are_neighbours(a, b) and centroids_only:
            km = max(km / 2, km - rule.neighbour_km)
        way, known_km = self._ways.get(frozenset((here, there)), (None, None))
        if centroids_only and known_km is not None:
            km = known_km
        if len(islands) == 2 and None not in islands and way != "ferry":
            km += rule.sea_crossing_km
        return km + (rule.farthest_km if way == "none" else 0.0)

    @cached_property
    def _ways(self) -> dict[frozenset[str], tuple[str, float | None]]:
        rows = _load_pack().ways.iter_rows(named=True)
        return {frozenset((r["code"], r["neighbour_code"])): (r["way"], r["km"]) for r in rows}

    @cached_property
    def _places(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for place in _load_pack().places.iter_rows(named=True):
            if place["latitude"] is not None:
                found[place["region_code"]].append(place)
        return found

    def _island(self, row: Row) -> str | None:
        """Island of the nearest district where coordinates are given, else of the region."""
        if row["region_code"] is None:
            return None
        regions = self.world.vocabularies.regions
        island: str | None = regions.frame["landmass"][regions.id(row["region_code"])]
        if row["latitude"] is None or row["longitude"] is None:
            return island
        places = self._places[row["region_code"]]
        if not any(place["landmass"] for place in places):
            return island
        here = (row["latitude"], row["longitude"])
        nearest = min(places, key=lambda p: _great_circle_km(*here, p["latitude"], p["longitude"]))
        return nearest["landmass"] or island

    def _radius(self, person: Row) -> float:
        if person["radius_km"] is not None:
            return person["radius_km"]
        rule = self.rules.reach
        if rule is None:
            return math.inf
        return rule.rural_km if person["rural"] else rule.urban_km


@cache
def _load_pack() -> RegionPack:
    return read_pack("indonesia")


def _great_circle_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    lat_a, lon_a, lat_b, lon_b = map(math.radians, (lat_a, lon_a, lat_b, lon_b))
    half = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(math.sqrt(half))
