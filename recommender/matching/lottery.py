"""A lottery that anybody can verify: one number a person, from a seed that was promised before.

Before, the hashes of the seed and of who takes part are published; afterwards the seed. Whoever has both, and the
ids, finds every number again with a hash function and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

SEED_BYTES: Final = 32


def make_seed() -> str:
    """Return a new seed, 64 hexadecimal digits."""
    return secrets.token_hex(SEED_BYTES)


def hash_seed(seed: str) -> str:
    """Return what is published of the seed before: SHA-256 of its text."""
    return hashlib.sha256(seed.encode()).hexdigest()


def hash_entrants(participant_ids: Sequence[str]) -> str:
    """Return what is published of who takes part: SHA-256 of the sorted ids, each after its length and a colon."""
    digest = hashlib.sha256()
    for name in sorted(participant_ids):
        text = name.encode()
        digest.update(f"{len(text)}:".encode() + text)
    return digest.hexdigest()


def draw(seed: str, participant_id: str) -> str:
    """Return the number of a person: HMAC-SHA256 of the id under the seed, hexadecimal; the least is first."""
    return hmac.new(seed.encode(), participant_id.encode(), hashlib.sha256).hexdigest()


def order_by_lot(seed: str, participant_ids: Sequence[str]) -> NDArray[np.int64]:
    """Return the rows of people in the order of their numbers."""
    numbers = [draw(seed, name) for name in participant_ids]
    return np.argsort(np.array(numbers), kind="stable")
