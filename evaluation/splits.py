"""Splits: which events a model may learn from, which tune it, which judge it.

Each split is a pure function from :class:`models.candidates.interactions.Interactions` to index arrays; every
event falls in exactly one part (a rolling split leaves out what lies after its test window).
Where no timestamps exist, ``order`` says what stands in for time and has to be chosen by name:

``"time"``
    ``interactions.at``; refused where it is None.
``"file"``
    the order of the rows; right for a log that was written as it happened.
``"random"``
    a permutation under ``seed``; says nothing about the future, only about like events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.candidates.interactions import Interactions

Order = Literal["time", "file", "random"]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Split:
    """Rows of the events in each part, ascending; the parts are disjoint.

    Attributes
    ----------
    train, validation, test : ndarray of intp
        Indices into the events of the interactions that were split.
    """

    train: Rows
    validation: Rows
    test: Rows

    @property
    def development(self) -> Rows:
        """Train and validation together: what a tuned model is refitted on before the test."""
        return np.union1d(self.train, self.validation)


def global_time_split(
    interactions: Interactions,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    *,
    order: Order = "time",
    seed: int = 0,
) -> Split:
    """Cut all events at two moments, the same for everybody.

    Events of the same moment stay together, so a part may differ from its fraction by the size of a
    tie.

    Parameters
    ----------
    interactions : Interactions
    fractions : tuple of float
        Shares of train, validation and test; they sum to 1.
    order : {"time", "file", "random"}
        What stands for time.
    seed : int
        Used by ``order="random"`` only.

    Raises
    ------
    ValueError
        If the fractions do not sum to 1, are negative, or there is no time to order by.
    """
    if min(fractions) < 0 or not np.isclose(sum(fractions), 1.0):
        raise ValueError(f"fractions must be >= 0 and sum to 1, got {fractions}")
    clock = _clock(interactions, order, seed)
    first, second = _borders(clock, [fractions[0], fractions[0] + fractions[1]])
    return _cut(clock, first, second)


def rolling_splits(
    interactions: Interactions,
    k: int = 3,
    *,
    window: float = 0.1,
    order: Order = "time",
    seed: int = 0,
) -> list[Split]:
    """Return ``k`` global splits with later and later origins, each trained on all of its past.

    The last one tests on the last ``window`` of the events, the one before on the window before,
    and so on, so the test parts are disjoint. Validation is the window just before the test.

    Raises
    ------
    ValueError
        If the windows leave nothing to train on.
    """
    if k < 1 or not 0 < window * (k + 1) < 1:
        raise ValueError(
            f"k={k} windows of {window} and one for validation leave nothing to train on"
        )
    clock = _clock(interactions, order, seed)
    borders = _borders(clock, [1 - window * (k + 1 - i) for i in range(k + 2)])
    return [_cut(clock, *borders[i : i + 3]) for i in range(k)]


def leave_last_out(interactions: Interactions, *, order: Order = "time", seed: int = 0) -> Split:
    """Test on each user's last event, validate on the one before, train on the rest.

    Users with one event only train; users with two have no validation event. Ties within a user are
    broken by row, so train <= validation <= test holds in time for every user. It does *not* hold
    between users: a model may see others' later events, so figures are higher than under
    :func:`global_time_split`.
    """
    clock = _clock(interactions, order, seed)
    by_user = np.lexsort((np.arange(len(clock)), clock, interactions.users))
    sizes = np.bincount(interactions.users, minlength=interactions.n_users)
    from_end = np.repeat(np.cumsum(sizes), sizes) - 1 - np.arange(len(clock))
    size = np.repeat(sizes, sizes)
    is_test = (from_end == 0) & (size > 1)
    is_validation = (from_end == 1) & (size > 2)
    return Split(
        np.sort(by_user[~is_test & ~is_validation]),
        np.sort(by_user[is_validation]),
        np.sort(by_user[is_test]),
    )


def user_holdout(
    interactions: Interactions,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    *,
    seed: int = 0,
) -> Split:
    """Hold whole users out at random: everybody in validation and test is new (cold start)."""
    return _holdout(interactions.users, interactions.n_users, fractions, seed)


def item_holdout(
    interactions: Interactions,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    *,
    seed: int = 0,
) -> Split:
    """Hold whole items out at random: everything in validation and test is a new training."""
    return _holdout(interactions.items, interactions.n_items, fractions, seed)


def _clock(interactions: Interactions, order: Order, seed: int) -> NDArray[np.int64]:
    if order == "file":
        return np.arange(len(interactions), dtype=np.int64)
    if order == "random":
        return np.random.default_rng(seed).permutation(len(interactions)).astype(np.int64)
    if order != "time":
        raise ValueError(f"order must be 'time', 'file' or 'random', got {order!r}")
    if interactions.at is None:
        raise ValueError(
            "the interactions have no time (at is None): "
            "choose order='file' or order='random' to split without it"
        )
    return interactions.at


def _borders(clock: NDArray[np.int64], shares: list[float]) -> list[float]:
    """Return for each share the first moment of the later part; a tie belongs to the later part."""
    ordered = np.sort(clock)
    # rounding keeps 0.8 + 0.1 from moving the border by a row
    at = [min(round(share * len(ordered)), len(ordered)) for share in shares]
    return [float("inf") if i == len(ordered) else int(ordered[i]) for i in at]


def _cut(clock: NDArray[np.int64], first: float, second: float, end: float = float("inf")) -> Split:
    return Split(
        np.flatnonzero(clock < first),
        np.flatnonzero((clock >= first) & (clock < second)),
        np.flatnonzero((clock >= second) & (clock < end)),
    )


def _holdout(
    ids: NDArray[np.int32], n: int, fractions: tuple[float, float, float], seed: int
) -> Split:
    if min(fractions) < 0 or not np.isclose(sum(fractions), 1.0):
        raise ValueError(f"fractions must be >= 0 and sum to 1, got {fractions}")
    active = np.flatnonzero(np.bincount(ids, minlength=n))
    shuffled = np.random.default_rng(seed).permutation(active)
    first, second = (
        round(fractions[0] * len(active)),
        round((fractions[0] + fractions[1]) * len(active)),
    )
    part = np.zeros(n, dtype=np.int8)
    part[shuffled[first:second]] = 1
    part[shuffled[second:]] = 2
    of_event = part[ids]
    return Split(*(np.flatnonzero(of_event == which) for which in range(3)))
