from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.text.encoder import SentenceEncoder
from models.text.static_student import StaticStudent, build_tokenizer
from models.vectors import unit

TEXTS = ["belajar las listrik", "kue kering dan baju", "data python", "menjahit baju"]


@pytest.fixture(scope="module")
def student(tiny_encoder: SentenceEncoder) -> StaticStudent:
    passages = tiny_encoder.encode(TEXTS, "passage")
    targets = unit(passages - passages.mean(axis=0))
    return StaticStudent.distil(
        tiny_encoder, TEXTS, targets, common_words={"id": 50}, n_components=1
    )


def test_words_and_their_fallback() -> None:
    tokenizer = build_tokenizer(["las", "data", "c++"])

    def tokens(text: str) -> list[str]:
        return list(tokenizer.encode(text).tokens)

    assert tokens("Las, DATA & c++!") == ["las", "data", "c++"]
    assert tokens("datalas")[0] == "data"  # the longest known beginning
    assert tokens("xyz") == ["[UNK]"]
    assert tokens(" \n.,") == []


def test_an_unknown_word_counts_as_its_longest_beginning(student: StaticStudent) -> None:
    known, longer = student.encode(["menjahit", "menjahitkan"])
    np.testing.assert_allclose(known, longer, atol=1e-6)


def test_texts_come_out_near_the_teacher(
    student: StaticStudent, tiny_encoder: SentenceEncoder
) -> None:
    passages = tiny_encoder.encode(TEXTS, "passage")
    targets = unit(passages - passages.mean(axis=0))
    cosines = (student.encode(TEXTS) * targets).sum(axis=1)
    untaught = StaticStudent.distil(
        tiny_encoder, TEXTS, np.zeros_like(targets), common_words={"id": 50}, n_components=1
    )
    assert cosines.min() > 0.9
    assert cosines.mean() > (untaught.encode(TEXTS) * targets).sum(axis=1).mean()


def test_common_words_weigh_less(student: StaticStudent) -> None:
    length = np.linalg.norm(student.weights, axis=1)
    common, rare = (length[student.tokenizer.token_to_id(word)] for word in ("dan", "las"))
    assert 0 < common < 0.1 * rare
    plain, with_common = student.encode(["las", "dan las"])
    assert plain @ with_common > 0.95


def test_texts_without_a_known_word_are_zero(student: StaticStudent) -> None:
    assert not student.encode(["", "日本", "!!"]).any()
    assert student.encode([]).shape == (0, student.dim)


def test_saved_it_is_a_sentence_transformers_directory(
    student: StaticStudent, tmp_path: Path
) -> None:
    student.save(tmp_path)
    again = StaticStudent.load(tmp_path)
    assert again.name == student.name
    np.testing.assert_array_equal(again.encode(TEXTS), student.encode(TEXTS))
    library = SentenceEncoder(tmp_path)
    np.testing.assert_allclose(library.encode(TEXTS, "query"), student.encode(TEXTS), atol=1e-6)


def test_distilling_is_deterministic(tiny_encoder: SentenceEncoder, student: StaticStudent) -> None:
    passages = tiny_encoder.encode(TEXTS, "passage")
    targets = unit(passages - passages.mean(axis=0))
    again = StaticStudent.distil(
        tiny_encoder, TEXTS, targets, common_words={"id": 50}, n_components=1
    )
    assert again.name == student.name
