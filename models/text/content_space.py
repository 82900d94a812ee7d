"""One space for trainings and people: what a text means and, a little, how it is spelt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.candidates.sparse import sums_of_rows
from models.text.encoder import TextEncoder
from models.text.lexical import LexicalEncoder
from models.text.phrase_table import PhraseTable
from models.text.static_student import COMMON_WORDS, StaticStudent
from models.vectors import unit

_ARRAYS: Final = "content_space.safetensors"
_SETTINGS: Final = "content_space.json"
_STUDENT: Final = "student"
_MIN_TEXTS_TO_CENTRE: Final = 2


class ContentSpace:
    """Vectors of trainings, phrases and participants whose inner product is one content score.

    A vector is ``[sqrt(1 - a) * dense, sqrt(a) * lexical]``, of length one, so that an inner product is
    about ``(1 - a)`` times the cosine of meanings plus ``a`` times that of spellings. Dense vectors are
    centred: trainings about the catalogue's mean, phrases about the phrase table's.

    The teacher encodes trainings, and the phrases known at fitting; every other phrase is the static
    student's, so nothing here needs the teacher once it is fitted.

    Parameters
    ----------
    lexical_weight : float
        ``a``, from 0 to 1.
    lexical_dim : int
        Width of the lexical part.
    common_words : mapping of str to int
        How many of each language's commonest words the student learns beside the texts' own.
    seed : int

    Attributes
    ----------
    encoder_name_ : str
        The teacher's fingerprint.
    course_centre_, phrase_centre_ : ndarray of float32, shape (teacher's dim,)
    lexical_ : LexicalEncoder
    student_ : StaticStudent
    phrases_ : PhraseTable
        Vectors of this space.
    """

    encoder_name_: str
    course_centre_: NDArray[np.float32]
    phrase_centre_: NDArray[np.float32]
    lexical_: LexicalEncoder
    student_: StaticStudent
    phrases_: PhraseTable

    def __init__(
        self,
        lexical_weight: float = 0.3,
        lexical_dim: int = 128,
        common_words: Mapping[str, int] = COMMON_WORDS,
        seed: int = 0,
    ) -> None:
        self.lexical_weight = lexical_weight
        self.lexical_dim = lexical_dim
        self.common_words = common_words
        self.seed = seed

    @property
    def dim(self) -> int:
        return len(self.course_centre_) + self.lexical_.width

    def fit(self, texts: Sequence[str], phrases: Sequence[str], teacher: TextEncoder) -> Self:
        """Learn the space.

        Parameters
        ----------
        texts : sequence of str
            One of each training; empty where it has none.
        phrases : sequence of str
            What profiles are made of: labels and aliases of skills and occupations, topics.
        teacher : TextEncoder
            Best a ``CachedEncoder``, so that ``encode_courses`` then costs nothing.
        """
        self.encoder_name_ = teacher.name
        written = [text for text in texts if text.strip()]
        passages = teacher.encode(written, "passage")
        self.course_centre_ = _centre(passages)
        self.lexical_ = LexicalEncoder(self.lexical_dim, self.seed).fit(written)
        self.student_ = StaticStudent.distil(
            teacher,
            written,
            unit(passages - self.course_centre_),
            words=phrases,
            common_words=self.common_words,
            seed=self.seed,
        )
        queries = teacher.encode(phrases, "query")
        self.phrase_centre_ = _centre(queries)
        vectors = self.join(unit(queries - self.phrase_centre_), phrases)
        self.phrases_ = PhraseTable(phrases, vectors)
        return self

    def unify(self, things: Iterable[Sequence[str]]) -> Self:
        """Give all names of one thing one vector, the unit mean of theirs.

        A short name by itself says little ("las listrik"); its other names, in two languages, say it again.

        Parameters
        ----------
        things : iterable of sequences of str
            The names of each thing, all known phrases; names of two things keep the first thing's vector.
        """
        vectors = self.phrases_.vectors.copy()
        for names in reversed(list(things)):  # so that the first thing has the last word
            rows = self.phrases_.rows(names)
            vectors[rows] = unit(self.phrases_.vectors[rows].mean(axis=0, keepdims=True))
        self.phrases_ = PhraseTable(self.phrases_.phrases, vectors)
        return self

    def encode_courses(self, texts: Sequence[str], teacher: TextEncoder) -> NDArray[np.float32]:
        """Return unit vectors of trainings, float32, shape (n, dim); zeros for an empty text.

        Raises
        ------
        ValueError
            The teacher is not the one that the space was fitted with.
        """
        if teacher.name != self.encoder_name_:
            raise ValueError(
                f"this space was fitted with the encoder {self.encoder_name_}, not {teacher.name}"
            )
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        rows = [row for row, text in enumerate(texts) if text.strip()]
        written = [texts[row] for row in rows]
        dense = unit(teacher.encode(written, "passage") - self.course_centre_)
        vectors[rows] = self.join(dense, written)
        return vectors

    def encode_phrases(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of phrases or free text, float32, shape (n, dim).

        Known phrases come from the table, the others from the student: never from the teacher.
        """
        known = self.phrases_.rows(phrases)
        vectors = np.empty((len(phrases), self.dim), dtype=np.float32)
        vectors[known >= 0] = self.phrases_.vectors[known[known >= 0]]
        if len(unknown := np.flatnonzero(known < 0)):
            texts = [phrases[int(row)] for row in unknown]
            vectors[unknown] = self.join(self.student_.encode(texts), texts)
        return vectors

    def save(self, directory: Path) -> None:
        """Write safetensors, JSON and the student's directory."""
        directory.mkdir(parents=True, exist_ok=True)
        arrays = {
            "course_centre": self.course_centre_,
            "phrase_centre": self.phrase_centre_,
            "idf": self.lexical_.idf_,
            "components": self.lexical_.components_,
            "phrases": self.phrases_.vectors,
        }
        settings = {
            "encoder": self.encoder_name_,
            "lexical_weight": self.lexical_weight,
            "lexical_dim": self.lexical_dim,
            "common_words": dict(self.common_words),
            "seed": self.seed,
            "phrases": self.phrases_.phrases,
        }
        save_file(
            {name: np.ascontiguousarray(a) for name, a in arrays.items()}, directory / _ARRAYS
        )
        (directory / _SETTINGS).write_text(
            json.dumps(settings, ensure_ascii=False), encoding="utf-8"
        )
        self.student_.save(directory / _STUDENT)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what ``save`` has written; needs neither the teacher nor torch."""
        settings = json.loads((directory / _SETTINGS).read_text(encoding="utf-8"))
        arrays = load_file(directory / _ARRAYS)
        space = cls(
            settings["lexical_weight"],
            settings["lexical_dim"],
            settings["common_words"],
            settings["seed"],
        )
        space.encoder_name_ = settings["encoder"]
        space.course_centre_ = arrays["course_centre"]
        space.phrase_centre_ = arrays["phrase_centre"]
        space.lexical_ = LexicalEncoder(space.lexical_dim, space.seed)
        space.lexical_.idf_ = arrays["idf"]
        space.lexical_.components_ = arrays["components"]
        space.student_ = StaticStudent.load(directory / _STUDENT)
        space.phrases_ = PhraseTable(settings["phrases"], arrays["phrases"])
        return space

    def join(self, dense: NDArray[np.float32], texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of this space from centred dense ones, shape (n, teacher's dim)."""
        lexical = self.lexical_.encode(texts)
        a = self.lexical_weight
        return unit(np.hstack([np.sqrt(1 - a) * dense, np.sqrt(a) * lexical]).astype(np.float32))


def combine(weights: sp.csr_matrix, phrase_vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return participants' unit vectors: weighted sums of their phrases', in one product.

    Parameters
    ----------
    weights : csr_matrix of float32, shape (B, n_phrases)
        Weight of each phrase for each participant.
    phrase_vectors : ndarray of float32, shape (n_phrases, dim)
        Such as ``ContentSpace.phrases_.vectors``.

    Returns
    -------
    ndarray of float32, shape (B, dim)
        Zeros for a participant without phrases.
    """
    return unit(sums_of_rows(weights.indptr, weights.indices, weights.data, phrase_vectors))


def _centre(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean; zeros where there are too few vectors for it to mean anything."""
    if len(vectors) < _MIN_TEXTS_TO_CENTRE:
        return np.zeros(vectors.shape[1], dtype=np.float32)
    centre: NDArray[np.float32] = vectors.mean(axis=0)
    return centre
