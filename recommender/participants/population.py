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
FILE: Final = "population.json"

Counts = NDArray[np.int64]


class PopulationGroups:
    """The groups of people that are told apart, one attribute after the other.

    Attributes
    ----------
    names : list of (str, str)
        Attribute and group: the region (of the second smallest level), the age and the education. Each
        attribute has a group for those of whom it is not known.
    parts : dict of str to slice
        The groups of each attribute.
    """

    def __init__(self, regions: RegionTable) -> None:
        above = regions.at_level(max(len(regions.levels) - 2, 0))
        present = np.unique(above[above >= 0])
        attributes = {
            "region": (*(regions.codes[region] for region in present), UNKNOWN),
            "age": (*AGE_NAMES, UNKNOWN),
            "education": (*EDUCATIONS, UNKNOWN),
        }
        self.names: list[tuple[str, str]] = []
        self.parts: dict[str, slice] = {}
        for attribute, groups in attributes.items():
            self.parts[attribute] = slice(len(self.names), len(self.names) + len(groups))
            self.names += [(attribute, group) for group in groups]
        region = np.where(above >= 0, np.searchsorted(present, above), len(present))
        age = np.searchsorted(AGES, np.arange(OLDEST + 1), side="right")
        # A code of -1, for what is not known, finds the last place of a table.
        self._region = np.append(region, len(present))
        self._age = np.append(age, len(AGE_NAMES)) + self.parts["age"].start
        self._education = np.arange(len(EDUCATIONS) + 1) + self.parts["education"].start

    def count(self, batch: ParticipantBatch, year: int) -> Counts:
        """Return how many people are of each group; those who object to profiling are not counted."""
        age = np.minimum(np.maximum(year - batch.facts.birth_year, 0), OLDEST + 1)
        groups = [
            self._region[batch.home.region],
            self._age[age],
            self._education[batch.facts.education],
        ]
        if batch.opted_out.any():
            groups = [group[~batch.opted_out] for group in groups]
        return np.bincount(np.concatenate(groups), minlength=len(self.names))


@dataclass(frozen=True)
class PopulationDistribution:
    """How many people of each group there were at training."""

    groups: PopulationGroups
    counts: Counts

    def save(self, folder: Path) -> None:
        """Write the counts below their names."""
        rows = [
            [*name, int(count)] for name, count in zip(self.groups.names, self.counts, strict=True)
        ]
        (folder / FILE).write_text(json.dumps(rows), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, groups: PopulationGroups) -> PopulationDistribution:
        """Read the counts; of a group that was not told apart then, there were none."""
        rows = json.loads((folder / FILE).read_text(encoding="utf-8"))
        found = {(attribute, group): count for attribute, group, count in rows}
        return cls(groups, np.array([found.get(name, 0) for name in groups.names], dtype=np.int64))


def stability_index(reference: Counts, observed: Counts) -> float:
    """Return the population stability index, the sum of ``(q - p) ln(q / p)`` over the groups.

    Half a person is added to each group, so that an empty one gives no infinity. By a rule of thumb from
    credit scoring (Siddiqi 2006), below 0.1 nothing changed, and above 0.25 it is another population.

    Parameters
    ----------
    reference, observed : ndarray of int64, shape (n,)
        How many people were of each group.
    """
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (reference, observed))
    return float(((q - p) * np.log(q / p)).sum())
