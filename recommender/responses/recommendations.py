"""Recommendations as people and portals read them: items with facts, reasons and texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import (
    TypedDict,  # of the standard library, pydantic reads it from Python 3.12 on
)

from recommender.eligibility.exclusion_codes import Exclusion
from recommender.eligibility.exclusions import count_exclusions
from recommender.eligibility.query import EligibilityQuery
from recommender.engine import Engine, Recommendations
from recommender.explanation.context import Reason
from recommender.messages import Messages
from recommender.ranking.fit import FITS, Fit, grade_fit
from recommender.responses.advice import (
    FILTERED,
    LONG,
    Advice,
    advise,
    find_waits,
    find_working,
    warn_of_hours,
)
from recommender.responses.classes import NextClass, list_classes
from recommender.responses.notices import Notice, write_notices

BEING_THERE = ("in_person", "hybrid")
EXCLUSIONS = [exclusion.value for exclusion in Exclusion]


class RecommendationReason(TypedDict):
    """Why a training is in the list."""

    code: Annotated[str, Field(examples=["matches_phrase"])]
    text: Annotated[
        str,
        Field(examples=["Sesuai dengan yang Anda tulis: “jualan camilan lewat internet”."]),
    ]
    evidence: Annotated[
        dict[str, Any],
        Field(examples=[{"closeness": "close", "phrase": "jualan camilan lewat internet"}]),
    ]


class Offer(TypedDict):
    """The same training on another platform."""

    course_id: Annotated[str, Field(examples=["penjualan-104"])]
    platform: Annotated[str, Field(examples=["Pelatihanku"])]
    price_idr: Annotated[int, Field(examples=[375000])]
    price_text: Annotated[str, Field(examples=["Rp 375.000"])]


class Item(TypedDict):
    """One recommended training."""

    rank: Annotated[int, Field(ge=1, examples=[1])]
    course_id: Annotated[str, Field(examples=["penjualan-004"])]
    title: str
    provider_id: str
    category: str | None
    mode: Annotated[str, Field(examples=["webinar"])]
    level: str | None
    language: Annotated[str | None, Field(description="of teaching", examples=["id"])]
    price_idr: Annotated[int, Field(examples=[350000])]
    price_text: Annotated[str, Field(examples=["Rp 350.000"])]
    also_sold: Annotated[
        list[Offer],
        Field(description="the same training on other platforms, the cheapest first"),
    ]
    duration_hours: float | None
    weeks: Annotated[
        int | None, Field(description="from the first day to the last, by dates or by hours a day")
    ]
    next_class: Annotated[
        NextClass | None, Field(description="null for what may be begun on any day")
    ]
    region: Annotated[str | None, Field(description="where the nearest open class is; null online")]
    distance_km: Annotated[
        float | None, Field(description="to it; null online and within one's own region")
    ]
    waits_for: Annotated[
        str | None,
        Field(
            description="what the person has to do before: training_unfinished or training_unrated; "
            "null for what may be taken now"
        ),
    ]
    fit: Annotated[Fit, Field(description="how well it fits what the participant wrote")]
    score: float
    propensity: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            description="probability with which it came to this place; 1 where nothing was left to chance",
        ),
    ]
    reasons: Annotated[
        list[RecommendationReason],
        Field(description="what speaks of the person first; empty where nothing speaks for it"),
    ]


class Figures(TypedDict):
    """When and how the numbers of people in reasons are known."""

    until: Annotated[dt.date | None, Field(description="day of the newest event that was counted")]
    simulated: bool
    text: str


class RecommendationList(TypedDict):
    """A list for one participant, and all that is needed to explain it."""

    participant_id: str | None
    programme: Annotated[str, Field(examples=["prakerja@2024.1+8963ea8e513d"])]
    day: dt.date
    neutral: bool
    items: list[Item]
    advice: Annotated[
        list[Advice],
        Field(description="what to do first, or why the list is empty and what would change it"),
    ]
    figures: Figures
    notice: Annotated[
        Notice | None,
        Field(description="said where nothing permitted fits or is related to what was written"),
    ]
    excluded: Annotated[
        dict[str, int],
        Field(
            description="where the list is short: how many trainings each rule leaves out",
            examples=[{"out_of_reach": 96, "balance_too_low": 3}],
        ),
    ]


def build_lists(
    engine: Engine,
    messages: Messages,
    recommendations: Recommendations,
    k: int,
    reasons: list[list[Reason]] | None = None,
) -> list[RecommendationList]:
    """Return each participant's list, and what the rules left out of it where it is short of k.

    Parameters
    ----------
    reasons : list of list of Reason, optional
        For each training of the slates; None: they are found.
    """
    lists = build_items(engine, recommendations, messages, reasons=reasons)
    short = [len(items) < k for items in lists]
    excluded = count_excluded(recommendations.query, short)
    notices = write_notices(engine, messages, recommendations)
    participants = recommendations.participants
    neutral = participants.batch.opted_out.tolist()
    advice = advise(recommendations.query, messages, [not items for items in lists], FILTERED)
    for row, works in enumerate(find_working(recommendations.query)):
        if works:
            advice[row] += _warn_of_hours(lists[row], messages)
    figures = describe_figures(engine, messages)
    return [
        {
            "participant_id": participant_id,
            "programme": engine.programme.label,
            "day": participants.day,
            "neutral": neutral[row],
            "items": lists[row],
            "advice": advice[row],
            "figures": figures,
            "notice": notices[row],
            "excluded": excluded[row],
        }
        for row, participant_id in enumerate(participants.ids)
    ]


def _warn_of_hours(items: Sequence[Item], messages: Messages) -> list[Advice]:
    """Tell of the first training listed that takes weeks of being there."""
    for item in items:
        hours = item["duration_hours"]
        if item["mode"] in BEING_THERE and hours is not None and hours >= LONG:
            return [warn_of_hours(item["title"], hours, messages)]
    return []


def build_items(
    engine: Engine,
    recommendations: Recommendations,
    messages: Messages,
    ready: NDArray[np.int64] | None = None,
    reasons: list[list[Reason]] | None = None,
) -> list[list[Item]]:
    """Return each participant's items: facts, score, place and reasons of each training.

    Parameters
    ----------
    ready : ndarray of int64, optional
        The first day on which each training can be bought; None: as soon as the person can.
    reasons : list of list of Reason, optional
        For each training of the slates; None: they are found.
    """
    slates = recommendations.slates
    context = engine.explanation_context(recommendations, messages.language, ready)
    if reasons is None:
        reasons = engine.explain(recommendations, context)
    written = _write_reasons(reasons, messages)
    waits = find_waits(recommendations.query)
    pairs = zip(
        context.rows.tolist(),
        context.courses.tolist(),
        grade_fit(slates.features[slates.ids >= 0]).tolist(),
        slates.scores[slates.ids >= 0].astype(np.float64).round(4).tolist(),
        _list_propensities(recommendations),
        list_classes(context),
        reasons,
        strict=True,
    )
    facts = engine.catalogue.facts
    lists: list[list[Item]] = [[] for _ in slates.ids]
    for row, course, fit, score, propensity, held, why in pairs:
        known = facts[course]
        lists[row].append(
            {
                "rank": len(lists[row]) + 1,
                "course_id": known.course_id,
                "title": known.title,
                "provider_id": known.provider_id,
                "category": known.category,
                "mode": known.mode,
                "level": known.level,
                "language": known.language,
                "price_idr": known.price_idr,
                "price_text": messages.price(known.price_idr),
                "also_sold": _list_offers(recommendations.query, course, messages),
                "duration_hours": known.duration_hours,
                "weeks": held.weeks,
                "next_class": held.dated,
                "region": held.region,
                "distance_km": held.km,
                "waits_for": waits[row],
                "fit": FITS[fit],
                "score": score,
                "propensity": propensity,
                "reasons": [written[reason] for reason in why],
            }
        )
    return lists


def _list_offers(query: EligibilityQuery, course: int, messages: Messages) -> list[Offer]:
    """Return the other offers of a training that are open."""
    facts, closed = query.catalogue.facts, query.availability.closed
    return [
        {
            "course_id": facts[other].course_id,
            "platform": facts[other].platform or "",
            "price_idr": facts[other].price_idr,
            "price_text": messages.price(facts[other].price_idr),
        }
        for other in query.catalogue.offers.list_others(course)
        if closed[other] == 0
    ]


def describe_figures(engine: Engine, messages: Messages) -> Figures:
    """Return when and how the numbers of people that reasons name are known."""
    takers = engine.takers
    if takers.simulated:
        text = messages.text("figures", "simulated", {})
    elif takers.until is None:
        text = messages.text("figures", "none", {})
    else:
        text = messages.text("figures", "counted", {"date": takers.until})
    return {"until": takers.until, "simulated": takers.simulated, "text": text}


def count_excluded(query: EligibilityQuery, wanted: Sequence[bool]) -> list[dict[str, int]]:
    """Return how many trainings each rule keeps from each participant; nothing where not wanted."""
    counted: list[dict[str, int]] = [{} for _ in wanted]
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return counted
    for row, counts in zip(rows.tolist(), count_exclusions(query, rows).tolist(), strict=True):
        counted[row] = {
            name: count for name, count in zip(EXCLUSIONS, counts, strict=True) if count
        }
    return counted


def _write_reasons(
    reasons: Sequence[Sequence[Reason]], messages: Messages
) -> dict[Reason, RecommendationReason]:
    """Return each reason in words; one may be given for many pairs."""
    distinct = {reason for of_pair in reasons for reason in of_pair}
    return {
        reason: {
            "code": reason.code,
            "text": messages.text("reason", reason.code, reason.evidence),
            "evidence": reason.evidence,
        }
        for reason in distinct
    }


def _list_propensities(recommendations: Recommendations) -> list[float]:
    slates = recommendations.slates
    real = slates.ids >= 0
    if slates.propensities is None:
        return [1.0] * int(real.sum())
    listed: list[float] = slates.propensities[real].tolist()
    return listed
