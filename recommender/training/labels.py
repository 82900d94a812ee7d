"""Labels for the ranker: candidates and features as of backtest cutoffs, and what was then taken of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.candidates.interactions import Interactions
from models.ranking.cutoffs import BacktestCutoff, backtest_cutoffs, find_common_past
from models.ranking.pair_features import PairFeatures
from recommender.catalogue.quality import add_completion, build_quality, list_outcomes
from recommender.engine import Engine
from recommender.participants.prepared import PreparedParticipants
from recommender.settings import SlateSettings
from recommender.training.costs import Costs
from recommender.training.examples import Examples
from recommender.training.log import BLOCK, Log, find_first_day, fit_models
from recommender.training.ranker_choice import MAX_PAIRS, count_validated
from recommender.training.settings import BacktestSettings
from recommender.training.validation import find_ideal
from training_data.arrays import encode_strings
from training_data.columns import Interactions as Events
from training_data.columns import Participants

E, P = Events, Participants
MAX_FORETOLD = 0.1  # of all events, by "next"


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


class Outcomes(NamedTuple):
    """Rows of participants (O,), rows of trainings that they took (O,), and whether they finished these."""

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    finished: NDArray[np.bool_]


def collect_examples(
    engine: Engine, log: Log, plan: BacktestPlan, costs: Costs, seed: int
) -> list[Examples]:
    """Return the examples of each cutoff, block by block, those of the latest first.

    All pairs of those whom the ranker is chosen by are kept; of the others as many as it learns from.
    """
    rng = np.random.default_rng(seed)
    cutoffs = [
        cutoff
        for cutoff in backtest_cutoffs(
            log.interactions, log.horizon, plan.cutoffs, plan.window, _choose_depth(log, plan)
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


def _choose_depth(log: Log, plan: BacktestPlan) -> int:
    """Return how many last events of each participant to foretell.

    They are few beside all events: what is costly to fit is fitted without any of them.
    """
    participants = len(np.unique(log.interactions.users))
    each = MAX_FORETOLD * len(log.interactions) / max(participants, 1)
    return int(np.clip(each, 1, plan.depth))


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
    day = max(dt.datetime.fromtimestamp(start, tz=dt.UTC).date(), find_first_day(engine))
    for begin in range(0, len(asked), BLOCK):
        users = asked[begin : begin + BLOCK]
        read = then.prepare(log.participants[users], past, day)
        yield begin, _label_candidates(then, read, users, cutoff.future, outcomes)


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
