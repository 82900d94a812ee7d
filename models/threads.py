"""The same work on many parts at once: NumPy, SciPy, FAISS and LightGBM let go of Python's lock as they count."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


def each(work: Callable[[Part], Result], parts: Iterable[Part], threads: int = 0) -> list[Result]:
    """Return ``work`` of every part, in their order.

    Parameters
    ----------
    threads : int
        Parts worked on at once; 0 for as many as there are cores.
    """
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        return list(pool.map(work, parts))
