"""Candidate generation, then ranking: several models propose, learnt trees put in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.base import CandidateModel
from models.candidates.histories import Histories, histories
from models.candidates.interactions import Interactions
from models.candidates.side import SideInformation
from models.candidates.top_k import Ids, Mask, Scores, top_k
from models.ranking.cutoffs import BacktestCutoff, Horizon, backtest_cutoffs, find_common_past
from models.ranking.ensemble import RankerEnsemble
from models.ranking.pair_features import PairFeatures, Pairs
from models.threads import each

BATCH = 256
MIN_PARTICIPANTS = 30  # participants to learn a ranker of their own from


@dataclass(frozen=True)
class Examples:
    """What a ranker learns from.

    Attributes
    ----------
    table : ndarray of float32, shape (R, F)
    labels : ndarray of float32, shape (R,)
    groups : ndarray of int64
        Pairs of each participant, in order.
    warm : ndarray of bool, shape (len(groups),)
        Whether the participant had a history.
    names : list of str
        Names of the features.
    """

    table: NDArray[np.float32]
    labels: NDArray[np.float32]
    groups: NDArray[np.int64]
    warm: NDArray[np.bool_]
    names: list[str]

    def take(self, chosen: NDArray[np.bool_]) -> Examples:
        """Return the participants at ``chosen``."""
        rows = np.repeat(chosen, self.groups)
        groups, warm = self.groups[chosen], self.warm[chosen]
        return Examples(self.table[rows], self.labels[rows], groups, warm, self.names)


@dataclass
class TwoStage:
    """Sources propose ``pool`` courses each; the ranker orders the union.

    Parameters
    ----------
    sources : dict of str to CandidateModel
    warm, cold : RankerEnsemble
        Rankers for participants with and without a history: different signals matter to them.
    horizon : {"time", "next"}
        What the future is; see :func:`models.ranking.cutoffs.backtest_cutoffs`.
    cutoffs : int
        Most backtest cutoffs to learn the ranker from.
    queries : int
        Participants to learn the ranker from; no further one is asked, and no further cutoff visited, once there
        are as many.
    window : float
        Share of the past that makes each future of "time".
    pool : int
        Courses each source proposes.
    pairs : int
        Participants and courses to learn the ranker from: the fewer participants there are, the more courses not
        taken are drawn from the candidates of each.
    seed : int
    threads : int
        Sources and batches worked on at once; 0 for as many as there are cores. The rankers have their own.
    """

    sources: dict[str, CandidateModel]
    warm: RankerEnsemble = field(default_factory=RankerEnsemble)
    cold: RankerEnsemble = field(default_factory=RankerEnsemble)
    horizon: Horizon = "time"
    cutoffs: int = 8
    queries: int = 8_000
    window: float = 0.1
    pool: int = 40
    pairs: int = 320_000
    seed: int = 0
    threads: int = 0

    def fit(self, interactions: Interactions, side: SideInformation) -> Self:
        """Learn the rankers from backtest cutoffs, then fit the sources on everything."""
        examples = self.examples(interactions, side)
        self.learnt_ = examples is not None
        if examples is not None:
            for ranker, warm in ((self.warm, True), (self.cold, False)):
                part = of_kind(examples, warm)
                ranker.fit(part.table, part.labels, part.groups, part.names)
        return self.fit_sources(interactions, side)

    def fit_sources(self, interactions: Interactions, side: SideInformation) -> Self:
        """Fit the candidate models and the features on ``interactions``."""
        for costly in (True, False):
            self._fit_some(interactions, side, costly=costly)
        self.features_ = PairFeatures().fit(interactions, side)
        return self

    def _fit_some(self, interactions: Interactions, side: SideInformation, *, costly: bool) -> None:
        some = [source for source in self.sources.values() if source.costly == costly]
        # one that takes minutes uses all cores by itself
        each(lambda source: source.fit(interactions, side), some, 1 if costly else self.threads)

    def examples(self, interactions: Interactions, side: SideInformation) -> Examples | None:
        """Return what the ranker learns from: candidates of earlier pasts, and which of them were then taken.

        None where nobody took a course among the candidates; the first source then ranks.

        The sources are fitted on each past alone, so that no feature has seen its label; they end fitted on the
        last of them.
        """
        rng = np.random.default_rng(self.seed)
        cutoffs = list(backtest_cutoffs(interactions, self.horizon, self.cutoffs, self.window))
        people = np.cumsum([len(np.unique(cutoff.future.users)) for cutoff in cutoffs])
        enough = int(np.searchsorted(people, self.queries)) + 1
        if len(cutoffs):
            common = find_common_past(interactions, self.horizon, cutoffs[:enough])
            self._fit_some(common, side, costly=True)
        negatives = self.pairs // min(max(people[-1:].sum(), 1), self.queries)
        found: list[Examples] = []
        for number, cutoff in enumerate(cutoffs):
            left = self.queries - sum(len(examples.groups) for examples in found)
            if left <= 0:
                break
            if number >= enough:
                self._fit_some(cutoff.past, side, costly=True)
            self._fit_some(cutoff.past, side, costly=False)
            self.features_ = PairFeatures().fit(cutoff.past, side)
            found += self._examples(cutoff, side, left, int(negatives), rng)
        if not any(len(examples.groups) for examples in found):
            return None
        return Examples(
            np.vstack([examples.table for examples in found]),
            np.concatenate([examples.labels for examples in found]),
            np.concatenate([examples.groups for examples in found]),
            np.concatenate([examples.warm for examples in found]),
            found[0].names,
        )

    def _examples(
        self,
        cutoff: BacktestCutoff,
        side: SideInformation,
        most: int,
        negatives: int,
        rng: np.random.Generator,
    ) -> list[Examples]:
        """Ask participants in random order until ``most`` of them, or a few more, are found to learn from."""
        target = _new_courses(cutoff)
        asked = rng.permutation(np.flatnonzero(np.diff(target.indptr)).astype(np.int32))
        people = histories(cutoff.past, asked, side.user_attributes, side.user_joined)
        examples: list[Examples] = []
        first = 0
        while most > 0 and first < len(asked):
            # not everybody's course is among the candidates, so it may take several rounds
            end = first + max(most, BATCH)
            batches = [
                (asked[part], people.take(part)) for part in parts(first, min(end, len(asked)))
            ]
            found = each(lambda of: self.candidates(of[1], not_taken(of[1])), batches, self.threads)
            for (users, batch), candidates in zip(batches, found, strict=True):
                examples.append(_label(target[users], batch, *candidates, negatives, rng))
                most -= len(examples[-1].groups)
            first = end
        return examples

    def candidates(
        self, batch: Histories, mask: Mask
    ) -> tuple[Pairs, NDArray[np.float32], list[str]]:
        """Return the union of the sources' candidates, its features (R, F) and their names."""
        scores = [source.score(batch) for source in self.sources.values()]
        proposed = np.zeros((len(batch), batch.n_items), dtype=bool)
        for score in scores:
            ids, _ = top_k(score, self.pool, mask)
            rows, places = np.nonzero(ids >= 0)
            proposed[rows, ids[rows, places]] = True
        rows, items = np.nonzero(proposed)
        pairs = Pairs(rows, items.astype(np.int32))
        table, names = self.features_.table(batch, pairs)
        own, own_names = _source_features(scores, list(self.sources), pairs)
        return pairs, np.hstack([table, own]), names + own_names

    def _rank(
        self, batch: Histories, pairs: Pairs, table: NDArray[np.float32], names: list[str]
    ) -> NDArray[np.float32]:
        if not self.learnt_:
            return table[:, names.index(f"{next(iter(self.sources))}_rank")]
        scores = np.empty(len(table), dtype=np.float32)
        for ranker, kind in ((self.warm, batch.lengths > 0), (self.cold, batch.lengths == 0)):
            chosen = kind[pairs.rows]
            if chosen.any():
                scores[chosen] = ranker.score(table[chosen], sizes(pairs.rows[chosen]))
        return scores

    def recommend(self, batch: Histories, k: int, mask: Mask | None = None) -> tuple[Ids, Scores]:
        """Return the best ``k`` permitted courses of each participant, best first; see ``CandidateModel``."""

        def best(part: slice) -> tuple[Ids, Scores]:
            some = batch.take(part)
            allowed = np.ones((len(some), batch.n_items), dtype=bool)
            if mask is not None:
                allowed &= mask if mask.ndim == 1 else mask[part]
            pairs, table, names = self.candidates(some, allowed)
            scores = np.full(allowed.shape, -np.inf, dtype=np.float32)
            scores[pairs.rows, pairs.items] = self._rank(some, pairs, table, names)
            return top_k(scores, k)

        found = each(best, parts(0, len(batch)), self.threads)
        ids = [np.empty((0, k), dtype=np.int32), *(ids for ids, _ in found)]
        scores = [np.empty((0, k), dtype=np.float32), *(scores for _, scores in found)]
        return np.concatenate(ids), np.concatenate(scores)


