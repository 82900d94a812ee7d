"""ESCO as the vocabulary: the European skills and occupations, read from files of comma-separated values.

Two layouts are understood: the official export (``conceptUri, preferredLabel, altLabels``) and a plain
table of ``skill_label, description``. Neither file is part of the project. A dataset whose folder
``skills`` holds such a file uses it in place of the project's skills.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from training_data.skills.vocabulary import Term, Vocabulary, VocabularyError
from training_data.text import normalise

_ID, _LABEL, _ALIASES = "conceptUri", "preferredLabel", "altLabels"
_PLAIN_LABEL = "skill_label"


def load_esco(path: Path, language: str = "en") -> Vocabulary:
    """Load skills or occupations of an ESCO file.

    Parameters
    ----------
    path : Path
        Of the official export, one term a row; alternative labels stand on lines of one field.
    language : str
        Of the file's labels.

    Returns
    -------
    Vocabulary
        In the order of the file. The id is the concept's URI, or the label where the file has none.

    Raises
    ------
    VocabularyError
        A column is missing, a label is empty, or an id occurs twice; with file and row.
    """
    table = pl.read_csv(path, infer_schema=False)
    if _LABEL in table.columns and _ID in table.columns:
        aliases = table[_ALIASES].to_list() if _ALIASES in table.columns else [None] * len(table)
        rows = zip(table[_ID], table[_LABEL], aliases, strict=True)
    elif _PLAIN_LABEL in table.columns:
        labels = table[_PLAIN_LABEL]
        rows = zip(labels, labels, [None] * len(table), strict=True)
    else:
        raise VocabularyError(
            f"{path.name}: columns {_ID} and {_LABEL}, or {_PLAIN_LABEL}, are needed; "
            f"it has {', '.join(table.columns)}"
        )
    terms: dict[str, Term] = {}
    for number, (key, label, other) in enumerate(rows, start=2):
        if not label or not key:
            raise VocabularyError(f"{path.name}, row {number}: the label or id is empty")
        if key in terms:
            raise VocabularyError(f"{path.name}, row {number}: '{key}' occurs twice")
        terms[key] = Term(key, {language: label}, _aliases(label, other))
    return Vocabulary(tuple(terms.values()))


def _aliases(label: str, lines: str | None) -> tuple[str, ...]:
    """Split alternative labels, without those that differ from the label in spelling only."""
    found = {normalise(line): line.strip() for line in (lines or "").splitlines() if line.strip()}
    found.pop(normalise(label), None)
    return tuple(found.values())
