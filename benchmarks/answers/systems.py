"""What is compared: each system ranks the permitted trainings of each written person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from benchmarks.answers.judgements import JudgedProfile
from models.text.encoder import TextEncoder
from recommender.catalogue.texts import write_texts
from recommender.engine import Engine
from recommender.participants.prepared import PreparedParticipants
from recommender.ranking.rankers import FixedRanker
from recommender.retrieval.sources import Source
from recommender.settings import SlateSettings
from training_data.text import normalise

Scores = NDArray[np.float32]
K1, B = 1.2, 0.75  # of BM25, as usual


def list_ids(engine: Engine, people: PreparedParticipants, k: int) -> list[list[str]]:
    """Return the course ids that an engine lists."""
    slates = engine.recommend(people, SlateSettings(k=k)).slates.ids
    return [[engine.catalogue.ids[course] for course in row if course >= 0] for row in slates]


def list_best(engine: Engine, scores: Scores, mask: NDArray[np.bool_], k: int) -> list[list[str]]:
    """Return the course ids of the best permitted trainings by their scores (B, N), ties in catalogue order."""
    order = np.argsort(-np.where(mask, scores, -np.inf), axis=1, kind="stable")[:, :k]
    return [
        [engine.catalogue.ids[course] for course in row if mask[person, course]]
        for person, row in enumerate(order)
    ]


def rank_all(
    engine: Engine,
    people: PreparedParticipants,
    profiles: Sequence[JudgedProfile],
    mask: NDArray[np.bool_],
    teacher: TextEncoder,
    k: int,
) -> Mapping[str, list[list[str]]]:
    """Return the list of every system for every person."""
    reader = engine.reader
    texts = write_texts(engine.catalogue.table, reader.vocabularies.skills, reader.language)
    words = [_say(profile) for profile in profiles]
    peers: Mapping[str, Callable[[], Scores]] = {
        "teacher": lambda: teacher.encode(words, "query") @ teacher.encode(texts, "passage").T,
        "tfidf": lambda: _score_tfidf(texts, words),
        "bm25": lambda: _score_bm25(texts, words),
        "popularity": lambda: _score_popularity(engine, people),
    }
    fixed = replace(engine, ranker=FixedRanker(), log=None)
    return {
        "ours": list_ids(engine, people, k),
        "fixed": list_ids(fixed, people, k),
        **{name: list_best(engine, score(), mask, k) for name, score in peers.items()},
    }


def _say(profile: JudgedProfile) -> str:
    """All that a person writes, as one text."""
    person = profile.person
    said = [person.target_occupation, *person.interests, *person.skills, person.occupation]
    return ". ".join(phrase for phrase in said if phrase)


def _score_tfidf(texts: Sequence[str], words: Sequence[str]) -> Scores:
    """Cosine of TF-IDF of character n-grams."""
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    courses = vectorizer.fit_transform(texts)
    return np.asarray((vectorizer.transform(words) @ courses.T).todense(), dtype=np.float32)


def _score_bm25(texts: Sequence[str], words: Sequence[str]) -> Scores:
    vectorizer = CountVectorizer(analyzer=lambda text: normalise(text).split())
    counts = sp.csr_matrix(vectorizer.fit_transform(texts), dtype=np.float64)
    length = np.asarray(counts.sum(axis=1)).ravel()
    documents = np.asarray((counts > 0).sum(axis=0)).ravel()
    rarity = np.log(1 + (len(texts) - documents + 0.5) / (documents + 0.5))
    damped = K1 * (1 - B + B * length / length.mean())
    counts.data *= (K1 + 1) / (counts.data + np.repeat(damped, np.diff(counts.indptr)))
    weighted = counts @ sp.diags(rarity)
    return np.asarray((vectorizer.transform(words) @ weighted.T).todense(), dtype=np.float32)


def _score_popularity(engine: Engine, people: PreparedParticipants) -> Scores:
    model = engine.models.get(Source.REGIONAL_POPULARITY)
    if model is None:
        return np.zeros((len(people), len(engine.catalogue)), dtype=np.float32)
    encoded = people.representations[Source.REGIONAL_POPULARITY]
    return model.score_users(encoded, np.arange(len(people)))
