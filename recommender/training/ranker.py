"""Learning the ranker from the earlier past: candidates and features as they stood before each choice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.candidates.interactions import Interactions
from models.candidates.linear import LinearModel
from models.candidates.side import SideInformation
from models.ranking.additive import AdditiveRanker
from models.ranking.cutoffs import earlier_presents
from recommender.catalogue.quality import course_quality, outcomes, with_completion
from recommender.engine import BY_GROUP, Engine
from recommender.objective import Objective
from recommender.participants.batch import group_attributes, region_attributes
from recommender.ranking.expected_outcome import Outcome
from recommender.ranking.features import FEATURES
from recommender.ranking.rankers import FIXED_SHARE, BlendedRanker, FixedRanker, Ranker
from training_data.arrays import codes_of, positions
from training_data.columns import Interactions as Events
from training_data.columns import Participants

E, P = Events, Participants
FEWEST_EVENTS = 500  # below that a fixed ranker is the better one
FEWEST_OUTCOMES = 200  # below that the trainings' own figures speak alone
PRESENTS = 2
WINDOW = 0.15
MOST_ASKED = 6_000
BLOCK = 1_000


def interactions_of(
    participants: pl.DataFrame,
    events: pl.DataFrame,
    course_index: Mapping[str, int],
    objective: Objective,
) -> tuple[Interactions, pl.DataFrame]:
    """Return the events that are worth something as arrays, and as rows in the same order.

    Events of unknown participants or trainings are left out.
    """
    people = {person: row for row, person in enumerate(participants[P.participant_id.name])}
    users = positions(events[E.participant_id.name], lambda name: people.get(name, -1))
    items = positions(events[E.course_id.name], lambda name: course_index.get(name, -1))
    worth = objective.worth(events)
    kept = (users >= 0) & (items >= 0) & (worth > 0)
    at = events[E.at.name].dt.epoch("s").to_numpy()
    rows = Interactions(
        users[kept], items[kept], worth[kept], len(participants), len(course_index), at[kept]
    )
    return rows, events.filter(pl.Series(kept))


@dataclass(frozen=True)
class Beside:
    """What is known of trainings and participants beside the events, for each source."""

    plain: SideInformation
    by_group: SideInformation

    @classmethod
    def of(cls, engine: Engine, participants: pl.DataFrame) -> Beside:
        """Read it from the participants' table."""
        region = codes_of(participants[P.region_code.name], engine.regions.codes)
        opted_out = participants[P.profiling_opt_out.name].to_numpy()
        plain = SideInformation(
            item_vectors=engine.course_vectors,
            item_attributes=engine.catalogue.skills,
            user_attributes=region_attributes(region, opted_out, engine.regions),
        )
        return cls(plain, replace(plain, user_attributes=group_attributes(participants)))


def fit_sources(
    sources: Mapping[str, LinearModel], interactions: Interactions, beside: Beside
) -> None:
    """Fit every behaviour model on the same events."""
    for name, source in sources.items():
        source.fit(interactions, beside.by_group if name == BY_GROUP else beside.plain)


@dataclass(frozen=True)
class Examples:
    """M pairs of a person and a candidate as they stood before a choice, and what came of them.

    Attributes
    ----------
    features : ndarray of float32, shape (M, F)
    gains : ndarray of float32, shape (M,)
        Worth of the best that followed.
    groups : ndarray of int64
        Pairs of each person, in order.
    outcome : ndarray of int8, shape (M,)
        1 finished, 0 taken and not finished in time, -1 not taken or too early to tell.
    """

    features: NDArray[np.float32]
    gains: NDArray[np.float32]
    groups: NDArray[np.int64]
    outcome: NDArray[np.int8]


