"""The occupation that somebody's own words stand for: by name, by national title, or by meaning.

What the words come nearest to may be an occupation of the national classification that the vocabulary
lacks: then the answer is none, not the next best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from models.skills.extraction import FoundSkill, Judgement, SkillExtractor
from models.text.static_student import StaticStudent
from models.text.word_vectors import StaticWords
from training_data.occupations.national import UNIT_GROUP, NationalOccupations
from training_data.occupations.occupations import Occupations
from training_data.skills.vocabulary import Term, Vocabulary
from training_data.text import normalise

# Titles are short: what is found must be nearly the whole of one.
LIKE_ENOUGH: Final = Judgement(meaning=0.2, threshold=0.8, centred=False, each_word=0.01)


@dataclass(frozen=True)
class FoundOccupation:
    """An occupation found in a person's words.

    Attributes
    ----------
    occupation : int
        Its number among the occupations.
    score : float
        1 for its name or code, else likeness in spelling and meaning, at most 1.
    span : tuple of int
        Where the words that fired begin and end in the text.
    """

    occupation: int
    score: float
    span: tuple[int, int]


class OccupationFinder:
    """Finds occupations in free text.

    Parameters
    ----------
    occupations : Occupations
    national : NationalOccupations
        Its titles lead to the occupation of ours in the same unit group, or to none.
    """

    def __init__(self, occupations: Occupations, national: NationalOccupations) -> None:
        self.occupations = occupations
        self.national = national

    def fit(self, student: StaticStudent) -> Self:
        """Encode the names of all occupations, ours and the nation's."""
        own = [
            Term(term.id, term.labels, term.aliases) for term in self.occupations.vocabulary.terms
        ]
        known = {normalise(name) for term in own for name in term.names()}
        titles = {
            code: title
            for code, title in self.national.titles.items()
            if len(code) >= UNIT_GROUP and normalise(title) not in known
        }
        self._stands_for = [
            *range(len(own)),
            *(self.national.nearest(code, self.occupations) for code in titles),
        ]
        vocabulary = Vocabulary(
            (*own, *(Term(code, {"id": title}) for code, title in titles.items()))
        )
        self._extractor = SkillExtractor(vocabulary, StaticWords(student), LIKE_ENOUGH)
        self._extractor.fit(student, [])
        return self

    def find(self, phrases: Sequence[str]) -> list[FoundOccupation | None]:
        """Return what each phrase stands for; None where it names no occupation, or one we lack."""
        found: dict[str, FoundOccupation | None] = {
            phrase: FoundOccupation(number, 1.0, (0, len(phrase)))
            for phrase in phrases
            if (number := self.national.nearest(phrase, self.occupations)) >= 0
        }
        others = [phrase for phrase in dict.fromkeys(phrases) if phrase not in found]
        for phrase, alike in zip(others, self._extractor.extract(others), strict=True):
            best = max(alike, key=_worth, default=None)
            number = -1 if best is None else self._stands_for[best.skill]
            found[phrase] = (
                None
                if best is None or number < 0
                else FoundOccupation(number, best.score, best.span)
            )
        return [found[phrase] for phrase in phrases]


def link_occupations(
    occupations: Sequence[str | None], finder: OccupationFinder
) -> list[str | None]:
    """Replace what people wrote by the id of the occupation it stands for; the unknown stays as written."""
    terms = finder.occupations.vocabulary.terms
    phrases = [phrase for phrase in dict.fromkeys(occupations) if phrase is not None]
    ids = {
        phrase: phrase if found is None else terms[found.occupation].id
        for phrase, found in zip(phrases, finder.find(phrases), strict=True)
    }
    return [None if phrase is None else ids[phrase] for phrase in occupations]


def _worth(found: FoundSkill) -> tuple[float, int]:
    """Of like scores the longer words: "tukang las di bengkel" is a welder."""
    return round(found.score, 2), found.span[1] - found.span[0]
