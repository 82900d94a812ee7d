"""The world that simulated people choose in: trainings, homes, occupations and rules as arrays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from training_data.columns import LEVELS, MODES
from training_data.demo import demo_courses, demo_places
from training_data.frames import codes_of, indicator
from training_data.programme import load_programme
from training_data.regions import RegionTable
from training_data.rules import ReachRule, RulesInForce
from training_data.simulation import figures
from training_data.simulation.streams import Stream
from training_data.vocabulary import Occupations, Vocabulary, load_occupations, load_skills

PROGRAMME: Final = "prakerja-2024"
REGION_PACK: Final = "indonesia"

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Homes:
    """Where people live: the kabupaten/kota, R of them.

    Attributes
    ----------
    codes : Series of String
    share : ndarray of float64
        Of the programme's beneficiaries.
    rural : ndarray of float64
        Share of the people there who live in a village.
    province : ndarray of int32
        From 0 without gaps.
    """

    codes: pl.Series
    share: NDArray[np.float64]
    rural: NDArray[np.float64]
    province: NDArray[np.int32]


@dataclass(frozen=True)
class World:
    """Everything fixed before the first person is drawn. N trainings, sorted by topic; T topics.

    Attributes
    ----------
    day : date
        All events come before it.
    grant : int
        What everybody may spend, in the programme's currency.
    reach : ReachRule
    courses : DataFrame, N rows
    topics : tuple of str
        In alphabetical order; ``topic_starts`` is the first training of each.
    topic, level, mode : ndarray of int, shape (N,)
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
    reach: ReachRule
    courses: pl.DataFrame
    topics: tuple[str, ...]
    topic_starts: NDArray[np.int64]
    topic: NDArray[np.int64]
    level: NDArray[np.int32]
    mode: NDArray[np.int32]
    price: NDArray[np.int64]
    hours: NDArray[np.float64]
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


def build_world(day: dt.date, seed: int = 0) -> World:
    """Build the world of a seed as it is on ``day``.

    Raises
    ------
    ValueError
        If the programme has no balance or no reach on that day.
    """
    rules = load_programme(PROGRAMME).in_force(day)
    if rules.grant is None or rules.reach is None:
        raise ValueError(
            f"{PROGRAMME} has no grant or no reach on {day}; take a day in 2024 or later"
        )
    generator = np.random.default_rng([seed, Stream.WORLD])
    courses = demo_courses(seed).sort("category", "course_id")
    ids = courses["course_id"].to_list()
    topics = tuple(courses["category"].unique().sort())
    topic = codes_of(courses["category"], topics).astype(np.int64)
    level = codes_of(courses["level"], LEVELS)
    skills = load_skills()
    occupations = load_occupations(skills)
    skill_topic = np.array([topics.index(term.topic or "") for term in skills.terms])
    teaches = indicator(courses["skills"], skills.find, len(skills))
    needs = np.asarray(indicator(courses["prerequisites"], ids.index, len(ids)).todense() > 0)
    homes, regions = _homes()
    province_taste = generator.normal(0, 1, (homes.province.max() + 1, len(ids)))
    return World(
        seed=seed,
        day=day,
        grant=rules.grant.amount,
        reach=rules.reach,
        courses=courses,
        topics=topics,
        topic_starts=np.searchsorted(topic, np.arange(len(topics))),
        topic=topic,
        level=level,
        mode=codes_of(courses["mode"], MODES),
        price=courses["price_idr"].to_numpy(),
        hours=courses["duration_hours"].to_numpy(),
        paid_for=_paid_for(courses, rules),
        teaches=teaches,
        needs=needs,
        follow_up=_follow_up(teaches, needs, level),
        homes=homes,
        way_km=_way_km(homes, regions, ids, rules.reach.sea_crossing_km),
        skills=skills,
        skill_topic=skill_topic,
        occupations=occupations,
        occupation_topic=_main_topic(occupations.needs, skill_topic, len(topics)),
        target_fit=_cosine(occupations.needs, teaches),
        popularity=(generator.normal(0, figures.POPULARITY_DEVIATION, len(ids)).astype(np.float32)),
        province_taste=(figures.PROVINCE_TASTE_DEVIATION * province_taste).astype(np.float32),
        topic_taste=_topic_taste(homes, topics, generator),
    )


