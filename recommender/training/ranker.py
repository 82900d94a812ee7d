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
    ATTRIBUTES,
    BEHAVIOUR,
    Attributes,
    BehaviourModels,
    encode_attribute,
)
from recommender.settings import SlateSettings
from recommender.training.costs import Costs
from recommender.training.examples import Examples, join_examples
from recommender.training.ranker_choice import (
    MAX_PAIRS,
    ChosenRanker,
    blend_fixed,
    choose_ranker,
    count_validated,
    fit_curves,
)
from recommender.training.settings import BacktestSettings, TrainSettings
from recommender.training.validation import find_ideal
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
    depth : int
        Last events of each participant to foretell, of "next".
    queries, queries_each : int
        Participants to learn from, in all and of one cutoff.
    real : bool
        Whether somebody real made the events: features beyond ``FEATURES`` are then made, see
        `recommender.ranking.log_features`, and the ranker is chosen.
    """

    cutoffs: int
    window: float
    depth: int
    queries: int
    queries_each: int
    real: bool


SIMULATED = BacktestPlan(2, 0.15, 1, 6_000, 3_000, real=False)


def make_plan(settings: BacktestSettings, *, simulated: bool) -> BacktestPlan:
    """Return how far back the ranker looks."""
    if simulated:
        return SIMULATED
    most = settings.participants
    return BacktestPlan(settings.cutoffs, settings.window, settings.depth, most, most, real=True)


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
    blocks: dict[Attributes, list[sp.csr_matrix]] = {name: [] for name in ATTRIBUTES}
    for some in (nobody, *participants.iter_slices(BLOCK)):
        batch = reader.read(some, no_events, catalogue, rules, DEFAULT).batch
        for name, encoded in blocks.items():
            encoded.append(encode_attribute(name, batch, reader.vocabularies.regions))
    return {name: stack_rows(encoded) for name, encoded in blocks.items()}


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
    costs: Costs,
    *,
    costly: bool | None = None,
) -> None:
    """Fit every behaviour model on the same events, or only the costly ones, or the others."""
    for name, model in models.items():
        if costly in (None, model.costly):
            with costs.measure(f"Fitting {name}"):
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


def learn_ranker(
    engine: Engine, log: Log, settings: TrainSettings, costs: Costs, seed: int, *, simulated: bool
) -> ChosenRanker:
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
        plan = make_plan(settings.backtest, simulated=simulated)
        examples = _collect_examples(engine, log, plan, costs, seed)
    if not any(example.has_gain.any() for example in examples):
        spread = float((engine.quality.completion * engine.quality.placement).std()) or 1.0
        outcome = ExpectedOutcome.of_rates(engine.quality)
        return ChosenRanker(BlendedRanker(fixed, outcome, 1.0, spread, share), None)
    every = join_examples(examples)
    with costs.measure("Fitting rankers"):
        if simulated:
            every = every.take(every.has_gain)
            ranker = blend_fixed(fit_curves(every, seed), every, FIXED_SHARE)
            chosen = ChosenRanker(ranker, None)
        else:
            features = PairFeatures().fit(log.interactions, log.side["regions"])
            names = replace(engine, log=features).feature_names
            chosen = choose_ranker(every, names, settings.ranker, seed)
    known = every.finished >= 0
    outcome = (
        ExpectedOutcome.fit(every.features[known], every.finished[known] == 1)
        if known.sum() >= MIN_OUTCOMES
        else ExpectedOutcome.of_rates(engine.quality)
    )
    blended = BlendedRanker.of(chosen.ranker, outcome, every.features, share)
    return ChosenRanker(blended, chosen.validation)


def _collect_examples(
    engine: Engine, log: Log, plan: BacktestPlan, costs: Costs, seed: int
) -> list[Examples]:
    """Return the examples of each cutoff, block by block, those of the latest first.

    All pairs of those whom the ranker is chosen by are kept; of the others as many as it learns from.
    """
    rng = np.random.default_rng(seed)
    cutoffs = [
        cutoff
        for cutoff in backtest_cutoffs(
            log.interactions, log.horizon, plan.cutoffs, plan.window, plan.depth
        )
        if len(cutoff.past) and cutoff.future.at is not None and len(cutoff.future)
    ]
    asked = [np.unique(cutoff.future.users) for cutoff in cutoffs]
    sizes = [min(len(users), plan.queries_each) for users in asked]
    enough = int(np.searchsorted(np.cumsum(sizes), plan.queries)) + 1
    cutoffs, left = cutoffs[:enough], plan.queries
    if cutoffs:
        common = find_common_past(log.interactions, cutoffs)
        fit_models(engine.models, common, log.side, costs, costly=True)
    persons = min(sum(sizes[:enough]), plan.queries)
    found: list[Examples] = []
    for cutoff, users, size in zip(cutoffs, asked, sizes, strict=False):
        chosen = np.sort(rng.choice(users, min(size, left), replace=False))
        fit_models(engine.models, cutoff.past, log.side, costs, costly=False)
        with costs.measure("Asking participants of the past"):
            for begin, block in _ask(engine, log, cutoff, chosen, plan):
                held_out = plan.queries - left + begin < count_validated(persons)
                whole = held_out or not plan.real
                found.append(block if whole else block.thin(MAX_PAIRS // persons, rng))
        left -= len(chosen)
    return found


def _ask(
    engine: Engine,
    log: Log,
    cutoff: BacktestCutoff,
    asked: NDArray[np.int32],
    plan: BacktestPlan,
) -> Iterator[tuple[int, Examples]]:
    """Yield where each block of some participants begins, and its examples at one cutoff."""
    seconds = E.at.col.dt.epoch("s")
    known = pl.Series(cutoff.known)
    past, later = log.events.filter(known), log.events.filter(~known)
    then = replace(
        engine,
        quality=build_quality(add_completion(log.courses, past)),
        log=PairFeatures().fit(cutoff.past, log.side["regions"]) if plan.real else None,
    )
    outcomes = _find_outcomes(later, log.participants, engine)
    # older events than the rules: nothing here depends on them but today's grant
    start = int(later.select(seconds).to_series().min())  # type: ignore[arg-type]
    day = max(dt.datetime.fromtimestamp(start, tz=dt.UTC).date(), _first_day(engine))
    for begin in range(0, len(asked), BLOCK):
        users = asked[begin : begin + BLOCK]
        read = then.prepare(log.participants[users], past, day)
        yield begin, _label_candidates(then, read, users, cutoff.future, outcomes)


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
    gain *= not_taken
    wanted = (gain > 0).sum(axis=1)
    someone = wanted > 0
    real = (found.ids >= 0) & someone[:, None]
    return Examples(
        features[real],
        gain[at][real],
        real.sum(axis=1)[someone],
        finished[at][real],
        wanted[someone],
        find_ideal(gain)[someone],
    )
