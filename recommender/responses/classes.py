"""When and where trainings are held, as people and portals read it."""

from __future__ import annotations

import datetime as dt
from math import isnan
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from recommender.catalogue.catalogue import FAR_FUTURE
from recommender.eligibility.calendar import count_study_days
from recommender.eligibility.evidence import to_date
from recommender.explanation.context import ExplanationContext


class NextClass(TypedDict):
    """The class of a training that a person would take: the nearest that can be entered, of these the first."""

    starts_on: dt.date
    ends_on: dt.date
    register_until: dt.date
    region: Annotated[str | None, Field(description="null online")]
    seats_left: int


class Held(NamedTuple):
    """When and where a training is held for a person."""

    weeks: int | None
    dated: NextClass | None
    region: str | None
    km: float | None


def list_classes(context: ExplanationContext) -> list[Held]:
    """Return when and where the training of each pair is held."""
    query, (session, region, km) = context.query, context.next_classes
    sessions = query.catalogue.sessions
    away = np.where(region == query.batch.home.region[context.rows], np.nan, km)
    days = count_study_days(query.availability)[context.courses]
    timed = ~np.isnan(query.catalogue.duration_hours[context.courses])
    dated = np.zeros(len(session), dtype=bool)
    if len(sessions):
        dated = (session >= 0) & (sessions.starts_on[session] < FAR_FUTURE)
        length = sessions.ends_on[session].astype(np.int64) - sessions.starts_on[session] + 1
        days = np.where(dated, length, days)
    weeks = np.where(dated | timed, -(-days // 7), 0)
    held = zip(weeks.tolist(), dated.tolist(), session.tolist(), region.tolist(), away, strict=True)
    closes = query.availability.registration_closes
    return [
        Held(
            lasts or None,
            {
                "starts_on": to_date(sessions.starts_on[row]),
                "ends_on": to_date(sessions.ends_on[row]),
                "register_until": to_date(closes[row]),
                "region": context.region_name(place),
                "seats_left": int(sessions.seats_left[row]),
            }
            if is_dated
            else None,
            context.region_name(place),
            None if isnan(far) else round(float(far), 1),
        )
        for lasts, is_dated, row, place, far in held
    ]
