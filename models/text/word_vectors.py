"""A vector for each word of a text, and for each run of words: what a found phrase is compared by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from models.text.encoder import quiet_transformers
from models.text.static_student import StaticStudent
from models.vectors import unit

LONGEST: Final = 5
_WORD: Final = re.compile(r"\w[\w'’]*(?:[-./&]\w+)*[+#]*")
_BREAK: Final = re.compile(r"[,;:!?()\[\]•|\n]|[.](?:\s|$)")
_BATCH: Final = 32
# Words that hold others together and name nothing: no phrase begins or ends with one.
_FUNCTION_WORDS: Final = frozenset(
    word
    for words in (
        "yang dan di ke dari untuk dengan pada dalam atau juga serta agar supaya karena oleh ini itu",
        "saya anda kami kita dia adalah akan bisa dapat sudah belum pernah telah sedang tidak tanpa",
        "hanya lebih sangat para bagi saat ingin mau sebagai secara seperti hingga sampai lewat",
        "melalui cara pemula the a an and or of to in for with on at by from as is are be your you",
    )
    for word in words.split()
)


@dataclass(frozen=True)
class Words:
    """The words of one text.

    Attributes
    ----------
    text : str
    spans : ndarray of int64, shape (n, 2)
        Where each word begins and ends in the text.
    clause : ndarray of int64, shape (n,)
        Number of the clause, cut at punctuation, that each word stands in.
    """

    text: str
    spans: NDArray[np.int64]
    clause: NDArray[np.int64]

    @classmethod
    def of(cls, text: str) -> Words:
        """Cut a text into words."""
        spans = np.array([m.span() for m in _WORD.finditer(text)], np.int64).reshape(-1, 2)
        breaks = [m.start() for m in _BREAK.finditer(text)]
        return cls(text, spans, np.searchsorted(breaks, spans[:, 0]))

    def strings(self) -> list[str]:
        """Return the words as they stand in the text."""
        return [self.text[start:end] for start, end in self.spans]

    def runs(self, longest: int = LONGEST) -> NDArray[np.int64]:
        """Return first word and last word + 1 of each run within a clause, shape (m, 2).

        Shorter runs come first, and those of like length in the order of the text.
        """
        n = len(self.spans)
        by_size = [
            np.column_stack([np.arange(n - size + 1), np.arange(size, n + 1)])
            for size in range(1, min(longest, n) + 1)
        ]
        found = np.concatenate([np.empty((0, 2), np.int64), *by_size])
        within: NDArray[np.int64] = found[self.clause[found[:, 0]] == self.clause[found[:, 1] - 1]]
        return within

    def phrases(self) -> NDArray[np.int64]:
        """Return the runs that neither begin nor end with a function word, shape (m, 2)."""
        runs = self.runs()
        function = np.array([word.casefold() in _FUNCTION_WORDS for word in self.strings()], bool)
        kept: NDArray[np.int64] = runs[~(function[runs[:, 0]] | function[runs[:, 1] - 1])]
        return kept

    def place(self, run: NDArray[np.int64]) -> tuple[int, int]:
        """Return where a run begins and ends in the text."""
        return int(self.spans[run[0], 0]), int(self.spans[run[1] - 1, 1])


class WordEncoder(Protocol):
    """Anything that gives a vector to each word of a text and to a whole phrase, in one space."""

    @property
    def dim(self) -> int: ...

    def encode_words(self, texts: Sequence[Words]) -> list[NDArray[np.float32]]:
        """Return the sum of each word's token vectors, float32, shape (n, dim) a text."""
        ...


class ContextualWords:
    """Word vectors of a transformer, each word read in its sentence ("late chunking").

    The mean of a run's tokens is what the model's own mean pooling would make of the run, had it only
    been pooled there: so a run can be compared with the vector of a phrase.

    Parameters
    ----------
    directory : Path
        A sentence-transformers directory with mean pooling.
    """

    def __init__(self, directory: Path) -> None:
        from sentence_transformers import SentenceTransformer  # seconds to import

        with quiet_transformers():
            self._model = SentenceTransformer(str(directory), device="cpu", local_files_only=True)
        self._prompt = self._model.prompts.get("query", "")

    @property
    def dim(self) -> int:
        dim: int = self._model.get_embedding_dimension()
        return dim

    def encode_words(self, texts: Sequence[Words]) -> list[NDArray[np.float32]]:
        """Return the sum of each word's token vectors, float32, shape (n, dim) a text."""
        found: list[NDArray[np.float32]] = [np.empty((0, self.dim), np.float32)] * len(texts)
        order = sorted(range(len(texts)), key=lambda row: len(texts[row].text))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            for row, words in zip(rows, self._batch([texts[row] for row in rows]), strict=True):
                found[row] = words
        return found

    def _batch(self, texts: Sequence[Words]) -> list[NDArray[np.float32]]:
        import torch

        tokens = self._model.tokenizer(
            [self._prompt + words.text for words in texts],
            return_tensors="pt",
            padding=True,
            truncation=True,
            return_offsets_mapping=True,
        )
        offsets = tokens.pop("offset_mapping").numpy() - len(self._prompt)
        with torch.inference_mode():
            hidden = self._model[0](dict(tokens))["token_embeddings"].numpy()
        return [
            _sums(words.spans, place, vectors)
            for words, place, vectors in zip(texts, offsets, hidden, strict=True)
        ]


class StaticWords:
    """Word vectors of a static student: a word has one vector wherever it stands.

    Parameters
    ----------
    student : StaticStudent
    """

    def __init__(self, student: StaticStudent) -> None:
        self.student = student

    @property
    def dim(self) -> int:
        return self.student.dim

    def encode_words(self, texts: Sequence[Words]) -> list[NDArray[np.float32]]:
        """Return each word's weighted vector, float32, shape (n, dim) a text."""
        found = []
        for words in texts:
            ids = [e.ids for e in self.student.tokenizer.encode_batch_fast(words.strings())]
            vectors = [self.student.weights[word].sum(axis=0) for word in ids]
            found.append(np.reshape(vectors, (-1, self.dim)).astype(np.float32))
        return found


def run_vectors(sums: NDArray[np.float32], runs: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the unit vector of each run of words, shape (m, dim).

    Parameters
    ----------
    sums : ndarray of float32, shape (n, dim)
        As a ``WordEncoder`` returns them.
    runs : ndarray of int64, shape (m, 2)
        First word and last word + 1.
    """
    running = np.concatenate([np.zeros((1, sums.shape[1]), np.float32), np.cumsum(sums, axis=0)])
    return unit(running[runs[:, 1]] - running[runs[:, 0]])


def _sums(
    spans: NDArray[np.int64], offsets: NDArray[np.int64], vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Add up the tokens that lie in each word; special tokens have an empty offset."""
    inside = (offsets[None, :, 0] < spans[:, 1:]) & (offsets[None, :, 1] > spans[:, :1])
    inside &= offsets[:, 1] > offsets[:, 0]
    total: NDArray[np.float32] = inside.astype(np.float32) @ vectors
    return total
