"""Two towers: participant and course in one space, learnt from what was taken next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.candidates.base import CandidateModel
from models.candidates.content import item_vectors
from models.candidates.histories import Histories, histories
from models.candidates.interactions import Interactions
from models.candidates.recency import ages, decay
from models.candidates.side import SideInformation
from models.candidates.top_k import Scores

Floats = NDArray[np.float32]


@dataclass
class TwoTower(CandidateModel):
    """The inner product of a participant's and a course's vector, trained contrastively on next courses.

    A course's vector is a learnt projection of its text and attributes (whose encoder stays frozen) plus an
    embedding of its own, which is dropped now and then so that the projection alone serves a new course. A
    participant's vector is a sum of the latest courses, each weighted by its place, plus a projection of the
    participant's attributes, which alone serves a newcomer.

    Parameters
    ----------
    dimensions : int
    latest : int
        Courses of a history that count.
    epochs : int
    learning_rate : float
    l2 : float
        AdamW's weight decay.
    dropout : float
        Share of each history's courses, and of the courses' own embeddings, left out in training.
    negatives : int
        Most courses each true one is told from; all, where the catalogue is no larger.
    half_life : float, optional
        Share of all events after which one counts half in learning.
    seed : int
    """

    dimensions: int = 64
    latest: int = 20
    epochs: int = 12
    learning_rate: float = 0.003
    l2: float = 0.1
    dropout: float = 0.3
    negatives: int = 2048
    half_life: float | None = None
    seed: int = 0

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:
        """Learn to tell each event's course from others, given the events before it."""
        content = item_vectors(side, 0.5)
        if content is None:
            content = np.zeros((interactions.n_items, 1), dtype=np.float32)
        attributes = None if side is None else side.user_attributes
        everybody = histories(interactions, None, attributes)
        weighted = Interactions(
            interactions.users,
            interactions.items,
            decay(ages(interactions), self.half_life),
            interactions.n_users,
            interactions.n_items,
            interactions.at,
        )
        importance = histories(weighted).weights
        profile = _profile(everybody)
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            towers = _Towers(content, profile.shape[1], self.dimensions, self.latest)
            self._train(towers, everybody, importance, profile)
        known = np.bincount(interactions.items, minlength=interactions.n_items) > 0
        with torch.no_grad():
            # a course without events keeps the projection only
            towers.own_in.weight[:-1][torch.from_numpy(~known)] = 0
            towers.own_out.weight[torch.from_numpy(~known)] = 0
            self.items_in_ = towers.items_in()[:-1].numpy()
            self.items_out_ = towers.items_out().numpy()
            self.bias_ = towers.bias.numpy().copy()
            self.places_ = towers.places.numpy().copy()
            self.profile_ = towers.profile.weight.T.numpy().copy()
        self.bias_[~known] = self.bias_[known].mean() if known.any() else 0
        return self

    def _train(
        self, towers: _Towers, everybody: Histories, importance: Floats, profile: Floats
    ) -> None:
        before = _latest(everybody, self.latest)
        target = torch.from_numpy(everybody.items.astype(np.int64))
        rows = torch.from_numpy(everybody.rows)
        weight = torch.from_numpy(importance)
        people = torch.from_numpy(profile)
        optimiser = torch.optim.AdamW(
            towers.parameters(), lr=self.learning_rate, weight_decay=self.l2
        )
        batch = 512
        steps = self.epochs * -(-len(target) // batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, self.learning_rate, total_steps=max(steps, 1)
        )
        n_items = everybody.n_items
        for _ in range(self.epochs):
            order = torch.randperm(len(target))
            for start in range(0, len(order), batch):
                chosen = order[start : start + batch]
                history = before[chosen]
                lost = torch.rand(history.shape) < self.dropout
                history = torch.where(lost, n_items, history)
                truth = target[chosen]
                if n_items <= self.negatives:
                    pool, place = torch.arange(n_items), truth
                else:
                    drawn = torch.randint(n_items, (self.negatives,))
                    pool, place = torch.unique(torch.cat([truth, drawn]), return_inverse=True)
                    place = place[: len(truth)]
                logits = towers(history, people[rows[chosen]], pool, self.dropout)
                losses = nn.functional.cross_entropy(logits, place, reduction="none")
                loss = (losses * weight[chosen]).sum() / weight[chosen].sum()
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()

    def score(self, batch: Histories) -> Scores:
        """Return the logits of every course as the next one."""
        counted = batch.from_end < self.latest
        place = self.places_[np.minimum(batch.from_end, self.latest - 1)] * counted
        people = np.zeros((len(batch), self.items_in_.shape[1]), dtype=np.float32)
        np.add.at(people, batch.rows, self.items_in_[batch.items] * place[:, None])
        people += _profile(batch, len(self.profile_)) @ self.profile_
        scores: Scores = people @ self.items_out_.T + self.bias_
        return scores


