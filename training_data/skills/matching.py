"""Skills named in a text, word for word: labels and aliases of a vocabulary found as runs of words."""

from __future__ import annotations

import polars as pl

from training_data.columns import Courses
from training_data.skills.vocabulary import Vocabulary
from training_data.text import normalise

C = Courses
LONGEST = 6


def find_named_skills(text: str, vocabulary: Vocabulary) -> list[int]:
    """Return the terms whose label or alias stands in ``text``, in the order of the text.

    The longest name wins where names overlap: "desain grafis" is not also "desain".
    """
    words = normalise(text).split()
    found: dict[int, None] = {}
    start = 0
    while start < len(words):
        for length in range(min(LONGEST, len(words) - start), 0, -1):
            skill = vocabulary.index.get(" ".join(words[start : start + length]))
            if skill is not None:
                found[skill] = None
                start += length
                break
        else:
            start += 1
    return list(found)


def find_unskilled(courses: pl.DataFrame, vocabulary: Vocabulary) -> list[bool]:
    """Return whether each training states no skill that the vocabulary knows; a heading is none."""
    return [
        not any(vocabulary.find(skill) >= 0 for skill in stated)
        for stated in courses[C.skills.name].to_list()
    ]


def add_named_skills(courses: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Give each training without known skills those that its title and description name."""
    skills = [
        [
            *stated,
            *(
                vocabulary.terms[i].id
                for i in find_named_skills(f"{title} . {description or ''}", vocabulary)
            ),
        ]
        if lacks
        else stated
        for lacks, stated, title, description in zip(
            find_unskilled(courses, vocabulary),
            courses[C.skills.name].to_list(),
            courses[C.title.name],
            courses[C.description.name],
            strict=True,
        )
    ]
    return courses.with_columns(pl.Series(C.skills.name, skills, dtype=pl.List(pl.String)))
