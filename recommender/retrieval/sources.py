"""The sources of candidates: the one place where a source is registered.

A new behaviour source is one entry of `BEHAVIOUR`: its scores are then features of the trees, and training, bundle
and serving find its model here. One for which a reason may be given is `EXPLAINED` too: its name is then a feature
of every ranker, with a weight before anything is learnt in `recommender.ranking.rankers`, and a reason in
`recommender.explanation.evidence`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

import scipy.sparse as sp

from models.candidates.base import State
from models.candidates.ease import EASE
from models.candidates.ials import IALS
from models.candidates.item_knn import ItemKNN
from models.candidates.linear import LinearModel
from models.candidates.popularity import Popularity
from models.candidates.sasrec import SASRec
from models.candidates.similar_participants import SimilarParticipants
from models.candidates.transitions import Transitions
from recommender.participants.batch import ParticipantBatch, encode_groups, encode_regions
from training_data.regions import RegionTable

Attributes = Literal["regions", "groups"]


class Source(StrEnum):
    """The name of a source."""

    CONTENT = "content"
    BEHAVIOUR = "behaviour"
    SIMILAR_PARTICIPANTS = "similar_participants"
    REGIONAL_POPULARITY = "regional_popularity"
    GROUP_POPULARITY = "group_popularity"
    NEXT_COURSE = "next_course"
    VACANCY_DEMAND = "vacancy_demand"
    SEQUENCE = "sequence"
    BEHAVIOUR_LATELY = "behaviour_lately"
    ITEM_NEIGHBOURS = "item_neighbours"
    ITEM_NEIGHBOURS_LATELY = "item_neighbours_lately"
    NEXT_COURSE_LATELY = "next_course_lately"
    FACTORS = "factors"
    POPULARITY = "popularity"
    POPULARITY_LATELY = "popularity_lately"


EXPLAINED: Final = tuple(Source)[:7]
"""The sources whose scores are features for every ranker, and may give a reason."""


BehaviourModels = Mapping[Source, LinearModel]


@dataclass(frozen=True)
class BehaviourSource:
    """A source that learns from events.

    Attributes
    ----------
    model : type of LinearModel
    parameters : dict
        Of the model.
    attributes : {"regions", "groups"}
        What of participants the model counts by.
    """

    model: type[LinearModel]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    attributes: Attributes = "regions"


BEHAVIOUR: Final[Mapping[Source, BehaviourSource]] = {
    Source.BEHAVIOUR: BehaviourSource(EASE, {"l2": 50.0}),
    Source.REGIONAL_POPULARITY: BehaviourSource(Popularity, {"half_life": 0.3, "shrinkage": 200.0}),
    Source.GROUP_POPULARITY: BehaviourSource(
        Popularity, {"half_life": 0.3, "shrinkage": 200.0}, "groups"
    ),
    Source.SIMILAR_PARTICIPANTS: BehaviourSource(SimilarParticipants, {"dimensions": 64}),
    Source.NEXT_COURSE: BehaviourSource(Transitions),
    Source.SEQUENCE: BehaviourSource(SASRec),
    Source.BEHAVIOUR_LATELY: BehaviourSource(EASE, {"l2": 500.0, "keep": 0.8}),
    Source.ITEM_NEIGHBOURS: BehaviourSource(ItemKNN, {"neighbours": 200, "k1": 0.3, "b": 0.75}),
    Source.ITEM_NEIGHBOURS_LATELY: BehaviourSource(ItemKNN, {"half_life": 0.1, "keep": 0.8}),
    Source.NEXT_COURSE_LATELY: BehaviourSource(Transitions, {"half_life": 0.05, "keep": 0.5}),
    Source.FACTORS: BehaviourSource(IALS),
    Source.POPULARITY: BehaviourSource(Popularity),
    Source.POPULARITY_LATELY: BehaviourSource(Popularity, {"half_life": 0.02}),
}


def build_models(*, simulated: bool) -> dict[Source, LinearModel]:
    """Return the model of each behaviour source, not fitted.

    Parameters
    ----------
    simulated : bool
        Whether nobody real made the events: more sources would learn the simulator's habits only.
    """
    names = [name for name in BEHAVIOUR if name in EXPLAINED or not simulated]
    return {name: BEHAVIOUR[name].model(**BEHAVIOUR[name].parameters) for name in names}


def load_model(name: str, state: State) -> LinearModel:
    """Return the fitted model of a source from its state."""
    return BEHAVIOUR[Source(name)].model.from_state(state)


def encode_attributes(
    batch: ParticipantBatch, regions: RegionTable
) -> dict[Attributes, sp.csr_matrix]:
    """Return what models may count participants by, a one for each region or group, (B, P)."""
    return {"regions": encode_regions(batch, regions), "groups": encode_groups(batch)}


def encode_users(
    models: BehaviourModels, batch: ParticipantBatch, regions: RegionTable
) -> dict[str, sp.csr_matrix]:
    """Return what each model makes of the participants; their scores follow from it alone."""
    by = {
        name: batch.past.histories.with_attributes(attributes)
        for name, attributes in encode_attributes(batch, regions).items()
    }
    return {
        name: model.encode_users(by[BEHAVIOUR[name].attributes]) for name, model in models.items()
    }
