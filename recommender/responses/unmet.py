"""Wishes that nothing permitted fits, by region, occupation and topic: where training is missing."""

from __future__ import annotations

from typing import NamedTuple

from recommender.engine import Engine, Recommendations
from recommender.participants.phrases import Phrase
from recommender.responses.notices import find_left_out, find_unmet


class UnmetWish(NamedTuple):
    """What is told of a wish: nothing of who wrote it, nor in which words.

    Attributes
    ----------
    region : str
        Code of the region that holds the person's own, a province in Indonesia; empty where not known.
    occupation : str
        Id of the occupation that the wish names; empty for none.
    topic : str
        Of what it names, else the nearest of the catalogue's topics; empty for none.
    """

    region: str
    occupation: str
    topic: str


def describe_unmet(engine: Engine, recommendations: Recommendations) -> list[UnmetWish]:
    """Return the unmet wishes of some lists, one for each person who is told that nothing fits.

    Who narrowed out what fits misses nothing.
    """
    homes = recommendations.query.batch.home.region
    return [
        UnmetWish(
            _find_region(engine, int(homes[row])),
            _find_occupation(engine, wish),
            _find_topic(engine, wish),
        )
        for row, wish in find_unmet(recommendations).items()
        if find_left_out(engine, recommendations, row, wish) is None
    ]


def _find_region(engine: Engine, home: int) -> str:
    if home < 0:
        return ""
    regions = engine.reader.vocabularies.regions
    above = int(regions.parents[home])
    return regions.codes[above if above >= 0 else home]


def _find_occupation(engine: Engine, wish: Phrase) -> str:
    terms = engine.reader.vocabularies.occupations.vocabulary.terms
    return terms[wish.occupations[0]].id if wish.occupations else ""


def _find_topic(engine: Engine, wish: Phrase) -> str:
    vocabularies = engine.reader.vocabularies
    named = [
        *(vocabularies.skills.terms[skill].topic for skill in wish.skills),
        *(vocabularies.occupations.vocabulary.terms[one].topic for one in wish.occupations),
    ]
    if known := [topic for topic in named if topic]:
        return known[0]
    near = engine.topic_vectors @ wish.vector
    return engine.catalogue.categories[int(near.argmax())] if near.max(initial=0) > 0 else ""
