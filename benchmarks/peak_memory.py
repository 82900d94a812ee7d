"""Seconds and peak memory of a part of a program."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass
class Cost:
    """What a part took.

    Attributes
    ----------
    seconds : float
    peak_mb : float
        Most memory the process held meanwhile, in 10**6 bytes; on systems other than Linux since it began.
    """

    seconds: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def measure_peak() -> Iterator[Cost]:
    """Measure what is done inside; the figures are there at its end."""
    cost = Cost()
    if _CLEAR.exists():
        _CLEAR.write_text("5")  # proc(5): the peak begins anew at what is held now
    began = time.monotonic()
    yield cost
    cost.seconds = time.monotonic() - began
    cost.peak_mb = peak_mb()


def peak_mb() -> float:
    """Return the most memory the process has held, in 10**6 bytes."""
    if _STATUS.exists():
        lines = _STATUS.read_text().splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
        return kilobytes * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
