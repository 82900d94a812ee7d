"""Vacancies found by a training's text, and trainings by a vacancy's, against words alone.

Of each query's ten nearest texts, the share that is of the query's field of work. Ours are chosen on one
half of the texts; figures are of the other half, whose queries and pools no choice has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.result import BenchmarkResult
from benchmarks.text.encoder import bm25_scorer, char_tfidf, tfidf_scorer
from benchmarks.text.vacancy_data import Labelled, load_trainings, load_vacancies
from evaluation.significance import bootstrap_means, interval
from models.text.content_space import ContentSpace
from models.text.e5_installer import install_e5
from models.text.embedding_cache import CachedEncoder, EmbeddingCache
from models.text.encoder import Role, SentenceEncoder, TextEncoder
from models.vectors import unit
from training_data.home import padan_home

K: Final = 10
TARGET: Final = 1.0
TRAININGS: Final = "trainings"
PEERS: Final = ("TF-IDF characters", "TF-IDF words", "BM25")

# queries, pool -> scores, shape (n_queries, n_pool)
Scorer = Callable[[Labelled, Labelled], NDArray[np.float32]]


@dataclass(frozen=True)
class RetrievalTask:
    """Texts of one kind as queries, those of another as the pool."""

    name: str
    queries: Labelled
    pool: Labelled

    def agreement(self, score: Scorer) -> NDArray[np.float64]:
        """Return the share of each query's ten best that is of its field, shape (n,).

        Only of queries with a field that has ten texts in the pool, so that 1 can be reached.
        """
        enough = self.pool.fields.sum(axis=0) >= K
        asked = (self.queries.fields & enough).any(axis=1)
        scores = score(self.queries, self.pool)[asked]
        best = np.argsort(-scores, axis=1, kind="stable")[:, :K]
        same = self.queries.fields[asked][:, None, :] & self.pool.fields[best]
        share: NDArray[np.float64] = same.any(axis=2).mean(axis=1)
        return share


@dataclass(frozen=True)
class Against:
    """Ours against the best peer of one task, with the paired 95% interval of the difference."""

    peer: str
    ratio: float
    difference: float
    low: float
    high: float


def run(*, vacancies: Path, catalogue: Path) -> BenchmarkResult:
    """Measure the teacher, the student and their blends with letters beside TF-IDF and BM25.

    Parameters
    ----------
    vacancies, catalogue : Path
        Directories of the files that `vacancy_data` names.

    Returns
    -------
    Outcome
        ``figure`` is the smallest, over the four tasks, of ours over the best peer on the texts held out.
        It holds where each paired 95% interval of the difference lies above zero, too.

    Raises
    ------
    ImportError
        The peer rank-bm25 is not installed (``pip install padan[bench]``).
    """
    teacher = CachedEncoder(
        SentenceEncoder(install_e5(padan_home())), EmbeddingCache(padan_home()), chunk_size=512
    )
    trainings, sources = load_trainings(catalogue), load_vacancies(vacancies)
    space = ContentSpace().fit(trainings.texts, trainings.titles, teacher)
    scorers = _scorers(space, teacher)
    tuning = _shares(_tasks(trainings, sources, held_out=False), scorers)
    ours = max(
        (name for name in scorers if name not in PEERS),
        key=lambda name: np.mean([found[name].mean() for found in tuning.values()]),
    )
    shares = _shares(_tasks(trainings, sources, held_out=True), scorers)
    compared = {name: _compare(found, ours) for name, found in shares.items()}
    _show(shares, compared, ours)
    figure = round(min(row.ratio for row in compared.values()), 3)
    details = {
        "ours": ours,
        "agreement": {
            name: {system: round(float(share.mean()), 3) for system, share in found.items()}
            for name, found in shares.items()
        },
        "against_best_peer": {name: asdict(row) for name, row in compared.items()},
    }
    holds = figure > TARGET and all(row.low > 0 for row in compared.values())
    return BenchmarkResult("vacancies", figure, TARGET, holds, details)


def _tasks(
    trainings: Labelled, sources: Mapping[str, Labelled], *, held_out: bool
) -> list[RetrievalTask]:
    half = trainings.hold_out(held_out)
    tasks = []
    for name, vacancies in sources.items():
        others = vacancies.hold_out(held_out)
        tasks.append(RetrievalTask(f"{TRAININGS} -> {name}", half, others))
        tasks.append(RetrievalTask(f"{name} -> {TRAININGS}", others, half))
    return tasks


def _shares(
    tasks: list[RetrievalTask], scorers: Mapping[str, Scorer]
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Return the agreement of each query by task and system."""
    return {
        task.name: {name: task.agreement(scorer) for name, scorer in scorers.items()}
        for task in tasks
    }


