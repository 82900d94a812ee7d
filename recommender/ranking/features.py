"""The ranker's features: named once, computed by one function, for training and for serving."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.kernels.shares import cells_of, shares, weighted_shares
from recommender.catalogue.quality import Quality
from recommender.eligibility.course_rules import Availability
from recommender.eligibility.query import EligibilityQuery
from recommender.retrieval.candidates import SourceScores
from recommender.retrieval.sources import EXPLAINED, Source
from training_data.columns import MODES

FEATURES = (
    *(source.value for source in EXPLAINED),
    "gap_closed",
    "skills_needed",
    "skills_held",
    "interest_match",
    "topic_closeness",
    "level_fit",
    "builds_on",
    "price_to_balance",
    "webinar",
    "face_to_face",
    "nearness",
    "freshness",
    "quality",
    "completion",
    "placement",
)
NEUTRAL_FEATURES = frozenset(
    {
        Source.REGIONAL_POPULARITY,
        Source.VACANCY_DEMAND,
        "webinar",
        "face_to_face",
        "freshness",
        "quality",
        "completion",
        "placement",
    }
)
"""What may rank for those who object to profiling: it says the same of a training to everybody of them."""
PERSONAL = np.array([name not in NEUTRAL_FEATURES for name in FEATURES])
NEARNESS_KM = 50.0
FRESH_DAYS = 60.0
WEBINAR = MODES.index("webinar")
COURSE_FEATURES = ("webinar", "face_to_face", "freshness", "quality", "completion", "placement")
COURSE_COLUMNS = [FEATURES.index(name) for name in COURSE_FEATURES]


def compute_course_features(availability: Availability, quality: Quality) -> NDArray[np.float32]:
    """Return the features of each training alone on a day, (D, N) in the order of ``COURSE_FEATURES``."""
    catalogue = availability.catalogue
    age = np.maximum(availability.today - catalogue.available_from, 0)
    told = {
        "webinar": catalogue.mode == WEBINAR,
        "face_to_face": catalogue.face_to_face,
        "freshness": np.exp(-age / FRESH_DAYS),
        "quality": quality.overall,
        "completion": quality.completion,
        "placement": quality.placement,
    }
    return np.array([told[name] for name in COURSE_FEATURES], dtype=np.float32)


def compute_features(
    query: EligibilityQuery,
    people: NDArray[np.intp],
    candidates: NDArray[np.int32],
    source_scores: SourceScores,
    of_courses: NDArray[np.float32],
    topic_closeness: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the features of each candidate, shape (n, C, F) in the order of ``FEATURES``.

    Parameters
    ----------
    people : ndarray of int, shape (n,)
        Rows of the query's batch.
    candidates : ndarray of int32, shape (n, C)
        Rows of the catalogue; padding may hold any valid row, its features are not used.
    source_scores : dict of ndarray of float32, shape (n, C)
        Each source's score of each; a source that is absent counts as 0.
    of_courses : ndarray of float32, shape (D, N)
        See `compute_course_features`.
    topic_closeness : ndarray of float32, shape (n, n_categories)
        How near each profile is to each topic: a goal need not name its topic.

    Notes
    -----
    In memory the features stand one after the other, as they are made and as rankers read them.
    """
    batch, catalogue = query.batch, query.catalogue
    table = np.zeros((len(FEATURES), *candidates.shape), dtype=np.float32)
    of = dict(zip(FEATURES, table, strict=True))
    for name in EXPLAINED:
        if name in source_scores:
            of[name][:] = source_scores[name]
    _fill_skill_features(query, people, candidates, of)
    balance = np.maximum(batch.balance[people, None], 1)
    of["price_to_balance"][:] = np.minimum(catalogue.price[candidates] / balance, 1.0)
    of["nearness"][:] = _compute_nearness(query, people, candidates)
    of["level_fit"][:] = _compute_level_fit(query, people, candidates)
    own = np.arange(len(people))
    cells_of(batch.skills.interests, people, catalogue.category, candidates, of["interest_match"])
    cells_of(topic_closeness, own, catalogue.category, candidates, of["topic_closeness"])
    table[COURSE_COLUMNS] = of_courses.take(candidates, axis=1)
    if batch.opted_out[people].any():
        table[np.ix_(PERSONAL, batch.opted_out[people])] = 0
    return table.transpose(1, 2, 0)


def _fill_skill_features(
    query: EligibilityQuery,
    people: NDArray[np.intp],
    candidates: NDArray[np.int32],
    of: Mapping[str, NDArray[np.float32]],
) -> None:
    """Write the shares of skills that trainings teach, and of trainings finished that they build on.

    That is the share of the target's needs that the training closes, the shares of its own skills that are needed
    and held, and the share of the trainings needed first that the person has finished, 0 where none is needed.
    """
    needs, skills, finished = (
        query.batch.skills.needs,
        query.batch.skills.held,
        query.batch.past.finished,
    )
    weighted_shares(
        needs.indptr,
        needs.indices,
        needs.data,
        skills.indptr,
        skills.indices,
        people,
        skills.shape[1],
        query.catalogue.taught,
        candidates,
        of["gap_closed"],
        of["skills_needed"],
        of["skills_held"],
    )
    shares(
        finished.indptr,
        finished.indices,
        people,
        finished.shape[1],
        query.catalogue.needed,
        candidates,
        of["builds_on"],
    )


def _compute_level_fit(
    query: EligibilityQuery, people: NDArray[np.intp], candidates: NDArray[np.int32]
) -> NDArray[np.float32]:
    """1 where the level suits what the person already holds of the training's field, down to 0."""
    catalogue, stage = query.catalogue, np.empty(candidates.shape, dtype=np.float32)
    cells_of(query.batch.skills.stage, people, catalogue.field, candidates, stage)
    level = catalogue.level[candidates]
    return np.where(level >= 0, 1.0 - np.abs(stage - level) / 2.0, np.float32(0.5))


def _compute_nearness(
    query: EligibilityQuery, people: NDArray[np.intp], candidates: NDArray[np.int32]
) -> NDArray[np.float32]:
    """1 for a training in one's own region or online, falling with the way to it."""
    travel, near = query.travel, np.empty(candidates.shape, dtype=np.float32)
    cells_of(travel.km, travel.origin[people], travel.column, candidates, near)
    near = np.exp(near / np.float32(-NEARNESS_KM))
    return np.where(query.catalogue.face_to_face[candidates], near, np.float32(1.0))
