from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.text.encoder import SentenceEncoder

TEXTS = ["las listrik", "belajar menjahit baju", "data", "kue kering las listrik belajar python"]


def test_vectors_are_unit_float32_in_the_order_of_the_texts(tiny_encoder: SentenceEncoder) -> None:
    together = tiny_encoder.encode(TEXTS, "query")
    assert together.dtype == np.float32
    assert together.shape == (4, tiny_encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    alone = np.vstack([tiny_encoder.encode([text], "query") for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_batches_do_not_change_the_answer(
    tiny_directory: Path, tiny_encoder: SentenceEncoder
) -> None:
    small = SentenceEncoder(tiny_directory, batch_size=1)
    np.testing.assert_allclose(
        small.encode(TEXTS, "passage"), tiny_encoder.encode(TEXTS, "passage"), atol=1e-6
    )


def test_no_texts_give_no_vectors(tiny_encoder: SentenceEncoder) -> None:
    assert tiny_encoder.encode([], "query").shape == (0, tiny_encoder.dim)


def test_prompts_tell_roles_apart_and_change_the_name(tiny_directory: Path) -> None:
    plain = SentenceEncoder(tiny_directory)
    prompted = SentenceEncoder(tiny_directory, prompts={"query": "query ", "passage": "passage "})
    assert plain.prompt("query") == ""
    assert prompted.prompt("passage") == "passage "
    np.testing.assert_allclose(
        prompted.encode(["las"], "query"), plain.encode(["query las"], "query"), atol=1e-6
    )
    assert not np.allclose(prompted.encode(["las"], "query"), prompted.encode(["las"], "passage"))
    assert plain.name != prompted.name


def test_the_name_is_of_the_content(tiny_directory: Path, tiny_encoder: SentenceEncoder) -> None:
    assert SentenceEncoder(tiny_directory).name == tiny_encoder.name


def test_a_missing_directory_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="padan encoder install"):
        SentenceEncoder(tmp_path / "nothing")
