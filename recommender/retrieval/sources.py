"""The sources of candidates: the one place where a source is registered.

A new behaviour source is one entry of `BEHAVIOUR`: its name is then a feature of the ranker, and training, bundle
and serving find its model here. A weight before anything is learnt and a reason may be given to it in
`recommender.ranking.rankers` and `recommender.explanation.evidence`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

import scipy.sparse as sp

from models.candidates.base import State
from models.candidates.ease import EASE
from models.candidates.linear import LinearModel
from models.candidates.popularity import Popularity
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
}


def build_models() -> dict[Source, LinearModel]:
    """Return the model of each behaviour source, not fitted."""
    return {name: source.model(**source.parameters) for name, source in BEHAVIOUR.items()}


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
