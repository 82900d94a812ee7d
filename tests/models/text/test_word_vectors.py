from pathlib import Path

import numpy as np
import pytest

from models.text.encoder import SentenceEncoder
from models.text.static_student import StaticStudent
from models.text.word_vectors import ContextualWords, StaticWords, Words, run_vectors


def test_runs_stay_within_a_clause_and_a_length() -> None:
    words = Words.of("las listrik, menjahit baju anak")
    assert words.strings() == ["las", "listrik", "menjahit", "baju", "anak"]
    texts = {words.text[slice(*words.place(run))] for run in words.runs(longest=2)}
    assert texts == {
        "las", "listrik", "menjahit", "baju", "anak",
        "las listrik", "menjahit baju", "baju anak",
    }  # fmt: skip


def test_words_keep_what_tells_them_apart() -> None:
    assert Words.of("C++ dan C#, Node.js. UI/UX").strings() == [
        "C++", "dan", "C#", "Node.js", "UI/UX",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "  ", "..."])
def test_text_without_words_has_no_runs(text: str) -> None:
    assert Words.of(text).runs().shape == (0, 2)


def test_static_runs_are_what_the_student_encodes(tiny_directory: Path) -> None:
    student = StaticStudent.load(tiny_directory)
    words = Words.of("belajar las listrik")
    (sums,) = StaticWords(student).encode_words([words])
    whole = run_vectors(sums, np.array([[0, 3]]))
    np.testing.assert_allclose(whole, student.encode([words.text]), atol=1e-6)


def test_contextual_run_of_a_whole_text_is_nearly_its_vector(
    e5_directory: Path, e5: SentenceEncoder
) -> None:
    texts = ["Belajar mengelas pipa dengan las argon", "Menjahit baju"]
    found = ContextualWords(e5_directory).encode_words([Words.of(text) for text in texts])
    whole = [run_vectors(sums, np.array([[0, len(sums)]]))[0] for sums in found]
    likeness = np.array(whole) @ e5.encode(texts, "query").T
    assert np.all(np.diag(likeness) > 0.97)
    assert np.all(likeness.argmax(axis=1) == [0, 1])
