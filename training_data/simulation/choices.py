"""What people choose, one training after the other, under the programme's rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training_data.arrays import build_ones
from training_data.columns import EDUCATIONS
from training_data.simulation import figures
from training_data.simulation.lists import Lists, show_lists
from training_data.simulation.people import People
from training_data.simulation.streams import Stream, exponentials, uniforms
from training_data.simulation.world import DAY, World

BROWSING_SECONDS: Final = 1200  # from the list to the purchase
Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Visit:
    """The n-th purchase of those who came for it; times in seconds since 1970.

    Attributes
    ----------
    number : int
        From 0.
    person : ndarray of int, shape (V,)
        Row among the people.
    course : ndarray of int, shape (V,)
    bought, started, finished, rated : ndarray of int, shape (V,)
        ``finished`` and ``rated`` mean something where ``completes`` is True.
    completes : ndarray of bool, shape (V,)
    stars : ndarray of int, shape (V,)
    shown : ndarray of int, shape (L,)
        Rows among the V visits that saw a logged list.
    lists : Lists
    """

    number: int
    person: Integers
    course: Integers
    bought: Integers
    started: Integers
    finished: Integers
    rated: Integers
    completes: Booleans
    stars: Integers
    shown: Integers
    lists: Lists


def simulate_visits(world: World, people: People) -> Iterator[Visit]:
    """Yield the first purchases of all who make one, then the second ones, and so on."""
    coming = uniforms(world.seed, Stream.ADMISSION, people.first, len(people), 4)
    comes = np.flatnonzero(coming[:, 0] < figures.EVER_BUYS)
    first_days = coming[:, 1] * world.first_purchase_days
    next_at = people.admitted + (first_days * DAY).astype(np.int64)
    pull = _pull(world, people)
    open_to = _within_reach(world, people) & world.paid_for
    balance = np.full(len(people), world.grant)
    finished = np.zeros((len(people), len(world)), dtype=np.bool_)
    last = np.full(len(people), -1)
    for number in range(figures.MAX_PURCHASES):
        comes = comes[next_at[comes] < world.midnight]
        permitted = open_to[comes] & (world.price <= balance[comes, None]) & ~finished[comes]
        permitted &= _find_prepared(world, finished[comes])
        comes, permitted = comes[permitted.any(axis=1)], permitted[permitted.any(axis=1)]
        if not len(comes):
            return
        visit = _visit(world, people, number, comes, next_at[comes], permitted, pull, last[comes])
        yield visit
        balance[comes] -= world.price[visit.course]
        finished[comes, visit.course] = True
        last[comes] = visit.course
        again = uniforms(world.seed, Stream.ADMISSION, people.first, len(people), 4, number + 1)
        next_at[comes] = visit.rated + _draw_pause(world, again[comes, 0])
        comes = comes[visit.completes & (again[comes, 1] < figures.BUYS_AGAIN)]


def _draw_pause(world: World, uniform: NDArray[np.float64]) -> Integers:
    """Draw the seconds from a rating to the next purchase: exponential, and within the days of the rule."""
    longest = world.next_purchase_days - figures.RATING_DAYS - 1
    within = -np.expm1(-longest / figures.PAUSE_DAYS)
    pause = -np.log1p(-uniform * within) * figures.PAUSE_DAYS * DAY
    seconds: NDArray[np.int64] = BROWSING_SECONDS + 60 + pause.astype(np.int64)
    return seconds


def _visit(
    world: World,
    people: People,
    number: int,
    person: Integers,
    at: Integers,
    permitted: Booleans,
    pull: Floats,
    last: Integers,
) -> Visit:
    taste, odds = _odds(world, people.taste[person], pull[person], permitted, last)
    luck = uniforms(world.seed, Stream.COURSE_OF_EVENTS, people.first, len(people), 8, number)
    luck = luck[person]
    shown = np.flatnonzero(luck[:, 0] < figures.LOGGED_SHARE)
    lists = _lists(world, people, number, person[shown], taste[shown], odds[shown])
    row, place = np.nonzero(lists.clicked)
    odds[shown[row], lists.course[row, place]] *= np.exp(np.float32(figures.CLICK_PULL))
    noise = exponentials(world.seed, Stream.CHOICE, people.first, len(people), len(world), number)
    arrival = np.full(odds.shape, np.inf, dtype=np.float32)
    np.divide(noise[person], odds, out=arrival, where=odds > 0)
    course = arrival.argmin(axis=1)

    fit = _fit(world, people.target[person], course)
    started = at + 3600 + (luck[:, 1] * 5 * DAY).astype(np.int64)
    finished = started + (world.days[course] * (1 + 1.5 * luck[:, 2]) * DAY).astype(np.int64)
    return Visit(
        number=number,
        person=person,
        course=course,
        bought=at,
        started=started,
        finished=finished,
        rated=finished + 60 + (luck[:, 3] ** 3 * figures.RATING_DAYS * DAY).astype(np.int64),
        completes=luck[:, 4] < completion_chance(world, people.target[person], course),
        stars=_stars(luck[:, 5], fit),
        shown=shown,
        lists=lists,
    )


def completion_chance(world: World, target: Integers, course: Integers) -> NDArray[np.float64]:
    """Return the chance that people who take trainings finish them, pair by pair.

    Parameters
    ----------
    target : ndarray of int
        Row of the occupation wished for; -1 for none.
    course : ndarray of int, of the same shape
    """
    logit = (
        figures.COMPLETION_LOGIT
        + figures.COMPLETION_PER_HOUR * (world.hours[course] - 20)
        + np.asarray(figures.COMPLETION_BY_LEVEL)[world.level[course]]
        + _fit(world, target, course)
    )
    chance: NDArray[np.float64] = 1 / (1 + np.exp(-logit))
    return chance


def _fit(world: World, target: Integers, course: Integers) -> Floats:
    fit: Floats = world.target_fit[target, course] * (target >= 0)
    return fit


def _odds(
    world: World, taste: NDArray[np.float64], pull: Floats, permitted: Booleans, last: Integers
) -> tuple[Floats, Floats]:
    """Return the topic taste (V, N) and the odds of each choice (V, N), 0 where not permitted.

    A nested logit: topics are chosen by taste, trainings within a topic by what pulls. So the
    topic shares follow the taste however many trainings a topic has.
    """
    after = last >= 0
    stays = figures.STAY_IN_TOPIC * after[:, None]
    taste = (1 - stays) * taste + stays * np.eye(len(world.topics))[world.topic[last]]
    wide = taste.astype(np.float32)[:, world.topic]
    follows = np.where(after[:, None], world.follow_up[last], np.float32(0))
    odds = np.exp(pull + np.float32(figures.FOLLOW_UP_PULL) * follows) * permitted
    total = np.add.reduceat(odds, world.topic_starts, axis=1)[:, world.topic]
    np.divide(odds * wide, total, out=odds, where=total > 0)
    return wide, odds


def _lists(
    world: World, people: People, number: int, person: Integers, taste: Floats, odds: Floats
) -> Lists:
    count, width = len(people), len(world)
    noise = exponentials(world.seed, Stream.LIST, people.first, count, width, number)[person]
    click = uniforms(world.seed, Stream.CLICK, people.first, count, figures.LIST_LENGTH, number)
    favour = np.exp(np.float32(figures.LOGGING_POPULARITY) * world.popularity)
    logging = favour * taste ** np.float32(figures.LOGGING_TASTE) * (odds > 0)
    return show_lists(logging, odds, noise, click[person])


def _pull(world: World, people: People) -> Floats:
    """Return what draws people to the trainings of a topic, the last one taken aside, (B, N)."""
    rows = np.arange(len(people))

    def taught(skills: Integers) -> Floats:
        where = np.repeat(rows, skills.shape[1]), skills.ravel()
        wanted = build_ones(*where, (len(people), len(world.skills)))
        return np.asarray((wanted @ world.teaches.T).toarray())

    schooling = people.education - EDUCATIONS.index("upper_secondary") - people.never_trained
    level = world.level - 0.5
    beginner_pull = -figures.LEVEL_PULL * level
    pull = world.province_taste[world.homes.province[people.home]] + world.popularity
    pull += np.float32(figures.TARGET_PULL) * np.where(
        (people.target >= 0)[:, None], world.target_fit[people.target], np.float32(0)
    )
    pull += np.float32(figures.WISH_PULL) * np.minimum(taught(people.wishes), 1)
    many = np.asarray(world.teaches.sum(axis=1), dtype=np.float32).ravel()
    pull -= np.float32(figures.KNOWN_PUSH) * taught(people.knows) / many
    pull += np.outer(1 - 0.5 * schooling, beginner_pull).astype(np.float32)
    pull -= (figures.PRICE_PUSH_PER_MILLION * world.price / 1e6).astype(np.float32)
    pull += np.asarray(figures.MODE_PULL, dtype=np.float32)[world.mode]
    pull -= np.float32(figures.WAY_PUSH_PER_KM) * world.way_km[people.home]
    return pull.astype(np.float32)


def _within_reach(world: World, people: People) -> Booleans:
    """Return where each training is near enough for each person, shape (B, N)."""
    radius = np.where(people.rural, world.reach.rural_km, world.reach.urban_km)
    return np.asarray(world.way_km[people.home] <= radius[:, None])


def _find_prepared(world: World, finished: Booleans) -> Booleans:
    """Return where all that a training needs is finished, shape (V, N)."""
    met = finished.astype(np.float32) @ world.needs.T.astype(np.float32)
    return np.asarray(met >= world.needs.sum(axis=1))


def _stars(uniform: NDArray[np.float64], fit: Floats) -> Integers:
    """Draw stars by their shares; a fitting training gets five a little more often."""
    values = np.array(list(figures.STARS))
    limits = np.cumsum(list(figures.STARS.values()))
    place = np.searchsorted(limits, uniform ** (1 + fit), side="right")
    return np.asarray(values[np.minimum(place, len(values) - 1)])
