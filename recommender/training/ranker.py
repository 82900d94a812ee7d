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
from models.ranking.cutoffs import (
    BacktestCutoff,
    Horizon,
    backtest_cutoffs,
    find_common_past,
    mark_future,
)
from models.ranking.pair_features import PairFeatures
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.quality import add_completion, build_quality, list_outcomes
from recommender.catalogue.side import describe_courses
from recommender.engine import Engine
from recommender.objective import DEFAULT, Objective
from recommender.participants.prepared import PreparedParticipants
from recommender.participants.reader import ParticipantReader
from recommender.ranking.expected_outcome import ExpectedOutcome
from recommender.ranking.rankers import FIXED_SHARE, BlendedRanker, FixedRanker
from recommender.retrieval.sources import (
    BEHAVIOUR,
    Attributes,
    BehaviourModels,
    encode_attributes,
)
from recommender.settings import SlateSettings
from recommender.training.examples import Examples, join_examples
from recommender.training.ranker_choice import ChosenRanker, blend_fixed, choose_ranker, fit_curves
from training_data.arrays import encode_strings, look_up, stack_rows
from training_data.columns import Interactions as Events
from training_data.columns import Participants
from training_data.programmes.rules import RulesInForce

E, P = Events, Participants
MIN_EVENTS = 500  # below that a fixed ranker is the better one
MIN_OUTCOMES = 200  # below that the trainings' own figures speak alone
BLOCK = 1_000


@dataclass(frozen=True)
class BacktestPlan:
    """How far back the ranker looks.

    Attributes
    ----------
    cutoffs : int
        Most of them.
    window : float
        Share of the past that makes each future of "time".
    queries, queries_each : int
        Participants to learn from, in all and of one cutoff.
    reads_log : bool
        Whether features beyond ``FEATURES`` are made, see `recommender.ranking.log_features`.
    """

    cutoffs: int
    window: float
    queries: int
    queries_each: int
    reads_log: bool


SIMULATED = BacktestPlan(2, 0.15, 6_000, 3_000, reads_log=False)
REAL = BacktestPlan(8, 0.1, 8_000, 8_000, reads_log=True)


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
        name: describe_courses(engine.catalogue, engine.course_vectors, matrix)
        for name, matrix in attributes.items()
    }


def fit_models(
    models: BehaviourModels,
    interactions: Interactions,
    side: Mapping[Attributes, SideInformation],
    *,
    costly: bool | None = None,
) -> None:
    """Fit every behaviour model on the same events, or only the costly ones, or the others."""
    for name, model in models.items():
        if costly in (None, model.costly):
            model.fit(interactions, side[BEHAVIOUR[name].attributes])


class Outcomes(NamedTuple):
    """Rows of participants (O,), rows of trainings that they took (O,), and whether they finished these."""

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    finished: NDArray[np.bool_]


@dataclass(frozen=True)
class Log:
    """What is learnt from.

    Attributes
    ----------
    courses : DataFrame
        The trainings as the dataset has them, without figures from its events.
    participants : DataFrame
    events : DataFrame
        Rows of the events that ``interactions`` holds, in the same order.
    interactions : Interactions
    side : mapping
        See `read_side`.
    horizon : {"time", "next"}
        See `models.ranking.cutoffs.backtest_cutoffs`.
    """

    courses: pl.DataFrame
    participants: pl.DataFrame
    events: pl.DataFrame
    interactions: Interactions
    side: Mapping[Attributes, SideInformation]
    horizon: Horizon


