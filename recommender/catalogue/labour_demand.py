"""What employers look for and where: openings by region, skill and occupation, from vacancies.

Most kabupaten have few vacancies, so a region's shares lean on those of the region around it, and that
one's on the next, up to the nation: with ``n`` of a region's ``N`` openings asking for a skill,
``(n + k * share around it) / (N + k)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from training_data.arrays import encode_strings, explode, look_up
from training_data.columns import Vacancies
from training_data.occupations.occupations import Occupations
from training_data.regions import RegionTable
from training_data.skills.matching import find_named_skills
from training_data.skills.vocabulary import Vocabulary

V = Vacancies
Openings = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
PRIOR_OPENINGS = 100.0  # k: openings that a region needs to speak as loudly as the region around it


@dataclass(frozen=True)
class LabourDemand:
    """Openings in R regions, each with what lies within it; the last row, R, is the nation.

    So the id -1 of an unknown region finds the nation.

    Attributes
    ----------
    total : ndarray of int64, shape (R + 1,)
        Openings of any kind.
    by_skill : ndarray of int32, shape (R + 1, S)
        Openings that ask for each skill, by name or by the occupation.
    by_occupation : ndarray of int32, shape (R + 1, O)
        Openings for each occupation.
    parents : ndarray of int32, shape (R,)
        Region around each; -1 at the top.
    """

    total: NDArray[np.int64]
    by_skill: NDArray[np.int32]
    by_occupation: NDArray[np.int32]
    parents: NDArray[np.int32]

    @cached_property
    def skill_shares(self) -> NDArray[np.float32]:
        """Share of each region's openings that ask for each skill, shrunk, (R + 1, S)."""
        return self._shrunk(self.by_skill)

    def of_trainings(
        self, regions: NDArray[np.int32], taught: sp.csr_matrix
    ) -> NDArray[np.float32]:
        """Return how much the skills of each training are sought in each region, in [0, 1].

        The mean share of its skills, with the skill that the nation seeks most as 1.

        Parameters
        ----------
        regions : ndarray of int32, shape (B,)
            Region ids, -1 for the nation.
        taught : csr_matrix, shape (N, S)

        Returns
        -------
        ndarray of float32, shape (B, N)
        """
        distinct, place = np.unique(regions, return_inverse=True)
        most = max(float(self.skill_shares[-1].max(initial=0.0)), 1e-9)
        count = np.maximum(taught.getnnz(axis=1), 1)
        sought = (taught @ self.skill_shares[distinct].T / count[:, None] / most).T
        table: NDArray[np.float32] = np.minimum(sought, 1.0).astype(np.float32)
        return table[place]

    def openings_asking(
        self, regions: NDArray[np.integer], skills: NDArray[np.integer]
    ) -> Openings:
        """Return the most openings around each of n regions that ask for one of some skills.

        Parameters
        ----------
        regions : ndarray of int, shape (n,)
            -1 where not known: nothing is found there.
        skills : ndarray of int, shape (n, W)
            Padded with -1.

        Returns
        -------
        openings, skill, region : ndarray of int64, shape (n,)
            The region is the smallest with an opening, up to the top of the tree; 0 openings where
            there is none.
        """
        return self._nearest(self.by_skill, regions, skills)

    def openings_as(
        self, regions: NDArray[np.integer], occupations: NDArray[np.integer]
    ) -> Openings:
        """Return the openings for an occupation (n,) around each region: openings, occupation, region."""
        return self._nearest(self.by_occupation, regions, occupations[:, None])

    def state(self) -> dict[str, NDArray[np.integer]]:
        """Return the arrays as they are saved."""
        return {name: getattr(self, name) for name in STATE}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.integer]]) -> LabourDemand:
        """Return the demand whose arrays were saved."""
        return cls(**{name: state[name] for name in STATE})  # type: ignore[arg-type]

    def _nearest(
        self,
        openings: NDArray[np.int32],
        regions: NDArray[np.integer],
        columns: NDArray[np.integer],
    ) -> Openings:
        count, column = np.zeros((2, len(regions)), dtype=np.int64)
        around = regions.astype(np.int64)
        rows = np.flatnonzero(around >= 0) if columns.shape[1] else np.empty(0, dtype=np.intp)
        while len(rows):
            some = columns[rows]
            found = np.where(some >= 0, openings[around[rows, None], some], 0)
            best = found.argmax(axis=1)[:, None]
            count[rows] = np.take_along_axis(found, best, axis=1)[:, 0]
            column[rows] = np.take_along_axis(some, best, axis=1)[:, 0]
            rows = rows[count[rows] == 0]
            around[rows] = self.parents[around[rows]]
            rows = rows[around[rows] >= 0]
        return count, column, around

    def _shrunk(self, openings: NDArray[np.int32]) -> NDArray[np.float32]:
        shares = np.zeros(openings.shape, dtype=np.float32)
        shares[-1] = openings[-1] / max(int(self.total[-1]), 1)
        for rows in _top_down(self.parents):
            around = shares[self.parents[rows]]  # -1: the nation
            weight = self.total[rows, None] + PRIOR_OPENINGS
            shares[rows] = (openings[rows] + PRIOR_OPENINGS * around) / weight
        return shares


