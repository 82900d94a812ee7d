"""What was worked out for a word, kept for the next text that has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by word, worked out for all new ones at once; safe to use from several threads.

    Parameters
    ----------
    most : int
        How many are kept; when there are more, all are forgotten.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[str, Value] = {}

    def of(self, words: Sequence[str], work: Callable[[list[str]], Iterable[Value]]) -> list[Value]:
        """Return the value of each word; ``work`` gives those of words that are new, in their order."""
        values = self._values
        new = [word for word in dict.fromkeys(words) if word not in values]
        if new and len(values) + len(new) > self._most:
            values = self._values = {}
            new = list(dict.fromkeys(words))
        if new:
            values.update(zip(new, work(new), strict=True))
        return [values[word] for word in words]
