"""Plans as people and portals read them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from recommender.eligibility.evidence import to_date
from recommender.engine import Engine, Recommendations
from recommender.matching.plan import Plan
from recommender.messages import Messages
from recommender.responses.advice import FILTERED, UNPLANNED, Advice, advise
from recommender.responses.notices import write_notices
from recommender.responses.recommendations import Figures, Item, build_items, describe_figures

UNLIMITED = np.iinfo(np.int64).max


class PlannedItem(Item):
    """One training of a plan, and when it is taken."""

    buy_on: dt.date
    starts_on: dt.date
    ends_on: dt.date


class PlannedTrainings(TypedDict):
    """Trainings to take one after the other."""

    programme: str
    day: dt.date
    neutral: bool
    items: Annotated[list[PlannedItem], Field(description="in the order in which to take them")]
    hours: Annotated[float, Field(description="of all together, as far as they are known")]
    weeks: Annotated[int, Field(description="from the first purchase to the last day")]
    spent_idr: Annotated[int, Field(examples=[1350000])]
    left_idr: Annotated[int | None, Field(description="null where the programme sets no balance")]
    summary: Annotated[
        str | None, Field(description="the whole in one sentence; null for an empty plan")
    ]
    advice: Annotated[
        list[Advice],
        Field(description="what to do first, or why the plan is empty and what would change it"),
    ]
    figures: Figures


def build_plan(engine: Engine, messages: Messages, plan: Plan) -> PlannedTrainings:
    """Return a plan with its items, its sums, and what to do first."""
    recommendations, slots = plan.recommendations, plan.slots
    ready = np.array([slot.buy_on for slot in slots], dtype=np.int64)
    items = build_items(engine, recommendations, messages, ready)[0]
    planned: list[PlannedItem] = [
        {
            **item,
            "buy_on": to_date(slot.buy_on),
            "starts_on": to_date(slot.starts_on),
            "ends_on": to_date(slot.ends_on),
        }
        for item, slot in zip(items, slots, strict=True)
    ]
    hours = sum(item["duration_hours"] or 0.0 for item in items)
    weeks = -(-(slots[-1].ends_on - slots[0].buy_on + 1) // 7) if slots else 0
    left = None if plan.balance == UNLIMITED else plan.balance - plan.spent
    is_empty = [not items and not plan.nothing_fits]
    why = FILTERED if plan.filtered else UNPLANNED
    advice = advise(recommendations.query, messages, is_empty, why)[0]
    if not items and plan.nothing_fits:
        advice.append(_explain_unmet(engine, messages, recommendations))
    return {
        "programme": engine.programme.label,
        "day": recommendations.participants.day,
        "neutral": bool(recommendations.query.batch.opted_out[0]),
        "items": planned,
        "hours": hours,
        "weeks": weeks,
        "spent_idr": plan.spent,
        "left_idr": left,
        "summary": _sum_up(planned, weeks, left, messages) if items else None,
        "advice": advice,
        "figures": describe_figures(engine, messages),
    }


def _sum_up(planned: list[PlannedItem], weeks: int, left: int | None, messages: Messages) -> str:
    """Tell how many trainings, hours and weeks, and what stays of the balance."""
    known = [item["duration_hours"] for item in planned if item["duration_hours"] is not None]
    code = "whole" if len(known) == len(planned) else "length_unknown"
    told = {"count": len(planned), "hours": sum(known), "weeks": weeks}
    sentences = [messages.text("plan", code, told)]
    if left is not None:
        sentences.append(messages.text("plan", "left", {"balance": left}))
    return " ".join(sentences)


def _explain_unmet(engine: Engine, messages: Messages, recommendations: Recommendations) -> Advice:
    """Tell which training fits that may not be taken; where none does, to say it in other words."""
    notice = write_notices(engine, messages, recommendations)[0]
    if notice is not None and notice["code"] != "nothing_fits":
        then = messages.text("advice", "look_elsewhere", {})
        text = f"{notice['text']} {then}"
        return {"code": notice["code"], "text": text, "evidence": notice["evidence"]}
    text = messages.text("advice", "nothing_fitting", {})
    return {"code": "nothing_fitting", "text": text, "evidence": {}}