STATE = ("total", "by_skill", "by_occupation", "parents")


def build_labour_demand(
    vacancies: pl.DataFrame, regions: RegionTable, skills: Vocabulary, occupations: Occupations
) -> LabourDemand:
    """Count the openings of vacancies; an empty table gives no demand anywhere.

    A vacancy's occupation is the one it names, else the first that its title names. It asks for the
    skills that it lists, that its title names, and that its occupation needs.
    """
    region = encode_strings(vacancies[V.region_code.name], regions.codes)
    openings = vacancies[V.openings.name].to_numpy().astype(np.int64)
    titles = vacancies[V.title.name]
    named = look_up(vacancies[V.occupation.name], occupations.vocabulary.find)
    in_title = look_up(titles, _first_named(occupations.vocabulary))
    occupation = np.where(named >= 0, named, in_title)
    asked = _at(occupation, len(occupations.codes)) @ (occupations.needs > 0)
    asked += _count_listed(vacancies[V.skills.name], skills)
    asked += _count_named(titles, skills)
    where = _weigh_regions(region, openings, regions)
    return LabourDemand(
        total=np.asarray(where.sum(axis=1)).ravel().astype(np.int64),
        by_skill=(where @ asked.astype(bool)).toarray().astype(np.int32),
        by_occupation=(where @ _at(occupation, len(occupations.codes))).toarray().astype(np.int32),
        parents=regions.parents,
    )


def _weigh_regions(
    region: NDArray[np.int32], openings: NDArray[np.int64], regions: RegionTable
) -> sp.csr_matrix:
    """Return the openings of each vacancy in its region, in all around it, and in the nation, (R + 1, V)."""
    vacancy = np.arange(len(region))
    rows, columns = [np.full(len(region), len(regions))], [vacancy]
    while (region >= 0).any():
        known = region >= 0
        rows.append(region[known])
        columns.append(vacancy[known])
        region, vacancy = regions.parents[region[known]], vacancy[known]
    where = np.concatenate(columns)
    return sp.csr_matrix(
        (openings[where], (np.concatenate(rows), where)), shape=(len(regions) + 1, len(openings))
    )


def _at(numbers: NDArray[np.int32], width: int) -> sp.csr_matrix:
    """One integer one a row at its number; none where it is negative."""
    known = np.flatnonzero(numbers >= 0)
    return sp.csr_matrix(
        (np.ones(len(known), np.int64), (known, numbers[known])), shape=(len(numbers), width)
    )


def _count_listed(lists: pl.Series, skills: Vocabulary) -> sp.csr_matrix:
    rows, values = explode(lists)
    found = _at(look_up(values, skills.find), len(skills))
    owner = sp.csr_matrix(
        (np.ones(len(rows), np.int64), (rows, np.arange(len(rows)))), shape=(len(lists), len(rows))
    )
    return owner @ found


def _count_named(titles: pl.Series, skills: Vocabulary) -> sp.csr_matrix:
    distinct = titles.unique(maintain_order=True)
    found = [find_named_skills(title, skills) for title in distinct]
    sizes = [len(ids) for ids in found]
    of_distinct = sp.csr_matrix(
        (
            np.ones(sum(sizes), np.int64),
            np.array([skill for ids in found for skill in ids], dtype=np.int32),
            np.concatenate([[0], np.cumsum(sizes)]),
        ),
        shape=(len(distinct), len(skills)),
    )
    number = {title: row for row, title in enumerate(distinct)}
    return of_distinct[look_up(titles, number.__getitem__)]


def _first_named(vocabulary: Vocabulary) -> Callable[[str], int]:
    def find(title: str) -> int:
        named = find_named_skills(title, vocabulary)
        return named[0] if named else -1

    return find


def _top_down(parents: NDArray[np.int32]) -> list[NDArray[np.intp]]:
    """Rows of a tree level by level, from the top."""
    levels = []
    known = np.zeros(len(parents), dtype=bool)
    rows = np.flatnonzero(parents < 0)
    while len(rows):
        levels.append(rows)
        known[rows] = True
        rows = np.flatnonzero(~known & known[parents] & (parents >= 0))
    return levels
