"""Learning the ranker from backtest cutoffs: candidates and features as of the cutoff, labels from after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.interactions import Interactions
from models.candidates.side import SideInformation
from models.ranking.additive import AdditiveRanker
from models.ranking.cutoffs import backtest_cutoffs
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.quality import add_completion, build_quality, list_outcomes
from recommender.engine import Engine
from recommender.objective import DEFAULT, Objective
from recommender.participants.prepared import PreparedParticipants
from recommender.participants.reader import ParticipantReader
from recommender.ranking.expected_outcome import ExpectedOutcome
from recommender.ranking.features import FEATURES
from recommender.ranking.rankers import FIXED_SHARE, BlendedRanker, FixedRanker, Ranker
from recommender.retrieval.sources import (
    BEHAVIOUR,
    Attributes,
    BehaviourModels,
    encode_attributes,
)
from recommender.settings import SlateSettings
from training_data.arrays import encode_strings, look_up, stack_rows
from training_data.columns import Interactions as Events
from training_data.columns import Participants
from training_data.programmes.rules import RulesInForce

E, P = Events, Participants
MIN_EVENTS = 500  # below that a fixed ranker is the better one
MIN_OUTCOMES = 200  # below that the trainings' own figures speak alone
CUTOFFS = 2
WINDOW = 0.15
MAX_QUERIES = 6_000
BLOCK = 1_000


def collect_interactions(
    participants: pl.DataFrame,
    events: pl.DataFrame,
    course_index: Mapping[str, int],
    objective: Objective,
) -> tuple[Interactions, pl.DataFrame]:
    """Return the events that are worth something as arrays, and as rows in the same order.

    Events of unknown participants or trainings are left out.
    """
    people = {person: row for row, person in enumerate(participants[P.participant_id.name])}
    users = look_up(events[E.participant_id.name], lambda name: people.get(name, -1))
    items = look_up(events[E.course_id.name], lambda name: course_index.get(name, -1))
    worth = objective.worth(events)
    kept = (users >= 0) & (items >= 0) & (worth > 0)
    at = events[E.at.name].dt.epoch("s").to_numpy()
    rows = Interactions(
        users[kept], items[kept], worth[kept], len(participants), len(course_index), at[kept]
    )
    return rows, events.filter(pl.Series(kept))


def read_attributes(
    reader: ParticipantReader,
    participants: pl.DataFrame,
    catalogue: Catalogue,
    rules: RulesInForce,
) -> dict[Attributes, sp.csr_matrix]:
    """Return what models may count all of the participants by, (n_participants, P) each."""
    nobody, no_events = participants.clear(), Events.create_empty()
    blocks = [
        encode_attributes(
            reader.read(block, no_events, catalogue, rules, DEFAULT).batch,
            reader.vocabularies.regions,
        )
        for block in (nobody, *participants.iter_slices(BLOCK))
    ]
    return {name: stack_rows([block[name] for block in blocks]) for name in blocks[0]}


def read_side(engine: Engine, participants: pl.DataFrame) -> dict[Attributes, SideInformation]:
    """Return what is known of trainings and participants beside the events, by what a source counts by."""
    rules = engine.programme.in_force(_first_day(engine))
    attributes = read_attributes(engine.reader, participants, engine.catalogue, rules)
    return {
        name: SideInformation(
            item_vectors=engine.course_vectors,
            item_attributes=engine.catalogue.skills,
            user_attributes=matrix,
        )
        for name, matrix in attributes.items()
    }


def fit_models(
    models: BehaviourModels,
    interactions: Interactions,
    side: Mapping[Attributes, SideInformation],
) -> None:
    """Fit every behaviour model on the same events."""
    for name, model in models.items():
        model.fit(interactions, side[BEHAVIOUR[name].attributes])


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
    finished : ndarray of int8, shape (M,)
        1 finished, 0 taken and not finished in time, -1 not taken or too early to tell.
    """

    features: NDArray[np.float32]
    gains: NDArray[np.float32]
    groups: NDArray[np.int64]
    finished: NDArray[np.int8]


class Outcomes(NamedTuple):
    """Rows of participants (O,), rows of trainings that they took (O,), and whether they finished these."""

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    finished: NDArray[np.bool_]


