from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from models.text.content_space import ContentSpace, combine
from models.text.encoder import SentenceEncoder

TEXTS = ["belajar las listrik", "kue kering", "menjahit baju", "data python", ""]
PHRASES = ["Las listrik", "Kue kering", "Menjahit", "Python"]


@pytest.fixture(scope="module")
def space(tiny_encoder: SentenceEncoder) -> ContentSpace:
    return ContentSpace(common_words={"id": 50}).fit(TEXTS, PHRASES, tiny_encoder)


def test_vectors_are_unit_and_empty_texts_zero(
    space: ContentSpace, tiny_encoder: SentenceEncoder
) -> None:
    vectors = space.encode_courses(TEXTS, tiny_encoder)
    assert vectors.dtype == np.float32
    assert vectors.shape == (5, space.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 1, 0], atol=1e-6)


def test_the_product_blends_meaning_and_spelling(
    space: ContentSpace, tiny_encoder: SentenceEncoder
) -> None:
    vectors = space.encode_courses(TEXTS[:4], tiny_encoder)
    dense, lexical = np.split(vectors, [tiny_encoder.dim], axis=1)
    share = (dense**2).sum(axis=1)
    assert (share >= 1 - space.lexical_weight - 1e-6).all()  # spelling at most its weight
    assert (share < 1).all()
    np.testing.assert_allclose(
        vectors @ vectors.T, dense @ dense.T + lexical @ lexical.T, atol=1e-6
    )


def test_known_phrases_are_the_teachers_in_any_spelling(
    space: ContentSpace, tiny_encoder: SentenceEncoder
) -> None:
    teachers = tiny_encoder.encode(PHRASES, "query") - space.phrase_centre_
    expected = space.join(teachers / np.linalg.norm(teachers, axis=1, keepdims=True), PHRASES)
    np.testing.assert_allclose(space.encode_phrases(PHRASES), expected, atol=1e-6)
    np.testing.assert_array_equal(
        space.encode_phrases(["LAS  listrik!"]), space.encode_phrases(["Las listrik"])
    )


def test_other_phrases_are_the_students(space: ContentSpace, tiny_encoder: SentenceEncoder) -> None:
    found = space.encode_phrases(["mau belajar menjahit baju", "Python"])
    np.testing.assert_array_equal(found[1], space.encode_phrases(["Python"])[0])
    courses = space.encode_courses(TEXTS[:4], tiny_encoder)
    assert int(np.argmax(courses @ found[0])) == 2


def test_a_batch_is_its_rows(space: ContentSpace) -> None:
    phrases = ["Python", "kue coklat", "", "las", "日本"]
    together = space.encode_phrases(phrases)
    alone = np.vstack([space.encode_phrases([phrase]) for phrase in phrases])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert space.encode_phrases([]).shape == (0, space.dim)


def test_participants_are_weighted_sums_of_phrases(space: ContentSpace) -> None:
    weights = sp.csr_matrix(np.array([[2, 0, 0, 1], [0, 0, 0, 0], [0, 3, 0, 0]], dtype=np.float32))
    people = combine(weights, space.phrases_.vectors)
    assert people.dtype == np.float32
    wanted = 2 * space.phrases_.vectors[0] + space.phrases_.vectors[3]
    np.testing.assert_allclose(people[0], wanted / np.linalg.norm(wanted), atol=1e-6)
    assert not people[1].any()
    np.testing.assert_allclose(people[2], space.phrases_.vectors[1], atol=1e-6)


@pytest.mark.parametrize("texts", [[], ["", ""], ["las"], ["las", "las"]])
@pytest.mark.parametrize("phrases", [[], ["las"]])
def test_little_or_no_text_works(
    texts: list[str], phrases: list[str], tiny_encoder: SentenceEncoder, tmp_path: Path
) -> None:
    space = ContentSpace(common_words={}).fit(texts, phrases, tiny_encoder)
    space.save(tmp_path)
    space = ContentSpace.load(tmp_path)
    courses = space.encode_courses(texts, tiny_encoder)
    profiles = space.encode_phrases(["las", "kue"])
    assert np.isfinite(courses @ profiles.T).all()
    assert courses.shape == (len(texts), space.dim)


def test_saved_and_loaded_it_answers_the_same(
    space: ContentSpace, tiny_encoder: SentenceEncoder, tmp_path: Path
) -> None:
    space.save(tmp_path)
    again = ContentSpace.load(tmp_path)
    phrases = [*PHRASES, "mau belajar menjahit"]
    np.testing.assert_array_equal(again.encode_phrases(phrases), space.encode_phrases(phrases))
    np.testing.assert_array_equal(
        again.encode_courses(TEXTS, tiny_encoder), space.encode_courses(TEXTS, tiny_encoder)
    )
    suffixes = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert suffixes <= {".json", ".safetensors"}


def test_another_teacher_is_refused(space: ContentSpace, tiny_directory: Path) -> None:
    other = SentenceEncoder(tiny_directory, prompts={"query": "data "})
    with pytest.raises(ValueError, match="fitted with the encoder"):
        space.encode_courses(TEXTS, other)


def test_serving_needs_no_torch(space: ContentSpace, tmp_path: Path) -> None:
    space.save(tmp_path)
    program = (
        "import sys; from pathlib import Path; from models.text.content_space import ContentSpace;"
        "ContentSpace.load(Path(sys.argv[1])).encode_phrases(['las', 'jahit']);"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
