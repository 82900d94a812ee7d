"""Sentences labelled with skills: our own in Indonesian, and the English ones of the ESCO benchmark."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Final, Literal

import polars as pl

from training_data.skills.vocabulary import Term, Vocabulary, VocabularyError
from training_data.text import normalise

Half = Literal["tuning", "held_out"]
VALIDATION: Final = ("house_validation", "tech_validation")
TEST: Final = ("house_test", "tech_test", "techwolf_test")
_NO_SKILL: Final = ("UNDERSPECIFIED", "LABEL NOT PRESENT")


@dataclass(frozen=True)
class Labelled:
    """Sentences and the skills that each holds.

    Attributes
    ----------
    texts : list of str
    skills : list of list of int
        Numbers in the vocabulary; may be empty.
    """

    texts: list[str]
    skills: list[list[int]]

    def __add__(self, other: Labelled) -> Labelled:
        return Labelled(self.texts + other.texts, self.skills + other.skills)


def own_sentences(half: Half, vocabulary: Vocabulary) -> Labelled:
    """Return one half of the project's Indonesian sentences.

    Raises
    ------
    VocabularyError
        A sentence is labelled with a skill that the vocabulary has not.
    """
    file = resources.files("benchmarks.text") / "skill_sentences" / f"{half}.toml"
    entries = tomllib.loads(file.read_text(encoding="utf-8"))["sentence"]
    for entry in entries:
        unknown = [skill for skill in entry["skills"] if vocabulary.find(skill) < 0]
        if unknown:
            raise VocabularyError(
                f"{half}.toml: '{entry['text']}' has the unknown skills {unknown}"
            )
    return Labelled(
        [entry["text"] for entry in entries],
        [[vocabulary.find(skill) for skill in entry["skills"]] for entry in entries],
    )


def esco_annotations(folder: Path) -> dict[str, pl.DataFrame]:
    """Return the rows of each file ``NAME_annotations.csv`` that have a skill.

    Sentences of a test file are left out of the validation files, where some of them stand too.
    """
    tables = {
        name: pl.read_csv(folder / f"{name}_annotations.csv").filter(
            ~pl.col("label").is_in(_NO_SKILL)
        )
        for name in (*VALIDATION, *TEST)
    }
    tested = {normalise(text) for name in TEST for text in tables[name]["sentence"]}
    for name in VALIDATION:
        seen = [normalise(text) in tested for text in tables[name]["sentence"]]
        tables[name] = tables[name].filter(~pl.Series(seen, dtype=pl.Boolean))
    return tables


def with_missing(vocabulary: Vocabulary, annotations: dict[str, pl.DataFrame]) -> Vocabulary:
    """Add the labels that the annotators used and the vocabulary's file has not."""
    used = pl.concat([table["label"] for table in annotations.values()]).unique().sort()
    known = {term.id for term in vocabulary.terms}
    missing = [Term(label, {"en": label}) for label in used if label not in known]
    return Vocabulary((*vocabulary.terms, *missing))


def with_spans(vocabulary: Vocabulary, annotations: Sequence[pl.DataFrame]) -> Vocabulary:
    """Add the words that annotators marked as a skill to the skill's aliases."""
    aliases: dict[str, list[str]] = {}
    for table in annotations:
        marked = table.select("label", pl.coalesce("sub_span", "span").str.strip_chars())
        for label, span in marked.iter_rows():
            if any(letter.isalnum() for letter in span):
                aliases.setdefault(label, []).append(span)
    return Vocabulary(
        tuple(
            replace(term, aliases=(*term.aliases, *aliases.get(term.id, ())))
            for term in vocabulary.terms
        )
    )


def read_labelled(annotations: pl.DataFrame, vocabulary: Vocabulary) -> Labelled:
    """Return the sentences that have a skill of the vocabulary, with these skills, each once."""
    number = {term.id: row for row, term in enumerate(vocabulary.terms)}
    by_sentence = (
        annotations.filter(pl.col("label").is_in(list(number)))
        .group_by("sentence", maintain_order=True)
        .agg(pl.col("label").unique(maintain_order=True))
    )
    skills = [[number[label] for label in labels] for labels in by_sentence["label"]]
    return Labelled(by_sentence["sentence"].to_list(), skills)
