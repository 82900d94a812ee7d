"""What a phrase names: terms of a vocabulary that share its telling words, in whatever inflection.

A phrase names a term if it holds nearly all of one of its names, or if all its telling words stand in a
name, so that it is the wider word ("pajak" for the tax skills). A word that stands in the names of very
different things tells nothing alone; all of a name's together do ("jualan ... online").
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from models.text.affixes import roots
from models.text.standard_words import StandardWords
from training_data.skills.vocabulary import Vocabulary
from training_data.text import normalise

MOST_OF_NAME: Final = 0.75  # share of a name's telling weight that a phrase must hold
HALF_OF_PHRASE: Final = (
    0.45  # least share of a short phrase: what is left over may say something else
)
SHORT: Final = 4  # words
ALL_OF_PHRASE: Final = 0.99
PART_OF_NAME: Final = 0.5  # least share of a name that a wider wording must hold
NEARLY_BEST: Final = 0.9
MOST_TERMS: Final = 3  # what is as near to more terms than that is too wide to mean any
GENERIC_WEIGHT: Final = 0.25  # of a word that tells little, beside one that does


@dataclass(frozen=True)
class Links:
    """The terms that a phrase names.

    Attributes
    ----------
    terms : tuple of int
        Their numbers, the best first; none where it names nothing.
    exact : bool
        Whether the phrase is a name of the term, not a part or a wider wording of one.
    share : float
        How much of a name and of the phrase is shared, from 0 to 1.
    """

    terms: tuple[int, ...]
    exact: bool = False
    share: float = 0.0


@dataclass(frozen=True)
class PhraseLinker:
    """Links phrases to a vocabulary."""

    vocabulary: Vocabulary
    standard: StandardWords

    def find(self, phrase: str) -> Links:
        """Return the terms that a phrase names."""
        said = self.standard.standardise(phrase)
        words = list(dict.fromkeys(self.standard.spoken.content(said)))
        for name in (phrase, said, " ".join(words)):
            if (exact := self._find_exact(name)) >= 0:
                return Links((exact,), exact=True, share=1.0)
        return self._choose(self._score(words), len(words))

    def _find_exact(self, name: str) -> int:
        found = self.vocabulary.find(name)
        return found if found >= 0 else self._exact.get(normalise(name), -1)

    def _score(self, words: Sequence[str]) -> dict[int, tuple[float, float]]:
        """Return by name the shares of the name and of the phrase that are shared."""
        weight = {word: self._weight(word) for word in words}
        whole = sum(weight.values())
        shared: dict[int, dict[int, float]] = defaultdict(dict)
        of_phrase: dict[int, float] = defaultdict(float)
        telling: set[int] = set()
        matches: Counter[int] = Counter()
        for word in words:
            names = {(name, place) for root in _roots(word) for name, place in self._places[root]}
            for name, place in names:
                shared[name][place] = self._names[name][place][1]
            held = {name for name, _ in names}
            matches.update(held)
            for name in held:
                of_phrase[name] += weight[word]
            if self._tells([word]):
                telling.update(
                    name for name, place in names if self._tells([self._words[name][place]])
                )
        return {
            name: (
                sum(places.values()) / sum(weight for _, weight in self._names[name]),
                of_phrase[name] / whole,
            )
            for name, places in shared.items()
            if name in telling or 1 < matches[name] == len(places) == len(self._names[name])
        }

    def _choose(self, scores: dict[int, tuple[float, float]], n_words: int) -> Links:
        plain = {name for name in scores if not self._tells(self._words[name])}
        held = {
            name: of_name * of_phrase
            for name, (of_name, of_phrase) in scores.items()
            if of_name >= MOST_OF_NAME
            and name not in plain
            and (of_phrase >= HALF_OF_PHRASE or n_words > SHORT)
        } or {
            name: of_name
            for name, (of_name, of_phrase) in scores.items()
            if of_phrase >= ALL_OF_PHRASE and of_name >= PART_OF_NAME
        }
        nearest, share = self._find_nearest(held)
        done = sorted({self._term[name] for name in plain} - set(nearest))
        if len(done) > MOST_TERMS:
            return Links(tuple(nearest), share=share)
        return Links((*nearest, *done), share=max(share, PART_OF_NAME if done else 0.0))

    def _find_nearest(self, held: dict[int, float]) -> tuple[list[int], float]:
        """Return the terms whose names are held best or nearly so, and how well; none where many are."""
        best: dict[int, float] = {}
        for name, score in held.items():
            term = self._term[name]
            best[term] = max(best.get(term, 0.0), score)
        share = max(best.values(), default=0.0)
        near = (term for term in best if best[term] >= NEARLY_BEST * share)
        found = sorted(near, key=lambda term: (-best[term], term))
        return (found, share) if len(found) <= MOST_TERMS else ([], 0.0)

    def _tells(self, words: Sequence[str]) -> bool:
        return any(word not in self.standard.spoken.generic for word in words)

    def _weight(self, word: str) -> float:
        rarity = min((self._rarity.get(root, self._rarest) for root in _roots(word)), default=1.0)
        return rarity * (GENERIC_WEIGHT if word in self.standard.spoken.generic else 1.0)

    @cached_property
    def _term(self) -> list[int]:
        return [number for number, term in enumerate(self.vocabulary.terms) for _ in term.names()]

    @cached_property
    def _said(self) -> list[str]:
        """Each name in standard words."""
        return [
            self.standard.standardise(name)
            for term in self.vocabulary.terms
            for name in term.names()
        ]

    @cached_property
    def _exact(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for name, said in enumerate(self._said):
            for spelt in (said, " ".join(self.standard.spoken.content(said))):
                if spelt and self._tells(spelt.split()):
                    found.setdefault(normalise(spelt), self._term[name])
        return found

    @cached_property
    def _words(self) -> list[list[str]]:
        """The telling words of each name; of a name without any, all its words."""
        content = self.standard.spoken.content
        return [
            list(dict.fromkeys(content(said) or normalise(said).split())) for said in self._said
        ]

    @cached_property
    def _rarity(self) -> dict[str, float]:
        counts: dict[str, set[int]] = defaultdict(set)
        for name, words in enumerate(self._words):
            for word in words:
                for root in _roots(word):
                    counts[root].add(self._term[name])
        return {root: float(np.log1p(self._n_terms / len(of))) for root, of in counts.items()}

    @property
    def _n_terms(self) -> int:
        return len(self.vocabulary)

    @property
    def _rarest(self) -> float:
        return float(np.log1p(self._n_terms))

    @cached_property
    def _names(self) -> list[list[tuple[str, float]]]:
        return [[(word, self._weight(word)) for word in words] for words in self._words]

    @cached_property
    def _places(self) -> dict[str, list[tuple[int, int]]]:
        places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for name, words in enumerate(self._words):
            for place, word in enumerate(words):
                for root in _roots(word):
                    places[root].append((name, place))
        return places


def _roots(word: str) -> frozenset[str]:
    """Return the roots of a word; "polisi" is not built from "polis"."""
    return roots(word) - {word.removesuffix("i")} | {word}
