from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli import evaluate as commands
from evaluation.entrants import EntrantError, Rankings, _hold_to_past
from evaluation.runs import write_run
from evaluation.task import Task
from models.bundles.sealing import Manifest
from training_data.dataset import Dataset

pytestmark = pytest.mark.integration

POPULARITY = "models.candidates.popularity:Popularity"
OWN = "examples/own_model.py:NextByCount"


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    for command in (commands.evaluate, commands.compare, commands.split):
        app.command(command.__name__)(command)
    return app


def test_evaluate_writes_the_report(app: typer.Typer, dataset: Dataset, tmp_path: Path) -> None:
    report = tmp_path / "reports" / "own.html"
    options = ["--data", str(dataset.folder), "--draws", "100", "--report", str(report)]
    result = CliRunner().invoke(app, ["evaluate", OWN, *options, "--learning-curve"])
    assert result.exit_code == 0, result.output
    assert "Would more data help" in report.read_text(encoding="utf-8")
    assert report.with_suffix(".json").is_file()


def test_compare_prints_verdicts(app: typer.Typer, dataset: Dataset) -> None:
    options = ["--data", str(dataset.folder), "--draws", "100"]
    result = CliRunner().invoke(app, ["compare", POPULARITY, OWN, *options])
    assert result.exit_code == 0, result.output
    assert "Compared with Popularity" in result.output


def test_compare_warns_of_a_run_that_saw_the_test(
    app: typer.Typer, dataset: Dataset, task: Task, leaky: Rankings, tmp_path: Path
) -> None:
    run = tmp_path / "leaky.parquet"
    people, courses = task.profiles["participant_id"], task.catalogue.table["course_id"]
    write_run(run, leaky.ranked, leaky.scores, people, courses)
    options = ["--data", str(dataset.folder), "--draws", "100"]
    result = CliRunner().invoke(app, ["compare", POPULARITY, str(run), *options])
    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    assert "Suspicion of a leak: leaky: ndcg@10 of" in text
    assert "it has seen their test events" in text


def test_unusable_input_ends_with_one_line(app: typer.Typer, dataset: Dataset) -> None:
    result = CliRunner().invoke(app, ["compare", "a", "b", "--data", str(dataset.folder)])
    assert result.exit_code == 2
    assert result.output.startswith("padan: a: neither a bundle, a run file nor a config")
    result = CliRunner().invoke(app, ["compare", "a", "b", "--data", "nowhere"])
    assert result.exit_code == 2
    assert "no dataset here" in result.output


def test_split_writes_the_past(app: typer.Typer, dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "past"
    options = ["--data", str(dataset.folder), "--out", str(out), "--since", "2024-07-01"]
    result = CliRunner().invoke(app, ["split", *options])
    assert result.exit_code == 0, result.output
    assert str(Dataset.open(out).read("interactions")["at"].max()) < "2024-07-01"


@pytest.mark.parametrize("before", [dt.timedelta(0), dt.timedelta(days=-30)])
def test_a_bundle_that_saw_the_test_is_refused(task: Task, before: dt.timedelta) -> None:
    with pytest.raises(EntrantError, match=r"learnt from events up to .* has seen"):
        _hold_to_past(made_of_events_up_to(task.border - before), task)


@pytest.mark.parametrize("before", [dt.timedelta(seconds=1), dt.timedelta(days=30)])
def test_a_bundle_of_the_past_is_judged(task: Task, before: dt.timedelta) -> None:
    _hold_to_past(made_of_events_up_to(task.border - before), task)


def test_a_bundle_without_events_is_judged(task: Task) -> None:
    _hold_to_past(made_of_events_up_to(None), task)


def made_of_events_up_to(newest: dt.datetime | None) -> Manifest:
    return Manifest(
        version="ab12",
        created_on="2024-10-01",
        programme="",
        regions="",
        encoder="",
        data="",
        newest_event=newest,
        simulated=True,
        objective={},
        metrics={},
        parts={},
    )
