"""May this participant take this training? Every reason why not, and what would change it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl

from recommender.eligibility.evidence import evidence
from recommender.eligibility.mask import reason_bits
from recommender.eligibility.query import Question
from recommender.eligibility.reasons import Reason, reasons_in
from recommender.eligibility.remedies import remedy
from recommender.engine import Engine
from recommender.messages import Messages
from training_data.columns import Courses, Participants

P = Participants


class UnknownCourseError(LookupError):
    """The catalogue has no training of this id."""


def verdicts(
    engine: Engine,
    messages: Messages,
    participants: pl.DataFrame,
    events: pl.DataFrame,
    day: dt.date,
    course_ids: Sequence[str],
) -> list[dict[str, Any]]:
    """Return, for each participant, the verdict on each of the trainings.

    Raises
    ------
    UnknownCourseError
        If the catalogue has not one of the trainings.
    """
    unknown = [name for name in course_ids if name not in engine.catalogue.index]
    if unknown:
        raise UnknownCourseError(f"no training has the id '{unknown[0]}'")
    question = engine.ask(participants, events, day)
    bits = reason_bits(question)
    courses = [engine.catalogue.index[name] for name in course_ids]
    return [
        {
            "participant_id": participant_id,
            "programme": engine.programme.label,
            "day": day,
            "courses": [
                _verdict(question, row, course, int(bits[row, course]), messages)
                for course in courses
            ],
        }
        for row, participant_id in enumerate(participants[P.participant_id.name])
    ]


def _verdict(
    question: Question, row: int, course: int, bits: int, messages: Messages
) -> dict[str, Any]:
    reasons = [_reason(question, row, course, why, messages) for why in reasons_in(bits)]
    return {
        "course_id": question.catalogue.ids[course],
        "title": question.catalogue.table[Courses.title.name][course],
        "eligible": not reasons,
        "can_become_eligible": all(reason["possible"] for reason in reasons),
        "reasons": reasons,
    }


def _reason(
    question: Question, row: int, course: int, reason: Reason, messages: Messages
) -> dict[str, Any]:
    numbers = evidence(question, row, course, reason)
    change = remedy(question, row, course, reason)
    return {
        "code": reason.value,
        "text": messages.text("why_not", reason.value, numbers),
        "evidence": numbers,
        "possible": change
        and {
            "code": change.code,
            "text": messages.text("possible", change.code, change.evidence),
            "evidence": change.evidence,
        },
    }
