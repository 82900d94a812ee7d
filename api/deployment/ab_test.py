"""A/B tests: who gets the candidate bundle, decided by a hash, so that it is the same in every process."""

from __future__ import annotations

import hashlib
from typing import Literal

Arm = Literal["control", "candidate"]
SIZE = 2**64


def assign_arm(subject: str, experiment: str, share: float) -> Arm:
    """Return somebody's arm: the same for good, and still the candidate's when the share grows.

    Parameters
    ----------
    subject : str
        The salted hash under which the store names the person.
    experiment : str
        Other experiments divide people independently.
    share : float
        Of the candidate, from 0 to 1.
    """
    digest = hashlib.sha256(f"{experiment}:{subject}".encode()).digest()
    return "candidate" if int.from_bytes(digest[:8]) < share * SIZE else "control"
