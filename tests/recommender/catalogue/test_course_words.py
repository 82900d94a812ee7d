"""Words of trainings: what is found by its root, and what only by itself."""

from __future__ import annotations

import pytest

from models.text.standard_words import StandardWords
from recommender.catalogue.course_words import CourseWords
from training_data.words.spoken import SpokenWords

TITLES = ("Merawat Tanaman Anggrek", "Memangkas Rambut Pria", "Asisten Perawat", "Program Afiliasi")


@pytest.fixture(scope="module")
def words() -> CourseWords:
    return CourseWords.index(TITLES, TITLES, StandardWords(SpokenWords.load(), ()))


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("pangkas", [1]),
        ("perawat", [2]),
        ("merawat", [0, 2]),
        ("pemrograman", []),
        ("program", [3]),
        ("las", []),
    ],
)
def test_what_tells_little_is_not_found_by_what_tells(
    words: CourseWords, word: str, found: list[int]
) -> None:
    assert words.cover([word], words.titles).nonzero()[0].tolist() == found


def test_what_tells_little_counts_only_beside_what_tells(words: CourseWords) -> None:
    covered = words.cover(["merawat", "rambut"], words.titles)
    assert covered.nonzero()[0].tolist() == [1]
    both = words.cover(["merawat", "tanaman", "anggrek"], words.titles)
    assert both[0] == pytest.approx(1)
