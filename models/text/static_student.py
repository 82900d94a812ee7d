"""A static student of the text encoder: words, not sentences, so a text takes microseconds.

Each word of the vocabulary is encoded once by the teacher. A text's vector is the sum of its words'
vectors, common words weighing less (SIF: Arora, Liang & Ma, "A simple but tough-to-beat baseline for
sentence embeddings", ICLR 2017). Then the word vectors are moved, by ridge regression towards what they
were, so that the texts at hand come out where the teacher puts them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors.numpy import load_file
from sklearn.preprocessing import normalize
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece

from models.text.encoder import Role, TextEncoder
from models.vectors import unit

COMMON_WORDS: Final[Mapping[str, int]] = {"id": 4000, "en": 1000}
_UNKNOWN: Final = "[UNK]"
_WORD: Final = r"[\p{L}\p{M}\p{N}]+[+#]{0,2}"  # C++ and C# are words
_MAX_TEXTS: Final = 4000  # the ridge regression solves a system of this size


class StaticStudent:
    """Word vectors with a tokenizer; a text's vector is their sum, L2-normalised.

    A word outside the vocabulary counts as the longest known word that it begins with; a text without
    any known word has the zero vector. Encoding needs NumPy and the tokenizer, not torch.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
    weights : ndarray of float32, shape (n_tokens, dim)
        The vector of each token, times its weight.
    """

    def __init__(self, tokenizer: Tokenizer, weights: NDArray[np.float32]) -> None:
        self.tokenizer = tokenizer
        self.weights = weights

    @classmethod
    def distil(
        cls,
        teacher: TextEncoder,
        texts: Sequence[str],
        targets: NDArray[np.float32],
        words: Sequence[str] = (),
        common_words: Mapping[str, int] = COMMON_WORDS,
        sif: float = 3e-4,
        n_components: int = 3,
        ridge: float = 0.1,
        seed: int = 0,
    ) -> Self:
        """Make a student.

        Parameters
        ----------
        teacher : TextEncoder
            Encodes each word once, as a query.
        texts : sequence of str
            Whose words join the vocabulary, and which the student learns to place.
        targets : ndarray of float32, shape (len(texts), dim)
            Where the teacher puts the texts: centred unit vectors, zero rows for texts to leave out.
        words : sequence of str
            Further texts whose words join the vocabulary.
        common_words : mapping of str to int
            How many of each language's commonest words join it.
        sif : float
            ``a`` of the weight ``a / (a + p)`` of a word with relative frequency ``p``.
        n_components : int
            Principal components to remove from the word vectors.
        ridge : float
            How hard the words hold to their own vectors; above 0.
        seed : int
            Of the sample of texts, where there are more than a few thousand.
        """
        vocabulary = _vocabulary([*texts, *words], common_words)
        tokenizer = build_tokenizer(vocabulary)
        n_tokens = tokenizer.get_vocab_size()
        # Token 0 is the unknown word, then come the words, then the letters that may follow a word:
        # only the words weigh anything.
        known = slice(1, 1 + len(vocabulary))
        vectors = np.zeros((n_tokens, teacher.dim), dtype=np.float32)
        if vocabulary:
            encoded = teacher.encode(vocabulary, "query")
            vectors[known] = _without_components(encoded - encoded.mean(axis=0), n_components)
        weight = np.zeros(n_tokens, dtype=np.float32)
        weight[known] = sif / (sif + _frequencies(vocabulary, common_words))

        rows = np.flatnonzero(targets.any(axis=1))
        if len(rows) > _MAX_TEXTS:
            rows = np.sort(np.random.default_rng(seed).choice(rows, _MAX_TEXTS, replace=False))
        if len(rows):
            bags = _bags(tokenizer, [texts[int(row)] for row in rows], n_tokens) @ sp.diags(weight)
            vectors = _regress(normalize(bags), targets[rows], vectors, ridge)
        return cls(tokenizer, vectors * weight[:, None])

    @property
    def dim(self) -> int:
        return int(self.weights.shape[1])

    @cached_property
    def name(self) -> str:
        digest = hashlib.sha256(self.tokenizer.to_str().encode())
        digest.update(np.ascontiguousarray(self.weights).data)
        return f"static-student-{digest.hexdigest()[:12]}"

    def encode(self, texts: Sequence[str], role: Role = "query") -> NDArray[np.float32]:  # noqa: ARG002
        """Return L2-normalised vectors, float32, shape (n, dim); a student knows but one role."""
        return unit(_bags(self.tokenizer, texts, len(self.weights)) @ self.weights)

    def save(self, directory: Path) -> None:
        """Write a sentence-transformers directory (safetensors), which that library loads as well."""
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding

        static = StaticEmbedding(self.tokenizer, embedding_weights=self.weights)
        model = SentenceTransformer(modules=[static, Normalize()], device="cpu")
        model.save(str(directory), create_model_card=False)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what ``save`` has written, without torch."""
        tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        return cls(tokenizer, load_file(directory / "model.safetensors")["embedding.weight"])


