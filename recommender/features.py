"""The ranker's features: named once, computed by one function, for training and for serving."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.candidates.sparse import sums_of_rows
from models.kernels.sums import taught_by
from recommender.offer import Offer
from recommender.quality import Quality
from recommender.question import Question
from training_data.columns import MODES

SOURCES = (
    "content",
    "behaviour",
    "similar_participants",
    "regional_popularity",
    "group_popularity",
    "next_course",
    "vacancy_demand",
)
FEATURES = (
    *SOURCES,
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
OF_THE_CATALOGUE = frozenset(
    {
        "regional_popularity",
        "vacancy_demand",
        "webinar",
        "face_to_face",
        "freshness",
        "quality",
        "completion",
        "placement",
    }
)
"""What may rank for those who object to profiling: it says the same of a training to everybody of them."""
PERSONAL = np.array([name not in OF_THE_CATALOGUE for name in FEATURES])
NEARNESS_KM = 50.0
FRESH_DAYS = 60.0
WEBINAR = MODES.index("webinar")
OF_THE_DAY = ("webinar", "face_to_face", "freshness", "quality", "completion", "placement")
PLACES = [FEATURES.index(name) for name in OF_THE_DAY]


def of_the_day(offer: Offer, quality: Quality) -> NDArray[np.float32]:
    """Return what a day's features say of each training, whoever asks, (D, N) in the order of ``OF_THE_DAY``."""
    catalogue = offer.catalogue
    age = np.maximum(offer.today - catalogue.available_from, 0)
    told = {
        "webinar": catalogue.mode == WEBINAR,
        "face_to_face": catalogue.face_to_face,
        "freshness": np.exp(-age / FRESH_DAYS),
        "quality": quality.overall,
        "completion": quality.completion,
        "placement": quality.placement,
    }
    return np.array([told[name] for name in OF_THE_DAY], dtype=np.float32)


def features(
    question: Question,
    people: NDArray[np.intp],
    candidates: NDArray[np.int32],
    source_scores: dict[str, NDArray[np.float32]],
    day: NDArray[np.float32],
    topic_closeness: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the features of each candidate, shape (n, C, F) in the order of ``FEATURES``.

    Parameters
    ----------
    people : ndarray of int, shape (n,)
        Rows of the question's batch.
    candidates : ndarray of int32, shape (n, C)
        Rows of the catalogue; padding may hold any valid row, its features are not used.
    source_scores : dict of ndarray of float32, shape (n, C)
        What each source says of each; a source that is absent counts as 0.
    day : ndarray of float32, shape (D, N)
        See `of_the_day`.
    topic_closeness : ndarray of float32, shape (n, n_categories)
        How near what each person wishes is to each topic: a wish need not name its topic.

    Notes
    -----
    In memory the features stand one after the other, as they are made and as rankers read them.
    """
    batch, catalogue = question.batch, question.catalogue
    rows = people[:, None]
    topic = catalogue.category[candidates]
    columns: dict[str, NDArray[Any]] = dict(source_scores)
    columns |= _skill_features(question, people, candidates)
    columns["price_to_balance"] = np.minimum(
        catalogue.price[candidates] / np.maximum(batch.balance[rows], 1), 1.0
    )
    columns["nearness"] = _nearness(question, rows, candidates)
    columns["level_fit"] = _level_fit(question, rows, candidates)
    columns["builds_on"] = _builds_on(question, rows, candidates)
    columns["interest_match"] = _at(batch.interested[people], topic)
    columns["topic_closeness"] = _at(topic_closeness, topic)
    table = np.zeros((len(FEATURES), *candidates.shape), dtype=np.float32)
    table[PLACES] = day.take(candidates, axis=1)
    for number, name in enumerate(FEATURES):
        if name in columns:
            table[number] = columns[name]
    if batch.opted_out[people].any():
        table[np.ix_(PERSONAL, batch.opted_out[people])] = 0
    return np.moveaxis(table, 0, -1)


def _skill_features(
    question: Question, people: NDArray[np.intp], candidates: NDArray[np.int32]
) -> dict[str, NDArray[np.float32]]:
    """Share of the target's needs that the training closes, and of its own skills needed and held."""
    batch, catalogue = question.batch, question.catalogue
    count = catalogue.taught_count[candidates]
    missing = batch.missing[people]
    total = np.maximum(missing.sum(axis=1, keepdims=True), 1e-6)
    gap, needed, held = (
        taught_by(catalogue.taught, candidates, values)
        for values in (missing, batch.is_needed[people], batch.held[people])
    )
    return {"gap_closed": gap / total, "skills_needed": needed / count, "skills_held": held / count}


def _level_fit(
    question: Question, rows: NDArray[np.intp], candidates: NDArray[np.int32]
) -> NDArray[np.float32]:
    """1 where the level suits what the person already holds of the training's field, down to 0.

    Someone who holds none of the skills that trainings of the topic teach is a beginner, someone who
    holds four or more is advanced.
    """
    batch, catalogue = question.batch, question.catalogue
    skills = batch.skills
    held = sums_of_rows(skills.indptr, skills.indices, skills.data, catalogue.topics_of_skills)
    stage = np.minimum(held / 2.0, 2.0)
    level = catalogue.level[candidates]
    distance = np.abs(stage[rows, np.maximum(catalogue.category[candidates], 0)] - level)
    return np.where(level >= 0, 1.0 - distance / 2.0, 0.5).astype(np.float32)


def _builds_on(
    question: Question, rows: NDArray[np.intp], candidates: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Share of the trainings needed first that the person has finished; 0 where none is needed."""
    needed = question.catalogue.needed[candidates]
    if not needed.shape[2]:
        return np.zeros(candidates.shape, dtype=np.float32)
    met = question.batch.has_finished[rows[:, :, None], needed].sum(axis=2)
    share: NDArray[np.float32] = met / np.maximum((needed >= 0).sum(axis=2), 1)
    return share


def _nearness(
    question: Question, rows: NDArray[np.intp], candidates: NDArray[np.int32]
) -> NDArray[np.float32]:
    """1 for a training in one's own region or online, falling with the way to it."""
    km = question.travel.of(rows, candidates)
    near = np.exp(-km / NEARNESS_KM)
    return np.where(question.catalogue.face_to_face[candidates], near, 1.0).astype(np.float32)


def _at(values: NDArray[np.float32], columns: NDArray[np.int32]) -> NDArray[np.float32]:
    """Elements (n, C) of the rows of a matrix (n, T); 0 where the column is negative."""
    if not values.shape[1]:
        return np.zeros(columns.shape, dtype=np.float32)
    found: NDArray[np.float32] = np.take_along_axis(values, np.maximum(columns, 0), axis=1)
    found[columns < 0] = 0
    return found
