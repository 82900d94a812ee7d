"""Derives the claim of every reason again from the tables of the dataset, without the code that makes reasons."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cached_property
from importlib import resources
from math import asin, cos, radians, sin, sqrt
from typing import Any

import numpy as np
import polars as pl

from recommender.engine import Engine
from recommender.participants.phrases import Said
from training_data.columns import Participants
from training_data.dataset import Dataset
from training_data.text import normalise

Row = dict[str, Any]
LEAST_PEOPLE, LEAST_LIFT = 10, 1.2
LEAST_ANSWER, CLOSE_ANSWER = 0.35, 0.85  # of a training to a phrase
TAKING = ["purchase", "start", "complete", "rate"]
WORDED = ("target_occupation", "interests", "skills", "occupation")


class Oracle:
    """Knows the dataset's tables, and of the bundle the vectors and what words are linked to.

    Parameters
    ----------
    day : date
        On which the answers were given.
    language : str
        Of the answers.
    """

    def __init__(self, dataset: Dataset, engine: Engine, day: dt.date, language: str) -> None:
        self.engine, self.day, self.language = engine, day, language
        self.courses = {row["course_id"]: row for row in dataset.read("courses").to_dicts()}
        self.people = {
            row["participant_id"]: row for row in dataset.read("participants").to_dicts()
        }
        self.events = dataset.read("interactions").sort("at")
        self.classes = defaultdict(list)
        for row in dataset.read("classes").to_dicts():
            self.classes[row["course_id"]].append(row)
        self.vacancies = dataset.read("vacancies").to_dicts()
        folder = resources.files("training_data") / "regions" / "indonesia"
        places, ways = (
            pl.read_csv((folder / name).read_bytes(), infer_schema=False).to_dicts()
            for name in ("regions.csv", "ways.csv")
        )
        self.regions = {row["code"]: row for row in places}
        self.roads = {
            frozenset((row["code"], row["neighbour_code"])): float(row["km"])
            for row in ways
            if row["km"] is not None
        }
        vocabularies = engine.reader.vocabularies
        self._kept: dict[Any, Any] = {}
        self.skills = {term.id: term for term in vocabularies.skills.terms}
        by_name = {
            name.casefold(): term.id for term in vocabularies.skills.terms for name in term.names()
        }
        self.taught = {
            row["course_id"]: {by_name.get(one.casefold(), one) for one in row["skills"]}
            for row in engine.catalogue.table.to_dicts()
        }
        self.occupations = {term.id: term for term in vocabularies.occupations.vocabulary.terms}

    def holds(self, code: str, evidence: Row, person: Row, course_id: str) -> bool:
        """Return whether what a reason says to a person of a training is so."""
        check: Callable[..., bool] = getattr(self, f"_{code}")
        return check(person, course_id, **evidence)

    # What many took

    @cached_property
    def taken(self) -> dict[str, list[tuple[dt.datetime, str]]]:
        """When each person who does not object took what first."""
        first: dict[str, dict[str, dt.datetime]] = defaultdict(dict)
        rows = self.events.filter(pl.col("kind").cast(pl.String).is_in(TAKING))
        for person, course, at in rows.select("participant_id", "course_id", "at").iter_rows():
            if person in self.people and not self.people[person]["profiling_opt_out"]:
                first[person].setdefault(course, at)
        return {
            person: sorted((at, course) for course, at in courses.items())
            for person, courses in first.items()
        }

    def _count(self, belongs: Callable[[Row], bool]) -> Counter[str]:
        return Counter(
            course
            for person, courses in self.taken.items()
            if belongs(self.people[person])
            for _, course in courses
        )

    @cached_property
    def everybody(self) -> Counter[str]:
        return self._count(lambda _: True)

    def _is_notable(self, here: Counter[str], course: str, people: int) -> bool:
        everybody, whole = self.everybody, sum(here.values())
        lift = (here[course] / whole) / (everybody[course] / sum(everybody.values()))
        often = here[course] >= whole / len(self.courses)
        return here[course] == people >= LEAST_PEOPLE and lift >= LEAST_LIFT - 1e-9 and often

    def _around(self, code: str | None) -> list[str]:
        found = []
        while code:
            found.append(code)
            code = self.regions[code]["parent_code"]
        return found

    @cached_property
    def _in_regions(self) -> dict[str, Counter[str]]:
        counted: dict[str, Counter[str]] = defaultdict(Counter)
        for person, courses in self.taken.items():
            for region in self._around(self.people[person]["region_code"]):
                counted[self.regions[region]["name"]].update(course for _, course in courses)
        return counted

    def _popular(self, _: Row, course: str, *, people: int) -> bool:
        mean = sum(self.everybody.values()) / len(self.courses)
        return self.everybody[course] == people >= LEAST_PEOPLE and people >= 2 * mean

    def _popular_here(self, person: Row, course: str, *, region: str, people: int) -> bool:
        around = [self.regions[code]["name"] for code in self._around(person["region_code"])]
        return region in around and self._is_notable(self._in_regions[region], course, people)

    def _chosen_by_age(self, person: Row, course: str, *, decade: int, people: int) -> bool:
        def born(one: Row) -> int:
            return (one["birth_year"] or 0) // 10 * 10

        here = self._keep(("decade", decade), lambda: self._count(lambda one: born(one) == decade))
        return born(person) == decade and self._is_notable(here, course, people)

    def _chosen_by_education(
        self, person: Row, course: str, *, education: str, people: int
    ) -> bool:
        return self._chosen_by(person, course, "education", education, people)

    def _chosen_by_employment(
        self, person: Row, course: str, *, employment: str, people: int
    ) -> bool:
        return self._chosen_by(person, course, "employment_status", employment, people)

    def _chosen_by(self, person: Row, course: str, field: str, value: str, people: int) -> bool:
        here = self._keep((field, value), lambda: self._count(lambda one: one[field] == value))
        return person[field] == value and self._is_notable(here, course, people)

    def _next_course(self, person: Row, course_id: str, *, course: str, people: int) -> bool:
        own = {one for _, one in self._history(person)}
        before = next(one for one in own if self.courses[one]["title"] == course)
        after = self._keep(("after", before), lambda: self._count_after(before))
        return before != course_id and self._is_notable(after, course_id, people)

    def _count_after(self, before: str) -> Counter[str]:
        after: Counter[str] = Counter()
        for courses in self.taken.values():
            place = next((n for n, (_, one) in enumerate(courses) if one == before), None)
            if place is not None:
                since = courses[place][0]
                after.update(one for at, one in courses[place + 1 : place + 11] if at > since)
        return after

    def _keep(self, key: Any, work_out: Callable[[], Any]) -> Any:
        """Return what is worked out once."""
        if key not in self._kept:
            self._kept[key] = work_out()
        return self._kept[key]

    def _history(self, person: Row) -> list[tuple[str, str]]:
        """Kind and training of what the person did."""
        return self._histories[person["participant_id"]]

    @cached_property
    def _histories(self) -> dict[str, list[tuple[str, str]]]:
        histories = defaultdict(list)
        columns = "participant_id", pl.col("kind").cast(pl.String), "course_id"
        for person, kind, course in self.events.select(columns).iter_rows():
            histories[person].append((kind, course))
        return histories

    def _builds_on(self, person: Row, course_id: str, *, course: str) -> bool:
        finished = {one for kind, one in self._history(person) if kind in ("complete", "rate")}
        needed = self.courses[course_id]["prerequisites"]
        return any(one in finished and self.courses[one]["title"] == course for one in needed)

    # What the person wrote

    def _written(self, person: Row) -> list[str]:
        values = (person[field] for field in WORDED)
        return [
            text
            for value in values
            if value is not None
            for text in ([value] if isinstance(value, str) else value)
        ]

    def is_like(self, phrase: str, course_id: str, closeness: str) -> bool:
        """Whether a training answers a phrase, read anew, as well as is said."""

        def answer() -> Any:
            said = [one.phrase for one in self._understand(phrase)]
            return self.engine.relevance.answer(said)

        answers = self._keep(("answer", phrase), answer)
        best = float(answers[:, self.engine.catalogue.index[course_id]].max(initial=0))
        return best >= (CLOSE_ANSWER if closeness == "close" else LEAST_ANSWER) - 1e-5

    def _understand(self, text: str) -> list[Said]:
        """What a text says that is wished or known."""
        return [one for one in self.engine.reader.understand([text])[text] if one.wanted]

    def read_meaning(self, person: Row) -> list[str]:
        """Phrases that the person's words were taken to mean."""
        return self._keep(("meant", person["participant_id"]), lambda: self._read(person))

    def _read(self, person: Row) -> list[str]:
        schema = {name: column.dtype for name, column in Participants.columns().items()}
        table = pl.DataFrame([person], schema=schema)
        prepared = self.engine.prepare(table, self.events.clear(), self.day)
        return [phrase.text for phrase in prepared.profile.phrases]

    def _matches_phrase(self, person: Row, course_id: str, *, closeness: str, phrase: str) -> bool:
        word = re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)")
        quoted = any(
            word.search(text) and not self._is_code(text) for text in self._written(person)
        )
        meant = [one for one in self.read_meaning(person) if phrase.casefold() in one.casefold()]
        named = (known[phrase] for known in (self.skills, self.occupations) if phrase in known)
        meant += [one.label(self.engine.reader.language) for one in named]
        return quoted and any(self.is_like(one, course_id, closeness) for one in meant)

    def _is_code(self, text: str) -> bool:
        """Whether a text is the id of a skill or an occupation and no word for it."""
        terms = [known[text] for known in (self.skills, self.occupations) if text in known]
        return bool(terms) and all(text not in map(str.casefold, one.names()) for one in terms)

    def _teaches_phrase(
        self, person: Row, course_id: str, *, closeness: str, phrase: str, skill: str
    ) -> bool:
        skills = self.engine.reader.vocabularies.skills.terms
        meant = {
            skills[number].id: one.phrase.text
            for text in self._written(person)
            for one in self._understand(text)
            for number in one.phrase.skills
            if phrase.casefold() == one.phrase.text.casefold()
        }
        return any(
            self.skills[one].label(self.language).casefold() == skill.casefold()
            and self.is_like(text, course_id, closeness)
            for one, text in meant.items()
            if one in self.taught[course_id]
        )

    def _matches_profile(self, person: Row, course_id: str, *, closeness: str, term: str) -> bool:
        chosen = [
            vocabulary[text]
            for text in self._written(person)
            for vocabulary in (self.skills, self.occupations)
            if text in vocabulary and self._is_code(text)
        ]
        return any(
            one.label(self.language) == term
            and self.is_like(one.label(self.engine.reader.language), course_id, closeness)
            for one in chosen
        )

    def _interest(self, person: Row, course_id: str, *, topic: str) -> bool:
        named = {text.casefold() for text in person["interests"]}
        return self.courses[course_id]["category"] == topic and topic.casefold() in named

    def _goal_skills(self, person: Row, course_id: str) -> tuple[str, set[str], set[str]]:
        """The goal's label, and the skills for it that the training teaches: all, and those that are lacking."""
        vocabularies = self.engine.reader.vocabularies
        wanted = self._understand(person["target_occupation"])
        number = next(one.phrase.occupations[0] for one in wanted if one.phrase.occupations)
        goal = vocabularies.occupations.vocabulary.terms[number]
        needs = vocabularies.occupations.needs[number].indices
        needed = {vocabularies.skills.terms[one].id for one in needs}
        held = {
            vocabularies.skills.terms[skill].id
            for text in person["skills"]
            for one in self._understand(text)
            if not one.lacking and not one.to_learn
            for skill in one.phrase.skills
        }
        taught = self.taught[course_id] & needed
        return goal.label(self.language), taught, taught - held

    def _closes_gap(self, person: Row, course_id: str, **told: Any) -> bool:
        return self._is_goal_named(person) and self._closes(person, course_id, **told)

    def _deepens_skills(self, person: Row, course_id: str, **told: Any) -> bool:
        return self._is_goal_named(person) and self._deepens(person, course_id, **told)

    def _closes(self, person: Row, course_id: str, *, occupation: str, skills: list[str]) -> bool:
        goal, _, lacking = self._goal_skills(person, course_id)
        same = goal.casefold() == occupation.casefold()
        return same and len(skills) > 0 and self._are_labels(skills, lacking)

    def _deepens(self, person: Row, course_id: str, *, occupation: str, skills: list[str]) -> bool:
        goal, taught, lacking = self._goal_skills(person, course_id)
        same = goal.casefold() == occupation.casefold()
        return same and not lacking and len(skills) > 0 and self._are_labels(skills, taught)

    def _closes_related_gap(self, person: Row, course_id: str, *, goal: str, **told: Any) -> bool:
        return self._is_related_goal(person, goal) and self._closes(person, course_id, **told)

    def _deepens_related_skills(
        self, person: Row, course_id: str, *, goal: str, **told: Any
    ) -> bool:
        return self._is_related_goal(person, goal) and self._deepens(person, course_id, **told)

    def _is_related_goal(self, person: Row, goal: str) -> bool:
        """Whether a goal is what the person wrote, and the occupation has another name."""
        return goal == person["target_occupation"] and not self._is_goal_named(person)

    def _is_goal_named(self, person: Row) -> bool:
        """Whether the person wrote a name of the occupation that was understood."""
        written = person["target_occupation"]
        goal = self._goal_skills(person, next(iter(self.courses)))[0]
        term = next(one for one in self.occupations.values() if one.label(self.language) == goal)
        names = (term.id, term.code or "", *term.names())
        return normalise(written) in {normalise(name) for name in names}

    def _are_labels(self, told: list[str], skills: set[str]) -> bool:
        """Whether all that is told are labels of the skills, in whatever case."""
        labels = {self.skills[one].label(self.language).casefold() for one in skills}
        return {one.casefold() for one in told} <= labels

    # Places

    def _open_places(self, course_id: str) -> list[str]:
        if not self.classes[course_id]:
            return [self.courses[course_id]["region_code"]]
        return [one["region_code"] for one in self._open_classes(course_id) if one["region_code"]]

    def _open_classes(self, course_id: str) -> list[Row]:
        return [
            one
            for one in self.classes[course_id]
            if one["starts_on"] > self.day and one["seats_left"] > 0
        ]

    def is_so(self, item: Row, person: Row) -> bool:
        """Whether the facts of an item are those of the tables, and its class the first of the nearest to enter."""
        row, waits = self.courses[item["course_id"]], item["waits_for"] == "training_unfinished"
        shown = ("title", "provider_id", "category", "mode", "level", "language", "price_idr")
        same = all(item[name] == row[name] for name in (*shown, "duration_hours"))
        dated, hours = item["next_class"], row["duration_hours"]
        if dated is None:
            same &= waits or not self._open_classes(item["course_id"])
            a_day = 3 if row["mode"] in ("webinar", "self_paced") else 8
            return (
                same
                and (item["weeks"] is None) == (hours is None)
                and (hours is None or (item["weeks"] - 1) * 7 * a_day < hours)
            )
        found = [
            one
            for one in self._open_classes(item["course_id"])
            if (one["starts_on"], one["ends_on"]) == (dated["starts_on"], dated["ends_on"])
            and one["seats_left"] == dated["seats_left"]
            and (
                dated["region"] is None
                or self.regions[one["region_code"]]["name"] == dated["region"]
            )
        ]
        length = (dated["ends_on"] - dated["starts_on"]).days + 1
        same &= (
            bool(found) and item["weeks"] == -(-length // 7) and item["region"] == dated["region"]
        )
        same &= self.day <= dated["register_until"] < dated["starts_on"]
        return same and (waits or self._is_next(found[0], person))

    def _is_next(self, taken: Row, person: Row) -> bool:
        """Whether no other class of the training is nearer, or as near and sooner."""
        online = self.courses[taken["course_id"]]["mode"] in ("webinar", "self_paced")
        home = person["region_code"]

        def order(one: Row) -> tuple[float, dt.date]:
            far = 0.0 if online or home is None else self._measure_km(home, one["region_code"])
            return round(far), one["starts_on"]

        return all(order(taken) <= order(one) for one in self._open_classes(taken["course_id"]))

    def _own_region(self, person: Row, course_id: str, *, region: str) -> bool:
        places = [self.regions[code]["name"] for code in self._open_places(course_id)]
        return region in places and self.regions[person["region_code"]]["name"] == region

    def _near(self, person: Row, course_id: str, *, region: str, km: int) -> bool:
        places = self._open_places(course_id)
        there = [code for code in places if self.regions[code]["name"] == region]
        home = person["region_code"]
        away = [self._measure_km(home, code) for code in there]
        return home not in places and any(abs(one - km) <= 1 for one in away)

    def _measure_km(self, start: str, end: str) -> float:
        if (road := self.roads.get(frozenset((start, end)))) is not None:
            return road
        (lat, lon), (lat2, lon2) = (
            (radians(float(one["latitude"])), radians(float(one["longitude"])))
            for one in (self.regions[start], self.regions[end])
        )
        half = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lon2 - lon) / 2) ** 2
        return 2 * 6371.0088 * asin(sqrt(half))

    # What came of it

    def _leads_to_work(self, _: Row, course_id: str, *, placed: int, graduates: int) -> bool:
        row = self.courses[course_id]
        return (
            graduates == row["placement_count"] >= LEAST_PEOPLE
            and abs(placed - graduates * row["placement_rate"]) <= 0.5
            and placed >= graduates / 2
        )

    def _finished(self, _: Row, course_id: str, *, finished: int, takers: int) -> bool:
        return (
            self._keep(("finished", course_id), lambda: self._count_finished(course_id))
            == (
                takers,
                finished,
            )
            and takers >= LEAST_PEOPLE
        )

    def _count_finished(self, course_id: str) -> tuple[int, int]:
        row = self.courses[course_id]
        if row["completion_count"] is not None:  # as the catalogue states it
            return row["completion_count"], round(row["completion_count"] * row["completion_rate"])
        last = self.events["at"].max() - dt.timedelta(days=30)
        took: dict[str, dt.datetime] = {}
        good = set()
        of_course = self.events.filter(pl.col("course_id") == course_id)
        for person, kind, at in of_course.select(
            "participant_id", pl.col("kind").cast(pl.String), "at"
        ).iter_rows():
            if kind in ("purchase", "start"):
                took.setdefault(person, at)
            elif kind in ("complete", "rate"):
                good.add(person)
        counted = {person for person, at in took.items() if at <= last}
        return len(counted), len(counted & good)

    def _well_rated(self, _: Row, course_id: str, *, stars: float, people: int) -> bool:
        row = self.courses[course_id]
        rated = [one for one in self.courses.values() if one["rating_count"]]
        mean = np.average(
            [one["rating_mean"] for one in rated], weights=[one["rating_count"] for one in rated]
        )
        return (
            people == row["rating_count"] >= LEAST_PEOPLE
            and stars == round(row["rating_mean"], 1)
            and row["rating_mean"] > mean
        )

    # Openings

    def _vacancies_as(
        self, person: Row, course_id: str, *, openings: int, region: str, occupation: str
    ) -> bool:
        goal, taught, _ = self._goal_skills(person, course_id)

        def asks(row: Row) -> bool:
            label = self.occupations[row["occupation"]].label(self.language)
            return label.casefold() == occupation.casefold()

        counted = self._count_openings(person, region, asks)
        return (
            bool(taught) and goal.casefold() == occupation.casefold() and counted == openings >= 2
        )

    def _vacancies(
        self, person: Row, course_id: str, *, openings: int, region: str, skill: str
    ) -> bool:
        asked = {
            one for one in self.taught[course_id] if self._skill_label(one) == skill.casefold()
        }
        vocabularies = self.engine.reader.vocabularies

        def asks(row: Row) -> bool:
            number = vocabularies.occupations.vocabulary.find(row["occupation"])
            needs = vocabularies.occupations.needs[number].indices
            needed = {vocabularies.skills.terms[one].id for one in needs} | set(row["skills"])
            return bool(asked & needed)

        return bool(asked) and self._count_openings(person, region, asks) == openings >= 2

    def _skill_label(self, skill: str) -> str:
        number = self.engine.reader.vocabularies.skills.find(skill)
        return self.engine.reader.vocabularies.skills.terms[number].label(self.language).casefold()

    def _count_openings(self, person: Row, region: str, asks: Callable[[Row], bool]) -> int:
        """Openings in the region of that name around the person."""
        around = self._around(person["region_code"])
        here = next(code for code in around if self.regions[code]["name"] == region)
        return sum(
            row["openings"]
            for row in self.vacancies
            if here in self._around(row["region_code"]) and asks(row)
        )
