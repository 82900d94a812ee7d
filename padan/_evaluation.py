"""How good a recommender is, and whether another one is better by more than chance."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Sequence
from pathlib import Path

from evaluation.comparison import Comparison
from evaluation.entrants import TRAIN
from evaluation.evaluate import Evaluation
from evaluation.judge import BASELINES, DRAWS, Judge


def evaluate(
    data: str | Path,
    entrants: Sequence[str] = (TRAIN, *BASELINES),
    *,
    since: dt.datetime | None = None,
    encoder: str | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Measure the first entrant in full, and compare the others with it.

    Parameters
    ----------
    data : path
        Dataset directory.
    entrants : sequence of str
        'train' (ours, trained on the past), 'popularity', 'regional-popularity', a bundle, a run file, or
        'file.py:Class'; see `evaluation.entrants`.
    since : datetime, optional
        First moment of the test (UTC); by default the last tenth of the events is the test.

    Raises
    ------
    EntrantError
        If an entrant cannot be judged; the message says why.
    """
    return Judge(Path(data), since, encoder, draws, seed).evaluate(entrants)


def compare(
    data: str | Path,
    entrants: Sequence[str],
    *,
    since: dt.datetime | None = None,
    encoder: str | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Comparison:
    """Compare entrants with the first one, paired by person, on every metric and slice.

    The parameters are those of `evaluate`. What speaks for a leak is given as a warning.
    """
    comparison, suspicions = Judge(Path(data), since, encoder, draws, seed).compare(entrants)
    for suspicion in suspicions:
        warnings.warn(f"suspicion of a leak: {suspicion}", stacklevel=2)
    return comparison
