"""How much of a name a text holds, word for word, in whatever inflection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from models.text.affixes import roots
from training_data.arrays import build_csr, take_rows
from training_data.text import normalise

_UNLIKE: Final = 0.35  # words less alike than this are different words
_SAME_ROOT: Final = 0.9  # likeness of two words that may be forms of one


class WordCoverage:
    """Share of a name's words that a text holds, rare words weighing more.

    Words are compared by their roots, as Indonesian builds them ("mengolah", "olahan"), and by their
    character n-grams (cosine of TF-IDF): "programming" is nearly "program" in any language.

    Attributes
    ----------
    names_ : csr_matrix of float32, shape (n_words, n_names)
        Weight of each word in a name; a column's sum is 1.
    """

    names_: sp.csr_matrix

    def fit(self, names: Sequence[str]) -> Self:
        """Learn words, their spelling and rarity from the names."""
        bags = CountVectorizer(analyzer=_words, binary=True, dtype=np.float32)
        found = bags.fit_transform(names)
        rarity = np.log((1 + len(names)) / np.asarray(found.sum(axis=0)).ravel())
        weighted = sp.csr_matrix(found.multiply(rarity[None]))
        total = np.maximum(np.asarray(weighted.sum(axis=1)).ravel(), 1e-6)
        self.names_ = sp.csr_matrix((sp.diags(1 / total) @ weighted).T, dtype=np.float32)
        self._spelling = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32
        )
        words = bags.get_feature_names_out()
        self._words_by_gram = self._spelling.fit_transform(words).T.tocsr()
        self._roots = CountVectorizer(analyzer=roots, binary=True, dtype=np.float32)
        self._words_by_root = self._roots.fit_transform(words).T.tocsr()
        return self

    def likeness(self, words: Sequence[str]) -> sp.csr_matrix:
        """Return how alike each word and each word of the names are, shape (n, n_words)."""
        if not len(words):
            return sp.csr_matrix((0, self.names_.shape[0]), dtype=np.float32)
        with config_context(assume_finite=True, skip_parameter_validation=True):
            spelt = self._spelling.transform(map(normalise, words))
            built = self._roots.transform(map(str.casefold, words))
        alike = sp.csr_matrix(spelt @ self._words_by_gram)
        alike.data[alike.data < _UNLIKE] = 0
        alike.eliminate_zeros()
        related = built @ self._words_by_root
        related.data[:] = _SAME_ROOT
        return sp.csr_matrix(alike.maximum(related))

    def of_runs(self, likeness: sp.csr_matrix, runs: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the share of each name that each run of a text's words holds, shape (m, n_names).

        Parameters
        ----------
        likeness : csr_matrix of float32, shape (n, n_words)
            Of the text's words.
        runs : ndarray of int64, shape (m, 2)
            First word and last word + 1.
        """
        used, place = np.unique(likeness.indices, return_inverse=True)
        dense = build_csr(
            likeness.data, place.astype(np.int32), likeness.indptr, len(used)
        ).toarray()
        best = np.array([dense[start:end].max(axis=0) for start, end in runs])
        held: NDArray[np.float32] = best.reshape(len(runs), len(used)) @ take_rows(
            self.names_, used
        )
        return held


def _words(name: str) -> list[str]:
    return normalise(name).split()
