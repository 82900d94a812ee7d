"""Trainings as they are read, and the text of each that the encoder reads."""

from __future__ import annotations

import polars as pl

from recommender.catalogue.quality import add_completion
from training_data.arrays import explode
from training_data.columns import Courses
from training_data.dataset import Dataset
from training_data.skills.matching import add_named_skills
from training_data.skills.vocabulary import Vocabulary

C = Courses


def read_courses(dataset: Dataset, skills: Vocabulary) -> tuple[pl.DataFrame, list[str]]:
    """Return the trainings of a dataset with what its events tell of them, and the text of each."""
    courses = add_completion(dataset.read("courses"), dataset.read("interactions"))
    named = add_named_skills(courses, skills)
    return courses, write_texts(named, skills, dataset.info.language)


def write_texts(courses: pl.DataFrame, skills: Vocabulary, language: str) -> list[str]:
    """Return title, description, skills by label and topic of each training in one text.

    Many catalogues have titles only; the provider then says a little of what a description would.
    """
    rows, values = explode(courses[C.skills.name])
    labels = [_label(skills, value, language) for value in values]
    by_row = (
        pl.DataFrame({"row": rows, "label": labels}, schema={"row": pl.Int64, "label": pl.String})
        .group_by("row", maintain_order=True)
        .agg(pl.col("label").str.join(", ").alias("skill_labels"))
    )
    whole = courses.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    texts = whole.join(by_row, on="row", how="left", maintain_order="left").select(
        pl.concat_str(
            [
                C.title.col,
                pl.coalesce(C.description.col, C.provider_id.col),
                pl.col("skill_labels"),
                C.category.col,
            ],
            separator=". ",
            ignore_nulls=True,
        )
    )
    return texts.to_series().to_list()


def _label(skills: Vocabulary, value: str, language: str) -> str:
    found = skills.find(value)
    return skills.terms[found].label(language) if found >= 0 else value
