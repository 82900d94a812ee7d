"""How steady a core is while something is measured on it: how long the same piece of work takes, again and again.

Cores of shared machines are up to twice as slow at one moment as at another, without anything of it being seen as
stolen time. A service's slowest answers are then the host's; so what was measured on an unsteady core is measured
again.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final, Generic, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

Result = TypeVar("Result")

STEPS: Final = 8_000  # of one piece of work, some tenths of a millisecond
PAUSE_SECONDS: Final = 0.04  # between pieces: the watch takes a hundredth of the core
SLOW: Final = 1.25  # times as long as the quickest twentieth
STEADY: Final = 0.05  # the largest share of the time in slow pieces


@dataclass(frozen=True)
class Repeated(Generic[Result]):
    """What was measured again and again, and how the core was meanwhile.

    Attributes
    ----------
    results : list
        Of every time.
    slow : list of float
        The share of each time that the core was slow for.
    counted : list of int
        The steadiest times.
    """

    results: list[Result]
    slow: list[float]
    counted: list[int]

    @property
    def steadiest(self) -> list[Result]:
        """The results that count."""
        return [self.results[number] for number in self.counted]


class Watch:
    """A process on the watched core that does a piece of work now and then."""

    def __init__(self, asked: IO[str], told: IO[str]) -> None:
        self._asked = asked
        self._told = told
        self._seen: list[NDArray[np.float64]] = []

    def look(self) -> NDArray[np.float64]:
        """Return the processor's seconds for each piece of work since the last look."""
        self._asked.write("\n")
        self._asked.flush()
        self._seen.append(np.array(orjson.loads(self._told.readline()), dtype=float))
        return self._seen[-1]

    def repeat(self, measure: Callable[[], Result], wanted: int, most: int) -> Repeated[Result]:
        """Measure until the core was steady so many times, at most ``most`` times; the steadiest are to count."""
        self.look()
        results: list[Result] = []
        looks: list[NDArray[np.float64]] = []
        slow: list[float] = []
        while len(results) < most and sum(share <= STEADY for share in slow) < wanted:
            results.append(measure())
            looks.append(self.look())
            slow = [slow_share(look, self.quick) for look in looks]
        counted = sorted(np.argsort(slow, kind="stable")[:wanted].tolist())
        return Repeated(results, slow, counted)

    @property
    def quick(self) -> float:
        """Seconds of quick pieces of all that were seen."""
        return float(np.quantile(np.concatenate(self._seen), 0.05))


def slow_share(took: NDArray[np.float64], quick: float) -> float:
    """Return the share of the time that was spent in slow pieces; 0 where there are none at all."""
    total = took.sum()
    return float(took[took > SLOW * quick].sum() / total) if total else 0.0


@contextmanager
def watch_core(core: int) -> Iterator[Watch]:
    """Watch a core until the block ends."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603
        os.sched_setaffinity(process.pid, [core])
        with process.stdin as asked, process.stdout as told:  # type: ignore[union-attr]
            yield Watch(asked, told)


def main() -> None:
    """Work now and then; for each line that comes, write how long the pieces took, as JSON."""
    took: list[float] = []
    while True:
        if not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
            took.append(_work())
        elif sys.stdin.readline():
            sys.stdout.write(orjson.dumps(took).decode() + "\n")
            sys.stdout.flush()
            took = []
        else:
            return


def _work() -> float:
    """Return the processor's seconds for one piece of work: what other programs on the core take is not in it."""
    start = time.thread_time()
    total = 0
    for step in range(STEPS):
        total += step * step
    return time.thread_time() - start


if __name__ == "__main__":
    main()
