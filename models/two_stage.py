"""Candidate generation, then ranking: several models propose, learnt trees put in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.base import CandidateModel
from models.candidates.histories import Histories, histories
from models.candidates.side import SideInformation
from models.candidates.top_k import Ids, Mask, Scores, top_k
from models.earlier_past import Horizon, Present, earlier_presents
from models.features import PairFeatures, Pairs
from models.interactions import Interactions
from models.ranker import Ranker

BATCH = 1024


@dataclass
class TwoStage:
    """Sources propose ``pool`` courses each; the ranker orders the union.

    Parameters
    ----------
    sources : dict of str to CandidateModel
    ranker : Ranker
    horizon : {"time", "next"}
        What the future is; see :func:`models.earlier_past.earlier_presents`.
    presents : int
        Earlier presents to learn the ranker from.
    window : float
        Share of the past that makes each future of "time".
    pool : int
        Courses each source proposes.
    max_queries : int
        Most participants to learn the ranker from, over all presents.
    seed : int
    """

    sources: dict[str, CandidateModel]
    ranker: Ranker = field(default_factory=Ranker)
    horizon: Horizon = "time"
    presents: int = 3
    window: float = 0.1
    pool: int = 50
    max_queries: int = 20_000
    seed: int = 0

    def fit(self, interactions: Interactions, side: SideInformation) -> Self:
        """Learn the ranker from earlier presents, then refit the sources on everything."""
        self.fit_ranker(interactions, side)
        return self.fit_sources(interactions, side)

    def fit_ranker(self, interactions: Interactions, side: SideInformation) -> Self:
        """Learn the ranker from candidates of the earlier past only."""
        tables, labels, groups = [], [], []
        for present in earlier_presents(interactions, self.horizon, self.presents, self.window):
            self.fit_sources(present.past, side)
            for table, label, group in self._examples(present, side):
                tables.append(table)
                labels.append(label)
                groups.append(group)
        self.ranker.fit(
            np.vstack(tables), np.concatenate(labels), np.concatenate(groups), self.names_
        )
        return self

    def fit_sources(self, interactions: Interactions, side: SideInformation) -> Self:
        """Fit the candidate models and the features on ``interactions``."""
        for source in self.sources.values():
            source.fit(interactions, side)
        self.features_ = PairFeatures().fit(interactions, side)
        return self

    def _examples(
        self, present: Present, side: SideInformation
    ) -> list[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]]:
        target = _new_courses(present)
        asked = np.flatnonzero(np.diff(target.indptr)).astype(np.int32)
        most = self.max_queries // self.presents
        if len(asked) > most:
            rng = np.random.default_rng(self.seed)
            asked = np.sort(rng.choice(asked, most, replace=False))
        examples = []
        for start in range(0, len(asked), BATCH):
            users = asked[start : start + BATCH]
            batch = histories(present.past, users, side.user_attributes)
            pairs, table = self.candidates(batch, not_taken(batch))
            label = np.asarray(target[users[pairs.rows], pairs.items]).ravel()
            positive = np.bincount(pairs.rows, label, minlength=len(users)) > 0
            kept = positive[pairs.rows]
            group = np.bincount(pairs.rows[kept], minlength=len(users))
            examples.append(
                (table[kept], label[kept].astype(np.float32), group[group > 0].astype(np.int64))
            )
        return examples

    def candidates(
        self, batch: Histories, mask: Mask
    ) -> tuple[Pairs, NDArray[np.float32]]:
        """Return the union of the sources' candidates and its features, (R, F)."""
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
        self.names_ = names + own_names
        return pairs, np.hstack([table, own])

    def recommend(
        self, batch: Histories, k: int, mask: Mask | None = None
    ) -> tuple[Ids, Scores]:
        """Return the best ``k`` permitted courses of each participant, best first; see ``CandidateModel``."""
        allowed = np.ones((len(batch), batch.n_items), dtype=bool)
        if mask is not None:
            allowed &= mask
        ids = np.full((len(batch), k), -1, dtype=np.int32)
        best = np.full((len(batch), k), -np.inf, dtype=np.float32)
        for start in range(0, len(batch), BATCH):
            part = slice(start, start + BATCH)
            some = batch.take(part)
            pairs, table = self.candidates(some, allowed[part])
            scores = np.full((len(some), batch.n_items), -np.inf, dtype=np.float32)
            scores[pairs.rows, pairs.items] = self.ranker.score(table)
            ids[part], best[part] = top_k(scores, k)
        return ids, best


def not_taken(batch: Histories) -> Mask:
    """Return the mask of courses each participant has not taken, shape (B, N)."""
    mask = np.ones((len(batch), batch.n_items), dtype=bool)
    mask[batch.rows, batch.items] = False
    return mask


def _new_courses(present: Present) -> sp.csr_matrix:
    """What each participant took in the future and not before, as 0/1."""
    taken, target = present.past.matrix(), present.future.matrix()
    taken.data[:] = 1
    target.data[:] = 1
    target = (target - target.multiply(taken)).tocsr()
    target.eliminate_zeros()
    return target


def _source_features(
    scores: list[Scores], names: list[str], pairs: Pairs
) -> tuple[NDArray[np.float32], list[str]]:
    """Each source's score, its ratio to the participant's best, and its rank among the candidates."""
    columns, headings = [], []
    starts = np.searchsorted(pairs.rows, np.arange(pairs.rows[-1] + 2 if len(pairs.rows) else 1))
    for name, score in zip(names, scores, strict=True):
        own = score[pairs.rows, pairs.items]
        own[~np.isfinite(own)] = np.nan
        order = np.lexsort((-np.nan_to_num(own, nan=-np.inf), pairs.rows))
        rank = np.empty(len(order), dtype=np.float32)
        rank[order] = np.arange(len(order)) - starts[pairs.rows[order]]
        best = own[order][starts[pairs.rows]]
        columns += [own, own - best, rank]
        headings += [f"{name}_score", f"{name}_below_best", f"{name}_rank"]
    return np.column_stack(columns).astype(np.float32), headings