def learn_ranker(engine: Engine, log: Log, seed: int, *, simulated: bool) -> ChosenRanker:
    """Learn to rank from backtest cutoffs; fixed weights where there is too little to learn from.

    Models and qualities are those of each past, so no feature has seen its label; the models end
    fitted on the last past and are to be fitted on everything afterwards. Balances are set aside, because
    today's balance already tells of the purchases that are to be predicted.

    Parameters
    ----------
    simulated : bool
        Whether nobody real made the events: curves then learn, and fixed weights keep their usual share.
    """
    fixed, share = FixedRanker(), engine.objective.outcome_share
    examples: list[Examples] = []
    if len(log.interactions) >= MIN_EVENTS:
        without = pl.lit(None, pl.Int64).alias(P.balance_idr.name)
        log = replace(log, participants=log.participants.with_columns(without))
        examples = _collect_examples(engine, log, SIMULATED if simulated else REAL, seed)
    if not sum(len(example.groups) for example in examples):
        spread = float((engine.quality.completion * engine.quality.placement).std()) or 1.0
        outcome = ExpectedOutcome.of_rates(engine.quality)
        return ChosenRanker(BlendedRanker(fixed, outcome, 1.0, spread, share), {})
    every = join_examples(examples)
    if simulated:
        chosen = ChosenRanker(blend_fixed(fit_curves(every, seed), every, FIXED_SHARE), {})
    else:
        features = PairFeatures().fit(log.interactions, log.side["regions"])
        chosen = choose_ranker(examples, replace(engine, log=features).feature_names, seed)
    known = every.finished >= 0
    outcome = (
        ExpectedOutcome.fit(every.features[known], every.finished[known] == 1)
        if known.sum() >= MIN_OUTCOMES
        else ExpectedOutcome.of_rates(engine.quality)
    )
    blended = BlendedRanker.of(chosen.ranker, outcome, every.features, share)
    return ChosenRanker(blended, chosen.figures)


def _collect_examples(engine: Engine, log: Log, plan: BacktestPlan, seed: int) -> list[Examples]:
    """Return the examples of each cutoff, block by block, those of the latest first."""
    rng = np.random.default_rng(seed)
    cutoffs = [
        cutoff
        for cutoff in backtest_cutoffs(log.interactions, log.horizon, plan.cutoffs, plan.window)
        if len(cutoff.past) and cutoff.future.at is not None and len(cutoff.future)
    ]
    asked = [np.unique(cutoff.future.users) for cutoff in cutoffs]
    sizes = [min(len(users), plan.queries_each) for users in asked]
    enough = int(np.searchsorted(np.cumsum(sizes), plan.queries)) + 1
    cutoffs, left = cutoffs[:enough], plan.queries
    if cutoffs:
        common = find_common_past(log.interactions, log.horizon, cutoffs)
        fit_models(engine.models, common, log.side, costly=True)
    found: list[Examples] = []
    for cutoff, users, size in zip(cutoffs, asked, sizes, strict=False):
        chosen = np.sort(rng.choice(users, min(size, left), replace=False))
        left -= len(chosen)
        found += _ask(engine, log, cutoff, chosen, plan)
    return found


def _ask(
    engine: Engine,
    log: Log,
    cutoff: BacktestCutoff,
    asked: NDArray[np.int32],
    plan: BacktestPlan,
) -> Iterator[Examples]:
    """Yield the examples of some participants at one cutoff."""
    seconds = E.at.col.dt.epoch("s")
    past, later = _split_events(log, cutoff)
    fit_models(engine.models, cutoff.past, log.side, costly=False)
    then = replace(
        engine,
        quality=build_quality(add_completion(log.courses, past)),
        log=PairFeatures().fit(cutoff.past, log.side["regions"]) if plan.reads_log else None,
    )
    outcomes = _find_outcomes(later, log.participants, engine)
    # older events than the rules: nothing here depends on them but today's grant
    start = int(later.select(seconds).to_series().min())  # type: ignore[arg-type]
    day = max(dt.datetime.fromtimestamp(start, tz=dt.UTC).date(), _first_day(engine))
    for begin in range(0, len(asked), BLOCK):
        users = asked[begin : begin + BLOCK]
        read = then.prepare(log.participants[users], past, day)
        yield _label_candidates(then, read, users, cutoff.future, outcomes)


def _split_events(log: Log, cutoff: BacktestCutoff) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of a cutoff's past, and those that came later."""
    if log.horizon == "time":
        start = int(cutoff.future.at.min())  # type: ignore[union-attr]
        before = E.at.col.dt.epoch("s") < start
        return log.events.filter(before), log.events.filter(~before)
    future = pl.Series(mark_future(log.interactions, cutoff))
    return log.events.filter(~future), log.events.filter(future)


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
