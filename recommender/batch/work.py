"""One shard answered: what every engine of a run calls, on this machine and on others."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommender.batch.lists import SCHEMA, build_rows, write_rows
from recommender.batch.parts import Line, Part, Stamp
from recommender.batch.shards import Shard
from recommender.bundle.bundle import Bundle, load_checked
from recommender.eligibility.exclusion_codes import PASSING_BITS
from recommender.eligibility.exclusions import find_exclusions
from recommender.engine import MAX_BLOCK, Recommendations
from recommender.settings import SlateSettings
from training_data.columns import Interactions, Participants

P = Participants
KEPT: Final = 64_000_000  # answers to phrases, 256 MB
CHECKED: Final = 4  # lists of a block that are checked once more


@dataclass(frozen=True)
class Work:
    """What is to be answered, and with what; it travels to whoever works.

    Attributes
    ----------
    bundle, folder : Path
        Of the bundle and of the shards, where every worker finds them.
    """

    bundle: Path
    folder: Path
    stamp: Stamp


class Profiles(NamedTuple):
    """Who of a shard may be profiled and wrote something.

    Attributes
    ----------
    people : int
        Of the shard, the others included.
    ids : list of str, n long
    vectors : ndarray of float32, shape (n, D)
        Unit vectors of their profiles.
    """

    people: int
    ids: list[str]
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class Worker:
    """Answers shards with a bundle that it loads once."""

    work: Work

    @cached_property
    def bundle(self) -> Bundle:
        """The bundle, held to its golden answers."""
        bundle = load_checked(self.work.bundle)
        bundle.engine.relevance.keep_answers(KEPT)
        return bundle

    def answer(self, id_: str) -> Part:
        """Answer a shard: the same one gives the same bytes, wherever and however often.

        Raises
        ------
        DatasetError
            If a row of the shard breaks the contract.
        """
        shard, stamp, engine = Shard(id_, self.work.folder), self.work.stamp, self.bundle.engine
        digest = shard.digest()
        people, events = shard.read()
        day, settings = dt.date.fromisoformat(stamp.day), SlateSettings(k=stamp.k)
        rows, violations = [SCHEMA.to_frame()], 0
        for found in engine.recommend_blocks(people, events, day, settings):
            rows.append(build_rows(engine, found, stamp.language))
            violations += count_violations(found)
        content = write_rows(pl.concat(rows))
        ids = people[P.participant_id.name]
        line = Line(
            id=id_,
            input=digest,
            rows=len(people),
            first=ids[0] if len(ids) else "",
            last=ids[-1] if len(ids) else "",
            sha256=hashlib.sha256(content).hexdigest(),
            violations=violations,
            stamp=stamp,
        )
        return Part(line, content)

    def embed(self, id_: str) -> Profiles:
        """Return the profiles of a shard's people.

        Raises
        ------
        DatasetError
            If a row of the shard breaks the contract.
        """
        engine, day = self.bundle.engine, dt.date.fromisoformat(self.work.stamp.day)
        people, _ = Shard(id_, self.work.folder).read()
        willing, none = people.filter(~P.profiling_opt_out.col), Interactions.create_empty()
        ids: list[str] = []
        vectors = [np.empty((0, engine.course_vectors.shape[1]), np.float32)]
        for block in willing.iter_slices(MAX_BLOCK):
            read = engine.prepare(block, none, day)
            known = np.flatnonzero(read.vectors.any(axis=1))
            ids += [read.ids[row] for row in known]
            vectors.append(read.vectors[known])
        return Profiles(len(people), ids, np.concatenate(vectors))


def count_violations(found: Recommendations) -> int:
    """Count the trainings in some of the lists, evenly spread, that a rule forbids, by the reasons why not.

    The engine holds every list to its mask; this asks the rules in the other way, which costs as much as the mask.
    """
    people = np.unique(np.linspace(0, len(found.slates.ids) - 1, CHECKED).astype(np.intp))
    ids = found.slates.ids[people]
    forbidden = find_exclusions(found.query, people) & ~PASSING_BITS
    of_listed = np.take_along_axis(forbidden, np.maximum(ids, 0).astype(np.intp), axis=1)
    return int(((of_listed != 0) & (ids >= 0)).sum())