def _vocabulary(texts: Sequence[str], common_words: Mapping[str, int]) -> list[str]:
    """Return the distinct words of texts and languages, in the order of their coming."""
    import wordfreq  # its tables are for training only

    common = (wordfreq.top_n_list(language, count) for language, count in common_words.items())
    split = build_tokenizer([])
    sources = [*texts, *(word for words in common for word in words)]
    found: dict[str, None] = {}
    for text in sources:
        pieces = split.pre_tokenizer.pre_tokenize_str(split.normalizer.normalize_str(text))
        found.update((word, None) for word, _ in pieces)
    return list(found)


def _frequencies(words: Sequence[str], languages: Mapping[str, int]) -> NDArray[np.float32]:
    """Return each word's relative frequency in the language where it is commonest."""
    import wordfreq

    table = [[wordfreq.word_frequency(word, language) for word in words] for language in languages]
    return (
        np.max(table, axis=0, initial=0).astype(np.float32)
        if table
        else np.zeros(len(words), np.float32)
    )


def build_tokenizer(vocabulary: Sequence[str]) -> Tokenizer:
    """Return a tokenizer of whole words, else of the longest known beginning and letters."""
    letters = sorted({letter for word in vocabulary for letter in word})
    tokens = [_UNKNOWN, *vocabulary, *(f"##{letter}" for letter in letters)]
    model = WordPiece({token: number for number, token in enumerate(tokens)}, unk_token=_UNKNOWN)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_WORD), "removed", invert=True)
    return tokenizer


def _bags(tokenizer: Tokenizer, texts: Sequence[str], n_tokens: int) -> sp.csr_matrix:
    """Return token counts, float32, shape (n, n_tokens)."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in ids], dtype=np.int64)])
    indices = np.fromiter((token for row in ids for token in row), np.int32, count=indptr[-1])
    data = np.ones(len(indices), dtype=np.float32)
    return sp.csr_matrix((data, indices, indptr), shape=(len(ids), n_tokens))


def _without_components(vectors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Remove the leading principal components of centred vectors."""
    if count == 0:
        return vectors
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    leading = axes[:, -count:]
    rest: NDArray[np.float32] = vectors - vectors @ leading @ leading.T
    return rest


def _regress(
    bags: sp.csr_matrix, targets: NDArray[np.float32], prior: NDArray[np.float32], ridge: float
) -> NDArray[np.float32]:
    """Return the vectors nearest to the prior, up to its scale, that bring ``bags`` to ``targets``."""
    reached = bags @ prior
    scale = float((reached * targets).sum() / max(float((reached**2).sum()), 1e-12))
    gram = (bags @ bags.T).toarray()
    gram[np.diag_indices_from(gram)] += ridge
    change = bags.T @ np.linalg.solve(gram, targets - scale * reached)
    moved: NDArray[np.float32] = (scale * prior + change).astype(np.float32)
    return moved
