"""The text encoder that training and benchmarks read with, each text once."""

from __future__ import annotations

from pathlib import Path

from models.text.e5_installer import e5_directory
from models.text.embedding_cache import CachedEncoder, EmbeddingCache
from models.text.encoder import SentenceEncoder


def open_teacher(home: Path, source: str | None = None) -> CachedEncoder:
    """Return the encoder, with its embeddings kept under ``home``.

    Parameters
    ----------
    home : Path
        ``padan_home()``.
    source : str, optional
        A sentence-transformers directory, or a name on a model hub; by default the installed encoder.

    Raises
    ------
    FileNotFoundError
        If the encoder is not installed.
    """
    encoder = SentenceEncoder(source or e5_directory(home))
    return CachedEncoder(encoder, EmbeddingCache(home))
