"""May this participant take this training? Every reason why not, and what would change it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from recommender.eligibility.evidence import exclusion_evidence
from recommender.eligibility.exclusion_codes import Exclusion, list_exclusions
from recommender.eligibility.exclusions import find_exclusions
from recommender.eligibility.query import EligibilityQuery
from recommender.eligibility.remedies import Remedy as Change
from recommender.eligibility.remedies import find_remedy
from recommender.engine import Engine
from recommender.messages import Messages
from recommender.participants.prepared import PreparedParticipants


class UnknownCourseError(LookupError):
    """The catalogue has no training of this id."""


class Remedy(TypedDict):
    """What would make a training possible."""

    code: str
    text: str
    evidence: dict[str, Any]


class ExclusionReason(TypedDict):
    """Why a training is not possible."""

    code: str
    text: str
    evidence: dict[str, Any]
    remedy: Annotated[Remedy | None, Field(description="what would change it; null: nothing")]


class EligibilityDecision(TypedDict):
    """Whether a training is possible, every reason why not, and what would change it."""

    course_id: str
    title: str
    eligible: bool
    can_become_eligible: bool
    reasons: list[ExclusionReason]


class EligibilityDecisions(TypedDict):
    """A decision on each training that was asked about."""

    participant_id: str | None
    programme: str
    day: dt.date
    courses: list[EligibilityDecision]


def decide_eligibility(
    engine: Engine,
    messages: Messages,
    participants: PreparedParticipants,
    course_ids: Sequence[str],
) -> list[EligibilityDecisions]:
    """Return, for each participant, the decision on each of the trainings.

    Raises
    ------
    UnknownCourseError
        If the catalogue has not one of the trainings.
    """
    unknown = [name for name in course_ids if name not in engine.catalogue.index]
    if unknown:
        raise UnknownCourseError(f"no training has the id '{unknown[0]}'")
    query = engine.query(participants)
    bits = find_exclusions(query)
    courses = [engine.catalogue.index[name] for name in course_ids]
    return [
        {
            "participant_id": participant_id,
            "programme": engine.programme.label,
            "day": participants.day,
            "courses": [
                _decide(query, row, course, int(bits[row, course]), messages) for course in courses
            ],
        }
        for row, participant_id in enumerate(participants.ids)
    ]


def _decide(
    query: EligibilityQuery, row: int, course: int, bits: int, messages: Messages
) -> EligibilityDecision:
    reasons = [
        _explain(query, row, course, exclusion, messages) for exclusion in list_exclusions(bits)
    ]
    return {
        "course_id": query.catalogue.ids[course],
        "title": query.catalogue.titles[course],
        "eligible": not reasons,
        "can_become_eligible": all(reason["remedy"] for reason in reasons),
        "reasons": reasons,
    }


def _explain(
    query: EligibilityQuery, row: int, course: int, exclusion: Exclusion, messages: Messages
) -> ExclusionReason:
    evidence = exclusion_evidence(query, row, course, exclusion)
    remedy = find_remedy(query, row, course, exclusion)
    return {
        "code": exclusion.value,
        "text": messages.text("exclusion", exclusion.value, evidence),
        "evidence": evidence,
        "remedy": None if remedy is None else _write_remedy(remedy, messages),
    }


def _write_remedy(change: Change, messages: Messages) -> Remedy:
    return {
        "code": change.code,
        "text": messages.text("remedy", change.code, change.evidence),
        "evidence": change.evidence,
    }
