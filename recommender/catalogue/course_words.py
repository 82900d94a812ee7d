"""The words of trainings, found by root: which title, and which text, holds a word in whatever inflection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.text.affixes import roots
from models.text.standard_words import StandardWords
from training_data.text import normalise

GENERIC_WEIGHT = 0.3  # of a word that tells little beside one that does
_NONE = np.empty(0, dtype=np.int32)

Places = dict[str, NDArray[np.int32]]


@dataclass(frozen=True)
class CourseWords:
    """An index of the words of N trainings.

    Attributes
    ----------
    titles, texts : dict of str to ndarray of int32
        Rows of the trainings that hold each root in their title, and anywhere in their text; of a word that
        tells little, by the word itself: "perawat" is not found by "merawat".
    generic : frozenset of str
        Words that tell little.
    count : int
        N.
    """

    titles: Places
    texts: Places
    generic: frozenset[str]
    count: int

    @classmethod
    def index(cls, titles: Sequence[str], texts: Sequence[str], standard: StandardWords) -> Self:
        """Index the titles, also in standard words, and the texts of trainings."""
        said = [f"{title} {standard.standardise(title)}" for title in titles]
        fillers, generic = standard.spoken.fillers, standard.spoken.generic
        return cls(
            _index(said, fillers, generic), _index(texts, fillers, generic), generic, len(titles)
        )

    def cover(self, words: Iterable[str], places: Places) -> NDArray[np.float32]:
        """Return the share of some words that each training holds, (N,); rare words weigh more.

        Words that tell little count where one that tells something is held too.

        Parameters
        ----------
        places : dict
            ``titles`` or ``texts``.
        """
        told, rest = np.zeros((2, self.count), dtype=np.float32)
        whole, telling = 0.0, False
        for word in words:
            weight = self._rarity(word)
            if word in self.generic:
                weight *= GENERIC_WEIGHT
                rest[self._find(word, places)] += weight
            else:
                telling = True
                told[self._find(word, places)] += weight
            whole += weight
        if telling:
            rest[told == 0] = 0
        else:  # no match: as if they stood beside one that is nowhere
            whole += float(np.log1p(self.count))
        shares: NDArray[np.float32] = (told + rest) / np.float32(max(whole, 1e-9))
        return shares

    def _rarity(self, word: str) -> float:
        own = self.texts.get(word)
        held = len(own if own is not None else self._find(word, self.texts))
        return float(np.log1p(self.count / (1 + held)))

    def _find(self, word: str, places: Places) -> NDArray[np.int32]:
        """Return the trainings that hold a word in whatever inflection; "pemrograman" is no "program"."""
        stems = roots(word) if word in self.generic else roots(word) - self.generic
        found = [places[root] for root in stems if root in places]
        if len(found) < 2:
            return found[0] if found else _NONE
        return np.unique(np.concatenate(found))


def _index(texts: Sequence[str], fillers: frozenset[str], generic: frozenset[str]) -> Places:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        words = set(normalise(text).split()) - fillers
        telling = (roots(word) for word in words - generic)
        for root in (words & generic).union(*telling):
            rows[root].append(row)
    return {root: np.array(of, dtype=np.int32) for root, of in rows.items()}
