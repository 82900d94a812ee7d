"""How well phrases are understood: what they are linked to against what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from benchmarks.answers.judgements import HALVES, Half, JudgedPhrase, read_phrases
from recommender.participants.phrases import Phrase
from recommender.participants.reader import ParticipantReader


@dataclass(frozen=True)
class PhraseFigures:
    """Precision of links, and recall of phrases that mean something.

    Attributes
    ----------
    wrong, missed : list of str
        Phrases with a wrong link, and those of which no right one was found.
    """

    precision: float
    recall: float
    wrong: list[str]
    missed: list[str]


def measure_phrases(reader: ParticipantReader) -> Mapping[Half, PhraseFigures]:
    """Return the figures of each half."""
    phrases = read_phrases()
    said = reader.understand([one.phrase for one in phrases])
    links = {
        one: [
            link
            for part in said[one.phrase]
            if part.wanted
            for link in list_links(reader, part.phrase, one.kind)
        ]
        for one in phrases
    }
    return {half: _measure({o: f for o, f in links.items() if o.half == half}) for half in HALVES}


def list_links(reader: ParticipantReader, phrase: Phrase, kind: str) -> list[str]:
    """Return ids of what a phrase is linked to: of a goal, occupations before skills, else the other way."""
    vocabularies = reader.vocabularies
    skills = [vocabularies.skills.terms[skill].id for skill in phrase.skills]
    terms = vocabularies.occupations.vocabulary.terms
    occupations = [terms[occupation].id for occupation in phrase.occupations]
    return occupations or skills if kind == "goal" else skills or occupations


def _measure(links: Mapping[JudgedPhrase, Sequence[str]]) -> PhraseFigures:
    right = {
        one: [link for link in found if any(fnmatchcase(link, meant) for meant in one.means)]
        for one, found in links.items()
    }
    made = sum(map(len, links.values()))
    meaning = [one for one in links if one.means]
    return PhraseFigures(
        precision=sum(map(len, right.values())) / max(made, 1),
        recall=sum(bool(right[one]) for one in meaning) / max(len(meaning), 1),
        wrong=[one.phrase for one, found in links.items() if len(found) > len(right[one])],
        missed=[one.phrase for one in meaning if not right[one]],
    )