def parts(first: int, end: int) -> list[slice]:
    """Return the batches of the participants from ``first`` to before ``end``."""
    return [slice(start, min(start + BATCH, end)) for start in range(first, end, BATCH)]


def of_kind(examples: Examples, warm: bool) -> Examples:
    """Return the examples of participants with (or without) a history; all, where these are too few."""
    chosen = examples.warm == warm
    return examples.take(chosen) if chosen.sum() >= MIN_PARTICIPANTS else examples


def not_taken(batch: Histories) -> Mask:
    """Return the mask of courses each participant has not taken, shape (B, N)."""
    mask = np.ones((len(batch), batch.n_items), dtype=bool)
    mask[batch.rows, batch.items] = False
    return mask


def sizes(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many pairs each participant has, in order, leaving out those with none."""
    counts = np.bincount(rows)
    return counts[counts > 0].astype(np.int64)


def _new_courses(cutoff: BacktestCutoff) -> sp.csr_matrix:
    """Return what each participant took in the future and not before, as 0/1."""
    taken, target = cutoff.past.matrix(), cutoff.future.matrix()
    taken.data[:] = 1
    target.data[:] = 1
    target = (target - target.multiply(taken)).tocsr()
    target.eliminate_zeros()
    return target


def _label(
    target: sp.csr_matrix,
    batch: Histories,
    pairs: Pairs,
    table: NDArray[np.float32],
    names: list[str],
    negatives: int,
    rng: np.random.Generator,
) -> Examples:
    """Return the pairs to learn from, in order: all taken, ``negatives`` not, of participants with both."""
    labels = np.asarray(target[pairs.rows, pairs.items], dtype=np.float32).ravel()
    order = np.lexsort((np.where(labels > 0, -1.0, rng.random(len(labels))), pairs.rows))
    rows = pairs.rows[order]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    taken = np.bincount(pairs.rows, labels, minlength=len(batch))
    kept = np.sort(order[(taken[rows] > 0) & (place < taken[rows] + negatives)])
    groups = np.bincount(pairs.rows[kept], minlength=len(batch)).astype(np.int64)
    some = groups > 0
    return Examples(table[kept], labels[kept], groups[some], batch.lengths[some] > 0, names)


def _source_features(
    scores: list[Scores], names: list[str], pairs: Pairs
) -> tuple[NDArray[np.float32], list[str]]:
    """Each source's score, how far below the participant's best, and 10 / (10 + rank among candidates)."""
    columns, headings = [], []
    starts = np.searchsorted(pairs.rows, np.arange(pairs.rows[-1] + 2 if len(pairs.rows) else 1))
    for name, score in zip(names, scores, strict=True):
        own = score[pairs.rows, pairs.items]
        own[~np.isfinite(own)] = np.nan
        order = np.lexsort((-np.nan_to_num(own, nan=-np.inf), pairs.rows))
        rank = np.empty(len(order), dtype=np.float32)
        rank[order] = np.arange(len(order)) - starts[pairs.rows[order]]
        best = own[order][starts[pairs.rows]]
        columns += [own, own - best, 10 / (10 + rank)]
        headings += [f"{name}_score", f"{name}_below_best", f"{name}_rank"]
    return np.column_stack(columns).astype(np.float32), headings
