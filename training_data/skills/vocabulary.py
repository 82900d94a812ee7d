"""A vocabulary of skills or occupations: ids, labels by language, aliases.

Both are data files, one TOML a topic, and can be replaced by another country's directory.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from training_data.text import normalise


class VocabularyError(ValueError):
    """A vocabulary file that contradicts itself; the message names the file and the entry."""


@dataclass(frozen=True)
class Term:
    """One entry: an id, its labels by language, the other names people use, and its code if it has one."""

    id: str
    labels: dict[str, str]
    aliases: tuple[str, ...] = ()
    topic: str | None = None
    code: str | None = None

    def label(self, language: str) -> str:
        """Return the label in ``language``, else in English, else in the first language the term has."""
        return (
            self.labels.get(language) or self.labels.get("en") or next(iter(self.labels.values()))
        )

    def names(self) -> tuple[str, ...]:
        """Return labels and aliases, each once."""
        return tuple(dict.fromkeys([*self.labels.values(), *self.aliases]))


@dataclass(frozen=True)
class Family:
    """Skills of one kind, by their numbers.

    Attributes
    ----------
    skills : tuple of int
        Whoever wishes for one of them is served by another too.
    also : tuple of int
        What else serves such people, the nearest first.
    """

    skills: tuple[int, ...]
    also: tuple[int, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """Terms with integer ids in a fixed order, found by id, label or alias in any spelling.

    Attributes
    ----------
    families : tuple of Family
        Which of the terms are of one kind; none where nobody has said so.
    """

    terms: tuple[Term, ...]
    families: tuple[Family, ...] = ()

    def __len__(self) -> int:
        return len(self.terms)

    def labels(self, language: str) -> list[str]:
        """Return the label of each term in a language, see `Term.label`; made once."""
        if language not in self._labels:
            self._labels[language] = [term.label(language) for term in self.terms]
        return self._labels[language]

    @cached_property
    def _labels(self) -> dict[str, list[str]]:
        return {}

    def labels_in_sentences(self, language: str) -> list[str]:
        """Return the labels as they stand within a sentence: "Juru masak" with a small letter, "CNC" as it is.

        A proper name ("Python") is known by its capital further on in some other name.
        """
        if language not in self._labels_in_sentences:
            self._labels_in_sentences[language] = [
                label
                if label.split()[0] in self._proper or not label[1:2].islower()
                else label[0].lower() + label[1:]
                for label in self.labels(language)
            ]
        return self._labels_in_sentences[language]

    @cached_property
    def _labels_in_sentences(self) -> dict[str, list[str]]:
        return {}

    @cached_property
    def _proper(self) -> frozenset[str]:
        later = (word for term in self.terms for name in term.names() for word in name.split()[1:])
        return frozenset(word.strip("(),:") for word in later if word[:1].isupper())

    @cached_property
    def index(self) -> dict[str, int]:
        """Normalised id, label, alias or code -> integer id; on a clash the earlier kind wins."""
        found: dict[str, int] = {}
        for names in (
            lambda t: (t.id,),
            lambda t: tuple(t.labels.values()),
            lambda t: t.aliases,
            lambda t: (t.code,) if t.code else (),
        ):
            for number, term in enumerate(self.terms):
                for name in names(term):
                    found.setdefault(normalise(name), number)
        return found

    def find(self, phrase: str) -> int:
        """Return the integer id of a phrase, -1 where the vocabulary has no such name."""
        return self.index.get(normalise(phrase), -1)


def multi_hot(lists: list[list[int]], width: int) -> sp.csr_matrix:
    """Return a float32 CSR matrix with ones at the given columns; negative ids are left out."""
    kept = [sorted({i for i in row if i >= 0}) for row in lists]
    indptr: NDArray[np.int64] = np.concatenate([[0], np.cumsum([len(row) for row in kept])])
    indices = np.fromiter((i for row in kept for i in row), dtype=np.int32, count=int(indptr[-1]))
    return sp.csr_matrix(
        (np.ones(len(indices), np.float32), indices, indptr), shape=(len(kept), width)
    )


def read_entries(folder: Path, key: str) -> list[tuple[dict[str, Any], str | None]]:
    """Return every ``[[key]]`` table of a folder's TOML files, with the file's topic; ids occur once."""
    entries: list[tuple[dict[str, Any], str | None]] = []
    owner: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for entry in table.get(key, []):
            if entry["id"] in owner:
                raise VocabularyError(
                    f"{path.name}: {key} '{entry['id']}' stands in {owner[entry['id']]} too"
                )
            owner[entry["id"]] = path.name
            entries.append((entry, table.get("topic")))
    if not entries:
        raise VocabularyError(f"{folder}: no [[{key}]] table in any .toml file there")
    return entries


def read_term(entry: dict[str, Any], topic: str | None) -> Term:
    """Return the term of an entry."""
    labels = {
        key.removesuffix("_label"): value for key, value in entry.items() if key.endswith("_label")
    }
    code = str(entry["code"]) if "code" in entry else None
    return Term(entry["id"], labels, tuple(entry.get("aliases", ())), topic, code)
