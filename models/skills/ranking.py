"""All skills of a large vocabulary in the order of how well they fit a text.

Where extraction decides about a few hundred skills, ranking puts thousands in order: the best run of
words for the whole name, and the best word for each word of the name ("late interaction": Khattab &
Zaharia, "ColBERT", SIGIR 2020), blended by a multinomial logit learnt from labelled texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from models.text.encoder import TextEncoder
from models.text.word_vectors import WordEncoder, Words, run_vectors
from models.vectors import unit
from training_data.skills.vocabulary import Vocabulary
from training_data.text import normalise

# Of the features below; learnt by ``learn`` from the validation sentences of `padan bench skills`.
WEIGHTS: Final = (45.0, 20.6, 7.5)


class SkillRanker:
    """Scores every skill of a vocabulary for a text.

    Parameters
    ----------
    vocabulary : Vocabulary
    words : WordEncoder

    Attributes
    ----------
    vectors_ : ndarray of float32, shape (n_names, dim)
        Unit vector of each label and alias.
    words_ : ndarray of float32, shape (n_words, dim)
        Unit vectors of the names' words, name by name.
    rarity_ : ndarray of float32, shape (n_words,)
        Weight of each word in its name; those of a name add up to 1.
    word_centre_ : ndarray of float32, shape (dim,)
        Mean of the words of ordinary texts.
    weights_ : ndarray of float64, shape (3,)
    """

    vectors_: NDArray[np.float32]
    words_: NDArray[np.float32]
    rarity_: NDArray[np.float32]
    word_centre_: NDArray[np.float32]
    weights_: NDArray[np.float64]

    def __init__(self, vocabulary: Vocabulary, words: WordEncoder) -> None:
        self.vocabulary = vocabulary
        self.words = words

    def fit(self, encoder: TextEncoder, texts: Sequence[str]) -> Self:
        """Encode the names and their words.

        Parameters
        ----------
        encoder : TextEncoder
            Of the same space as the word encoder.
        texts : sequence of str
            Some of what will be read (a few dozen do), for the mean of words.

        Raises
        ------
        ValueError
            A name has no word in it.
        """
        by_skill = [term.names() for term in self.vocabulary.terms]
        names = [name for skill in by_skill for name in skill]
        read = [Words.of(name) for name in names]
        sizes = np.array([len(words.spans) for words in read])
        if not sizes.all():
            raise ValueError(f"the name '{names[int(sizes.argmin())]}' of a skill has no word")
        self._first_word = _starts(sizes)
        self._first_name = _starts(np.array([len(skill) for skill in by_skill]))
        self.vectors_ = encoder.encode(names, "query")
        self.words_ = unit(np.concatenate(self.words.encode_words(read)))
        self._centred_words = unit(self.words_ - self.words_.mean(axis=0))
        spelt = [normalise(word) for words in read for word in words.strings()]
        frequency = Counter(spelt)
        rarity = np.log([(1 + len(names)) / frequency[word] for word in spelt])
        of_name = np.add.reduceat(rarity, self._first_word)
        self.rarity_ = (rarity / np.repeat(of_name, sizes)).astype(np.float32)
        ordinary = self.words.encode_words([Words.of(text) for text in texts])
        self.word_centre_ = np.mean([unit(w).mean(axis=0) for w in ordinary if len(w)], axis=0)
        self.weights_ = np.array(WEIGHTS)
        return self

    def learn(self, texts: Sequence[str], skills: Sequence[Sequence[int]]) -> Self:
        """Learn the weights from labelled texts, in place of the shipped ones."""
        self.weights_ = fit_logit(self.features(texts), skills)
        return self

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Score every skill for every text; float32, shape (n, n_skills)."""
        rows = [features @ self.weights_ for features in self.features(texts)]
        return np.array(rows, dtype=np.float32).reshape(len(texts), len(self.vocabulary))

    def features(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return what speaks for each skill, shape (n_skills, 3) a text.

        The best cosine of a run of words with a name; the mean over a name's words of the best cosine
        with a word of the text; and the same of centred vectors.
        """
        read = [Words.of(text) for text in texts]
        encoded = self.words.encode_words(read)
        return [self._features(words, sums) for words, sums in zip(read, encoded, strict=True)]

    def _features(self, words: Words, sums: NDArray[np.float32]) -> NDArray[np.float32]:
        if not len(sums):
            return np.zeros((len(self.vocabulary), len(WEIGHTS)), dtype=np.float32)
        own = unit(sums)
        by_name = [
            (self.vectors_ @ run_vectors(sums, words.runs()).T).max(axis=1),
            self._by_word((self.words_ @ own.T).max(axis=1)),
            self._by_word((self._centred_words @ unit(own - self.word_centre_).T).max(axis=1)),
        ]
        best: NDArray[np.float32] = np.maximum.reduceat(
            np.column_stack(by_name), self._first_name, axis=0
        )
        return best

    def _by_word(self, likeness: NDArray[np.float32]) -> NDArray[np.float32]:
        mean: NDArray[np.float32] = np.add.reduceat(likeness * self.rarity_, self._first_word)
        return mean


def fit_logit(
    features: Sequence[NDArray[np.float32]], gold: Sequence[Sequence[int]], ridge: float = 1e-3
) -> NDArray[np.float64]:
    """Return the weights of a multinomial logit of the right skills against all others.

    Parameters
    ----------
    features : sequence of ndarray, shape (n_skills, n_features)
        One of each text.
    gold : sequence of sequence of int
        The right skills of each text, at least one.
    ridge : float
        Penalty on the weights of features scaled to unit variance.
    """
    scale = np.std(np.concatenate(features), axis=0) + 1e-9
    scaled = [text / scale for text in features]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = ridge * weights @ weights, 2 * ridge * weights
        for text, right in zip(scaled, gold, strict=True):
            logits = text @ weights
            value += (logsumexp(logits) - logits[list(right)].mean()) / len(scaled)
            slope += (softmax(logits) @ text - text[list(right)].mean(axis=0)) / len(scaled)
        return float(value), slope

    start = np.zeros(len(scale))
    learnt: NDArray[np.float64] = minimize(loss, start, jac=True, method="L-BFGS-B").x / scale
    return learnt


def _starts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)[:-1]])
