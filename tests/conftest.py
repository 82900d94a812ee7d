"""Fixtures of all tests."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from models.e5_installer import install_e5
from models.encoder import SentenceEncoder
from models.static_student import StaticStudent, build_tokenizer
from training_data.home import padan_home

WORDS = ["belajar", "las", "listrik", "kue", "kering", "menjahit", "baju", "data", "python"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Directory of real data: PADAN_SHARED_DATA, or ../shared/data beside the checkout."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("PADAN_SHARED_DATA", beside))
    if not path.is_dir():
        pytest.skip(f"no shared data at {path}; set PADAN_SHARED_DATA")
    return path


@pytest.fixture(scope="session")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers directory of a few random word vectors."""
    directory = tmp_path_factory.mktemp("tiny-encoder")
    tokenizer = build_tokenizer([*WORDS, "query", "passage"])
    weights = np.random.default_rng(0).normal(size=(tokenizer.get_vocab_size(), 16))
    StaticStudent(tokenizer, weights.astype(np.float32)).save(directory)
    return directory


@pytest.fixture(scope="session")
def tiny_encoder(tiny_directory: Path) -> SentenceEncoder:
    return SentenceEncoder(tiny_directory)


@pytest.fixture(scope="session")
def e5_directory() -> Path:
    """The embedded encoder, installed under PADAN_HOME where it is not yet."""
    return install_e5(padan_home())


@pytest.fixture(scope="session")
def e5(e5_directory: Path) -> SentenceEncoder:
    return SentenceEncoder(e5_directory)