def learn_ranker(
    engine: Engine,
    courses: pl.DataFrame,
    participants: pl.DataFrame,
    events: pl.DataFrame,
    interactions: Interactions,
    seed: int,
) -> Ranker:
    """Learn to rank from up to two earlier presents; fixed weights where there is too little to learn from.

    Sources and qualities are those of each past, so no feature has seen its label; the sources end
    fitted on the last past and are to be fitted on everything afterwards. Balances are set aside, because
    today's balance already tells of the purchases that are to be foretold.

    Parameters
    ----------
    courses : DataFrame
        The trainings as the dataset has them, without figures from its events.
    events : DataFrame
        Rows of the events that ``interactions`` holds, in the same order.
    """
    fixed, share = FixedRanker(), engine.objective.outcome_share
    examples: list[Examples] = []
    if len(interactions) >= FEWEST_EVENTS:
        examples = list(_examples(engine, courses, participants, events, interactions, seed))
    if not sum(len(example.groups) for example in examples):
        spread = float((engine.quality.completion * engine.quality.placement).std()) or 1.0
        return BlendedRanker(fixed, Outcome.of_rates(engine.quality), 1.0, spread, share)
    table, gains, groups, told = (
        np.concatenate([getattr(example, name) for example in examples])
        for name in ("features", "gains", "groups", "outcome")
    )
    learnt = AdditiveRanker(seed=seed).fit(table, gains, groups, list(FEATURES))
    relevance = BlendedRanker.of(learnt, fixed, table, FIXED_SHARE)
    known = told >= 0
    outcome = (
        Outcome.fit(table[known], told[known] == 1)
        if known.sum() >= FEWEST_OUTCOMES
        else Outcome.of_rates(engine.quality)
    )
    return BlendedRanker.of(relevance, outcome, table, share)


def _examples(
    engine: Engine,
    courses: pl.DataFrame,
    participants: pl.DataFrame,
    events: pl.DataFrame,
    interactions: Interactions,
    seed: int,
) -> Iterator[Examples]:
    """Yield the examples of each earlier present, block by block."""
    beside = Beside.of(engine, participants)
    rng = np.random.default_rng(seed)
    people = participants.with_columns(pl.lit(None, pl.Int64).alias(P.balance_idr.name))
    for present in earlier_presents(interactions, "time", PRESENTS, WINDOW):
        if not len(present.past) or present.future.at is None or not len(present.future):
            continue
        start = int(present.future.at.min())
        seconds = E.at.col.dt.epoch("s")
        past = events.filter(seconds < start)
        fit_sources(engine.sources, present.past, beside)
        then = replace(engine, quality=course_quality(with_completion(courses, past)))
        told = _outcome_of(events.filter(seconds >= start), participants, engine)
        asked = np.unique(present.future.users)
        asked = np.sort(rng.choice(asked, min(len(asked), MOST_ASKED // PRESENTS), replace=False))
        # older events than the rules: nothing here depends on them but today's grant
        first = min(rule.valid_from for rule in engine.programme.rule)
        day = max(dt.datetime.fromtimestamp(start, tz=dt.UTC).date(), first)
        for begin in range(0, len(asked), BLOCK):
            block = asked[begin : begin + BLOCK]
            yield _example(then, people[block], past, present.future, told, block, day)


def _outcome_of(
    events: pl.DataFrame, participants: pl.DataFrame, engine: Engine
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Return rows of participants, rows of trainings, and whether those finished these."""
    told = outcomes(events)
    users = codes_of(told[E.participant_id.name], participants[P.participant_id.name].to_list())
    items = codes_of(told[E.course_id.name], engine.catalogue.ids)
    return users, items, told["finished"].to_numpy()


def _example(
    engine: Engine,
    people: pl.DataFrame,
    past: pl.DataFrame,
    future: Interactions,
    told: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]],
    users: NDArray[np.int32],
    day: dt.date,
) -> Examples:
    """Return the examples of one block of participants, who stand at ``users`` of the table."""
    question = engine.ask(people, past, day)
    shape = (len(people), len(engine.catalogue))
    taken = np.zeros(shape, dtype=bool)
    taken[question.batch.taken.nonzero()] = True
    rows = np.arange(len(people))
    tastes = engine.tastes(engine.wishes(people), question.batch)
    found, table = engine.candidates(question, tastes, rows, ~taken, 50)
    gain = np.zeros(shape, dtype=np.float32)
    mine = np.isin(future.users, users)
    rows = np.searchsorted(users, future.users[mine])
    np.maximum.at(gain, (rows, future.items[mine]), future.weights[mine])
    outcome = np.full(shape, -1, dtype=np.int8)
    who, what, finished = (values[np.isin(told[0], users)] for values in told)
    outcome[np.searchsorted(users, who), what] = finished
    at = np.arange(len(people))[:, None], np.maximum(found.ids, 0)
    real = found.ids >= 0
    useful = (gain[at] * real).max(axis=1) > 0
    real &= useful[:, None]
    return Examples(table[real], gain[at][real], real.sum(axis=1)[useful], outcome[at][real])
