"""What is measured of a service: rounds of its maximum and of a share of that, and an overload."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.serve.checks import Permitted
from benchmarks.serve.load import Heard, Measured
from benchmarks.serve.process import Served

SHARE: Final = 0.7  # of the maximum
OVERLOAD: Final = 3.0  # times the maximum
SOON_SECONDS: Final = 0.25  # within which answers come again after an overload

Figures = dict[str, float]


@dataclass(frozen=True)
class Lengths:
    """Seconds of each phase."""

    full_speed: float = 15.0  # in all rounds together
    at_share: float = 20.0  # in all rounds together
    overload: float = 60.0
    after: float = 10.0


LONG: Final = Lengths()
SHORT: Final = Lengths(full_speed=7.5, at_share=6.0, overload=8.0, after=6.0)


@dataclass(frozen=True)
class Round:
    """The framework and the service in turn, as hosts are faster at one time than at another.

    Attributes
    ----------
    bare, constant, ours : dict
        At full speed: a bare answer, the constant list, the service.
    calm : Measured
        The service at `SHARE` of the maximum that it had just then.
    simple : int
        How many of the service's lists were simple ones.
    """

    bare: Figures
    constant: Figures
    ours: Figures
    calm: Measured
    simple: int


@dataclass(frozen=True)
class Overload:
    """The service at `OVERLOAD` times its maximum, and the seconds until it was as before."""

    over: Measured
    simple: int
    recovery: int


@dataclass(frozen=True)
class Phases:
    """How a service and the framework are measured."""

    framework: Served
    bare: bytes
    constant: bytes
    service: Served
    requests: list[bytes]
    permitted: Permitted
    rng: np.random.Generator

    def round(self, full_speed: float, at_share: float) -> Round:
        """Measure the maxima, so many seconds each, then the service at a share of its own."""
        before, heard = self.permitted.degraded, self.permitted.heard
        bare = at_full_speed(self.framework, [self.bare], full_speed)
        constant = at_full_speed(self.framework, [self.constant], full_speed)
        ours = at_full_speed(self.service, self.requests, full_speed, heard)
        rate = SHARE * ours["requests_a_second"]
        calm = self.service.rate(self.requests, rate, at_share, self.rng, heard)
        return Round(bare, constant, ours, calm, self.permitted.degraded - before)

    def overload(self, most: float, seconds: float, after: float) -> Overload:
        """Ask for more than the maximum ``most`` so long, then for half of it."""
        before, heard = self.permitted.degraded, self.permitted.heard
        began = time.monotonic()
        over = self.service.rate(self.requests, OVERLOAD * most, seconds, self.rng, heard)
        draining = time.monotonic() - began - seconds
        simple = self.permitted.degraded - before
        left = self.service.rate(self.requests, most / 2, after, self.rng, heard)
        bad = (left.status != 200) | (left.seconds > SOON_SECONDS)
        return Overload(over, simple, int(np.ceil(draining + left.due[bad].max(initial=0.0))))


def at_full_speed(
    served: Served, requests: list[bytes], seconds: float, heard: Heard | None = None
) -> Figures:
    """Measure the maximum, and the processor's time for each answer, which other programs disturb less."""
    before = served.processor_seconds()
    measured = served.full_speed(requests, seconds, heard)
    spent = served.processor_seconds() - before
    answered = int((measured.status == 200).sum())
    if not answered:
        raise RuntimeError(f"no answer but of status {np.unique(measured.status).tolist()}")
    return figures(measured) | {"processor_ms": round(1000 * spent / answered, 3)}


def figures(measured: Measured) -> Figures:
    """Return what is shown of a measurement."""
    return {
        "requests_a_second": round(measured.rate(), 1),
        "p50_ms": round(measured.milliseconds(0.5), 2),
        "p99_ms": round(measured.milliseconds(0.99), 2),
    }