def learn_ranker(
    engine: Engine,
    courses: pl.DataFrame,
    participants: pl.DataFrame,
    events: pl.DataFrame,
    interactions: Interactions,
    side: Mapping[Attributes, SideInformation],
    seed: int,
) -> Ranker:
    """Learn to rank from up to two backtest cutoffs; fixed weights where there is too little to learn from.

    Models and qualities are those of each past, so no feature has seen its label; the models end
    fitted on the last past and are to be fitted on everything afterwards. Balances are set aside, because
    today's balance already tells of the purchases that are to be predicted.

    Parameters
    ----------
    courses : DataFrame
        The trainings as the dataset has them, without figures from its events.
    events : DataFrame
        Rows of the events that ``interactions`` holds, in the same order.
    """
    fixed, share = FixedRanker(), engine.objective.outcome_share
    examples: list[Examples] = []
    if len(interactions) >= MIN_EVENTS:
        people = participants.with_columns(pl.lit(None, pl.Int64).alias(P.balance_idr.name))
        examples = list(
            _collect_examples(engine, courses, people, events, interactions, side, seed)
        )
    if not sum(len(example.groups) for example in examples):
        spread = float((engine.quality.completion * engine.quality.placement).std()) or 1.0
        return BlendedRanker(fixed, ExpectedOutcome.of_rates(engine.quality), 1.0, spread, share)
    table, gains, groups, finished = (
        np.concatenate([getattr(example, name) for example in examples])
        for name in ("features", "gains", "groups", "finished")
    )
    learnt = AdditiveRanker(seed=seed).fit(table, gains, groups, list(FEATURES))
    relevance = BlendedRanker.of(learnt, fixed, table, FIXED_SHARE)
    known = finished >= 0
    outcome = (
        ExpectedOutcome.fit(table[known], finished[known] == 1)
        if known.sum() >= MIN_OUTCOMES
        else ExpectedOutcome.of_rates(engine.quality)
    )
    return BlendedRanker.of(relevance, outcome, table, share)


def _collect_examples(
    engine: Engine,
    courses: pl.DataFrame,
    people: pl.DataFrame,
    events: pl.DataFrame,
    interactions: Interactions,
    side: Mapping[Attributes, SideInformation],
    seed: int,
) -> Iterator[Examples]:
    """Yield the examples of each cutoff, block by block."""
    rng = np.random.default_rng(seed)
    seconds = E.at.col.dt.epoch("s")
    for cutoff in backtest_cutoffs(interactions, "time", CUTOFFS, WINDOW):
        if not len(cutoff.past) or cutoff.future.at is None or not len(cutoff.future):
            continue
        start = int(cutoff.future.at.min())
        past = events.filter(seconds < start)
        fit_models(engine.models, cutoff.past, side)
        then = replace(engine, quality=build_quality(add_completion(courses, past)))
        outcomes = _find_outcomes(events.filter(seconds >= start), people, engine)
        asked = np.unique(cutoff.future.users)
        asked = np.sort(rng.choice(asked, min(len(asked), MAX_QUERIES // CUTOFFS), replace=False))
        # older events than the rules: nothing here depends on them but today's grant
        day = max(dt.datetime.fromtimestamp(start, tz=dt.UTC).date(), _first_day(engine))
        for begin in range(0, len(asked), BLOCK):
            users = asked[begin : begin + BLOCK]
            read = then.prepare(people[users], past, day)
            yield _label_candidates(then, read, users, cutoff.future, outcomes)


def _first_day(engine: Engine) -> dt.date:
    """Return the first day on which rules of the programme hold."""
    return min(rule.valid_from for rule in engine.programme.rule)


def _find_outcomes(events: pl.DataFrame, participants: pl.DataFrame, engine: Engine) -> Outcomes:
    """Return who took what, and whether they finished it in time."""
    listed = list_outcomes(events)
    users = encode_strings(
        listed[E.participant_id.name], participants[P.participant_id.name].to_list()
    )
    items = encode_strings(listed[E.course_id.name], engine.catalogue.ids)
    return Outcomes(users, items, listed["finished"].to_numpy())


def _label_candidates(
    engine: Engine,
    participants: PreparedParticipants,
    users: NDArray[np.int32],
    future: Interactions,
    outcomes: Outcomes,
) -> Examples:
    """Return the examples of one block of participants, who stand at ``users`` of the table."""
    query = engine.query(participants)
    shape = (len(participants), len(engine.catalogue))
    not_taken = np.ones(shape, dtype=bool)
    not_taken[query.batch.past.taken.nonzero()] = False
    rows = np.arange(len(participants))
    found, features = engine.find_candidates(
        participants, query, rows, not_taken, SlateSettings().per_source
    )
    gain = np.zeros(shape, dtype=np.float32)
    mine = np.isin(future.users, users)
    np.maximum.at(
        gain,
        (np.searchsorted(users, future.users[mine]), future.items[mine]),
        future.weights[mine],
    )
    finished = np.full(shape, -1, dtype=np.int8)
    mine = np.isin(outcomes.users, users)
    finished[np.searchsorted(users, outcomes.users[mine]), outcomes.items[mine]] = (
        outcomes.finished[mine]
    )
    at = rows[:, None], np.maximum(found.ids, 0)
    real = found.ids >= 0
    useful = (gain[at] * real).max(axis=1) > 0
    real &= useful[:, None]
    return Examples(features[real], gain[at][real], real.sum(axis=1)[useful], finished[at][real])
