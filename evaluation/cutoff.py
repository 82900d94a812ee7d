"""Cutting a dataset at one moment, into what models may know and what people took afterwards."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evaluation.metrics import Truth
from evaluation.splits import global_time_split
from evaluation.task import Task
from models.candidates.interactions import Interactions
from recommender.catalogue.catalogue import Catalogue, build_catalogue
from recommender.participants.batch import TAKING
from recommender.training.reference_data import load_reference_data
from training_data.arrays import look_up
from training_data.columns import TABLES, Courses, Participants
from training_data.columns import Interactions as Events
from training_data.dataset import Dataset, DatasetError

C, E, P = Courses, Events, Participants

MAX_PARTICIPANTS = 30_000  # who are ranked


def task_from_dataset(
    dataset: Dataset,
    *,
    since: dt.datetime | None = None,
    test_share: float = 0.1,
    seed: int = 0,
) -> Task:
    """Cut a dataset for evaluation.

    Parameters
    ----------
    dataset : Dataset
    since : datetime (UTC), optional
        The border; where not given, the last ``test_share`` of the events are the test.
    test_share : float
    seed : int
        Draws the sample of people without a target.

    Raises
    ------
    DatasetError
        If nothing was taken before or after the border.
    """
    reference = load_reference_data(dataset)
    catalogue = build_catalogue(
        dataset.read("courses"),
        dataset.read("classes"),
        reference.vocabularies.regions,
        reference.vocabularies.skills,
    )
    events = dataset.read("interactions")
    participants = _with_unlisted(dataset.read("participants"), events)
    taken = _read_taken(events, participants, catalogue)
    if since is None:
        split = global_time_split(taken, (1 - test_share, 0.0, test_share))
        border_second = int(_seconds(taken)[split.test].min()) if len(split.test) else 0
        since = dt.datetime.fromtimestamp(border_second, dt.UTC)
    before = _seconds(taken) < since.timestamp()
    if before.all() or not before.any():
        raise DatasetError(
            f"{dataset.folder}: {int(before.sum())} of {len(taken)} trainings taken lie before "
            f"{since:%Y-%m-%d}; there must be some before and some after ({', '.join(TAKING)})"
        )
    past, future = _first_events(taken.take(before)), taken.take(~before)
    targets = _new_pairs(past, future)
    people = _people(len(participants), np.unique(targets // taken.n_items), seed)
    row_of = np.full(len(participants), -1)
    row_of[people] = np.arange(len(people))
    truth = Truth.from_events(
        row_of[targets // taken.n_items], targets % taken.n_items, len(people)
    )
    known = events.filter(E.at.col < since)
    return Task(dataset, reference, catalogue, since, participants, people, known, past, truth)


def write_past(task: Task, folder: Path) -> Dataset:
    """Write the dataset as it stood before the border, to train on and nothing else.

    Trainings and participants stay: both are known before anybody takes anything. So do the folders
    with rules, regions or skills of the dataset's own.

    Raises
    ------
    DatasetError
        If ``folder`` exists.
    """
    if folder.exists():
        raise DatasetError(f"{folder} is there already: give a new folder")
    shutil.copytree(task.dataset.folder, folder)
    past = Dataset.open(folder)
    past.write("participants", task.participants)
    past.write("interactions", task.events)
    return past


def _read_taken(
    events: pl.DataFrame, participants: pl.DataFrame, catalogue: Catalogue
) -> Interactions:
    rows = events.filter(E.kind.col.cast(pl.String).is_in(TAKING))
    index = {person: row for row, person in enumerate(participants[P.participant_id.name])}
    users = look_up(rows[E.participant_id.name], index.__getitem__)
    items = look_up(rows[E.course_id.name], lambda name: catalogue.index.get(name, -1))
    known = items >= 0
    return Interactions(
        users[known],
        items[known],
        np.ones(int(known.sum()), np.float32),
        len(participants),
        len(catalogue),
        rows[E.at.name].dt.epoch("s").to_numpy()[known],
    )


def _first_events(interactions: Interactions) -> Interactions:
    """Collapse purchase, start, completion and rating of one training into the first of them."""
    order = np.lexsort((_seconds(interactions), interactions.items, interactions.users))
    users, items = interactions.users[order], interactions.items[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (users[1:] != users[:-1]) | (items[1:] != items[:-1])
    return interactions.take(np.sort(order[first]))


def _seconds(interactions: Interactions) -> NDArray[np.int64]:
    """Return the times, which every dataset's events have."""
    return np.asarray(interactions.at, dtype=np.int64)


def _with_unlisted(participants: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Add a row of nulls for those who are in the events only."""
    ids = events[E.participant_id.name].unique().sort().to_frame()
    unlisted = ids.join(participants, on=P.participant_id.name, how="anti")
    if unlisted.is_empty():
        return participants
    empty = TABLES["participants"].create_empty()
    filled = pl.concat([empty, unlisted], how="diagonal").with_columns(
        P.skills.col.fill_null([]),
        P.interests.col.fill_null([]),
        P.groups.col.fill_null([]),
        P.profiling_opt_out.col.fill_null(False),
    )
    return pl.concat([participants, filled.select(participants.columns)])


def _new_pairs(past: Interactions, future: Interactions) -> NDArray[np.int64]:
    """Pairs of the future that are not in the past, as user x N + item."""
    then, before = (x.users.astype(np.int64) * x.n_items + x.items for x in (future, past))
    return np.setdiff1d(then, before)


def _people(n: int, asked: NDArray[np.int64], seed: int) -> NDArray[np.int32]:
    rng = np.random.default_rng(seed)
    if len(asked) > MAX_PARTICIPANTS:
        asked = rng.choice(asked, MAX_PARTICIPANTS, replace=False)
    others = np.setdiff1d(np.arange(n), asked)
    sample = rng.permutation(others)[: MAX_PARTICIPANTS - len(asked)]
    return np.sort(np.concatenate([asked, sample])).astype(np.int32)
