"""Answers as people and portals read them: items with facts, reasons and texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from math import isnan
from typing import Any

import numpy as np

from recommender.eligibility.mask import reason_counts
from recommender.eligibility.query import Question
from recommender.eligibility.reasons import Reason
from recommender.engine import Answer, Engine
from recommender.explanation.context import Why
from recommender.messages import Messages
from recommender.participants.prepared import People
from recommender.settings import Filters, Settings
from training_data.columns import Courses

PRICE = Courses.price_idr.name
NAMES = [reason.value for reason in Reason]


def respond(
    engine: Engine,
    messages: Messages,
    people: People,
    day: dt.date,
    settings: Settings,
    filters: Filters,
) -> list[dict[str, Any]]:
    """Ask the engine and return the whole answer for each participant."""
    answer = engine.answer(people, day, settings, filters)
    return tell(engine, messages, people, answer, settings.k)


def tell(
    engine: Engine, messages: Messages, people: People, answer: Answer, k: int
) -> list[dict[str, Any]]:
    """Return what is said to each participant: list, rules, and what was left out where it is short of k."""
    lists = items(engine, answer, messages)
    left_out = excluded(answer.question, [len(chosen) < k for chosen in lists])
    neutral = answer.question.batch.opted_out.tolist()
    return [
        {
            "participant_id": participant_id,
            "programme": engine.programme.label,
            "day": answer.question.rules.day,
            "neutral": neutral[row],
            "items": lists[row],
            "excluded": left_out[row],
        }
        for row, participant_id in enumerate(people.ids)
    ]


def items(engine: Engine, answer: Answer, messages: Messages) -> list[list[dict[str, Any]]]:
    """Return each participant's list: facts, score, place and reasons of each training."""
    explainer = engine.explainer(answer, messages.language)
    whys = engine.why(answer, explainer)
    told = _told(whys, messages)
    regions, km = explainer.whereabouts
    pairs = zip(
        explainer.rows.tolist(),
        explainer.courses.tolist(),
        answer.scores[answer.ids >= 0].astype(np.float64).round(4).tolist(),
        _propensities(answer),
        regions.tolist(),
        km.tolist(),
        whys,
        strict=True,
    )
    facts = engine.catalogue.facts
    lists: list[list[dict[str, Any]]] = [[] for _ in answer.ids]
    for row, course, score, propensity, region, far, reasons in pairs:
        known = facts[course]
        lists[row].append(
            {
                "rank": len(lists[row]) + 1,
                **known,
                "price_text": messages.price(known[PRICE]),
                "region": explainer.region_name(region),
                "distance_km": None if isnan(far) else round(far, 1),
                "score": score,
                "propensity": propensity,
                "reasons": [told[id(why)] for why in reasons],
            }
        )
    return lists


def _told(whys: list[list[Why]], messages: Messages) -> dict[int, dict[str, Any]]:
    """Return each reason in words, by its identity: one may be said of many pairs."""
    told: dict[int, dict[str, Any]] = {}
    for reasons in whys:
        for why in reasons:
            if id(why) not in told:
                code, evidence = why
                text = messages.text("why", code, evidence)
                told[id(why)] = {"code": code, "text": text, "evidence": evidence}
    return told


def _propensities(answer: Answer) -> list[float]:
    real = answer.ids >= 0
    if answer.propensities is None:
        return [1.0] * int(real.sum())
    listed: list[float] = answer.propensities[real].tolist()
    return listed


def excluded(question: Question, wanted: Sequence[bool]) -> list[dict[str, int]]:
    """Return how many trainings each reason keeps from each participant; nothing where not wanted."""
    counted: list[dict[str, int]] = [{} for _ in wanted]
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return counted
    for row, counts in zip(rows.tolist(), reason_counts(question, rows).tolist(), strict=True):
        counted[row] = {name: count for name, count in zip(NAMES, counts, strict=True) if count}
    return counted
