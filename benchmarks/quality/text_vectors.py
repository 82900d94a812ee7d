"""Vectors of the courses' texts: meaning from the installed encoder, spelling from the texts themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.text.e5_installer import install_e5
from models.text.embedding_cache import CachedEncoder, EmbeddingCache
from models.text.encoder import SentenceEncoder
from models.text.lexical import LexicalEncoder
from models.vectors import unit
from training_data.home import padan_home

MAX_CHARACTERS = 400
LEXICAL_WEIGHT = 0.3


def text_vectors(texts: list[str]) -> NDArray[np.float32]:
    """Return a unit vector of each text, (n, D); encoded once, then read from the cache under PADAN_HOME.

    Texts are cut to their first ``MAX_CHARACTERS`` characters: title and opening say what a course is about, and
    time grows with length.
    """
    short = [text[:MAX_CHARACTERS] for text in texts]
    home = padan_home()
    encoder = CachedEncoder(SentenceEncoder(install_e5(home)), EmbeddingCache(home))
    meaning = encoder.encode(short, "passage")
    meaning = unit(meaning - meaning.mean(axis=0)) * np.float32(np.sqrt(1 - LEXICAL_WEIGHT))
    spelling = unit(LexicalEncoder().fit(short).encode(short)) * np.float32(np.sqrt(LEXICAL_WEIGHT))
    return unit(np.hstack([meaning, spelling]))
