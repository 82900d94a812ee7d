"""Texts to vectors, behind one small interface."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

Role = Literal["query", "passage"]


class TextEncoder(Protocol):
    """Anything that turns texts into unit vectors.

    Attributes
    ----------
    dim : int
        Width of a vector.
    name : str
        Fingerprint: equal names mean equal vectors, so it goes into bundles and cache keys.
    """

    @property
    def dim(self) -> int: ...

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """Return L2-normalised vectors, shape (n, dim); ``role`` says on which side of a search."""
        ...


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers' own progress bars and load reports off the terminal for a while."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


class SentenceEncoder:
    """A sentence-transformers model, from a local directory or by its name on a model hub.

    The texts' prefixes are the model's own ``prompts`` of its configuration.

    Parameters
    ----------
    source : Path or str
        A sentence-transformers directory (nothing is downloaded), or a hub name, which the library
        looks up in its cache and else downloads.
    prompts : mapping of str to str, optional
        Prefix for ``"query"`` and ``"passage"``, for a model whose configuration states none.
    batch_size : int
        Texts in one forward pass.
    progress : bool
        Show a progress bar while encoding.

    Raises
    ------
    FileNotFoundError
        ``source`` is a ``Path`` and no sentence-transformers directory stands there.

    Notes
    -----
    The number of threads is torch's own (``OMP_NUM_THREADS`` or ``torch.set_num_threads``).
    """

    def __init__(
        self,
        source: Path | str,
        prompts: Mapping[str, str] | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> None:
        from sentence_transformers import SentenceTransformer  # seconds to import

        if isinstance(source, Path) and not (source / "modules.json").is_file():
            raise FileNotFoundError(
                f"{source} holds no text encoder (modules.json is missing): "
                "run `padan encoder install`, or name another directory"
            )
        with quiet_transformers():
            self._model = SentenceTransformer(
                str(source),
                device="cpu",
                prompts=dict(prompts) if prompts else None,
                local_files_only=Path(source).is_dir(),
            )
        self._label = Path(source).name
        self.batch_size = batch_size
        self.progress = progress

    @property
    def dim(self) -> int:
        dim: int = self._model.get_embedding_dimension()
        return dim

    @cached_property
    def name(self) -> str:
        """The source's last name and a hash of weights, tokenizer and prompts."""
        digest = hashlib.sha256()
        for key, weight in sorted(self._model.state_dict().items()):
            digest.update(key.encode())
            digest.update(np.ascontiguousarray(weight.numpy()).data)
        tokenizer = self._model.tokenizer
        digest.update(getattr(tokenizer, "backend_tokenizer", tokenizer).to_str().encode())
        digest.update(repr(sorted(self._model.prompts.items())).encode())
        return f"{self._label}-{digest.hexdigest()[:12]}"

    def prompt(self, role: Role) -> str:
        """Return the prefix for a role; sentence-transformers also calls passages documents."""
        prompts: dict[str, str] = self._model.prompts
        return prompts.get(role) or (prompts.get("document") if role == "passage" else "") or ""

    def count_tokens(self, texts: Sequence[str], role: Role) -> list[int]:
        """Return each text's tokens, with prefix and special tokens, before truncation."""
        tokenizer = self._model.tokenizer
        prompt = self.prompt(role)
        with quiet_transformers():  # it warns of texts that will be cut
            return [len(ids) for ids in tokenizer([prompt + text for text in texts])["input_ids"]]

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """Return L2-normalised vectors, float32, shape (n, dim)."""
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        # Texts of like length together: a batch is padded to its longest.
        order = np.argsort([len(text) for text in texts], kind="stable")[::-1]
        with Progress(transient=True, disable=not self.progress) as bar:
            task = bar.add_task("Encoding texts", total=len(texts))
            for start in range(0, len(texts), self.batch_size):
                rows = order[start : start + self.batch_size]
                vectors[rows] = self._model.encode(
                    [texts[row] for row in rows],
                    prompt=self.prompt(role),
                    batch_size=self.batch_size,
                    show_progress_bar=False,
                    normalize_embeddings=True,
                )
                bar.advance(task, len(rows))
        return vectors