def _compare(shares: Mapping[str, NDArray[np.float64]], ours: str) -> Against:
    peer = max(PEERS, key=lambda name: shares[name].mean())
    difference = (shares[ours] - shares[peer])[:, None]
    low, high = interval(bootstrap_means(difference, draws=1000, seed=0))
    return Against(
        peer,
        round(float(shares[ours].mean() / shares[peer].mean()), 3),
        round(float(difference.mean()), 4),
        round(float(low[0]), 4),
        round(float(high[0]), 4),
    )


def _scorers(space: ContentSpace, teacher: TextEncoder) -> dict[str, Scorer]:
    """Return every system; a collection's vectors are taken about its own mean, except plain e5's."""

    def centre(texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        vectors = teacher.encode(texts, role)
        return unit(vectors - vectors.mean(axis=0))

    def plain(queries: Labelled, pool: Labelled) -> NDArray[np.float32]:
        return teacher.encode(queries.texts, "query") @ teacher.encode(pool.texts, "passage").T

    def score_by_meaning(queries: Labelled, pool: Labelled) -> NDArray[np.float32]:
        return centre(queries.texts, "query") @ centre(pool.texts, "passage").T

    def with_letters(queries: Labelled, pool: Labelled) -> NDArray[np.float32]:
        left = space.join(centre(queries.texts, "query"), queries.texts)
        return left @ space.join(centre(pool.texts, "passage"), pool.texts).T

    def title_first(queries: Labelled, pool: Labelled) -> NDArray[np.float32]:
        def join_spaces(side: Labelled, role: Role) -> NDArray[np.float32]:
            both = centre(side.titles, role) + centre(side.texts, role)
            return space.join(unit(both), side.texts)

        return join_spaces(queries, "query") @ join_spaces(pool, "passage").T

    def student(queries: Labelled, pool: Labelled) -> NDArray[np.float32]:
        left, right = (
            space.join(space.student_.encode(side.texts), side.texts) for side in (queries, pool)
        )
        return left @ right.T

    return {
        "teacher": plain,
        "teacher, centred": score_by_meaning,
        "teacher + lexical": with_letters,
        "title twice + lexical": title_first,
        "student + lexical": student,
        PEERS[0]: lambda queries, pool: tfidf_scorer(char_tfidf(), pool.texts)(queries.texts),
        PEERS[1]: lambda queries, pool: tfidf_scorer(
            TfidfVectorizer(sublinear_tf=True), pool.texts
        )(queries.texts),
        PEERS[2]: lambda queries, pool: bm25_scorer(pool.texts)(queries.texts),
    }


def _show(
    shares: Mapping[str, Mapping[str, NDArray[np.float64]]],
    compared: Mapping[str, Against],
    ours: str,
) -> None:
    title = f"Share of the top {K} of the query's field of work, texts held out; ours: {ours}"
    systems = list(next(iter(shares.values())))
    table = Table("", *shares, title=title)
    for system in systems:
        table.add_row(system, *(f"{found[system].mean():.3f}" for found in shares.values()))
    table.add_row("queries", *(str(len(found[ours])) for found in shares.values()))
    table.add_row("ours / best peer", *(str(row.ratio) for row in compared.values()))
    low_high = (f"{row.low:+.3f} to {row.high:+.3f}" for row in compared.values())
    table.add_row("difference, 95%", *low_high)
    Console().print(table)
