"""The ranker's features: named once, computed by one function, for training and for serving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.question import Question
from training_data.columns import Courses

C = Courses

SOURCES = ("content", "behaviour", "similar_participants", "regional_popularity", "next_course")
FEATURES = (
    *SOURCES,
    "gap_closed",
    "skills_needed",
    "skills_held",
    "interest_match",
    "level_fit",
    "price_to_balance",
    "face_to_face",
    "nearness",
    "quality",
    "placement",
)
NEARNESS_KM = 25.0


@dataclass(frozen=True)
class CourseStatistics:
    """What is known of each of N trainings from outcomes, shrunk toward the mean of all.

    Attributes
    ----------
    quality : ndarray of float32, shape (N,)
        Bayesian mean of the ratings in [0, 1], 0.5 where nothing is known of any.
    placement : ndarray of float32, shape (N,)
        Bayesian mean of the placement rate in [0, 1].
    """

    quality: NDArray[np.float32]
    placement: NDArray[np.float32]


def features(
    question: Question,
    candidates: NDArray[np.int32],
    source_scores: dict[str, NDArray[np.float32]],
    statistics: CourseStatistics,
) -> NDArray[np.float32]:
    """Return the features of each candidate, shape (B, C, F) in the order of ``FEATURES``.

    Parameters
    ----------
    candidates : ndarray of int32, shape (B, C)
        Rows of the catalogue; padding may hold any valid row, its features are not used.
    source_scores : dict of ndarray of float32, shape (B, N)
        Score of each source for every training; a source that is absent counts as 0.
    """
    batch, catalogue = question.batch, question.catalogue
    rows = np.arange(len(batch))[:, None]
    columns: dict[str, NDArray[Any]] = {
        name: scores[rows, candidates] for name, scores in source_scores.items()
    }
    columns |= _skill_features(question, candidates)
    price = catalogue.price[candidates]
    columns["price_to_balance"] = np.minimum(price / np.maximum(batch.balance[:, None], 1), 1.0)
    columns["face_to_face"] = catalogue.face_to_face[candidates]
    columns["nearness"] = _nearness(question, rows, candidates)
    columns["level_fit"] = _level_fit(question, candidates)
    columns["interest_match"] = _dense_at(batch.interests, rows, catalogue.category[candidates])
    columns["quality"] = statistics.quality[candidates]
    columns["placement"] = statistics.placement[candidates]
    absent = np.zeros(candidates.shape, dtype=np.float32)
    return np.stack([columns.get(name, absent) for name in FEATURES], axis=-1).astype(np.float32)


def _skill_features(
    question: Question, candidates: NDArray[np.int32]
) -> dict[str, NDArray[np.float32]]:
    """Share of the target's needs that the training closes, and of its own skills needed and held."""
    batch, taught = question.batch, question.catalogue.skills
    rows = np.arange(len(batch))[:, None]
    missing = batch.needs - batch.needs.multiply(batch.skills)
    total = np.maximum(np.asarray(missing.sum(axis=1), dtype=np.float32).reshape(-1, 1), 1e-6)
    per_course = np.maximum(taught.getnnz(axis=1), 1).astype(np.float32)[candidates]
    wanted = batch.needs.astype(bool).astype(np.float32)
    return {
        "gap_closed": (missing @ taught.T).toarray()[rows, candidates] / total,
        "skills_needed": (wanted @ taught.T).toarray()[rows, candidates] / per_course,
        "skills_held": (batch.skills @ taught.T).toarray()[rows, candidates] / per_course,
    }


def _level_fit(question: Question, candidates: NDArray[np.int32]) -> NDArray[np.float32]:
    """1 where the level suits what the person already holds of the training's field, down to 0.

    Someone who holds none of the skills that trainings of the topic teach is a beginner, someone who
    holds four or more is advanced.
    """
    batch, catalogue = question.batch, question.catalogue
    of_topic = sp.csr_matrix(
        (
            np.ones(len(catalogue), np.float32),
            (np.maximum(catalogue.category, 0), np.arange(len(catalogue))),
        ),
        shape=(max(len(catalogue.categories), 1), len(catalogue)),
    )
    topic_skills = (of_topic @ catalogue.skills).astype(bool).astype(np.float32)
    held = np.asarray((batch.skills @ topic_skills.T).todense())
    stage = np.minimum(held / 2.0, 2.0)
    rows = np.arange(len(batch))[:, None]
    level = catalogue.level[candidates]
    distance = np.abs(stage[rows, np.maximum(catalogue.category[candidates], 0)] - level)
    return np.where(level >= 0, 1.0 - distance / 2.0, 0.5).astype(np.float32)


def _nearness(
    question: Question, rows: NDArray[np.intp], candidates: NDArray[np.int32]
) -> NDArray[np.float32]:
    """1 for a training in one's own region or online, falling with the way to it."""
    km = question.travel.of(rows, candidates)
    near = np.exp(-km / NEARNESS_KM)
    return np.where(question.catalogue.face_to_face[candidates], near, 1.0).astype(np.float32)


def _dense_at(
    matrix: sp.csr_matrix, rows: NDArray[np.intp], columns: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Elements of a small sparse matrix; 0 where the column is negative."""
    dense = np.asarray(matrix.todense())
    if not dense.shape[1]:
        return np.zeros(columns.shape, dtype=np.float32)
    return np.where(columns >= 0, dense[rows, np.maximum(columns, 0)], 0.0).astype(np.float32)


def course_statistics(courses: pl.DataFrame) -> CourseStatistics:
    """Shrink the ratings and placement rates of a courses table toward the mean of the catalogue.

    A figure without a count weighs as one observation; the prior weighs as 20.
    """
    known = courses.select(
        C.rating_mean.col / 5.0, C.rating_count.col, C.placement_rate.col, C.placement_count.col
    ).cast(pl.Float64)
    rating, ratings, placement, placements = (
        known[name].fill_null(float("nan")).to_numpy() for name in known.columns
    )
    return CourseStatistics(
        quality=_shrunk(rating, ratings), placement=_shrunk(placement, placements)
    )


def _shrunk(
    mean: NDArray[np.float64], count: NDArray[np.float64], prior_weight: float = 20.0
) -> NDArray[np.float32]:
    known = ~np.isnan(mean)
    weight = np.where(known, np.where(np.isnan(count), 1.0, count), 0.0)
    values = np.where(known, mean, 0.0)
    prior = (values @ weight / weight.sum()) if weight.sum() else 0.5
    return ((values * weight + prior * prior_weight) / (weight + prior_weight)).astype(np.float32)
