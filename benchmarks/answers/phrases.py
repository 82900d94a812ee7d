"""How well phrases are understood: what they are linked to against what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.answers.judgements import HALVES, read_phrases
from recommender.participants.reader import ParticipantReader


@dataclass(frozen=True)
class PhraseFigures:
    """Precision of links, and recall of phrases that mean something.

    Attributes
    ----------
    wrong, missed : list of tuple
        Phrases with wrong links, and those of which no right one was found; each with its links.
    """

    precision: float
    recall: float
    wrong: list[tuple[str, tuple[str, ...]]]
    missed: list[tuple[str, tuple[str, ...]]]


def measure_phrases(reader: ParticipantReader) -> Mapping[str, PhraseFigures]:
    """Return the figures of each half."""
    phrases = read_phrases()
    links = reader.link_phrases([(one.phrase, one.kind) for one in phrases])
    return {
        half: _measure(
            [(one, found) for one, found in zip(phrases, links, strict=True) if one.half == half]
        )
        for half in HALVES
    }
