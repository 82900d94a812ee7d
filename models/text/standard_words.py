"""What somebody wrote, in standard words: spoken words by a table, misspelt ones by the nearest known word."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

from rapidfuzz import process
from rapidfuzz.distance import OSA

from training_data.text import normalise
from training_data.words.spoken import LONGEST, SpokenWords

_FILE: Final = "standard_words.json"
SHORTEST: Final = 4  # letters of a word in which one is missing, doubled or out of place
LONGER: Final = 7  # letters of a word in which one may be another
LONG: Final = 8  # letters of a word in which two may be wrong
N_COMMON: Final = 40_000
# How spoken verbs begin, and what stood there before: ngajar (ajar), nyuci (cuci), nanam (tanam), motong (potong).
_SPOKEN_PREFIXES: Final = (
    ("nge", ("",)),
    ("ng", ("", "k", "g")),
    ("ny", ("s", "c")),
    ("n", ("t", "")),
    ("m", ("p", "")),
)
_SPOKEN_SUFFIXES: Final = ("", "in", "nya", "e", "ke", "keun")


class StandardWords:
    """Puts phrases into standard words.

    Parameters
    ----------
    spoken : SpokenWords
    domain : sequence of str
        Words of trainings, skills and occupations: what a misspelt word is likely to mean.
    common : sequence of str
        Other words that are right as they stand, the commonest first.
    """

    def __init__(
        self, spoken: SpokenWords, domain: Sequence[str], common: Sequence[str] = ()
    ) -> None:
        self.spoken = spoken
        self.domain = tuple(domain)
        self.common = tuple(common)
        self._known = frozenset(domain) | frozenset(common) | spoken.fillers | spoken.generic
        self._by_letter: dict[str, list[str]] = {}
        self._domain = frozenset(domain)
        for word in self.domain:
            if len(word) >= SHORTEST and word.isalpha():
                self._by_letter.setdefault(word[0], []).append(word)
        self.correct = lru_cache(maxsize=1 << 14)(self._correct)

    @classmethod
    def of(cls, spoken: SpokenWords, texts: Iterable[str], languages: Sequence[str]) -> Self:
        """Learn the words of texts and of languages; needs word lists that only training has."""
        import wordfreq  # its tables are for training only

        counted = wordfreq.available_languages()
        common = (
            normalise(word)
            for language in languages
            if language in counted
            for word in wordfreq.top_n_list(language, N_COMMON)
        )
        domain = dict.fromkeys(word for text in texts for word in normalise(text).split())
        return cls(spoken, tuple(domain), tuple(dict.fromkeys(common)))

    def standardise(self, phrase: str) -> str:
        """Return the phrase in standard words; words of which nothing is known stay as they are."""
        words, table = normalise(phrase).split(), self.spoken.words
        found: list[str] = []
        start = 0
        while start < len(words):
            for length in range(min(LONGEST, len(words) - start), 0, -1):
                standard = table.get(" ".join(words[start : start + length]))
                if standard is not None:
                    found.append(standard)
                    start += length
                    break
            else:
                right = self.correct(words[start])
                found.append(table.get(right, right))
                start += 1
        return " ".join(found)

    def _correct(self, word: str) -> str:
        """Return the known word that a word is, or is a slip of the pen from; else the word."""
        if word in self._known or len(word) < SHORTEST or not word.isalpha():
            return word
        for root in _spoken_roots(word):
            if root in self._domain or root in self.spoken.words:
                return root
        alike = self._by_letter.get(word[0], [])
        slips = 1 if len(word) < LONG else 2
        near = process.extract(word, alike, scorer=OSA.distance, score_cutoff=slips, limit=5)
        return next((found for found, _, _ in near if _is_slip(word, found)), word)

    def save(self, directory: Path) -> None:
        """Write the words as JSON; the table of spoken words stays out."""
        directory.mkdir(parents=True, exist_ok=True)
        words = {"domain": self.domain, "common": self.common}
        (directory / _FILE).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path, spoken: SpokenWords) -> Self:
        """Read what ``save`` has written."""
        words = json.loads((directory / _FILE).read_text(encoding="utf-8"))
        return cls(spoken, words["domain"], words["common"])


def _spoken_roots(word: str) -> list[str]:
    """Return what a spoken verb may be built from."""
    stems = [word.removesuffix(suffix) for suffix in _SPOKEN_SUFFIXES if word.endswith(suffix)]
    without = [
        letter + stem.removeprefix(prefix)
        for stem in stems
        for prefix, letters in _SPOKEN_PREFIXES
        if stem.startswith(prefix)
        for letter in letters
    ]
    return [root for root in (*without, *stems[1:]) if len(root) >= SHORTEST]


def _is_slip(word: str, meant: str) -> bool:
    """Return whether one is the other misspelt: of short words no letter is taken for another."""
    return len(word) >= LONGER or len(word) != len(meant) or sorted(word) == sorted(meant)
