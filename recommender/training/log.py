"""The log that is learnt from: events as arrays, what is known beside them, and the models fitted on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import scipy.sparse as sp

from models.candidates.interactions import Interactions
from models.candidates.side import SideInformation
from models.ranking.cutoffs import Horizon
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.side import describe_courses
from recommender.engine import Engine
from recommender.objective import DEFAULT, Objective
from recommender.participants.reader import ParticipantReader
from recommender.retrieval.sources import (
    ATTRIBUTES,
    BEHAVIOUR,
    Attributes,
    BehaviourModels,
    encode_attribute,
)
from recommender.training.costs import Costs
from training_data.arrays import look_up, stack_rows
from training_data.columns import Interactions as Events
from training_data.columns import Participants
from training_data.programmes.rules import RulesInForce

E, P = Events, Participants
BLOCK = 1_000


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
    rules = engine.programme.in_force(find_first_day(engine))
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


def find_first_day(engine: Engine) -> dt.date:
    """Return the first day on which rules of the programme hold."""
    return min(rule.valid_from for rule in engine.programme.rule)
