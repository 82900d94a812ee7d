"""The skill vocabulary from a folder, in whichever format it holds."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from training_data.skills.esco import load_esco
from training_data.skills.vocabulary import (
    Family,
    Vocabulary,
    VocabularyError,
    read_entries,
    read_term,
)

SHIPPED = Path(__file__).parent


def load_skills(folder: Path | None = None) -> Vocabulary:
    """Load the skill vocabulary from a folder, by default the project's own.

    The folder holds TOML files of skills and their families, or else one ``.csv`` file of ESCO's skills
    (`training_data.skills.esco`).

    Raises
    ------
    VocabularyError
        An id occurs twice, or a family names a skill that no file has.
    """
    folder = folder or SHIPPED
    if foreign := sorted(folder.glob("*.csv")):
        return load_esco(foreign[0])
    entries = read_entries(folder, "skill")
    skills = Vocabulary(tuple(read_term(entry, topic) for entry, topic in entries))
    return replace(skills, families=_read_families(folder, skills))


def _read_families(folder: Path, skills: Vocabulary) -> tuple[Family, ...]:
    number = {term.id: row for row, term in enumerate(skills.terms)}

    def find(path: Path, names: Sequence[str]) -> tuple[int, ...]:
        for name in names:
            if name not in number:
                raise VocabularyError(
                    f"{path.name}: a family has '{name}', which no skill file has"
                )
        return tuple(number[name] for name in names)

    return tuple(
        Family(find(path, entry["skills"]), find(path, entry.get("also", ())))
        for path in sorted(folder.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("family", [])
    )
