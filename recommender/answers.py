"""Answers as people and portals read them: items with facts, reasons and texts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from recommender.eligibility import reason_bits
from recommender.engine import Answer, Engine, Filters, Settings
from recommender.explanation import Explainer
from recommender.messages import Messages
from recommender.question import Question
from recommender.reasons import Reason
from training_data.columns import Courses, Participants

C, P = Courses, Participants
FACTS = tuple(
    column.name
    for column in (
        C.course_id,
        C.title,
        C.provider_id,
        C.category,
        C.mode,
        C.level,
        C.price_idr,
        C.duration_hours,
    )
)


def respond(
    engine: Engine,
    messages: Messages,
    participants: pl.DataFrame,
    events: pl.DataFrame,
    day: dt.date,
    settings: Settings,
    filters: Filters,
) -> list[dict[str, Any]]:
    """Return the whole answer for each participant: list, rules, and what was left out where it is short."""
    answer = engine.recommend(participants, events, day, settings, filters)
    lists = items(engine, answer, messages)
    return [
        {
            "participant_id": participant_id,
            "programme": engine.programme.label,
            "day": day,
            "neutral": bool(answer.question.batch.opted_out[row]),
            "items": lists[row],
            "excluded": excluded(answer.question, row) if len(lists[row]) < settings.k else {},
        }
        for row, participant_id in enumerate(participants[P.participant_id.name])
    ]


def items(engine: Engine, answer: Answer, messages: Messages) -> list[list[dict[str, Any]]]:
    """Return each participant's list: facts, score, place and reasons of each training."""
    explainer = engine.explainer(answer, messages.language)
    reasons = engine.why(answer, messages.language)
    return [
        [
            _item(explainer, messages, answer, row, place, why)
            for place, why in enumerate(reasons[row])
        ]
        for row in range(len(answer.ids))
    ]


def _item(
    explainer: Explainer,
    messages: Messages,
    answer: Answer,
    row: int,
    place: int,
    reasons: list[Any],
) -> dict[str, Any]:
    course = int(answer.ids[row, place])
    table = answer.question.catalogue.table
    item: dict[str, Any] = {"rank": place + 1}
    item |= {name: table[name][course] for name in FACTS}
    item["price_text"] = messages.price(item[C.price_idr.name])
    item |= _whereabouts(explainer, row, course)
    item["score"] = round(float(answer.scores[row, place]), 4)
    item["reasons"] = [
        {
            "code": why.code,
            "text": messages.text("why", why.code, why.evidence),
            "evidence": why.evidence,
        }
        for why in reasons
    ]
    return item


def _whereabouts(explainer: Explainer, row: int, course: int) -> dict[str, Any]:
    """Region and distance of the nearest open place; null for what is taken online."""
    place = None
    if explainer.question.catalogue.face_to_face[course]:
        place = explainer.nearest_place(row, course)
    if place is None:
        return {"region": None, "distance_km": None}
    region, km = place
    return {"region": region, "distance_km": None if np.isnan(km) else round(km, 1)}


def excluded(question: Question, row: int) -> dict[str, int]:
    """Return how many trainings each reason keeps from a participant."""
    bits = reason_bits(question)[row]
    counts = {
        reason.value: int((bits >> np.uint32(place) & 1).sum())
        for place, reason in enumerate(Reason)
    }
    return {code: count for code, count in counts.items() if count}
