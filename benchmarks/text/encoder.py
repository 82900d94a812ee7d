"""The text encoders against words alone: search in the demo catalogue, human similarity, speed.

The queries are everyday wishes that avoid the titles' words, each with the trainings that answer it.
Every other query (the even ones) chose the settings of ``ContentSpace``; figures are of the rest.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.result import BenchmarkResult
from models.text.content_space import ContentSpace
from models.text.e5_installer import install_e5
from models.text.embedding_cache import CachedEncoder, EmbeddingCache
from models.text.encoder import SentenceEncoder, TextEncoder
from models.text.static_student import COMMON_WORDS
from models.vectors import unit
from recommender.catalogue.texts import write_texts
from training_data.demo.catalogue import demo_courses
from training_data.home import padan_home
from training_data.occupations.occupations import load_occupations
from training_data.skills.loading import load_skills
from training_data.skills.vocabulary import Vocabulary

TARGET: Final = 1.1
ENCODERS: Final = ("teacher", "student", "TF-IDF characters")
TIMED_TEXTS: Final = 64
REPEATS: Final = 3  # the fastest counts: others may use the machine
# Text columns and label of each file of human judgements; one column of text holds two lines.
SIMILARITY: Final = {
    "stsb_mt_id/sts-dev-ind.csv": ("text_1", "text_2", "correlation"),
    "stsb_mt_id/sts-test-ind.csv": ("text_1", "text_2", "correlation"),
    "str_semeval2024_ind/ind_dev_with_labels.csv": ("Text", "Text", "Score"),
    "str_semeval2024_ind/ind_test_with_labels.csv": ("Text", "Text", "Score"),
}

# queries -> scores of every training, shape (n_queries, n_courses)
Scorer = Callable[[Sequence[str]], NDArray[np.float32]]
# texts -> vectors whose cosine says how alike two texts are
Embedder = Callable[[Sequence[str]], Any]


@dataclass(frozen=True)
class Query:
    """A wish in everyday words and the ids of the trainings that answer it."""

    text: str
    relevant: frozenset[str]


def load_queries() -> tuple[list[Query], list[Query]]:
    """Return the queries that settings are chosen on, and those held out."""
    folder = resources.files("benchmarks.text") / "queries"
    files = sorted((file for file in folder.iterdir()), key=lambda file: file.name)
    tables = [tomllib.loads(file.read_text(encoding="utf-8")) for file in files]
    queries = [
        Query(entry["text"], frozenset(entry["relevant"]))
        for table in tables
        for entry in table["query"]
    ]
    return queries[::2], queries[1::2]


def run(
    *, similarity: Path | None = None, common_words: Mapping[str, int] = COMMON_WORDS
) -> BenchmarkResult:
    """Measure the teacher, the student and their blends beside TF-IDF and BM25.

    Parameters
    ----------
    similarity : Path, optional
        Directory of the human-labelled files of ``SIMILARITY``; left out where not given.
    common_words : mapping of str to int
        The student's vocabulary, as in ``ContentSpace``.

    Returns
    -------
    Outcome
        ``figure`` is the mean reciprocal rank, on the queries held out, of what a web request uses
        (student and letters) over that of the best of TF-IDF and BM25.

    Raises
    ------
    ImportError
        The peer rank-bm25 is not installed (``pip install padan[bench]``).
    """
    teacher = SentenceEncoder(install_e5(padan_home()))
    cached = CachedEncoder(teacher, EmbeddingCache(padan_home()))
    courses = demo_courses()
    skills = load_skills()
    texts = write_texts(courses, skills, "id")
    space = ContentSpace(common_words=common_words).fit(texts, _phrases(skills), cached)

    scorers = _scorers(space, cached, texts)
    _, held_out = load_queries()
    ids = courses["course_id"].to_list()
    search = {name: search_quality(scorer, held_out, ids) for name, scorer in scorers.items()}
    alike = _embedders(space, cached, texts)
    spearman = {} if similarity is None else human_agreement(alike, similarity)
    speed = _speeds(space, teacher, scorers, texts)
    _show(search, spearman, speed, len(held_out))

    peer = max(search[name]["mrr"] for name in ("TF-IDF characters", "TF-IDF words", "BM25"))
    figure = round(search["student + lexical"]["mrr"] / peer, 3)
    details = {
        "search": search,
        "spearman": spearman,
        "texts_per_second": speed,
        "queries": len(held_out),
        "courses": len(ids),
        "vocabulary": len(space.student_.weights),
    }
    return BenchmarkResult("encoder", figure, TARGET, figure >= TARGET, details)


def search_quality(
    scorer: Scorer, queries: Sequence[Query], ids: Sequence[str]
) -> dict[str, float]:
    """Return the share of queries with a right training on top, and the mean reciprocal rank."""
    scores = scorer([query.text for query in queries])
    right = np.array([[course in query.relevant for course in ids] for query in queries])
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    rank = 1 + (np.where(right, -np.inf, scores) >= best).sum(axis=1)  # ties count against
    return {"top1": round(float((rank == 1).mean()), 3), "mrr": round(float((1 / rank).mean()), 3)}


def human_agreement(embedders: Mapping[str, Embedder], folder: Path) -> dict[str, dict[str, float]]:
    """Return Spearman's rank correlation with human labels, by file and encoder."""
    found: dict[str, dict[str, float]] = {}
    for name, (first, second, label) in SIMILARITY.items():
        table = pl.read_csv(folder / name, infer_schema_length=None)
        left, right = table[first].to_list(), table[second].to_list()
        if first == second:
            left = [text.split("\n")[0] for text in left]
            right = [text.split("\n")[-1] for text in right]
        found[name] = {
            encoder: round(
                float(spearmanr(_cosines(embed, left, right), table[label]).statistic), 3
            )
            for encoder, embed in embedders.items()
        }
    return found


