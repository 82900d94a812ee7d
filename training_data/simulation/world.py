"""The world that simulated people choose in: trainings, homes, occupations and rules as arrays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from training_data.arrays import build_indicator, encode_strings
from training_data.columns import LEVELS, MODES
from training_data.demo import HOURS_A_DAY, demo_courses
from training_data.occupations.occupations import Occupations, load_occupations
from training_data.programmes.programme import load_programme
from training_data.programmes.rules import ReachRule, RulesInForce
from training_data.simulation import figures
from training_data.simulation.homes import Homes, read_homes, way_km
from training_data.simulation.streams import Stream
from training_data.simulation.tastes import topic_taste
from training_data.skills.loading import load_skills
from training_data.skills.vocabulary import Vocabulary

PROGRAMME: Final = "prakerja-2024"

DAY: Final = 86_400  # seconds

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class World:
    """Everything fixed before the first person is drawn. N trainings, sorted by topic; T topics.

    Attributes
    ----------
    day : date
        All events come before it.
    grant : int
        What everybody may spend, in the programme's currency.
    first_purchase_days : int
        Within which the first training is bought.
    next_purchase_days : int
        Within which the next one is bought after one is finished.
    reach : ReachRule
    courses : DataFrame, N rows
    topics : tuple of str
        In alphabetical order; ``topic_starts`` is the first training of each.
    topic, level, mode : ndarray of int, shape (N,)
    days : ndarray of float64, shape (N,)
        Fewest days that each training takes.
    paid_for : ndarray of bool, shape (N,)
        Long enough, and of a mode that the programme pays.
    teaches : csr_matrix, shape (N, S)
        Skills of each training.
    needs : ndarray of bool, shape (N, N)
        ``needs[i, j]``: j must be finished before i is bought.
    follow_up : ndarray of float32, shape (N, N)
        ``follow_up[j, i]``: how far i builds on j, from 0 to 1.
    target_fit : ndarray of float32, shape (O, N)
        Cosine between what each occupation asks and each training teaches.
    occupation_topic : ndarray of int, shape (O,)
    way_km : ndarray of float32, shape (R, N)
        From each home region to the nearest place of each training, 0 where nobody travels.
    popularity : ndarray of float32, shape (N,)
    province_taste : ndarray of float32, shape (provinces, N)
    topic_taste : ndarray of float64, shape (provinces, 2, 2, 3, T)
        Share of each topic by province, female, rural and age band; its mean is the published one.
    """

    seed: int
    day: dt.date
    grant: int
    first_purchase_days: int
    next_purchase_days: int
    reach: ReachRule
    courses: pl.DataFrame
    topics: tuple[str, ...]
    topic_starts: NDArray[np.int64]
    topic: NDArray[np.int64]
    level: NDArray[np.int32]
    mode: NDArray[np.int32]
    price: NDArray[np.int64]
    hours: NDArray[np.float64]
    days: NDArray[np.float64]
    paid_for: NDArray[np.bool_]
    teaches: sp.csr_matrix
    needs: NDArray[np.bool_]
    follow_up: Floats
    homes: Homes
    way_km: Floats
    skills: Vocabulary
    skill_topic: NDArray[np.int64]
    occupations: Occupations
    occupation_topic: NDArray[np.int64]
    target_fit: Floats
    popularity: Floats
    province_taste: Floats
    topic_taste: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.topic)

    @property
    def midnight(self) -> int:
        """Seconds since 1970 at which the day begins (UTC)."""
        return (self.day - dt.date(1970, 1, 1)).days * DAY


def build_world(day: dt.date, seed: int = 0) -> World:
    """Build the world of a seed as it is on ``day``.

    Raises
    ------
    ValueError
        If no rules hold on that day, or one that the simulator needs is missing.
    """
    rules = load_programme(PROGRAMME).in_force(day)
    if (
        rules.grant is None
        or rules.reach is None
        or rules.first_purchase is None
        or rules.next_purchase is None
    ):
        raise ValueError(f"{PROGRAMME} lacks a rule that the simulator needs on {day}")
    generator = np.random.default_rng([seed, Stream.WORLD])
    courses = demo_courses(seed).sort("category", "course_id")
    ids = courses["course_id"].to_list()
    topics = tuple(courses["category"].unique().sort())
    topic = encode_strings(courses["category"], topics).astype(np.int64)
    level = encode_strings(courses["level"], LEVELS)
    skills = load_skills()
    occupations = load_occupations(skills)
    skill_topic = np.array([topics.index(term.topic or "") for term in skills.terms])
    teaches = build_indicator(courses["skills"], skills.find, len(skills))
    needs = np.asarray(build_indicator(courses["prerequisites"], ids.index, len(ids)).todense() > 0)
    homes, regions = read_homes()
    province_taste = generator.normal(0, 1, (homes.province.max() + 1, len(ids)))
    return World(
        seed=seed,
        day=day,
        grant=rules.grant.amount,
        first_purchase_days=rules.first_purchase.within_days,
        next_purchase_days=rules.next_purchase.within_days,
        reach=rules.reach,
        courses=courses,
        topics=topics,
        topic_starts=np.searchsorted(topic, np.arange(len(topics))),
        topic=topic,
        level=level,
        mode=encode_strings(courses["mode"], MODES),
        price=courses["price_idr"].to_numpy(),
        hours=courses["duration_hours"].to_numpy(),
        days=(courses["duration_hours"] / _pace(courses)).to_numpy(),
        paid_for=_paid_for(courses, rules),
        teaches=teaches,
        needs=needs,
        follow_up=_follow_up(teaches, needs, level),
        homes=homes,
        way_km=way_km(homes, regions, ids, rules.reach),
        skills=skills,
        skill_topic=skill_topic,
        occupations=occupations,
        occupation_topic=_main_topic(occupations.needs, skill_topic, len(topics)),
        target_fit=_cosine(occupations.needs, teaches),
        popularity=(generator.normal(0, figures.POPULARITY_DEVIATION, len(ids)).astype(np.float32)),
        province_taste=(figures.PROVINCE_TASTE_DEVIATION * province_taste).astype(np.float32),
        topic_taste=topic_taste(homes, topics, generator),
    )


def _pace(courses: pl.DataFrame) -> pl.Series:
    """Most hours a day."""
    return courses["mode"].cast(pl.String).replace_strict(HOURS_A_DAY)


def _paid_for(courses: pl.DataFrame, rules: RulesInForce) -> NDArray[np.bool_]:
    shortest = rules.duration.minimum_hours if rules.duration else 0.0
    modes = rules.modes.allowed if rules.modes else MODES
    paid = (courses["duration_hours"] >= shortest) & courses["mode"].cast(pl.String).is_in(modes)
    return paid.to_numpy()


def _cosine(a: sp.csr_matrix, b: sp.csr_matrix) -> Floats:
    product = np.asarray((a @ b.T).todense())
    norms = np.sqrt(np.outer(a.power(2).sum(axis=1), b.power(2).sum(axis=1)))
    cosine = np.zeros(product.shape, dtype=np.float32)
    np.divide(product, norms, out=cosine, where=norms > 0, casting="same_kind")
    return cosine


def _follow_up(
    teaches: sp.csr_matrix, needs: NDArray[np.bool_], level: NDArray[np.int32]
) -> Floats:
    """Full where one needs the other, else by shared skills where the level is not lower."""
    shared = _cosine(teaches, teaches) * (level[:, None] <= level[None, :])
    np.fill_diagonal(shared, 0.0)
    return np.maximum(shared, needs.T).astype(np.float32)


def _main_topic(
    needs: sp.csr_matrix, skill_topic: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    weight = needs @ np.eye(count)[skill_topic]
    return np.asarray(weight.argmax(axis=1))
