"""Lists for many requests at once: the whole list, and the fallback list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from api.recommend.participant_cache import OPT_OUT, CachedParticipant
from recommender.bundle.bundle import Bundle
from recommender.engine import Recommendations
from recommender.messages import Messages
from recommender.participants.prepared import PreparedParticipants
from recommender.responses.recommendations import RecommendationList, build_lists
from recommender.responses.unmet import UnmetWish, describe_unmet
from recommender.settings import CourseFilters, SlateSettings
from recommender.trace import Trace
from training_data.columns import Interactions, Participants
from training_data.packing import pack, unpack
from training_data.profiles import ParticipantRows, to_columns

PARTICIPANT_ID = list(Participants.columns()).index(Participants.participant_id.name)
PHRASES = [
    list(Participants.columns()).index(column.name)
    for column in (Participants.skills, Participants.interests)
]
FEW_PHRASES, FEW_EVENTS = 12, 200  # of a person, who is read in the course of an answer: 10 ms
EVENT_OWNER = list(Interactions.columns()).index(Interactions.participant_id.name)


class SlateRequest(NamedTuple):
    """One list that is wanted.

    Attributes
    ----------
    seed : str or None
        What the exploration follows from; None: nothing of it is left to chance.
    """

    bundle: Bundle
    messages: Messages
    day: dt.date
    settings: SlateSettings
    filters: CourseFilters
    participant: CachedParticipant
    neutral: bool
    seed: str | None = None

    @property
    def group(self) -> Hashable:
        """What the lists of one call to the engine have in common."""
        return (
            self.bundle.manifest.version,
            self.messages.language,
            self.day,
            self.settings,
            self.filters,
        )

    @property
    def is_long(self) -> bool:
        """Whether the person is still to be read, and long: the others would wait for that."""
        if self.preparation in self.participant.prepared:
            return False
        profile, events = self.participant.rows.profile, self.participant.rows.events
        phrases = sum(len(profile[place] or ()) for place in PHRASES)
        return phrases > FEW_PHRASES or len(events) > FEW_EVENTS

    @property
    def preparation(self) -> Hashable:
        """What the arrays that are made of a person depend on beside the person."""
        return self.bundle.manifest.version, self.day, self.neutral


@dataclass(frozen=True)
class ServedLists:
    """Lists, who got them, and how they came about."""

    lists: list[RecommendationList]
    participants: PreparedParticipants
    trace: Trace
    unmet: list[UnmetWish]


def build_full_lists(requests: Sequence[SlateRequest]) -> ServedLists:
    """Return the whole lists for requests of one group."""
    head = requests[0]
    seeds = [request.seed for request in requests]
    return _build(
        requests,
        lambda participants: head.bundle.engine.recommend(
            participants, head.settings, head.filters, seeds
        ),
    )


def build_fallback_lists(requests: Sequence[SlateRequest]) -> ServedLists:
    """Return the fallback lists for requests of one group."""
    head = requests[0]
    return _build(
        requests,
        lambda participants: head.bundle.engine.recommend_popular(
            participants, head.settings, head.filters
        ),
    )


def _build(
    requests: Sequence[SlateRequest],
    recommend: Callable[[PreparedParticipants], Recommendations],
) -> ServedLists:
    head, preparing = requests[0], Trace()
    participants = prepare(requests)
    preparing.end_stage("prepare")
    recommendations = recommend(participants)
    recommendations.trace.seconds |= preparing.seconds
    lists = build_lists(head.bundle.engine, head.messages, recommendations, head.settings.k)
    unmet = describe_unmet(head.bundle.engine, recommendations)
    recommendations.trace.end_stage("respond")
    return ServedLists(lists, recommendations.participants, recommendations.trace, unmet)


def prepare(requests: Sequence[SlateRequest]) -> PreparedParticipants:
    """Return those who ask as the engine reads them; who was prepared before is not read again."""
    prepared = [request.participant.prepared.get(request.preparation) for request in requests]
    new = [place for place, kept in enumerate(prepared) if kept is None]
    if new:
        head = requests[new[0]]
        rows = [_number_rows(requests[place], str(place)) for place in new]
        read = head.bundle.engine.prepare(*to_columns(rows), head.day)
        for place, one in zip(new, pack(read), strict=True):
            requests[place].participant.prepared = {requests[place].preparation: one}
            prepared[place] = one
    return unpack([one for one in prepared if one is not None])


def _number_rows(request: SlateRequest, place: str) -> ParticipantRows:
    """Return the rows of one person, whose id is a place, so that one may be there twice."""
    rows = request.participant.rows
    profile = list(rows.profile)
    profile[PARTICIPANT_ID] = place
    profile[OPT_OUT] |= request.neutral
    events = [(*event[:EVENT_OWNER], place, *event[EVENT_OWNER + 1 :]) for event in rows.events]
    return ParticipantRows(tuple(profile), events)
