"""What people wrote, understood: each phrase split at its negations, linked to the vocabularies, and encoded.

A phrase is the same for everybody who writes it, so it is understood once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Final

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from models.skills.extraction import SkillExtractor
from models.skills.occupation_finder import OccupationFinder
from models.skills.phrase_linking import Links, PhraseLinker
from models.text.content_space import ContentSpace
from models.text.standard_words import StandardWords
from models.vectors import unit
from training_data.skills.vocabulary import Vocabulary
from training_data.text import normalise

N_KEPT: Final = 8_192  # phrases that are kept understood
MUCH_LESS: Final = (
    0.5  # of what a skill shares with a phrase, beside an occupation, or the other way
)


@dataclass(frozen=True, eq=False)
class Phrase:
    """A phrase as it is understood.

    Attributes
    ----------
    text : str
        As it was written, or the label of the term that it is the id or code of.
    words : tuple of str
        What it says in standard words, without those that say that something is wished.
    skills, occupations : tuple of int
        Numbers of the terms that it names.
    own : ndarray of float32, shape (D,)
        Unit vector of its own words.
    named : ndarray of float32, shape (n, D)
        Unit vectors of the labels of the terms.
    languages : frozenset of str
        What the person reads or wishes to learn: the reader's language, and those that the words tell of.
    """

    text: str
    words: tuple[str, ...]
    skills: tuple[int, ...]
    occupations: tuple[int, ...]
    own: NDArray[np.float32]
    named: NDArray[np.float32]
    languages: frozenset[str] = frozenset()

    @cached_property
    def vector(self) -> NDArray[np.float32]:
        """Unit vector (D,) of the own words and of what they name together."""
        if not len(self.named):
            return self.own
        both: NDArray[np.float32] = unit((self.own + self.named.mean(axis=0))[None])[0]
        return both


@dataclass(frozen=True)
class Said:
    """A part of what somebody wrote.

    Attributes
    ----------
    wanted : bool
        Whether it is wished or known, or else not wanted.
    lacking : bool
        Whether the person says that they cannot do it yet.
    to_learn : bool
        Whether the person says that they still want to learn it.
    """

    phrase: Phrase
    wanted: bool = True
    lacking: bool = False
    to_learn: bool = False


@dataclass(frozen=True)
class Linkers:
    """What links a person's own words to the vocabularies, and encodes them.

    Attributes
    ----------
    texts : SkillExtractor
        Finds skills in the texts of trainings and vacancies.
    """

    content: ContentSpace
    texts: SkillExtractor
    standard: StandardWords
    skills: PhraseLinker
    occupations: OccupationFinder


@dataclass(frozen=True)
class PhraseReader:
    """Understands phrases.

    Attributes
    ----------
    language : str
        Language of the labels that stand for ids.
    """

    linkers: Linkers
    language: str
    _kept: LRUCache[str, tuple[Said, ...]] = field(
        default_factory=lambda: LRUCache(N_KEPT), repr=False, compare=False
    )
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def read(self, phrases: Sequence[str]) -> dict[str, tuple[Said, ...]]:
        """Return what each phrase says, in the order of its words."""
        with self._lock:
            found = {phrase: self._kept.get(phrase) for phrase in phrases}
        new = [phrase for phrase, said in found.items() if said is None]
        understood = dict(zip(new, self._read_anew(new), strict=True)) if new else {}
        with self._lock:
            self._kept.update(understood)
        return {
            phrase: understood[phrase] if said is None else said for phrase, said in found.items()
        }

    def _read_anew(self, phrases: Sequence[str]) -> list[tuple[Said, ...]]:
        content = self.linkers.content
        drafts = [self._draft(phrase) for phrase in phrases]
        clauses = [clause for draft in drafts for clause in draft]
        own = content.encode_phrases([clause.standard for clause in clauses])
        labels = [self._list_labels(clause.skills, clause.occupations) for clause in clauses]
        named = content.encode_phrases([label for some in labels for label in some])
        ends = np.cumsum([len(some) for some in labels], dtype=np.int64)
        made = iter(
            Said(
                Phrase(
                    clause.text,
                    clause.words,
                    clause.skills,
                    clause.occupations,
                    own[row].copy(),
                    named[end - len(labels[row]) : end].copy(),
                    self._find_languages(clause),
                ),
                clause.wanted,
                clause.lacking,
                self.linkers.standard.spoken.is_to_learn(clause.text),
            )
            for row, (clause, end) in enumerate(zip(clauses, ends, strict=True))
        )
        return [tuple(next(made) for _ in draft) for draft in drafts]

    def _find_languages(self, clause: _Clause) -> frozenset[str]:
        said = normalise(f"{clause.text} {clause.standard}").split()
        return self.linkers.standard.spoken.find_languages(said) | {self.language}

    def _draft(self, phrase: str) -> list[_Clause]:
        spoken = self.linkers.standard.spoken
        if (label := self._name(phrase)) is not None:
            return [_Clause(label, label, tuple(spoken.content(label)), *self._link(label))]
        return [
            self._draft_clause(clause.text, wanted=clause.wanted, lacking=clause.lacking)
            for clause in spoken.split(phrase)
        ]

    def _draft_clause(self, text: str, *, wanted: bool, lacking: bool) -> _Clause:
        standard = self.linkers.standard.standardise(text)
        words = tuple(dict.fromkeys(self.linkers.standard.spoken.content(standard)))
        return _Clause(text, standard, words, *self._link(text), wanted, lacking)

    def _name(self, phrase: str) -> str | None:
        """Return the label of the term whose id a phrase is."""
        vocabularies = (
            self.linkers.skills.vocabulary,
            self.linkers.occupations.occupations.vocabulary,
        )
        for vocabulary in vocabularies:
            number = vocabulary.find(phrase)
            if number >= 0 and phrase in (
                vocabulary.terms[number].id,
                vocabulary.terms[number].code,
            ):
                return vocabulary.terms[number].label(self.language)
        return None

    def _link(self, text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the skills and the occupations that a text names, or that its parts name."""
        linkers = self.linkers
        whole = linkers.skills.find(text), linkers.occupations.find(text)
        parts = linkers.standard.spoken.parts(text)
        if any(links.exact for links in whole) or len(parts) < 2:
            return _keep_nearer(*whole)
        pairs = [
            _keep_nearer(linkers.skills.find(part), linkers.occupations.find(part))
            for part in parts
        ]
        skills, occupations = (
            tuple(dict.fromkeys(term for pair in pairs for term in pair[which])) for which in (0, 1)
        )
        return skills, occupations

    def _list_labels(self, skills: Sequence[int], occupations: Sequence[int]) -> list[str]:
        of: tuple[tuple[Vocabulary, Sequence[int]], ...] = (
            (self.linkers.skills.vocabulary, skills),
            (self.linkers.occupations.occupations.vocabulary, occupations),
        )
        return [
            vocabulary.terms[number].label(self.language)
            for vocabulary, numbers in of
            for number in numbers
        ]


@dataclass(frozen=True)
class _Clause:
    """A clause before it is encoded."""

    text: str
    standard: str
    words: tuple[str, ...]
    skills: tuple[int, ...]
    occupations: tuple[int, ...]
    wanted: bool = True
    lacking: bool = False


def _keep_nearer(skills: Links, occupations: Links) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the terms of both, or of the one that the phrase is a name of, or is far nearer to."""
    least = MUCH_LESS * max(skills.share, occupations.share)
    both_or_none_exact = skills.exact == occupations.exact
    return (
        skills.terms if skills.exact or (both_or_none_exact and skills.share >= least) else (),
        occupations.terms
        if occupations.exact or (both_or_none_exact and occupations.share >= least)
        else (),
    )