class _Towers(nn.Module):
    """Parameters of both towers; the last row of the history's embeddings stands for "no course"."""

    def __init__(self, content: Floats, n_profile: int, dimensions: int, latest: int) -> None:
        super().__init__()
        n_items, width = content.shape
        self.content = torch.from_numpy(content)
        self.project_in = nn.Linear(width, dimensions, bias=False)
        self.project_out = nn.Linear(width, dimensions, bias=False)
        self.own_in = nn.Embedding(n_items + 1, dimensions)
        self.own_out = nn.Embedding(n_items, dimensions)
        self.profile = nn.Linear(n_profile, dimensions, bias=False)
        self.bias = nn.Parameter(torch.zeros(n_items))
        self.places = nn.Parameter(0.8 ** torch.arange(latest, dtype=torch.float32))
        for name, parameter in self.named_parameters():
            if name.endswith("weight"):
                nn.init.normal_(parameter, std=0.1)

    def items_in(self) -> torch.Tensor:
        """Vectors of the courses of histories, (N + 1, D); zeros for "no course"."""
        own = self.own_in.weight
        return torch.cat([own[:-1] + self.project_in(self.content), torch.zeros_like(own[-1:])])

    def items_out(self) -> torch.Tensor:
        """Vectors of the courses to be taken next, (N, D)."""
        projected: torch.Tensor = self.own_out.weight + self.project_out(self.content)
        return projected

    def forward(
        self, history: torch.Tensor, profile: torch.Tensor, pool: torch.Tensor, dropout: float
    ) -> torch.Tensor:
        """Return the logits of the courses in ``pool``, (B, len(pool))."""
        there = (history < len(self.content)).unsqueeze(-1)
        index = history.clamp(max=len(self.content) - 1)
        own = nn.functional.dropout1d(self.own_in(index), dropout / 2)
        courses = (own + self.project_in(self.content[index])) * there
        people = (courses * self.places.unsqueeze(-1)).sum(dim=1) + self.profile(profile)
        own = self.own_out(pool)
        kept = torch.rand(len(pool), 1) >= dropout / 2
        choices = own * kept + self.project_out(self.content[pool])
        logits: torch.Tensor = people @ choices.T + self.bias[pool]
        return logits


def _latest(everybody: Histories, latest: int) -> torch.Tensor:
    """Return the courses before each event, the latest first, (E, latest); n_items where there is none."""
    position = np.arange(len(everybody.items)) - everybody.indptr[everybody.rows]
    back = np.arange(1, latest + 1)
    at = np.arange(len(position))[:, None] - back
    there = position[:, None] >= back
    return torch.from_numpy(
        np.where(there, everybody.items[np.maximum(at, 0)], everybody.n_items).astype(np.int64)
    )


def _profile(batch: Histories, width: int | None = None) -> Floats:
    """Return the participants' attributes, dense (B, P); one column of zeros where none are known."""
    if batch.attributes is None:
        return np.zeros((len(batch), width or 1), dtype=np.float32)
    return np.asarray(batch.attributes.todense(), dtype=np.float32)
