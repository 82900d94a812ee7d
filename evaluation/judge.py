"""Entrants judged on a dataset, from its folder to figures: what `padan evaluate` and `padan compare` do."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.comparison import Comparison
from evaluation.curves import learning_curve
from evaluation.cutoff import task_from_dataset, write_past
from evaluation.entrants import TRAIN, TrainBundle, rank_entrant, rank_entrants
from evaluation.evaluate import Evaluation, compare_entrants, evaluate, suspicions
from evaluation.task import Task
from models.text.teacher import open_teacher
from recommender.training.train import train
from store.erasure import open_without_erased
from training_data.home import padan_home
from training_data.references import require_trainings, require_usable_events

BASELINES = ("popularity", "regional-popularity")
DRAWS = 1000  # of the bootstrap


@dataclass(frozen=True)
class Judge:
    """A dataset cut at one moment, and how entrants are trained and measured on it.

    Attributes
    ----------
    data : Path
        Dataset directory; who was erased from the store is left out.
    since : datetime, optional
        First moment of the test (UTC); by default the last tenth of the events is the test.
    encoder : str, optional
        Text encoder for the entrant 'train'; by default the installed one.
    draws : int
        Bootstrap draws.
    seed : int
        Everything random follows from it.
    """

    data: Path
    since: dt.datetime | None = None
    encoder: str | None = None
    draws: int = DRAWS
    seed: int = 0

    def open_task(self) -> Task:
        """Cut the dataset.

        Raises
        ------
        DatasetError
            There is no training, or of all events none is of a known training and person.
        """
        dataset = open_without_erased(self.data)
        require_trainings(dataset)
        require_usable_events(dataset)
        since = None if self.since is None else self.since.replace(tzinfo=dt.UTC)
        return task_from_dataset(dataset, since=since, seed=self.seed)

    def evaluate(
        self, entrants: Sequence[str] = (TRAIN, *BASELINES), *, curve: bool = False
    ) -> Evaluation:
        """Measure the first entrant in full, and compare the others with it.

        Parameters
        ----------
        curve : bool
            Train the first entrant on parts of the past, too.

        Raises
        ------
        EntrantError
            See `evaluation.entrants.rank_entrant`.
        """
        task, rankings = rank_entrants(entrants, self.open_task(), self._train)
        learning = None
        if curve:
            learning = learning_curve(
                task,
                lambda part: rank_entrant(entrants[0], task, self._train, learn_from=part),
                rankings[0],
                draws=self.draws,
                seed=self.seed,
            )
        return evaluate(task, rankings, learning=learning, draws=self.draws, seed=self.seed)

    def compare(self, entrants: Sequence[str]) -> tuple[Comparison, list[str]]:
        """Compare entrants with the first one; return what speaks for a leak beside."""
        task, rankings = rank_entrants(entrants, self.open_task(), self._train)
        comparison = compare_entrants(task, rankings, draws=self.draws, seed=self.seed)
        return comparison, suspicions(task, rankings)

    @property
    def _train(self) -> TrainBundle:
        """What trains a bundle on the past of a task; the past itself is not kept."""
        home = padan_home()

        def train_on(task: Task) -> Path:
            teacher = open_teacher(home, self.encoder)
            with tempfile.TemporaryDirectory() as folder:
                past = write_past(task, Path(folder) / "past")
                manifest = train(past, teacher, home, task.border.date(), self.seed)
            return home / "bundles" / manifest.version

        return train_on
