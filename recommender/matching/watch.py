"""How whoever waits for an allocation hears of it, and has it end early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recommender.matching.auction import Stop, never


class StoppedError(Exception):
    """It was stopped before there was anything to decide."""


def keep_silent(stage: str, share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Watch:
    """What is asked and told on the way.

    Attributes
    ----------
    stop : callable
        Whether to end with the best so far.
    tell : callable
        Takes the stage, and the share of it that is done.
    """

    stop: Stop = never
    tell: Callable[[str, float], None] = keep_silent


UNWATCHED = Watch()