def _cosines(embed: Embedder, left: Sequence[str], right: Sequence[str]) -> NDArray[np.float32]:
    """Cosines of pairs; rows of an embedder have length one, dense or sparse."""
    both = embed([*left, *right])
    products = both[: len(left)] * both[len(left) :]
    cosines: NDArray[np.float32] = np.asarray(products.sum(axis=1)).ravel()
    return cosines


def _phrases(skills: Vocabulary) -> list[str]:
    """Every label and alias of skills and occupations."""
    terms = [*skills.terms, *load_occupations(skills).vocabulary.terms]
    names = (name for term in terms for name in (*term.labels.values(), *term.aliases))
    return list(dict.fromkeys(names))


def _scorers(space: ContentSpace, teacher: TextEncoder, texts: Sequence[str]) -> dict[str, Scorer]:
    courses = space.encode_courses(texts, teacher)
    dense = courses[:, : teacher.dim]
    passages = unit(dense)

    def teacher_query(queries: Sequence[str]) -> NDArray[np.float32]:
        return unit(teacher.encode(queries, "query") - space.phrase_centre_)

    return {
        "teacher": lambda queries: teacher_query(queries) @ passages.T,
        "teacher + lexical": lambda queries: (
            space.join(teacher_query(queries), queries) @ courses.T
        ),
        "student": lambda queries: space.student_.encode(queries) @ passages.T,
        "student + lexical": lambda queries: (
            space.join(space.student_.encode(queries), queries) @ courses.T
        ),
        "TF-IDF characters": tfidf_scorer(char_tfidf(), texts),
        "TF-IDF words": tfidf_scorer(TfidfVectorizer(sublinear_tf=True), texts),
        "BM25": bm25_scorer(texts),
    }


def char_tfidf() -> TfidfVectorizer:
    """Return TF-IDF of character n-grams."""
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)


def tfidf_scorer(vectorizer: TfidfVectorizer, texts: Sequence[str]) -> Scorer:
    """Return the cosines of TF-IDF vectors, rarity learnt from ``texts``."""
    courses = vectorizer.fit_transform(texts)

    def score(queries: Sequence[str]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = (vectorizer.transform(queries) @ courses.T).toarray()
        return scores

    return score


def bm25_scorer(texts: Sequence[str]) -> Scorer:
    """Return BM25 of words."""
    from rank_bm25 import BM25Okapi

    split = TfidfVectorizer().build_analyzer()
    index = BM25Okapi([split(text) for text in texts])
    return lambda queries: np.array(
        [index.get_scores(split(query)) for query in queries], dtype=np.float32
    )


def _embedders(
    space: ContentSpace, teacher: TextEncoder, texts: Sequence[str]
) -> dict[str, Embedder]:
    tfidf = char_tfidf().fit(texts)
    return {
        "teacher": lambda sentences: teacher.encode(sentences, "query"),
        "student": space.student_.encode,
        "TF-IDF characters": lambda sentences: sp.csr_array(tfidf.transform(sentences)),
    }


def _speeds(
    space: ContentSpace, teacher: TextEncoder, scorers: Mapping[str, Scorer], texts: Sequence[str]
) -> dict[str, float]:
    """Return texts a second: encoders encode whole courses, peers score them as queries."""
    sample = list(texts[:TIMED_TEXTS])
    jobs: dict[str, tuple[Callable[[Sequence[str]], Any], int]] = {
        "teacher": (lambda queries: teacher.encode(queries, "passage"), 1),
        "student": (space.student_.encode, 20),
        "student + lexical": (space.encode_phrases, 20),
        **{name: (scorers[name], 1) for name in ("TF-IDF characters", "TF-IDF words", "BM25")},
    }
    speeds = {}
    for name, (job, times) in jobs.items():
        job(sample[:2])  # warm
        seconds = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            job(sample * times)
            seconds.append(time.perf_counter() - start)
        speeds[name] = round(times * len(sample) / min(seconds), 1)
    return speeds


def _show(
    search: Mapping[str, Mapping[str, float]],
    spearman: Mapping[str, Mapping[str, float]],
    speed: Mapping[str, float],
    n_queries: int,
) -> None:
    console = Console()
    table = Table("", "top-1", "MRR", "texts/s", title=f"Search: {n_queries} queries held out")
    for name, found in search.items():
        table.add_row(name, str(found["top1"]), str(found["mrr"]), str(speed.get(name, "")))
    console.print(table)
    table = Table("", *ENCODERS, title="Spearman's correlation with human labels")
    for name, by_encoder in spearman.items():
        table.add_row(name, *(str(by_encoder[encoder]) for encoder in ENCODERS))
    if spearman:
        console.print(table)
