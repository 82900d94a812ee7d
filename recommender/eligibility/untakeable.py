"""Trainings that nobody can ever take by the rules of a day, whoever they are, with the reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import numpy as np

from recommender.catalogue.catalogue import build_catalogue
from recommender.eligibility.course_rules import Availability
from recommender.eligibility.exclusion_codes import Exclusion, set_bits
from recommender.participants.batch import Vocabularies
from training_data.dataset import Dataset
from training_data.programmes.programme import Programme

# What no day and no person takes away; a class that is full or closed may be followed by another.
FOR_EVER: Final = (
    Exclusion.NO_LONGER_AVAILABLE,
    Exclusion.MODE_NOT_PAID,
    Exclusion.LANGUAGE_NOT_PAID,
    Exclusion.TOO_SHORT,
    Exclusion.ABOVE_PRICE_CEILING,
    Exclusion.PLACE_UNKNOWN,
    Exclusion.PREREQUISITE_UNKNOWN,
)


def find_untakeable(
    dataset: Dataset, programme: Programme, vocabularies: Vocabularies, day: dt.date
) -> Mapping[Exclusion, list[str]]:
    """Return the trainings of a dataset that nobody can ever take, by reason; one may have several."""
    catalogue = build_catalogue(
        dataset.read("courses"),
        dataset.read("classes"),
        vocabularies.regions,
        vocabularies.skills,
    )
    closed = Availability(catalogue, programme.in_force(day)).closed
    found: dict[Exclusion, list[str]] = {}
    for reason in FOR_EVER:
        rows = np.flatnonzero(closed & set_bits(np.ones(1, dtype=bool), reason))
        if len(rows):
            found[reason] = [catalogue.ids[row] for row in rows]
    return found
