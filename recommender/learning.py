"""Learning the ranker from the earlier past: candidates and features as they stood before each choice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.additive_ranker import AdditiveRanker
from models.candidates.base import CandidateModel
from models.candidates.side import SideInformation
from models.earlier_past import earlier_presents
from models.interactions import Interactions
from recommender.engine import Engine
from recommender.features import FEATURES
from recommender.participants import region_attributes, relevance
from recommender.ranking import BlendedRanker
from training_data.columns import Interactions as Events
from training_data.columns import Participants
from training_data.frames import codes_of, positions

E, P = Events, Participants
FEWEST_EVENTS = 500  # below that a fixed ranker is the better one
PRESENTS = 2
WINDOW = 0.15
MOST_ASKED = 6_000
BLOCK = 1_000


def interactions_of(
    participants: pl.DataFrame, events: pl.DataFrame, course_index: Mapping[str, int]
) -> tuple[Interactions, pl.DataFrame]:
    """Return the events that say something as arrays, and as rows in the same order.

    Events of unknown participants or trainings, and kinds without relevance, are left out.
    """
    people = {person: row for row, person in enumerate(participants[P.participant_id.name])}
    users = positions(events[E.participant_id.name], lambda name: people.get(name, -1))
    items = positions(events[E.course_id.name], lambda name: course_index.get(name, -1))
    weights = relevance(events[E.kind.name].cast(pl.String))
    kept = (users >= 0) & (items >= 0) & (weights > 0)
    at = events[E.at.name].dt.epoch("s").to_numpy()
    rows = Interactions(
        users[kept], items[kept], weights[kept], len(participants), len(course_index), at[kept]
    )
    return rows, events.filter(pl.Series(kept))


def side_information(engine: Engine, participants: pl.DataFrame) -> SideInformation:
    """Return what is known of trainings and participants beside the events."""
    region = codes_of(participants[P.region_code.name], engine.regions.codes)
    opted_out = participants[P.profiling_opt_out.name].to_numpy()
    return SideInformation(
        item_vectors=engine.course_vectors,
        item_attributes=engine.catalogue.skills,
        user_attributes=region_attributes(region, opted_out, engine.regions),
    )


def fit_sources(
    sources: Mapping[str, CandidateModel], interactions: Interactions, side: SideInformation
) -> None:
    """Fit every behaviour model on the same events."""
    for source in sources.values():
        source.fit(interactions, side)


def learn_ranker(
    engine: Engine,
    participants: pl.DataFrame,
    events: pl.DataFrame,
    interactions: Interactions,
    seed: int,
) -> BlendedRanker | None:
    """Learn to rank from up to two earlier presents; None where there is too little to learn from.

    The sources are fitted anew on each past, so no feature has seen its label; they end fitted on the
    last past and are to be fitted on everything afterwards. Balances are set aside, because today's
    balance already tells of the purchases that are to be foretold.

    Parameters
    ----------
    events : DataFrame
        Rows of the events that ``interactions`` holds, in the same order.
    """
    if len(interactions) < FEWEST_EVENTS:
        return None
    side = side_information(engine, participants)
    rng = np.random.default_rng(seed)
    examples = []
    clock = events.with_columns(pl.Series("row", np.arange(len(events))))
    people = participants.with_columns(pl.lit(None, pl.Int64).alias(P.balance_idr.name))
    for present in earlier_presents(interactions, "time", PRESENTS, WINDOW):
        if not len(present.past) or not len(present.future):
            continue
        fit_sources(engine.sources, present.past, side)
        start = int(present.future.at.min()) if present.future.at is not None else 0
        past = clock.filter(E.at.col.dt.epoch("s") < start)
        asked = np.unique(present.future.users)
        asked = np.sort(rng.choice(asked, min(len(asked), MOST_ASKED // PRESENTS), replace=False))
        day = dt.datetime.fromtimestamp(start, tz=dt.UTC).date()
        for begin in range(0, len(asked), BLOCK):
            block = asked[begin : begin + BLOCK]
            examples.append(_examples(engine, people[block], past, present.future, block, day))
    if not examples:
        return None
    tables, labels, groups = (np.concatenate(parts) for parts in zip(*examples, strict=True))
    if not len(groups):
        return None
    learnt = AdditiveRanker(seed=seed).fit(tables, labels, groups, list(FEATURES))
    return BlendedRanker.of(learnt, tables)


def _examples(
    engine: Engine,
    people: pl.DataFrame,
    past: pl.DataFrame,
    future: Interactions,
    users: NDArray[np.int32],
    day: dt.date,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Features, labels and group sizes of the candidates of one block of participants."""
    question = engine.ask(people, past, day)
    taken = np.zeros((len(people), len(engine.catalogue)), dtype=bool)
    taken[question.batch.taken.nonzero()] = True
    found, table = engine.candidates(question, engine.wishes(people), ~taken, 50)
    label = np.zeros((len(people), len(engine.catalogue)), dtype=np.float32)
    mine = np.isin(future.users, users)
    rows = np.searchsorted(users, future.users[mine])
    np.maximum.at(label, (rows, future.items[mine]), np.ceil(2 * future.weights[mine]))
    wanted = label[np.arange(len(people))[:, None], np.maximum(found.ids, 0)]
    real = found.ids >= 0
    useful = (wanted * real).max(axis=1) > 0
    real &= useful[:, None]
    return table[real], wanted[real], real.sum(axis=1)[useful]
