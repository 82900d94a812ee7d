"""Simulated people as arrays: who they are, and what they want, which no table shows in full."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES
from training_data.simulation import figures
from training_data.simulation.streams import Stream, draw_categories, uniforms
from training_data.simulation.tastes import AGES, age_band, age_shares
from training_data.simulation.world import DAY, World

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
WISHES = 2


@dataclass(frozen=True)
class People:
    """Persons ``first`` to ``first + B`` of a population; -1 stands for none.

    Attributes
    ----------
    home : ndarray of int, shape (B,)
        Row in ``World.homes``.
    education, employment : ndarray of int, shape (B,)
        Places in the enumerations of the contract.
    occupation, target : ndarray of int, shape (B,)
        Occupations now or last held, and wished for.
    knows : ndarray of int, shape (B, K)
        Skills they have, whether or not they name them.
    wishes : ndarray of int, shape (B, 2)
        Skills they would like to learn.
    main_topic, second_topic : ndarray of int, shape (B,)
    admitted : ndarray of int, shape (B,)
        Seconds since 1970.
    taste : ndarray of float64, shape (B, T)
        Probability of each topic for the first purchase.
    """

    first: int
    home: Integers
    female: Booleans
    rural: Booleans
    disability: Booleans
    never_trained: Booleans
    opt_out: Booleans
    age: Integers
    education: Integers
    employment: Integers
    occupation: Integers
    target: Integers
    knows: Integers
    wishes: Integers
    main_topic: Integers
    second_topic: Integers
    admitted: Integers
    taste: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.home)


def simulate_people(world: World, first: int, count: int) -> People:
    """Draw persons ``first`` to ``first + count``; each depends on world and number only."""
    numbers = uniforms(world.seed, Stream.PEOPLE, first, count, 32)
    columns = iter(numbers.T)

    def chance(share: float | NDArray[np.float64]) -> Booleans:
        return np.asarray(next(columns) < share)

    home = draw_categories(world.homes.share, next(columns))
    female = chance(figures.FEMALE)
    rural = chance(world.homes.rural[home])
    age = AGES[draw_categories(age_shares(), next(columns))]
    employment = draw_categories(_shares(figures.EMPLOYMENT, EMPLOYMENT_STATUSES), next(columns))

    group = (world.homes.province[home], female.astype(int), rural.astype(int), age_band(age))
    wanted = world.topic_taste[group]
    main_topic = draw_categories(wanted, next(columns))
    second_topic = draw_categories(wanted, next(columns))
    topics = np.eye(len(world.topics))
    taste = (
        figures.MAIN_TOPIC * topics[main_topic]
        + figures.SECOND_TOPIC * topics[second_topic]
        + figures.ANY_TOPIC * wanted
    )

    had_one = chance(_by_status(figures.HAS_OCCUPATION)[employment])
    past_topic = draw_categories(taste, next(columns))
    past = _member(world.occupation_topic, past_topic, next(columns))
    occupation = np.where(had_one, past, -1)
    stays = chance(figures.TARGET_IS_OCCUPATION) & had_one
    goal = np.where(stays, past, _member(world.occupation_topic, main_topic, next(columns)))
    target = np.where(chance(figures.HAS_TARGET), goal, -1)

    wave, hour = next(columns), next(columns)
    wishes = np.column_stack(
        [_member(world.skill_topic, topic, next(columns)) for topic in (main_topic, second_topic)]
    )
    return People(
        first=first,
        home=home,
        female=female,
        rural=rural,
        disability=chance(figures.DISABILITY),
        never_trained=chance(figures.NEVER_TRAINED),
        opt_out=chance(figures.PROFILING_OPT_OUT),
        age=age,
        education=draw_categories(_shares(figures.EDUCATION, EDUCATIONS), next(columns)),
        employment=employment,
        occupation=occupation,
        target=target,
        knows=_choose_known_skills(world, past, had_one, np.column_stack(list(columns))),
        wishes=wishes,
        main_topic=main_topic,
        second_topic=second_topic,
        admitted=_draw_admission(world, wave, hour),
        taste=taste,
    )


def _choose_known_skills(
    world: World, occupation: Integers, had_one: Booleans, uniform: NDArray[np.float64]
) -> Integers:
    """Choose some of what the occupation needs; who never had one learnt some of it at home."""
    needed = _table_needed_skills(world, uniform.shape[1])[occupation]
    share = np.where(had_one, figures.KNOWS_NEEDED_SKILL, figures.KNOWS_FROM_HOME)
    return np.where(uniform[:, : needed.shape[1]] < share[:, None], needed, -1)


def _table_needed_skills(world: World, most: int) -> Integers:
    """Return the skills of each occupation, shape (O, K), padded with -1."""
    needs = world.occupations.needs
    counts = np.diff(needs.indptr)
    if counts.max() > most:
        raise ValueError(f"an occupation needs {counts.max()} skills; the simulator takes {most}")
    table = np.full((len(counts), counts.max()), -1)
    table[np.arange(counts.max()) < counts[:, None]] = needs.indices
    return table


def _draw_admission(world: World, wave: NDArray[np.float64], hour: NDArray[np.float64]) -> Integers:
    """Return when people were admitted: in a wave, in the half day after it opened."""
    ago = figures.WAVES - np.floor(wave * figures.WAVES)
    opened = world.midnight - ago * (figures.MONTHS * 30.4 * DAY / figures.WAVES)
    return np.asarray((opened + hour * 0.5 * DAY).astype(np.int64))


def _member(topic_of: Integers, topic: Integers, uniform: NDArray[np.float64]) -> Integers:
    """Return a random one of the entries whose topic is asked for."""
    order = np.argsort(topic_of, kind="stable")
    size = np.bincount(topic_of)
    start = np.cumsum(size) - size
    return np.asarray(order[start[topic] + (uniform * size[topic]).astype(np.int64)])


def _shares(by_name: dict[str, float], names: tuple[str, ...]) -> NDArray[np.float64]:
    return np.array([by_name.get(name, 0.0) for name in names])


def _by_status(by_name: dict[str, float]) -> NDArray[np.float64]:
    return _shares(by_name, EMPLOYMENT_STATUSES)
