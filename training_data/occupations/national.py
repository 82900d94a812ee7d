"""The national classification of occupations, and where in it an occupation of ours stands.

Indonesia's is KBJI 2014 (a national edition of ISCO-08): codes of one to four digits for groups, and
six for occupations, so that a code's beginning is the group around it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Final

from training_data.occupations.occupations import Occupations
from training_data.text import normalise

UNIT_GROUP: Final = 4  # digits: occupations of one unit group do much the same


@dataclass(frozen=True)
class NationalOccupations:
    """Titles by code."""

    titles: dict[str, str]

    @classmethod
    def load(cls, path: Path | None = None) -> NationalOccupations:
        """Read ``code,title`` rows, by default KBJI 2014."""
        source = path or Path(
            str(resources.files("training_data") / "occupations" / "kbji2014.csv")
        )
        with source.open(encoding="utf-8", newline="") as file:
            return cls({row["code"]: row["title"] for row in csv.DictReader(file)})

    @classmethod
    def in_folder(cls, folder: Path) -> NationalOccupations:
        """Read the ``.csv`` file beside a country's occupations; without one no title is known."""
        path = next(iter(sorted(folder.glob("*.csv"))), None)
        return cls({}) if path is None else cls.load(path)

    @cached_property
    def _codes(self) -> dict[str, str]:
        """Normalised title -> code; the widest group where levels share a title."""
        found: dict[str, str] = {}
        for code in sorted(self.titles, key=len):
            found.setdefault(normalise(self.titles[code]), code)
        return found

    def find_code(self, phrase: str) -> str | None:
        """Return the code that a phrase is or whose title it is, else None."""
        code = phrase.strip()
        return code if code in self.titles else self._codes.get(normalise(phrase))

    def nearest(self, phrase: str, occupations: Occupations) -> int:
        """Return the occupation of ours that a name, a national code or a national title stands for.

        Returns
        -------
        int
            Its number; for a code that none of ours has, the first of the same unit group; -1 for none.
        """
        found = occupations.vocabulary.find(phrase)
        code = self.find_code(phrase) if found < 0 else None
        if code is None or len(code) < UNIT_GROUP:
            return found
        group = code[:UNIT_GROUP]
        exact = (number for number, own in enumerate(occupations.codes) if own == code)
        alike = (
            number for number, own in enumerate(occupations.codes) if own[:UNIT_GROUP] == group
        )
        return next(exact, next(alike, -1))
