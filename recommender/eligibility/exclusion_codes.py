"""Why a participant may not take a training: the list of exclusions, and the bits that stand for them in masks.

Each is decided in `recommender.eligibility.participant_rules` (of a person, or of a person and a training) or in
`recommender.eligibility.course_rules` (of a training alone); `recommender.eligibility.exclusions` finds them all.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Exclusion(StrEnum):
    """Why a participant may not take a training."""

    TOO_YOUNG = "too_young"
    TOO_OLD = "too_old"
    STATUS_EXCLUDED = "status_excluded"
    OCCUPATION_EXCLUDED = "occupation_excluded"
    GRADUATED_TOO_EARLY = "graduated_too_early"
    FIRST_PURCHASE_LATE = "first_purchase_late"
    NEXT_PURCHASE_LATE = "next_purchase_late"
    TOOK_PART_ALREADY = "took_part_already"
    TOO_MANY_CHOICES = "too_many_choices"
    TRAINING_UNFINISHED = "training_unfinished"
    TRAINING_UNRATED = "training_unrated"
    WITHDRAWN = "withdrawn"
    NOT_YET_AVAILABLE = "not_yet_available"
    NO_LONGER_AVAILABLE = "no_longer_available"
    MODE_NOT_PAID = "mode_not_paid"
    LANGUAGE_NOT_PAID = "language_not_paid"
    TOO_SHORT = "too_short"
    ABOVE_PRICE_CEILING = "above_price_ceiling"
    REGISTRATION_CLOSED = "registration_closed"
    REGISTRATION_NOT_OPEN = "registration_not_open"
    CLASS_TOO_LATE = "class_too_late"
    TOO_MANY_HOURS_A_DAY = "too_many_hours_a_day"
    NO_SEATS_LEFT = "no_seats_left"
    PLACE_UNKNOWN = "place_unknown"
    PREREQUISITE_UNKNOWN = "prerequisite_unknown"
    BALANCE_TOO_LOW = "balance_too_low"
    TAKEN_ALREADY = "taken_already"
    PREREQUISITE_MISSING = "prerequisite_missing"
    EDUCATION_TOO_LOW = "education_too_low"
    DEVICE_MISSING = "device_missing"
    CONNECTION_MISSING = "connection_missing"
    OWN_AREA_UNKNOWN = "own_area_unknown"
    OUT_OF_REACH = "out_of_reach"


PASSING = (Exclusion.TRAINING_UNFINISHED, Exclusion.TRAINING_UNRATED)
"""What ends by itself or at once: it keeps nobody from seeing what comes after."""

BIT = {reason: place for place, reason in enumerate(Exclusion)}
PASSING_BITS = np.uint64(sum(1 << BIT[reason] for reason in PASSING))


def set_bits(found: NDArray[np.bool_], reason: Exclusion) -> NDArray[np.uint64]:
    """Return the bit of a reason where it was found, 0 elsewhere."""
    return found * np.uint64(1 << BIT[reason])


def list_exclusions(bits: int) -> list[Exclusion]:
    """Return the reasons that the bits of one pair stand for."""
    return [reason for place, reason in enumerate(Exclusion) if bits >> place & 1]
