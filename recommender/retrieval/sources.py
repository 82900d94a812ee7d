"""The sources of candidates: the one place where a source is registered.

A new behaviour source is one entry of `BEHAVIOUR`: its scores are then features of the trees, and training, bundle
and serving find its model here. One for which a reason may be given is `EXPLAINED` too: its name is then a feature
of every ranker, with a weight before anything is learnt in `recommender.ranking.rankers`, and a reason in
`recommender.explanation.evidence`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, Literal, get_args, get_type_hints

import scipy.sparse as sp
from pydantic import BaseModel, ConfigDict, Field, create_model

from models.candidates.base import State
from models.candidates.ease import EASE
from models.candidates.ials import IALS
from models.candidates.item_knn import ItemKNN
from models.candidates.linear import LinearModel
from models.candidates.popularity import Popularity
from models.candidates.sasrec import SASRec
from models.candidates.similar_participants import SimilarParticipants
from models.candidates.transitions import Transitions
from recommender.participants.batch import ParticipantBatch
from recommender.participants.encodings import encode_cohorts, encode_groups, encode_regions
from training_data.regions import RegionTable

Attributes = Literal["regions", "groups", "cohorts"]
Use = Literal["always", "real", "never"]


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
    COHORT_POPULARITY = "cohort_popularity"
    POPULARITY = "popularity"
    POPULARITY_LATELY = "popularity_lately"
    POPULARITY_DAY = "popularity_day"
    POPULARITY_WEEK = "popularity_week"
    POPULARITY_MONTH = "popularity_month"


EXPLAINED: Final = tuple(Source)[:7]
"""The sources whose scores are features for every ranker, and may give a reason."""


ATTRIBUTES: Final[tuple[Attributes, ...]] = get_args(Attributes)
USE: Final = "always; real: where somebody real made the events; never"
BehaviourModels = Mapping[Source, LinearModel]


@dataclass(frozen=True)
class BehaviourSource:
    """A source that learns from events.

    Attributes
    ----------
    model : type of LinearModel
    parameters : dict
        Of the model.
    attributes : {"regions", "groups", "cohorts"}
        What of participants the model counts by.
    use : {"always", "real", "never"}
        "real": only where somebody real made the events; of others it would learn the simulator's habits.
    """

    model: type[LinearModel]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    attributes: Attributes = "regions"
    use: Use = "real"

    @property
    def settings(self) -> type[BaseModel]:
        """When the source is used, and the parameters of its model: with their types and defaults."""
        types, words = get_type_hints(self.model), describe_parameters(self.model)
        defaults = {each.name: each.default for each in fields(self.model)} | dict(self.parameters)
        keys: dict[str, Any] = {"use": (Use, Field(self.use, description=USE))}
        keys |= {
            name: (types[name], Field(default, description=words[name]))
            for name, default in defaults.items()
        }
        config = ConfigDict(extra="forbid", frozen=True)
        return create_model(self.model.__name__, __config__=config, **keys)


def describe_parameters(model: type) -> dict[str, str]:
    """Return what the docstring of a class says of each parameter."""
    section = (inspect.getdoc(model) or "").partition("Parameters\n----------\n")[2]
    words: dict[str, str] = {}
    names: list[str] = []
    for line in section.split("\n\n")[0].splitlines():
        if line.startswith(" "):
            words |= {name: f"{words[name]} {line.strip()}".strip() for name in names}
        else:
            names = line.partition(" : ")[0].split(", ")
            words |= dict.fromkeys(names, "")
    return words


BEHAVIOUR: Final[Mapping[Source, BehaviourSource]] = {
    Source.BEHAVIOUR: BehaviourSource(EASE, {"l2": 50.0}, use="always"),
    Source.REGIONAL_POPULARITY: BehaviourSource(
        Popularity, {"half_life": 0.3, "shrinkage": 200.0}, use="always"
    ),
    Source.GROUP_POPULARITY: BehaviourSource(
        Popularity, {"half_life": 0.3, "shrinkage": 200.0}, "groups", use="always"
    ),
    Source.SIMILAR_PARTICIPANTS: BehaviourSource(
        SimilarParticipants, {"dimensions": 64}, use="always"
    ),
    Source.NEXT_COURSE: BehaviourSource(Transitions, use="always"),
    Source.SEQUENCE: BehaviourSource(SASRec),
    Source.BEHAVIOUR_LATELY: BehaviourSource(EASE, {"l2": 500.0, "keep": 0.8}),
    Source.ITEM_NEIGHBOURS: BehaviourSource(ItemKNN, {"neighbours": 200, "k1": 0.3, "b": 0.75}),
    Source.ITEM_NEIGHBOURS_LATELY: BehaviourSource(ItemKNN, {"half_life": 0.1, "keep": 0.8}),
    Source.NEXT_COURSE_LATELY: BehaviourSource(Transitions, {"half_life": 0.05, "keep": 0.5}),
    Source.FACTORS: BehaviourSource(IALS),
    Source.COHORT_POPULARITY: BehaviourSource(Popularity, {"shrinkage": 200.0}, "cohorts"),
    Source.POPULARITY: BehaviourSource(Popularity),
    Source.POPULARITY_LATELY: BehaviourSource(Popularity, {"half_life": 0.02}),
    Source.POPULARITY_DAY: BehaviourSource(Popularity, {"days": 1.0}),
    Source.POPULARITY_WEEK: BehaviourSource(Popularity, {"days": 7.0}),
    Source.POPULARITY_MONTH: BehaviourSource(Popularity, {"days": 30.0}),
}


def build_models(
    settings: Mapping[Source, Mapping[str, Any]], *, simulated: bool
) -> dict[Source, LinearModel]:
    """Return the model of each behaviour source that is used, not fitted.

    Parameters
    ----------
    settings : mapping
        Keys of `BehaviourSource.settings` by source; what is left out keeps its default.
    simulated : bool
        Whether nobody real made the events.
    """
    wanted = ("always",) if simulated else ("always", "real")
    models = {}
    for name, source in BEHAVIOUR.items():
        chosen = source.settings(**settings.get(name, {})).model_dump()
        if chosen.pop("use") in wanted:
            models[name] = source.model(**chosen)
    return models


def load_model(name: str, state: State) -> LinearModel:
    """Return the fitted model of a source from its state."""
    return BEHAVIOUR[Source(name)].model.from_state(state)


def encode_attribute(
    name: Attributes, batch: ParticipantBatch, regions: RegionTable
) -> sp.csr_matrix:
    """Return a one for each region, group or cohort of a participant, (B, P)."""
    match name:
        case "regions":
            return encode_regions(batch, regions)
        case "groups":
            return encode_groups(batch)
        case "cohorts":
            return encode_cohorts(batch)


def encode_users(
    models: BehaviourModels, batch: ParticipantBatch, regions: RegionTable
) -> dict[str, sp.csr_matrix]:
    """Return what each model makes of the participants; their scores follow from it alone."""
    wanted = dict.fromkeys(BEHAVIOUR[name].attributes for name in models)
    by = {
        name: batch.past.histories.with_attributes(encode_attribute(name, batch, regions))
        for name in wanted
    }
    return {
        name: model.encode_users(by[BEHAVIOUR[name].attributes]) for name, model in models.items()
    }
