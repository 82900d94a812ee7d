"""A peer of the quality benchmark, and the search for its parameters on validation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from benchmarks.quality.task import Ids, RankingTask
from models.candidates.interactions import Interactions

Params = dict[str, Any]
Ranking = Callable[[Interactions, Ids, int, Params], Ids]

MAX_DRAWS: Final = 100  # for each trial: a small search space runs out of new parameters


@dataclass(frozen=True)
class Peer:
    """A peer: how to draw its parameters and how to rank with them.

    Attributes
    ----------
    name : str
    library : str
        The distribution it comes from.
    first : dict
        What the search tries first: the library's own defaults, or what its authors advise.
    draw : callable(generator) -> params
    rank : callable(past, users, k, params) -> ids of int32, shape (U, k)
        Without the courses a participant took in ``past``; -1 where the peer has no more to say.
    trial : callable like ``rank``, optional
        The same model by a faster way, for tuning; ``rank`` itself where None.
    serves_newcomers : bool
        Whether it can rank for who has no event.
    """

    name: str
    library: str
    first: Params
    draw: Callable[[np.random.Generator], Params]
    rank: Ranking
    trial: Ranking | None = None
    serves_newcomers: bool = False


@dataclass(frozen=True)
class Budget:
    """What every peer may spend on tuning: trials, or seconds by the clock, whichever ends first."""

    trials: int = 30
    seconds: float = 120.0


@dataclass(frozen=True)
class Tuned:
    """The best parameters found, their figure on validation, how many trials and seconds it took."""

    params: Params
    figure: float
    trials: int
    seconds: float


def draw_parameters(peer: Peer, trials: int, seed: int) -> list[Params]:
    """Return what the search tries, in order: ``peer.first``, then different parameters at random."""
    rng = np.random.default_rng(seed)
    found = [peer.first]
    for _ in range(MAX_DRAWS * trials):
        if len(found) >= trials:
            break
        params = peer.draw(rng)
        if params not in found:
            found.append(params)
    return found


def tune(
    peer: Peer, task: RankingTask, figure: Callable[[Ids], float], budget: Budget, seed: int
) -> Tuned:
    """Try the parameters of :func:`draw_parameters` within ``budget``.

    The trial that passes the limit still counts; one that could take many times as long bounds itself
    (`benchmarks.quality.rectools_peers`).

    Parameters
    ----------
    figure : callable(ids of shape (len(task.warm), k)) -> float
        What to maximise on validation.
    """
    began = time.monotonic()
    best: tuple[float, Params] = (-1.0, peer.first)
    rank = peer.trial or peer.rank
    trials = 0
    for params in draw_parameters(peer, budget.trials, seed):
        found = figure(rank(task.past, task.warm, 10, params))
        trials += 1
        if found > best[0]:
            best = (found, params)
        if time.monotonic() - began > budget.seconds:
            break
    return Tuned(best[1], best[0], trials, time.monotonic() - began)
