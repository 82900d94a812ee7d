"""Skills and occupations as vocabularies: ids, labels in two languages, aliases.

Both are data files, one TOML a topic, and can be replaced by another country's directory.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
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
        """Return the label in ``language``, or in the first language the term has."""
        return self.labels.get(language) or next(iter(self.labels.values()))

    def names(self) -> tuple[str, ...]:
        """Return labels and aliases, each once."""
        return tuple(dict.fromkeys([*self.labels.values(), *self.aliases]))


@dataclass(frozen=True)
class Vocabulary:
    """Terms with integer ids in a fixed order, found by id, label or alias in any spelling."""

    terms: tuple[Term, ...]

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


@dataclass(frozen=True)
class Occupations:
    """Occupations with the skills each one needs.

    Attributes
    ----------
    vocabulary : Vocabulary
        The occupations.
    codes : tuple of str
        National occupation code (KBJI 2014 in Indonesia) of each.
    needs : csr_matrix of float32, shape (n_occupations, n_skills)
        Weight of each skill for the occupation, 1 for the most important and falling from there.
    """

    vocabulary: Vocabulary
    codes: tuple[str, ...]
    needs: sp.csr_matrix = field(repr=False)


def load_skills(folder: Path | None = None) -> Vocabulary:
    """Load the skill vocabulary from a folder, by default the project's own.

    The folder holds TOML files, or else one ``.csv`` file of ESCO's skills (`training_data.esco`).
    """
    folder = folder or _shipped("skills")
    if foreign := sorted(folder.glob("*.csv")):
        from training_data.esco import load_esco  # which needs this module

        return load_esco(foreign[0])
    entries = _entries(folder, "skill")
    return Vocabulary(tuple(_term(entry, topic) for entry, topic in entries))


def load_occupations(skills: Vocabulary, folder: Path | None = None) -> Occupations:
    """Load occupations; their skills must be ids of ``skills``."""
    entries = _entries(folder or _shipped("occupations"), "occupation")
    rows: list[int] = []
    columns: list[int] = []
    weights: list[float] = []
    for row, (entry, _) in enumerate(entries):
        for rank, skill in enumerate(entry["skills"]):
            column = skills.find(skill)
            if column < 0:
                raise VocabularyError(
                    f"occupation '{entry['id']}' needs '{skill}', which no skill file has"
                )
            rows.append(row)
            columns.append(column)
            weights.append(1.0 / (1.0 + 0.25 * rank))
    needs = sp.csr_matrix(
        (np.asarray(weights, np.float32), (rows, columns)), shape=(len(entries), len(skills))
    )
    terms = tuple(_term(entry, topic) for entry, topic in entries)
    return Occupations(Vocabulary(terms), tuple(str(entry["code"]) for entry, _ in entries), needs)


def multi_hot(lists: list[list[int]], width: int) -> sp.csr_matrix:
    """Return a float32 CSR matrix with ones at the given columns; negative ids are left out."""
    kept = [sorted({i for i in row if i >= 0}) for row in lists]
    indptr: NDArray[np.int64] = np.concatenate([[0], np.cumsum([len(row) for row in kept])])
    indices = np.fromiter((i for row in kept for i in row), dtype=np.int32, count=int(indptr[-1]))
    return sp.csr_matrix(
        (np.ones(len(indices), np.float32), indices, indptr), shape=(len(kept), width)
    )


def _shipped(name: str) -> Path:
    return Path(str(resources.files("training_data") / name))


def _entries(folder: Path, key: str) -> list[tuple[dict[str, Any], str | None]]:
    """Every ``[[key]]`` table of the folder's files in the order of their names; ids occur once."""
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


def _term(entry: dict[str, Any], topic: str | None) -> Term:
    labels = {
        key.removesuffix("_label"): value for key, value in entry.items() if key.endswith("_label")
    }
    code = str(entry["code"]) if "code" in entry else None
    return Term(entry["id"], labels, tuple(entry.get("aliases", ())), topic, code)
