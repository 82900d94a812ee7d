"""One way to bring a word or phrase to a comparable form."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=10_000)
def normalise(phrase: str) -> str:
    """Lower-case, without accents, punctuation as spaces, single spaces.

    ``+`` and ``#`` stay: C++ and C# are not C.
    """
    plain = unicodedata.normalize("NFKD", phrase.casefold())
    kept = (c if c.isalnum() or c in "+#" else " " for c in plain if not unicodedata.combining(c))
    return " ".join("".join(kept).split())
