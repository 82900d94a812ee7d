"""Spoken words, abbreviations and regional words, and what they are in the words of trainings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from training_data.text import normalise

SHIPPED: Final = Path(__file__).parent
LONGEST: Final = 5  # words of an entry
SENTENCE: Final = 10  # words, from which on a wish is looked for within a sentence
_CLAUSE: Final = re.compile(r"[,;.!?/()\n]+")


class SpokenWordsError(ValueError):
    """A table of words that cannot be read; the message names the file and the entry."""


@dataclass(frozen=True)
class Clause:
    """A part of what somebody wrote.

    Attributes
    ----------
    text : str
    wanted : bool
        Whether it is wished or known; else the person says that they do not want it.
    lacking : bool
        Whether the person says that they cannot do it yet: no skill, though it may be a wish.
    """

    text: str
    wanted: bool = True
    lacking: bool = False


@dataclass(frozen=True)
class SpokenWords:
    """How people write, and what it is in the words of trainings.

    Attributes
    ----------
    words : dict of str to str
        Standard words for a word or a few words, normalised.
    fillers : frozenset of str
        Words that say that something is wished or known, not what.
    generic : frozenset of str
        Words that name very different things: one alone carries no match.
    negations, turns, lacks : tuple of str
        What begins something unwanted, what ends it, and what begins something that the person cannot do.
    wishes : tuple of str
        What begins the wish within a long sentence.
    aims : tuple of str
        What says that something is still to be learnt: a wish, and no skill.
    joins : tuple of str
        What stands between two things named side by side.
    learnt : tuple of str
        Languages that most have learnt some of.
    languages : dict of str to frozenset of str
        By language, words that tell that somebody reads it or wishes to learn it.
    """

    words: dict[str, str]
    fillers: frozenset[str]
    generic: frozenset[str]
    negations: tuple[str, ...]
    turns: tuple[str, ...]
    lacks: tuple[str, ...]
    wishes: tuple[str, ...]
    aims: tuple[str, ...]
    joins: tuple[str, ...]
    learnt: tuple[str, ...]
    languages: dict[str, frozenset[str]]

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Read every ``.toml`` file of a folder, by default the project's own; without any, nothing is known."""
        words: dict[str, str] = {}
        languages: dict[str, frozenset[str]] = {}
        lists: dict[str, list[str]] = {
            name: []
            for name in (
                "fillers",
                "generic",
                "negations",
                "turns",
                "lacks",
                "wishes",
                "aims",
                "joins",
                "learnt",
            )
        }
        for path in sorted((folder or SHIPPED).glob("*.toml")):
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            for spoken, standard in table.pop("words", {}).items():
                if len(spoken.split()) > LONGEST:
                    raise SpokenWordsError(
                        f"{path.name}: '{spoken}' is longer than {LONGEST} words"
                    )
                words[normalise(spoken)] = standard
            for language, telling in table.pop("languages", {}).items():
                languages[language] = languages.get(language, frozenset()) | set(telling)
            for name, values in table.items():
                if name not in lists:
                    raise SpokenWordsError(f"{path.name}: unknown list '{name}'")
                lists[name] += map(normalise, values)
        return cls(
            words,
            frozenset(lists["fillers"]),
            frozenset(lists["generic"]),
            tuple(lists["negations"]),
            tuple(lists["turns"]),
            tuple(lists["lacks"]),
            tuple(lists["wishes"]),
            tuple(lists["aims"]),
            tuple(lists["joins"]),
            tuple(lists["learnt"]),
            languages,
        )

    def split(self, phrase: str) -> list[Clause]:
        """Return what is wanted and what is not, in the order of the phrase.

        ``"beternak, bukan jualan"`` is one of each; a phrase without a negation is one clause as written. The wish
        within a long sentence is a clause of its own beside the whole.
        """
        marked = f" {normalise(phrase)} "
        if not (self._negation.search(marked) or self._lack.search(marked)):
            wish = self._find_wish(phrase)
            return (
                [Clause(phrase)] if wish is None else [Clause(wish, lacking=True), Clause(phrase)]
            )
        clauses = (
            clause
            for part in _CLAUSE.split(phrase)
            if part.strip()
            for clause in self._split_part(f" {normalise(part)} ")
        )
        return [clause for clause in clauses if self.content(clause.text)]

    def _find_wish(self, sentence: str) -> str | None:
        """Return what a long sentence wishes for, less what one is or has done; None where it says nothing."""
        if len(normalise(sentence).split()) < SENTENCE:
            return None
        for part in _CLAUSE.split(sentence):
            text = f" {normalise(part)} "
            begin = self._wish.search(text)
            if begin is not None:
                rest = text[begin.end() - 1 :]
                turn = self._turn.search(rest)
                wish = (rest if turn is None else rest[: turn.start()]).strip()
                if not self.generic.issuperset(self.content(wish)):
                    return wish
        return None

    def is_to_learn(self, text: str) -> bool:
        """Whether a text says of something that it is still to be learnt: "mau belajar las" is no skill."""
        return self._aim.search(f" {normalise(text)} ") is not None

    def content(self, text: str) -> list[str]:
        """Return the normalised words of a text that say what is meant."""
        return [word for word in normalise(text).split() if word not in self.fillers]

    def find_languages(self, words: Iterable[str]) -> frozenset[str]:
        """Return the languages that some normalised words tell of."""
        said = frozenset(words)
        return frozenset(name for name, telling in self.languages.items() if said & telling)

    def parts(self, phrase: str) -> list[str]:
        """Return the things that a phrase names side by side: "menjahit dan memasak" are two."""
        sides = (
            side.strip()
            for part in _CLAUSE.split(phrase)
            for side in self._join.split(f" {normalise(part)} ")
        )
        return [side for side in sides if self.content(side)]

    def _split_part(self, text: str) -> Iterable[Clause]:
        lack = self._lack.search(text)
        if lack is not None:
            yield Clause(self._without_turn(text[: lack.start()]))
            yield Clause(text[lack.end() :].strip(), lacking=True)
            return
        negation = self._negation.search(text)
        if negation is None:
            yield Clause(text.strip())
            return
        yield Clause(self._without_turn(text[: negation.start()]))
        rest = text[negation.end() - 1 :]
        turn = self._turn.search(rest)
        yield Clause((rest if turn is None else rest[: turn.start()]).strip(), wanted=False)
        if turn is not None:
            yield from self._split_part(f" {rest[turn.end() - 1 :].strip()} ")

    def _without_turn(self, text: str) -> str:
        """Return a text without the turns that it ends with: "jahit tapi" is "jahit"."""
        words = text.split()
        while words and words[-1] in self.turns:
            words.pop()
        return " ".join(words)

    @cached_property
    def _negation(self) -> re.Pattern[str]:
        return _one_of(self.negations)

    @cached_property
    def _turn(self) -> re.Pattern[str]:
        return _one_of(self.turns)

    @cached_property
    def _join(self) -> re.Pattern[str]:
        return _one_of(self.joins)

    @cached_property
    def _aim(self) -> re.Pattern[str]:
        return _one_of(self.aims)

    @cached_property
    def _wish(self) -> re.Pattern[str]:
        return _one_of(self.wishes)

    @cached_property
    def _lack(self) -> re.Pattern[str]:
        return _one_of(self.lacks)


def _one_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of any of some phrases as whole words; of none, one that never matches."""
    longest_first = sorted(map(re.escape, phrases), key=len, reverse=True)
    return re.compile(f" (?:{'|'.join(longest_first)}) " if longest_first else r"(?!)")
