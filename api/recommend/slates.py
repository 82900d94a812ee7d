"""Lists of trainings for many requests at once: the whole list, and the simple one.

The simple list is what is taken most in the participant's region, of what the rules permit: no wishes are
read and no trees are asked. What may be taken is decided by the same mask as ever.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from api.recommend.participant_cache import OBJECTS, Person
from api.settings import Settings
from models.candidates.top_k import top_k
from recommender.bundle.bundle import Bundle
from recommender.eligibility.mask import permitted, question_of
from recommender.engine import Answer
from recommender.messages import Messages
from recommender.participants.batch import ParticipantBatch
from recommender.participants.packed import One, Vector, split, together
from recommender.participants.prepared import People
from recommender.ranking.features import FEATURES
from recommender.ranking.rankers import FixedRanker
from recommender.reranking.exploration import Exploration
from recommender.responses.recommendations import items, tell
from recommender.settings import Filters
from recommender.settings import Settings as ListSettings
from recommender.trace import Trace
from training_data.columns import Interactions, Participants
from training_data.profiles import Rows, to_columns

POPULARITY = "regional_popularity"
NAME = list(Participants.columns()).index(Participants.participant_id.name)
WHO = list(Interactions.columns()).index(Interactions.participant_id.name)


class Phrases:
    """The vectors of phrases that somebody who is kept has: one for all who have it."""

    def __init__(self) -> None:
        self._held = WeakValueDictionary[tuple[str, str], Vector]()

    def shared(self, version: str, phrase: str, vector: Vector) -> Vector:
        """Return the vector of a phrase by a version of the bundle; ``vector`` is copied where it is new."""
        return self._held.setdefault((version, phrase), vector.copy())


class Asked(NamedTuple):
    """One list that is wanted.

    Attributes
    ----------
    seed : str or None
        What the exploration follows from; None: nothing of it is left to chance.
    """

    bundle: Bundle
    messages: Messages
    day: dt.date
    settings: ListSettings
    filters: Filters
    person: Person
    neutral: bool
    phrases: Phrases
    seed: str | None = None

    @property
    def kind(self) -> Hashable:
        """What the lists of one call to the engine have in common."""
        return (
            self.bundle.manifest.version,
            self.messages.language,
            self.day,
            self.settings,
            self.filters,
        )

    @property
    def reading(self) -> Hashable:
        """What the arrays that are made of a person depend on beside the person."""
        return self.bundle.manifest.version, self.day, self.neutral


@dataclass(frozen=True)
class Lists:
    """Answers, who got them, and how they came about."""

    answers: list[dict[str, Any]]
    batch: ParticipantBatch
    trace: Trace


def list_settings(settings: Settings, k: int) -> ListSettings:
    """Return how lists of k are made where operators set it so."""
    exploration = Exploration(
        settings.exploration_share, settings.exploration_places, settings.exploration_pool
    )
    return ListSettings(
        k=k,
        relevance_weight=settings.relevance_weight,
        calibration_weight=settings.calibration_weight,
        provider_cap=settings.provider_cap,
        small_provider_places=settings.small_provider_places,
        exploration=exploration if exploration.share else None,
    )


def full_lists(asked: Sequence[Asked]) -> Lists:
    """Return the whole answers to requests of one kind."""
    head, reading = asked[0], Trace()
    engine = head.bundle.engine
    people = _people(asked)
    reading.ended("profile")
    seeds = [one.seed for one in asked]
    answer = engine.answer(people, head.day, head.settings, head.filters, seeds)
    answers = tell(engine, head.messages, people, answer, head.settings.k)
    answer.trace.ended("telling")
    answer.trace.seconds |= reading.seconds
    return Lists(answers, people.batch, answer.trace)


def simple_lists(asked: Sequence[Asked]) -> Lists:
    """Return simple answers to requests of one kind."""
    head, trace = asked[0], Trace()
    engine = head.bundle.engine
    people = _people(asked)
    question = question_of(people.batch, engine.offer(head.day), people.barred)
    mask = permitted(question) & head.filters.mask(engine.catalogue)
    scores = np.zeros(mask.shape, dtype=np.float32)
    if POPULARITY in engine.sources:
        represented = people.tastes.represented[POPULARITY]
        scores = engine.sources[POPULARITY].score_rows(represented, np.arange(len(asked)))
    ids, best = top_k(scores, min(head.settings.k, mask.shape[1]), mask)
    features = np.zeros((*ids.shape, len(FEATURES)), dtype=np.float32)
    features[:, :, FEATURES.index(POPULARITY)] = np.maximum(best, 0)
    answer = Answer(question, people.wishes, people.tastes, ids.astype(np.int32), best, features)
    lists = items(replace(engine, ranker=FixedRanker()), answer, head.messages)
    neutral = people.batch.opted_out.tolist()
    answers = [
        {
            "programme": engine.programme.label,
            "day": head.day,
            "neutral": neutral[row],
            "items": lists[row],
            "excluded": {},
        }
        for row in range(len(asked))
    ]
    trace.ended("simple")
    return Lists(answers, people.batch, trace)


def _people(asked: Sequence[Asked]) -> People:
    """Return those who ask as the engine reads them; who was read before is not read again."""
    made: list[One | None] = [one.person.made.get(one.reading) for one in asked]
    new = [place for place, there in enumerate(made) if there is None]
    if new:
        head = asked[new[0]]
        alone = [_alone(asked[place], str(place)) for place in new]
        read = head.bundle.engine.people(*to_columns(alone), head.day)
        shared = partial(head.phrases.shared, head.bundle.manifest.version)
        for place, one in zip(new, split(read, shared), strict=True):
            asked[place].person.made = {asked[place].reading: one}
            made[place] = one
    return together([one for one in made if one is not None])


def _alone(asked: Asked, place: str) -> Rows:
    """Return the rows of one person, whose id is a place, so that one may be there twice."""
    rows = asked.person.rows
    profile = list(rows.profile)
    profile[NAME] = place
    profile[OBJECTS] |= asked.neutral
    events = [(*event[:WHO], place, *event[WHO + 1 :]) for event in rows.events]
    return Rows(tuple(profile), events)
