import numpy as np
from numpy.typing import NDArray

def bid(
    starts: NDArray[np.int64],
    classes: NDArray[np.int32],
    values: NDArray[np.float32],
    bonus: NDArray[np.float64],
    seats: NDArray[np.int64],
    step: float,
    prices: NDArray[np.float64],
    seated: NDArray[np.int32],
    bids: NDArray[np.float64],
    holders: NDArray[np.int32],
    taken: NDArray[np.int64],
    waiting: NDArray[np.int32],
    count: int,
    most: int,
) -> int:
    """Let up to ``most`` people bid, the last of those who wait first, and return how many wait then.

    Parameters
    ----------
    starts : ndarray of int64, shape (B + 1,)
        Where the permitted classes of each person begin in ``classes`` and ``values``.
    bonus : ndarray of float64, shape (B,)
        What it is worth that a person is seated, wherever.
    seats : ndarray of int64, shape (K + 1,)
        Where the seats of each class begin in ``bids`` and ``holders``.
    step : float
        By how much a bid goes beyond what the person would lose with the next best.
    prices, seated, bids, holders, taken, waiting : ndarray
        The state, changed in its place: price of each class (K,), class of each person (B,) or -1, the heaps
        of bids and who made them, seats taken of each class (K,), and who waits (B,).
    """

def surplus(
    starts: NDArray[np.int64],
    classes: NDArray[np.int32],
    values: NDArray[np.float32],
    prices: NDArray[np.float64],
    most: NDArray[np.float64],
) -> None:
    """Write the most that a person's classes are worth beyond their prices, (B,); -inf where there is none."""

def settle(
    starts: NDArray[np.int64],
    classes: NDArray[np.int32],
    worth: NDArray[np.int32],
    kinds: NDArray[np.int32],
    groups: NDArray[np.int64],
    group_worth: NDArray[np.int32],
    group_kind: NDArray[np.int32],
    held: NDArray[np.int64],
    holders: NDArray[np.int32],
    seated: NDArray[np.int32],
) -> None:
    """Let each unseated person, the first in the lottery first, take the seat of the last who is like them there.

    Who sits in a class, worth alike and of one kind, is a group.

    Parameters
    ----------
    worth : ndarray of int32
        A number of each pair, the same for pairs of the same worth.
    kinds : ndarray of int32, shape (B,)
        A number of each person, the same for those who count for the same.
    groups : ndarray of int64, shape (K + 1,)
        Where the groups of each class begin, ordered by worth and kind.
    group_worth, group_kind : ndarray of int32, shape (G,)
    held : ndarray of int64, shape (G + 1,)
        Where the people of each group begin in ``holders``.
    holders, seated : ndarray of int32
        The state, changed in its place: the people of each group, the last first, and the class of each person.
    """
