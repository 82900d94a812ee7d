"""Our side of the quality benchmark: one procedure, the same for every dataset.

The sources are fixed. The rankers, one for warm and one for cold participants, are chosen on
validation among ``rankers()``, then everything is refitted on train and validation together. What
differs between datasets is read off the data: which side information there is, and whether the
split is one moment for all (``horizon``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.data import QualityData
from benchmarks.quality.task import Ids, RankingTask
from models.candidates.base import CandidateModel
from models.candidates.cohort import Cohort
from models.candidates.content import Content
from models.candidates.ease import EASE
from models.candidates.histories import Histories, histories
from models.candidates.ials import IALS
from models.candidates.item_knn import ItemKNN
from models.candidates.new_courses import NewCourses
from models.candidates.popularity import Popularity
from models.candidates.sasrec import SASRec
from models.candidates.side import SideInformation
from models.candidates.similar_participants import SimilarParticipants
from models.candidates.top_k import top_k
from models.candidates.transitions import Transitions
from models.ranking.cutoffs import Horizon
from models.ranking.ensemble import RankerEnsemble, blend
from models.ranking.linear import LinearRanker, standardise
from models.ranking.trees import Ranker
from models.ranking.two_stage import BATCH, Examples, TwoStage, not_taken, of_kind, sizes
from models.threads import each

TREES: Final = (
    Ranker(trees=100, leaves=6, min_leaf=100),
    Ranker(trees=150, leaves=16, min_leaf=20),
)
STEADY: Final = 24_000
MAX_SEEDS: Final = 5
LINEAR_SHARES: Final = (0.0, 0.15, 0.3, 0.5, 0.7)
MAX_VALIDATED: Final = 4_000


@dataclass(frozen=True)
class Fitted:
    """The engine fitted for the test, and what choosing it took.

    Attributes
    ----------
    model : TwoStage
    validation : dict of str to list of float
        NDCG@10 on validation of each of ``rankers()``, for warm and for cold participants.
    seconds : dict of str to float
        How long each part took.
    """

    model: TwoStage
    validation: dict[str, list[float]]
    seconds: dict[str, float]


def sources(side: SideInformation) -> dict[str, CandidateModel]:
    """Return the candidate models; those that need texts or attributes only where there are any."""
    models: dict[str, CandidateModel] = {
        "popular": Popularity(),
        "popular_lately": Popularity(half_life=0.02),
        "ease": EASE(l2=50.0, dropout=0.6),
        "ease_lately": EASE(l2=500.0, keep=0.8),
        "knn": ItemKNN(neighbours=200, k1=0.3, b=0.75),
        "knn_lately": ItemKNN(half_life=0.1, keep=0.8),
        "next": Transitions(keep=0.9),
        "next_lately": Transitions(half_life=0.05, keep=0.5),
        "ials": IALS(),
        "similar": SimilarParticipants(neighbours=300, sharpness=5.0, keep=1.0),
        "sequence": SASRec(),
    }
    if side.user_attributes is not None:
        models["popular_in_group"] = Popularity(half_life=0.1, shrinkage=100.0)
    if side.user_joined is not None:
        models["cohort"] = Cohort(neighbours=50)
        models["cohort_wide"] = Cohort(neighbours=200)
        models["cohort_widest"] = Cohort(neighbours=600)
    if side.item_vectors is not None or side.item_attributes is not None:
        models["content"] = Content()
    return models


def horizon(data: QualityData) -> Horizon:
    """Return "time" where everybody's future is later than everybody's past, else "next"."""
    at = data.events.at
    if at is None:
        at = np.arange(len(data.events))
    return "time" if at[data.split.development].max() < at[data.split.test].min() else "next"


def fit_ours(
    data: QualityData,
    side: SideInformation,
    validation: RankingTask,
    test: RankingTask,
    figure: Callable[[RankingTask, Ids, Ids], float],
    *,
    threads: int = 0,
) -> Fitted:
    """Choose the ranker on ``validation`` and refit for ``test``.

    Parameters
    ----------
    figure : callable(task, users, ids) -> float
        What to maximise.
    threads : int
        Of sources, batches and rankers; 0 uses all cores.
    """
    began = time.monotonic()
    model = TwoStage(sources(side), horizon=horizon(data), threads=threads)
    examples = model.examples(validation.past, side)
    model.fit_sources(validation.past, side)
    warm, warm_figures = _choose(
        model, side, validation, validation.warm, examples, figure, threads
    )
    cold, cold_figures = _choose(
        model, side, validation, validation.cold, examples, figure, threads
    )
    tuned = time.monotonic()
    model.warm, model.cold = warm, cold
    model.fit(test.past, side)
    seconds = {"choosing": tuned - began, "refitting": time.monotonic() - tuned}
    return Fitted(model, {"warm": warm_figures, "cold": cold_figures}, seconds)


def rankers(participants: int, threads: int = 0) -> list[RankerEnsemble]:
    """Return what is chosen among.

    Parameters
    ----------
    participants : int
        Those to learn from; the fewer they are, the more models the trees are the mean of.
    """
    seeds = min(max(STEADY // max(participants, 1), 1), MAX_SEEDS)
    return [
        RankerEnsemble(replace(trees, seeds=seeds, threads=threads), LinearRanker(), share)
        for trees in TREES
        for share in LINEAR_SHARES
    ]


def _choose(
    model: TwoStage,
    side: SideInformation,
    task: RankingTask,
    users: Ids,
    examples: Examples | None,
    figure: Callable[[RankingTask, Ids, Ids], float],
    threads: int,
) -> tuple[RankerEnsemble, list[float]]:
    """Return the ranker that is best for ``users`` on validation, and the figure of each."""
    if not len(users) or examples is None:
        return RankerEnsemble(), []
    rng = np.random.default_rng(0)
    users = np.sort(rng.choice(users, min(MAX_VALIDATED, len(users)), replace=False))
    part = of_kind(examples, warm=bool(len(histories(task.past, users).items)))
    candidates = rankers(len(part.groups), threads)
    linear = LinearRanker().fit(part.table, part.labels, part.groups)
    trees = {}
    for ranker in candidates:
        # one fit serves every share
        key = astuple(ranker.trees)
        if key not in trees:
            trees[key] = ranker.trees.fit(part.table, part.labels, part.groups, part.names)
        ranker.trees, ranker.linear = trees[key], linear

    def best(batch: Histories) -> list[Ids]:
        pairs, table, _ = model.candidates(batch, not_taken(batch))
        groups = sizes(pairs.rows)
        by_linear = standardise(linear.score(table, groups), groups)
        by_trees = {key: standardise(fitted.score(table), groups) for key, fitted in trees.items()}
        found = []
        for ranker in candidates:
            scores = np.full((len(batch), batch.n_items), -np.inf, dtype=np.float32)
            scores[pairs.rows, pairs.items] = blend(
                by_trees[astuple(ranker.trees)], by_linear, ranker.linear_share
            )
            found.append(top_k(scores, 10)[0])
        return found

    lists = each(best, _batches(task, users, side, BATCH), threads)
    figures = [figure(task, users, np.concatenate(found)) for found in zip(*lists, strict=True)]
    chosen = candidates[int(np.argmax(figures))]
    return RankerEnsemble(
        replace(chosen.trees), replace(chosen.linear), chosen.linear_share
    ), figures


def rank_ours(model: TwoStage, task: RankingTask, users: Ids, k: int, side: SideInformation) -> Ids:
    """Return the best ``k`` courses not taken in the past for each of ``users``, (U, k)."""
    lists = [
        model.recommend(batch, k, not_taken(batch))[0]
        for batch in _batches(task, users, side, 16 * BATCH)
    ]
    return np.concatenate([np.empty((0, k), dtype=np.int32), *lists])


def _batches(
    task: RankingTask, users: Ids, side: SideInformation, size: int
) -> Iterator[Histories]:
    asked = histories(task.past, users, side.user_attributes, side.user_joined)
    for start in range(0, len(users), size):
        yield asked.take(slice(start, start + size))


def with_new_courses(
    ids: Ids, task: RankingTask, users: Ids, side: SideInformation, places: int
) -> NDArray[np.int32]:
    """Give the last ``places`` of each list to courses nobody has taken; lists stay as long."""
    model = NewCourses().fit(task.past, side)
    new, _ = model.recommend(histories(task.past, users[:1]), ids.shape[1])
    kept = ids[:, : ids.shape[1] - places]
    # a new course that earned its place is not shown twice
    fresh = np.where((new[0][None, :, None] == kept[:, None, :]).any(axis=2), -1, new[0])
    order = np.argsort(fresh < 0, axis=1, kind="stable")[:, :places]
    chosen = np.take_along_axis(fresh, order, axis=1)
    return np.hstack([kept, chosen]).astype(np.int32)