def _paid_for(courses: pl.DataFrame, rules: RulesInForce) -> NDArray[np.bool_]:
    shortest = rules.duration.minimum_hours if rules.duration else 0.0
    modes = rules.modes.allowed if rules.modes else MODES
    paid = (courses["duration_hours"] >= shortest) & courses["mode"].cast(pl.String).is_in(modes)
    return paid.to_numpy()


def _homes() -> tuple[Homes, RegionTable]:
    regions = RegionTable.load(REGION_PACK)
    lowest = regions.level == len(regions.levels) - 1
    frame = regions.frame.filter(pl.Series(lowest))
    share = frame["beneficiaries"].to_numpy() / frame["beneficiaries"].sum()
    kota = (frame["kind"] == "kota").to_numpy()
    in_kota = share[kota].sum()
    in_kabupaten = (figures.RURAL - figures.RURAL_IN_KOTA * in_kota) / (1 - in_kota)
    _, province = np.unique(regions.parents[lowest], return_inverse=True)
    homes = Homes(
        codes=frame["code"],
        share=share,
        rural=np.where(kota, figures.RURAL_IN_KOTA, in_kabupaten),
        province=province.astype(np.int32),
    )
    return homes, regions


def _way_km(homes: Homes, regions: RegionTable, ids: list[str], sea_crossing_km: float) -> Floats:
    places = demo_places()
    home = regions.ids(homes.codes)[:, None]
    place = regions.ids(places["region_code"])[None, :]
    way = regions.distance_km(home, place)
    on_home, on_place = regions.landmass[home], regions.landmass[place]
    overseas = (on_home != on_place) & (on_home >= 0) & (on_place >= 0)
    way = np.where(home == place, 0.0, way + sea_crossing_km * overseas)
    found = np.zeros((len(homes.codes), len(ids)), dtype=np.float32)
    course = codes_of(places["course_id"], ids)
    for number in np.unique(course):
        found[:, number] = way[:, course == number].min(axis=1)
    return found


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


def _topic_taste(
    homes: Homes, topics: tuple[str, ...], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Tilt the shares by group, then rake them until the population's mean is the published one."""
    published = np.array([figures.TOPIC_SHARES[topic] for topic in topics])
    tilt = {
        group: np.array([factors.get(topic, 1.0) for topic in topics])
        for group, factors in figures.TOPIC_TILT.items()
    }
    provinces = int(homes.province.max()) + 1
    regional = np.exp(
        generator.normal(0, figures.REGIONAL_TOPIC_DEVIATION, (provinces, len(topics)))
    )
    female = np.stack([np.ones(len(topics)), tilt["female"]])
    rural = np.stack([np.ones(len(topics)), tilt["rural"]])
    band = np.stack([tilt["young"], tilt["middle"], tilt["old"]])
    wish = (
        published
        * regional[:, None, None, None]
        * female[None, :, None, None]
        * rural[None, None, :, None]
        * band[None, None, None, :]
    )
    weight = _group_shares(homes, provinces)
    for _ in range(30):
        wish /= wish.sum(axis=-1, keepdims=True)
        wish *= published / (weight[..., None] * wish).sum(axis=(0, 1, 2, 3))
    return np.asarray(wish / wish.sum(axis=-1, keepdims=True))


def _group_shares(homes: Homes, provinces: int) -> NDArray[np.float64]:
    """Share of the population by province, female, rural and age band."""
    rural = np.bincount(homes.province, homes.share * homes.rural, provinces)
    urban = np.bincount(homes.province, homes.share * (1 - homes.rural), provinces)
    place = np.stack([urban, rural], axis=1)
    sex = np.array([1 - figures.FEMALE, figures.FEMALE])
    band = np.bincount(age_band(AGES), age_shares(), 3)
    share = place[:, None, :, None] * sex[None, :, None, None] * band[None, None, None, :]
    return np.asarray(share)


AGES: Final = np.arange(figures.YOUNGEST, figures.OLDEST + 1)


def age_shares() -> NDArray[np.float64]:
    """Share of each of ``AGES``: the younger, the more."""
    weight = np.exp(-(AGES - figures.YOUNGEST) / figures.AGE_DECAY_YEARS)
    return np.asarray(weight / weight.sum())


def age_band(age: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0 for young, 1 for middle, 2 for old."""
    return np.searchsorted(figures.AGE_BANDS, age, side="right")
