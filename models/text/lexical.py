"""A text's letters as a short vector: character n-grams, weighted by rarity, reduced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer

from training_data.arrays import build_csr

N_BUCKETS: Final = 2**14
_VECTORIZER: Final = HashingVectorizer(
    analyzer="char_wb", ngram_range=(2, 4), n_features=N_BUCKETS, alternate_sign=False, norm=None
)


class LexicalEncoder:
    """TF-IDF of hashed character n-grams, reduced by a truncated SVD (latent semantic analysis).

    Parameters
    ----------
    dim : int
        Width of a vector, less where the texts fitted on span less.
    seed : int

    Attributes
    ----------
    idf_ : ndarray of float32, shape (N_BUCKETS,)
    components_ : ndarray of float32, shape (N_BUCKETS, width)
    """

    idf_: NDArray[np.float32]
    components_: NDArray[np.float32]

    def __init__(self, dim: int = 128, seed: int = 0) -> None:
        self.dim = dim
        self.seed = seed

    @property
    def width(self) -> int:
        return int(self.components_.shape[1])

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn rarity and directions from texts; without any, every vector is of width 0."""
        counts = _VECTORIZER.transform(texts) if texts else sp.csr_matrix((0, N_BUCKETS))
        seen = np.asarray((counts > 0).sum(axis=0)).ravel()
        self.idf_ = (np.log((1 + len(texts)) / (1 + seen)) + 1).astype(np.float32)
        width = min(self.dim, len(set(texts)) - 1, int((seen > 0).sum()) - 1)
        if width < 1:
            self.components_ = np.empty((N_BUCKETS, 0), dtype=np.float32)
            return self
        svd = TruncatedSVD(width, random_state=self.seed).fit(self._tfidf(texts))
        self.components_ = np.ascontiguousarray(svd.components_.T, dtype=np.float32)
        return self

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of length at most 1, shape (n, width): short where little is known."""
        if not texts or not self.width:
            return np.zeros((len(texts), self.width), dtype=np.float32)
        vectors: NDArray[np.float32] = self._tfidf(texts) @ self.components_
        return vectors

    def _tfidf(self, texts: Sequence[str]) -> sp.csr_matrix:
        counts = _VECTORIZER.transform(texts)
        weights = (1 + np.log(counts.data)) * self.idf_[counts.indices]
        rows = np.repeat(np.arange(len(texts)), np.diff(counts.indptr))
        norms = np.sqrt(np.bincount(rows, weights**2, len(texts)))[rows]
        return build_csr(
            (weights / norms).astype(np.float32), counts.indices, counts.indptr, N_BUCKETS
        )
