from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.evaluation.coco import write_dataset
from evaluation.cutoff import task_from_dataset


def test_coco_becomes_a_dataset_that_can_be_judged_on(shared_data: Path, tmp_path: Path) -> None:
    coco = shared_data / "interactions" / "coco"
    if not coco.is_dir():
        pytest.skip(f"no COCO at {coco}")
    dataset = write_dataset(coco, tmp_path / "coco")
    sizes = {name: len(dataset.read(name)) for name in dataset.tables()}
    assert sizes == {"courses": 8_196, "participants": 24_036, "interactions": 159_664}
    courses = dataset.read("courses")
    assert courses["category"].null_count() < 100
    task = task_from_dataset(dataset)
    assert len(task.people) == 24_036
    assert 0.05 < task.truth.sizes.sum() / 159_664 < 0.1
    assert task.read_permitted(slice(0, 10)).mean() > 0.99
