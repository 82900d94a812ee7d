"""What a form offers while somebody types: regions, categories, skills and occupations, as the bundle has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recommender.engine import Engine
from training_data.regions import RegionTable
from training_data.skills.vocabulary import Vocabulary
from training_data.text import normalise


class Choice(NamedTuple):
    """What may be chosen.

    Attributes
    ----------
    code : str
        What a profile or filter takes.
    name : str
        For people.
    group : str or None
        What it lies in: a region's province, a skill's topic, an occupation's topic.
    names : tuple of str
        Normalised: how it may be typed.
    """

    code: str
    name: str
    group: str | None
    names: tuple[str, ...]


@dataclass(frozen=True)
class Lookups:
    """The lists of one bundle in one language, each in the order of the names."""

    regions: Sequence[Choice]
    categories: Sequence[Choice]
    skills: Sequence[Choice]
    occupations: Sequence[Choice]

    @classmethod
    def of(cls, engine: Engine, language: str) -> Lookups:
        """Make the lists."""
        vocabularies = engine.reader.vocabularies
        categories = [
            _make_choice(name, name, None, [name]) for name in engine.catalogue.categories
        ]
        linkers = engine.reader.linkers
        titles = linkers.occupations.national.titles if linkers else {}
        ours = _list_terms(vocabularies.occupations.vocabulary, language)
        occupations = [*ours, *_list_titles(titles)]
        return cls(
            _sort(_list_regions(vocabularies.regions)),
            _sort(categories),
            _sort(_list_terms(vocabularies.skills, language)),
            _sort(_drop_repeated(occupations)),
        )


def find_choices(choices: Iterable[Choice], typed: str) -> list[Choice]:
    """Return what is meant by what was typed so far, the likeliest first.

    First names that begin with it, then those of which some words do, then those that hold all its words; a word
    counts where one of the name's begins with it.
    """
    phrase = normalise(typed)
    ranked = [(_rank(choice.names, phrase), choice) for choice in choices]
    return [choice for rank in range(3) for found, choice in ranked if found == rank]


def _rank(names: Sequence[str], phrase: str) -> int | None:
    if any(name.startswith(phrase) for name in names):
        return 0
    spaced = [f" {name}" for name in names]
    if any(f" {phrase}" in name for name in spaced):
        return 1
    words = [f" {word}" for word in phrase.split()]
    return 2 if any(all(word in name for word in words) for name in spaced) else None


def _list_regions(regions: RegionTable) -> list[Choice]:
    """List the regions in which people live: those of the lowest level."""
    aliases = regions.frame["aliases"].fill_null("")
    return [
        _make_choice(
            regions.codes[row],
            regions.names[row],
            regions.names[regions.parents[row]],
            [regions.names[row], *filter(None, aliases[int(row)].split("|"))],
        )
        for row in regions.at_level(len(regions.levels) - 1)
    ]


def _list_terms(vocabulary: Vocabulary, language: str) -> list[Choice]:
    return [
        _make_choice(term.id, term.label(language), term.topic, term.names())
        for term in vocabulary.terms
    ]


def _list_titles(titles: dict[str, str]) -> list[Choice]:
    """List national titles, each within the group before it."""
    return [
        _make_choice(code, title, titles.get(_widen(code)), [title])
        for code, title in titles.items()
    ]


def _widen(code: str) -> str:
    """Return the code of the group that an occupation or group lies in: 7533 of 7533.99, 753 of 7533."""
    return code.partition(".")[0] if "." in code else code[:-1]


def _make_choice(code: str, name: str, group: str | None, names: Iterable[str]) -> Choice:
    return Choice(code, name, group, tuple(dict.fromkeys(map(normalise, (*names, code)))))


def _drop_repeated(choices: Iterable[Choice]) -> list[Choice]:
    """Return choices without those whose name an earlier one has."""
    kept: dict[str, Choice] = {}
    for choice in choices:
        kept.setdefault(choice.names[0], choice)
    return list(kept.values())


def _sort(choices: Iterable[Choice]) -> list[Choice]:
    return sorted(choices, key=lambda choice: (choice.name.casefold(), choice.code))
