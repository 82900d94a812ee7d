"""What to do first, or instead: the sentences that go with a list or a plan that is not as wished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from recommender.eligibility.evidence import exclusion_evidence
from recommender.eligibility.exclusion_codes import (
    BIT,
    PASSING,
    PASSING_BITS,
    Exclusion,
    list_exclusions,
)
from recommender.eligibility.exclusions import find_exclusions, find_participant_exclusions
from recommender.eligibility.query import EligibilityQuery
from recommender.eligibility.remedies import find_remedy
from recommender.messages import Messages
from training_data.columns import EMPLOYMENT_STATUSES

# What a person can change, with words of its own for how; looked at where nothing may be taken.
CHANGEABLE = (
    Exclusion.OWN_AREA_UNKNOWN,
    Exclusion.DEVICE_MISSING,
    Exclusion.CONNECTION_MISSING,
    Exclusion.OUT_OF_REACH,
    Exclusion.BALANCE_TOO_LOW,
)

WORKING = tuple(EMPLOYMENT_STATUSES.index(one) for one in ("employed", "self_employed"))
LONG = 120.0  # hours of being there, three weeks of whole days, that go ill beside work
FILTERED = "filters_leave_nothing"
UNPLANNED = "nothing_in_order"


class Advice(TypedDict):
    """What to do first, or why there is nothing and what would change it."""

    code: Annotated[str, Field(examples=["training_unrated"])]
    text: Annotated[
        str, Field(examples=["Beri dulu penilaian untuk pelatihan yang sudah selesai: Las."])
    ]
    evidence: dict[str, Any]


def find_waits(query: EligibilityQuery) -> list[str | None]:
    """Return what each person has to do before the next training: the code of an exclusion, None for nothing."""
    bits = find_participant_exclusions(query).tolist()
    return [
        next((one.value for one in PASSING if of_person >> BIT[one] & 1), None)
        for of_person in bits
    ]


def advise(
    query: EligibilityQuery, messages: Messages, is_empty: Sequence[bool], left: str
) -> list[list[Advice]]:
    """Return what to tell each person beside the list.

    Parameters
    ----------
    is_empty : sequence of bool, B long
        Whose list holds nothing.
    left : str
        Code of what is told where nothing is listed though something may be taken.
    """
    bits = find_participant_exclusions(query).tolist()
    advice = [_explain_person(query, row, of_row, messages) for row, of_row in enumerate(bits)]
    for row in np.flatnonzero(is_empty).tolist():
        if not advice[row] or bits[row] & ~PASSING_BITS == 0:
            advice[row].append(_explain_nothing(query, row, messages, left))
    return advice


def find_working(query: EligibilityQuery) -> list[bool]:
    """Return who says that they work, and may be asked what they said."""
    working = np.isin(query.batch.facts.employment, WORKING) & ~query.batch.opted_out
    return [bool(one) for one in working]


def warn_of_hours(course: str, hours: float, messages: Messages) -> Advice:
    """Tell somebody who works of a training that takes weeks of being there."""
    return _write("hours_beside_work", {"course": course, "hours": hours}, messages)


def _explain_person(
    query: EligibilityQuery, row: int, bits: int, messages: Messages
) -> list[Advice]:
    """Tell why somebody may take nothing at all, and what changes it."""
    told: list[Advice] = []
    for exclusion in list_exclusions(bits):
        evidence = exclusion_evidence(query, row, 0, exclusion)
        text = messages.text("exclusion", exclusion.value, evidence)
        if exclusion not in PASSING:  # their own text says what to do
            remedy = find_remedy(query, row, 0, exclusion)
            then = (
                messages.text("advice", "ask_programme", {})
                if remedy is None
                else messages.text("remedy", remedy.code, remedy.evidence)
            )
            text = f"{text} {then}"
        told.append({"code": exclusion.value, "text": text, "evidence": evidence})
    return told


def _explain_nothing(query: EligibilityQuery, row: int, messages: Messages, left: str) -> Advice:
    """Tell what keeps a person from every training that the list might hold, and what opens the most of them."""
    bits = find_exclusions(query, np.array([row]))[0] & ~PASSING_BITS
    if (bits == 0).any():
        return _write(left, {}, messages)
    opened = {one: int((bits == 1 << BIT[one]).sum()) for one in CHANGEABLE}
    best = max(opened, key=opened.__getitem__)
    if opened[best]:
        return _write(best.value, {"count": opened[best]}, messages)
    return _write("nothing_permitted", {}, messages)


def _write(code: str, evidence: dict[str, Any], messages: Messages) -> Advice:
    return {"code": code, "text": messages.text("advice", code, evidence), "evidence": evidence}
