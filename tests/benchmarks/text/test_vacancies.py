"""Vacancies by trainings: agreement on a known case, and the fields of the real texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.text.vacancies import K, RetrievalTask
from benchmarks.text.vacancy_data import Labelled, fields, load_trainings, load_vacancies


def labelled(columns: list[int], width: int = 2) -> Labelled:
    names = [f"text {row}" for row in range(len(columns))]
    return Labelled(names, [""] * len(names), np.eye(width, dtype=bool)[columns])


def test_agreement_is_the_share_of_the_ten_best_of_the_querys_field() -> None:
    pool = labelled([0] * 12 + [1] * 10)
    best_are_last = np.tile(np.arange(22, dtype=np.float32), (2, 1))
    best_are_last[:, 3] = 99
    found = RetrievalTask("", labelled([0, 1]), pool).agreement(lambda *_: best_are_last)
    assert found.tolist() == [0.1, 0.9]


def test_a_field_with_too_few_texts_in_the_pool_is_not_asked_for() -> None:
    pool = labelled([0] * K + [1] * (K - 1))
    scores = np.zeros((2, len(pool.titles)), dtype=np.float32)
    assert len(RetrievalTask("", labelled([0, 1]), pool).agreement(lambda *_: scores)) == 1


def test_halves_share_no_title_and_lose_none(shared_data: Path) -> None:
    trainings = load_trainings(shared_data / "catalogue")
    halves = [set(trainings.hold_out(half).titles) for half in (False, True)]
    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == set(trainings.titles)


def test_a_training_labelled_by_hand_has_its_field(shared_data: Path) -> None:
    trainings = load_trainings(shared_data / "catalogue")
    it = list(fields()).index("it")
    golang = trainings.titles.index("Fundamental Back-End Engineer with Golang")
    assert trainings.fields[golang].tolist() == (np.arange(len(fields())) == it).tolist()


def test_a_vacancys_field_is_its_advertisers(shared_data: Path) -> None:
    jobstreet = load_vacancies(shared_data / "vacancies")["JobStreet"]
    raw = pl.read_csv(
        shared_data / "vacancies" / "jobstreet_alterra_7617.csv", infer_schema_length=0
    )
    title, of_it = jobstreet.titles[0], list(fields()).index("it")
    chosen = raw.filter(pl.col("Job Title") == title)["Job Classification"][0]
    belongs = chosen in fields()["it"]["jobstreet"]
    assert jobstreet.fields[0, of_it] == belongs
