"""Spoken, regional and misspelt words become standard ones; right words stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.standard_words import StandardWords
from training_data.words.spoken import SpokenWords

DOMAIN = [
    "menjahit",
    "inggris",
    "percakapan",
    "desain",
    "cuci",
    "ajar",
    "mesin",
    "argon",
    "komputer",
]
COMMON = ["kuda", "tari", "masinis"]


@pytest.fixture(scope="module")
def standard() -> StandardWords:
    return StandardWords(SpokenWords.load(), DOMAIN, COMMON)


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("mesin jhait", "mesin menjahit"),
        ("belajr menjaht", "belajr menjahit"),
        ("bhs ingris percakapn", "bahasa inggris percakapan"),
        ("nyuci", "mencuci"),
        ("ngajar", "mengajar"),
        ("tandur padi", "menanam padi"),
        ("kuda", "kuda"),
        ("masinis", "masinis"),
        ("tarq", "tarq"),
        ("C++", "c++"),
    ],
)
def test_words_become_standard(standard: StandardWords, phrase: str, said: str) -> None:
    assert standard.standardise(phrase) == said


@given(st.text(max_size=40))
def test_any_text_is_read(phrase: str) -> None:
    said = StandardWords(SpokenWords.load(), DOMAIN).standardise(phrase)
    assert said == said.strip()


def test_what_was_saved_reads_the_same(standard: StandardWords, tmp_path: Path) -> None:
    standard.save(tmp_path)
    loaded = StandardWords.load(tmp_path, standard.spoken)
    for phrase in ("mesin jhait", "masinis", "komputr"):
        assert loaded.standardise(phrase) == standard.standardise(phrase)
