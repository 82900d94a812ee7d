"""Vacancies and trainings of known fields of work, for retrieving one by the other's text.

A text's field comes from what its advertiser or provider filed it under, see ``fields/fields.toml``;
texts without one are left out. Every other text, by a hash of it, is held out.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training_data.arrays import build_indicator, look_up
from training_data.columns import Courses
from training_data.importing.importer import import_file
from training_data.regions import RegionTable
from training_data.text import normalise

C = Courses
JOBSTREET: Final = "jobstreet_alterra_7617.csv"
MAGANGHUB: Final = "maganghub_posisi_luthfan05.csv"
CATALOGUES: Final = (
    "prakerja_skillweek_course.json",
    "learnfonify_courses_322.csv",
    "program_pelatihan_bersih.xlsx",
    "prakerja_alibaba_course.json",
    "dicoding_courses_61.csv",
)
MAX_VACANCIES: Final = 3_000  # of a source, chosen by a hash of their texts


@dataclass(frozen=True)
class Labelled:
    """Distinct texts and their fields.

    Attributes
    ----------
    titles, details : list of str
        Details are empty where there are none.
    fields : ndarray of bool, shape (n, n_fields)
        A text may be of two fields, and is of one at least.
    """

    titles: list[str]
    details: list[str]
    fields: NDArray[np.bool_]

    @property
    def texts(self) -> list[str]:
        """Title and details in one."""
        pairs = zip(self.titles, self.details, strict=True)
        return [". ".join(filter(None, pair)) for pair in pairs]

    def hold_out(self, hold_out: bool) -> Self:
        """Return one half."""
        odd = np.array([_hash(title) % 2 == 1 for title in self.titles], dtype=bool)
        return self._at(np.flatnonzero(odd == hold_out))

    def most(self, count: int) -> Self:
        """Return at most so many, those with the smallest hashes."""
        order = sorted(range(len(self.titles)), key=lambda row: _hash(self.titles[row]))
        return self._at(np.sort(np.array(order[:count], dtype=np.intp)))

    def _at(self, rows: NDArray[np.intp]) -> Self:
        titles, details = (
            [values[int(row)] for row in rows] for values in (self.titles, self.details)
        )
        return type(self)(titles, details, self.fields[rows])


@cache
def fields() -> Mapping[str, Mapping[str, list[str]]]:
    """Return what belongs to each field of work, by source."""
    file = resources.files("benchmarks.text") / "fields" / "fields.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def load_vacancies(folder: Path) -> dict[str, Labelled]:
    """Return the vacancies of each source in ``folder``."""
    jobstreet = pl.read_csv(folder / JOBSTREET, infer_schema_length=0)
    maganghub = pl.read_csv(folder / MAGANGHUB, infer_schema_length=0)
    programmes = maganghub["program_studi"].str.split(",")
    return {
        "JobStreet": _read_labelled(
            jobstreet["Job Title"],
            jobstreet["Job Description"].fill_null(""),
            _counts(jobstreet["Job Classification"], "jobstreet") > 0,
        ).most(MAX_VACANCIES),
        "MagangHub": _read_labelled(
            maganghub["posisi"],
            pl.repeat("", len(maganghub), eager=True),
            _mostly(_counts(programmes, "study")),
        ).most(MAX_VACANCIES),
    }


def load_trainings(folder: Path) -> Labelled:
    """Return the trainings of all catalogues in ``folder``."""
    regions = RegionTable.load("indonesia")
    parts = [import_file(folder / name, "courses", None, regions).accepted for name in CATALOGUES]
    courses = pl.concat(parts)
    filed = courses.select(
        pl.when(C.skills.col.list.len() > 0)
        .then(C.skills.col)
        .otherwise(pl.concat_list(C.provider_id.col))
    ).to_series()
    return _read_labelled(
        courses[C.title.name],
        courses[C.description.name].fill_null(""),
        (_counts(filed, "categories") > 0) | _by_hand(courses[C.course_id.name]),
    )


def _read_labelled(titles: pl.Series, details: pl.Series, of_fields: NDArray[np.bool_]) -> Labelled:
    """Leave out texts without a field, and all but the first of those with the same title."""
    known = pl.DataFrame({"title": titles, "details": details, "row": np.arange(len(titles))})
    known = known.filter(pl.Series(of_fields.any(axis=1)), pl.col("title").is_not_null())
    same = pl.col("title").map_elements(normalise, pl.String)
    known = known.unique(same, keep="first", maintain_order=True)
    return Labelled(
        known["title"].to_list(), known["details"].to_list(), of_fields[known["row"].to_numpy()]
    )


def _counts(values: pl.Series, source: str) -> NDArray[np.int64]:
    """Return how many values of each row, one or a list, a source files under each field."""
    counts = [
        build_indicator(values, _finder(belonging[source]), len(belonging[source]) or 1).sum(axis=1)
        for belonging in fields().values()
    ]
    return np.hstack([np.asarray(count).reshape(-1, 1) for count in counts]).astype(np.int64)


def _finder(names: Sequence[str]) -> Any:
    place = {normalise(name): number for number, name in enumerate(names)}
    return lambda value: place.get(normalise(value), -1)


def _mostly(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether more than half of what a row names is of a field."""
    mostly: NDArray[np.bool_] = 2 * counts > np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return mostly


def _by_hand(ids: pl.Series) -> NDArray[np.bool_]:
    file = resources.files("benchmarks.text") / "fields" / "trainings.csv"
    with resources.as_file(file) as path:
        named = dict(pl.read_csv(path).iter_rows())
    number = {name: column for column, name in enumerate(fields())}
    column = look_up(ids, lambda course: number.get(named.get(course, ""), -1))
    return np.asarray(column[:, None] == np.arange(len(number)))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(normalise(text).encode()).digest()[:8], "big")
