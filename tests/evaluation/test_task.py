from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evaluation.task import Task, task_from_dataset, write_past
from training_data.dataset import Dataset, DatasetError


def owners(task: Task) -> np.ndarray:
    return np.repeat(np.arange(len(task.people)), task.truth.sizes)


def test_past_lies_before_the_border_and_the_truth_after(task: Task) -> None:
    assert (task.past.at < task.border.timestamp()).all()
    assert (task.events["at"] < task.border).all()
    people = task.profiles["participant_id"].gather(owners(task))
    courses = task.catalogue.table["course_id"].gather(task.truth.items)
    later = task.dataset.read("interactions").filter(pl.col("at") >= task.border)
    wanted = pl.DataFrame({"participant_id": people, "course_id": courses})
    assert len(wanted.join(later, on=["participant_id", "course_id"], how="anti")) == 0


def test_what_was_taken_before_is_no_target(task: Task) -> None:
    before = set(zip(task.past.users.tolist(), task.past.items.tolist(), strict=True))
    after = zip(task.people[owners(task)].tolist(), task.truth.items.tolist(), strict=True)
    assert not before & set(after)


def test_a_training_counts_once_for_a_person(task: Task) -> None:
    pairs = np.column_stack([task.past.users, task.past.items])
    assert len(np.unique(pairs, axis=0)) == len(pairs)


def test_masks_do_not_depend_on_the_blocks(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = task.permitted(slice(380, 420))
    monkeypatch.setattr("evaluation.task.BLOCK_CELLS", 400 * len(task.catalogue))
    again = task_from_dataset(task.dataset)
    assert next(iter(again.blocks())) == slice(0, 400)
    np.testing.assert_array_equal(again.permitted(slice(380, 420)), whole)
    assert 0 < whole.mean() < 1


def test_gap_closed_is_a_share(task: Task) -> None:
    closed = task.best_gap_closed
    known = closed[~np.isnan(closed)]
    assert len(known) > 100
    assert ((known >= 0) & (known <= 1 + 1e-6)).all()


def test_the_written_past_holds_nothing_later(task: Task, tmp_path: Path) -> None:
    past = write_past(task, tmp_path / "past")
    assert past.read("interactions")["at"].max() < task.border
    assert past.read("courses").equals(task.dataset.read("courses"))
    assert past.fingerprint() != task.dataset.fingerprint()


def test_a_border_beyond_the_data_is_refused(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="some before and some after"):
        task_from_dataset(dataset, since=dt.datetime(2030, 1, 1, tzinfo=dt.UTC))


def test_people_known_from_events_only_are_added(dataset: Dataset, tmp_path: Path) -> None:
    events_only = Dataset.create(tmp_path / "events", dataset.info)
    events_only.write("courses", dataset.read("courses"))
    events_only.write("interactions", dataset.read("interactions"))
    task = task_from_dataset(events_only)
    assert len(task.participants) == dataset.read("interactions")["participant_id"].n_unique()
    assert (task.truth.sizes > 0).any()
