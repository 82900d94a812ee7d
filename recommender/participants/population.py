"""What a population consists of, so that a service can tell when other people ask than it was trained on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.participants.batch import ParticipantBatch
from training_data.columns import EDUCATIONS
from training_data.regions import RegionTable

AGES: Final = (18, 25, 35, 45, 55, 65)
AGE_NAMES: Final = ("under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65 and over")
OLDEST: Final = 120
UNKNOWN: Final = "unknown"
FILE: Final = "mix.json"

Counts = NDArray[np.int64]


class Kinds:
    """The kinds of people that are told apart, one attribute after the other.

    Attributes
    ----------
    names : list of (str, str)
        Attribute and kind: the region (of the second smallest level), the age and the education. Each
        attribute has a kind for those of whom it is not known.
    parts : dict of str to slice
        The kinds of each attribute.
    """

    def __init__(self, regions: RegionTable) -> None:
        above = regions.at_level(max(len(regions.levels) - 2, 0))
        groups = np.unique(above[above >= 0])
        attributes = {
            "region": (*(regions.codes[group] for group in groups), UNKNOWN),
            "age": (*AGE_NAMES, UNKNOWN),
            "education": (*EDUCATIONS, UNKNOWN),
        }
        self.names: list[tuple[str, str]] = []
        self.parts: dict[str, slice] = {}
        for attribute, kinds in attributes.items():
            self.parts[attribute] = slice(len(self.names), len(self.names) + len(kinds))
            self.names += [(attribute, kind) for kind in kinds]
        region = np.where(above >= 0, np.searchsorted(groups, above), len(groups))
        age = np.searchsorted(AGES, np.arange(OLDEST + 1), side="right")
        # A code of -1, for what is not known, finds the last place of a table.
        self._region = np.append(region, len(groups))
        self._age = np.append(age, len(AGE_NAMES)) + self.parts["age"].start
        self._education = np.arange(len(EDUCATIONS) + 1) + self.parts["education"].start

    def count(self, batch: ParticipantBatch, year: int) -> Counts:
        """Return how many people are of each kind; those who object to profiling are not counted."""
        age = np.minimum(np.maximum(year - batch.birth_year, 0), OLDEST + 1)
        kinds = [self._region[batch.region], self._age[age], self._education[batch.education]]
        if batch.opted_out.any():
            kinds = [kind[~batch.opted_out] for kind in kinds]
        return np.bincount(np.concatenate(kinds), minlength=len(self.names))


@dataclass(frozen=True)
class Mix:
    """How many people of each kind there were at training."""

    kinds: Kinds
    counts: Counts

    def save(self, folder: Path) -> None:
        """Write the counts below their names."""
        rows = [
            [*name, int(count)] for name, count in zip(self.kinds.names, self.counts, strict=True)
        ]
        (folder / FILE).write_text(json.dumps(rows), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, kinds: Kinds) -> Mix:
        """Read the counts; of a kind that was not told apart then, there were none."""
        rows = json.loads((folder / FILE).read_text(encoding="utf-8"))
        found = {(attribute, kind): count for attribute, kind, count in rows}
        return cls(kinds, np.array([found.get(name, 0) for name in kinds.names], dtype=np.int64))


def stability_index(reference: Counts, observed: Counts) -> float:
    """Return the population stability index, the sum of ``(q - p) ln(q / p)`` over the kinds.

    Half a person is added to each kind, so that an empty one gives no infinity. By a rule of thumb from
    credit scoring (Siddiqi 2006), below 0.1 nothing changed, and above 0.25 it is another population.

    Parameters
    ----------
    reference, observed : ndarray of int64, shape (n,)
        How many people were of each kind.
    """
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (reference, observed))
    return float(((q - p) * np.log(q / p)).sum())
