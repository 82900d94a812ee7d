"""Seconds and peak memory of the steps of training."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from models.bundles.training_report import StepCost

STATUS: Final = Path("/proc/self/status")
CLEAR: Final = Path("/proc/self/clear_refs")


@dataclass
class _Cost:
    seconds: float = 0.0
    peak_mb: float = 0.0


@dataclass
class Costs:
    """What steps took, by name; one that is done several times is summed, and one within another counts in both."""

    _by_step: dict[str, _Cost] = field(default_factory=dict)
    _open: list[_Cost] = field(default_factory=list)

    @contextmanager
    def measure(self, step: str) -> Iterator[None]:
        """Measure what is done inside."""
        self._note_peak()
        cost = self._by_step.setdefault(step, _Cost())
        self._open.append(cost)
        began = time.monotonic()
        try:
            yield
        finally:
            cost.seconds += time.monotonic() - began
            self._note_peak()
            self._open.pop()

    def list(self) -> list[StepCost]:
        """Return the cost of each step, in the order in which they began."""
        return [
            StepCost(step=name, seconds=round(cost.seconds, 3), peak_mb=round(cost.peak_mb))
            for name, cost in self._by_step.items()
        ]

    def _note_peak(self) -> None:
        """Count the peak since the last call to all steps that are under way; begin anew."""
        peak = read_peak_mb()
        for cost in self._open:
            cost.peak_mb = max(cost.peak_mb, peak)
        if CLEAR.exists():
            CLEAR.write_text("5")  # proc(5): the peak begins anew at what is held now


def read_peak_mb() -> float:
    """Return the most memory the process has held, in 10**6 bytes; on Linux since `Costs` last asked."""
    if STATUS.exists():
        lines = STATUS.read_text().splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
        return kilobytes * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
