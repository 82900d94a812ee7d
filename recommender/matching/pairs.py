"""The permitted pairs of people and classes, with the engine's score of each as fit.

People are read, and trainings permitted and scored, by the stages that make lists, so a seat is never given that a
list would not show.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommender.catalogue.catalogue import build_catalogue
from recommender.eligibility.calendar import find_ready_days
from recommender.eligibility.mask import build_list_mask
from recommender.eligibility.next_class import find_enterable_classes
from recommender.engine import Engine
from recommender.matching.schedule import count_permitted
from recommender.matching.watch import UNWATCHED, StoppedError, Watch
from recommender.participants.batch import filter_events
from recommender.participants.prepared import PreparedParticipants
from recommender.ranking.expected_outcome import ExpectedOutcome
from recommender.ranking.rankers import score_candidates

LEAST = 0.001
"""The least fit of a permitted pair, and what differs by less is alike: the lottery decides."""

BLOCK = 1_000


@dataclass(frozen=True)
class Pairs:
    """M permitted pairs.

    Attributes
    ----------
    people, classes : ndarray of int, shape (M,)
        Rows of the tables of participants and classes.
    scores : ndarray of float32, shape (M,)
    cut : ndarray of bool, shape (P,)
        Of whom more trainings are permitted than were looked at.
    home : ndarray of int32, shape (P,)
        Region where each person lives, -1 where it is not known.
    groups : tuple of tuples of str, P long
    balances, most : ndarray of int64, shape (P,)
        What each can pay, and how many trainings each may take.
    costs : ndarray of int64, shape (N,)
        What each training takes of the balance.
    """

    people: NDArray[np.int64]
    classes: NDArray[np.int64]
    scores: NDArray[np.float32]
    cut: NDArray[np.bool_]
    home: NDArray[np.int32]
    groups: tuple[tuple[str, ...], ...]
    balances: NDArray[np.int64]
    most: NDArray[np.int64]
    costs: NDArray[np.int64]


@dataclass(frozen=True)
class Look:
    """How far to look for pairs, and what a pair is worth.

    Attributes
    ----------
    per_source : int
        Trainings from each source of candidates for one person.
    fit : str
        The list's score, or the chance to finish and find work.
    courses : ndarray of int64, shape (P, L), optional
        Trainings that each person wants, padded with -1; None: all that are permitted.
    """

    per_source: int
    fit: Literal["score", "outcome"] = "score"
    courses: NDArray[np.int64] | None = None

    def take(self, first: int, count: int) -> Look:
        """Return the same for some of the people."""
        some = None if self.courses is None else self.courses[first : first + count]
        return replace(self, courses=some)


def hold_classes(engine: Engine, classes: pl.DataFrame) -> Engine:
    """Return the engine with other classes of its trainings."""
    known = engine.reader.vocabularies
    return replace(
        engine,
        catalogue=build_catalogue(engine.catalogue.table, classes, known.regions, known.skills),
    )


def find_pairs(
    engine: Engine,
    participants: pl.DataFrame,
    events: pl.DataFrame,
    day: dt.date,
    look: Look,
    watch: Watch = UNWATCHED,
) -> Pairs:
    """Return the permitted pairs with the classes of the engine's catalogue, block by block.

    Raises
    ------
    StoppedError
        If it was stopped before the last block.
    """
    found: list[Pairs] = []
    for block in participants.iter_slices(BLOCK):
        watch.tell("pairs", len(found) * BLOCK / len(participants))
        if watch.stop():
            raise StoppedError("stopped before all people were read")
        people = engine.prepare(block, filter_events(block, events), day)
        found.append(_find_block(engine, people, look.take(len(found) * BLOCK, len(people))))
    offset = np.cumsum([0, *(len(block.cut) for block in found)])
    return Pairs(
        np.concatenate([block.people + first for block, first in zip(found, offset, strict=False)]),
        np.concatenate([block.classes for block in found]),
        np.concatenate([block.scores for block in found]),
        np.concatenate([block.cut for block in found]),
        np.concatenate([block.home for block in found]),
        tuple(groups for block in found for groups in block.groups),
        np.concatenate([block.balances for block in found]),
        np.concatenate([block.most for block in found]),
        found[0].costs,
    )


def scale_scores(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return scores as fits between ``LEAST`` and 1, in steps of ``LEAST``."""
    if not len(scores):
        return scores
    low, high = scores.min(), scores.max()
    shares = (scores - low) / (high - low) if high > low else np.ones_like(scores)
    fits: NDArray[np.float32] = np.maximum(np.round(shares / LEAST) * LEAST, LEAST)
    return fits.astype(np.float32)


def _find_block(engine: Engine, people: PreparedParticipants, look: Look) -> Pairs:
    query = engine.query(people)
    sessions = engine.catalogue.sessions
    with_class = np.zeros(len(engine.catalogue), dtype=bool)
    with_class[sessions.course[sessions.class_row >= 0]] = True
    mask = build_list_mask(query) & with_class
    if look.courses is not None:
        wanted = np.zeros((len(mask), mask.shape[1] + 1), dtype=bool)
        wanted[np.arange(len(mask))[:, None], look.courses] = True
        mask &= wanted[:, :-1]  # the last column stands for no training
    served = np.flatnonzero(mask.any(axis=1))
    found, features = engine.find_candidates(people, query, served, mask[served], look.per_source)
    if look.fit == "outcome":
        outcome = ExpectedOutcome.of_rates(engine.quality)
        flat = features.reshape(-1, features.shape[-1])
        scores = outcome.score(flat).reshape(found.ids.shape)
    else:
        scores = score_candidates(engine.ranker, features, found.ids).scores
    lists, places = np.nonzero(found.ids >= 0)
    rows, courses = served[lists], found.ids[lists, places]
    ready = find_ready_days(query)
    enterable = find_enterable_classes(query, rows, courses, ready[rows])
    held = enterable.can_enter & (sessions.class_row[enterable.session] >= 0)
    pairs, columns = np.nonzero(held)
    cut = np.zeros(len(people), dtype=bool)
    cut[served] = (found.ids >= 0).sum(axis=1) < mask[served].sum(axis=1)
    return Pairs(
        rows[pairs],
        sessions.class_row[enterable.session[pairs, columns]].astype(np.int64),
        scores[lists, places][pairs].astype(np.float32),
        cut,
        query.batch.home.region,
        query.batch.facts.groups,
        query.batch.balance,
        count_permitted(query),
        query.availability.from_balance,
    )
