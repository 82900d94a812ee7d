from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evaluation.curves import learning_curve
from evaluation.entrants import POOL, EntrantError, Rankings, rank_entrant
from evaluation.evaluate import Evaluation, evaluate
from evaluation.report import render, write_report
from evaluation.runs import write_run
from evaluation.task import Task

POPULARITY = "models.candidates.popularity:Popularity"
OWN = "examples/own_model.py:NextByCount"


def no_training(_: Task) -> Path:
    raise AssertionError("nothing is to be trained here")


@pytest.fixture(scope="module")
def entrants(task: Task) -> list[Rankings]:
    return [rank_entrant(name, task, no_training) for name in (POPULARITY, OWN)]


@pytest.fixture(scope="module")
def evaluation(task: Task, entrants: list[Rankings]) -> Evaluation:
    learning = pl.DataFrame({"share": [0.5, 1.0], "mean": [0.1, 0.2], "low": 0.1, "high": 0.2})
    return evaluate(task, entrants, learning=learning, draws=100)


def test_rankings_are_permitted_and_padded(task: Task, entrants: list[Rankings]) -> None:
    for rankings in entrants:
        assert rankings.ranked.shape == rankings.scores.shape == (len(task.people), POOL)
        padding = rankings.ranked < 0
        assert np.isneginf(rankings.scores[padding]).all()


def test_a_run_file_gives_the_same_rankings(
    task: Task, entrants: list[Rankings], tmp_path: Path
) -> None:
    rankings = entrants[0]
    path = tmp_path / "popularity.parquet"
    falling = np.tile(-np.arange(POOL, dtype=np.float64), (len(task.people), 1))
    people, courses = task.profiles["participant_id"], task.catalogue.table["course_id"]
    write_run(path, rankings.ranked, falling, people, courses)
    again = rank_entrant(str(path), task, no_training)
    np.testing.assert_array_equal(again.ranked, rankings.ranked)
    assert again.name == "popularity"


def test_a_trec_run_gives_the_same_rankings(
    task: Task, entrants: list[Rankings], tmp_path: Path
) -> None:
    people, courses = task.profiles["participant_id"], task.catalogue.table["course_id"]
    path = tmp_path / "popularity.run"
    path.write_text(
        "".join(
            f"{people[row]} Q0 {courses[int(item)]} {place + 1} {-place} popularity\n"
            for row, items in enumerate(entrants[0].ranked)
            for place, item in enumerate(items[items >= 0])
        )
    )
    np.testing.assert_array_equal(
        rank_entrant(str(path), task, no_training).ranked, entrants[0].ranked
    )


def test_a_config_gives_the_parameters_of_a_class(task: Task, tmp_path: Path) -> None:
    path = tmp_path / "shrunk.toml"
    path.write_text(f'class = "{POPULARITY}"\n[parameters]\nshrinkage = 200.0\n')
    rankings = rank_entrant(str(path), task, no_training)
    regional = rank_entrant("regional-popularity", task, no_training)
    np.testing.assert_array_equal(rankings.ranked, regional.ranked)
    assert (rankings.name, rankings.fingerprint[:7]) == ("shrunk", "sha256 ")
    for text in ("[parameters]", f'class = "{POPULARITY}"\nsize = 3', "class ="):
        path.write_text(text)
        with pytest.raises(EntrantError, match=r"shrunk\.toml: .*a config has the key 'class'"):
            rank_entrant(str(path), task, no_training)


def test_strange_entrants_are_refused(task: Task, tmp_path: Path) -> None:
    with pytest.raises(EntrantError, match="neither a bundle, a run file nor a config"):
        rank_entrant("nowhere", task, no_training)
    with pytest.raises(EntrantError, match="has no class Nobody"):
        rank_entrant("examples/own_model.py:Nobody", task, no_training)
    with pytest.raises(EntrantError, match="no module nowhere"):
        rank_entrant("nowhere.at.all:Model", task, no_training)
    run = tmp_path / "odd.parquet"
    pl.DataFrame({"user": ["x"], "item": ["y"], "score": [1.0]}).write_parquet(run)
    with pytest.raises(EntrantError, match=r"odd\.parquet: the run has none of the users"):
        rank_entrant(str(run), task, no_training)


def test_headline_has_every_metric_with_an_interval(evaluation: Evaluation) -> None:
    table = evaluation.headline
    names = {name.split("@")[0] for name in table["metric"]}
    assert names == {
        *("ndcg", "recall", "precision", "map", "mrr", "hit_rate"),
        *("diversity", "novelty", "serendipity", "miscalibration", "balance_regret"),
    }
    assert (table["low"] <= table["mean"]).all()
    assert (table["mean"] <= table["high"]).all()


def test_no_list_is_against_the_rules(evaluation: Evaluation) -> None:
    assert evaluation.catalogue["constraint_violations"] == 0


def test_a_list_against_the_rules_is_counted(task: Task, entrants: list[Rankings]) -> None:
    refused = np.array(
        [np.flatnonzero(~task.read_permitted(slice(i, i + 1))[0])[0] for i in range(9)]
    )
    ranked = entrants[0].ranked.copy()
    ranked[:9, 0] = refused
    broken = Rankings("broken", ranked, entrants[0].scores, "")
    assert evaluate(task, [broken], draws=100).catalogue["constraint_violations"] == 9


def test_a_run_that_saw_the_test_is_warned_of_wherever_it_stands(
    task: Task, entrants: list[Rankings], leaky: Rankings
) -> None:
    warnings = evaluate(task, [entrants[0], leaky], draws=100).warnings
    assert len(warnings) == 1
    assert re.match(r"leaky: ndcg@10 of .* has seen their test events", warnings[0])


def test_diversity_costs_nothing_at_full_relevance(evaluation: Evaluation) -> None:
    curve = evaluation.curve
    assert curve["relevance_weight"][0] == 1
    assert curve["diversity"][-1] > curve["diversity"][0]
    assert curve["ndcg"][0] == pytest.approx(
        evaluation.headline.filter(metric="ndcg@10")["mean"][0], abs=1e-9
    )


def test_learning_curve_ends_with_the_whole(task: Task, entrants: list[Rankings]) -> None:
    curve = learning_curve(
        task,
        lambda part: rank_entrant(OWN, task, no_training, learn_from=part),
        entrants[1],
        draws=100,
    )
    assert curve["share"].to_list() == [0.1, 0.25, 0.5, 1.0]
    assert curve["mean"][0] < curve["mean"][-1]
    with pytest.raises(EntrantError, match="have a learning curve"):
        rank_entrant("examples", task, no_training, learn_from=task)


def test_entrants_of_one_name_are_refused(task: Task, entrants: list[Rankings]) -> None:
    with pytest.raises(EntrantError, match="two entrants have one name"):
        evaluate(task, [entrants[0], entrants[0]], draws=100)


def test_every_region_has_a_place_on_the_map(evaluation: Evaluation) -> None:
    assert len(evaluation.regions) == 514
    assert evaluation.regions["latitude"].null_count() == 0


def test_supply_of_the_lowest_regions_lies_within_those_above(evaluation: Evaluation) -> None:
    assert evaluation.supply.columns == ["region", "topic", "users", "poor"]
    assert evaluation.local_supply.columns == ["above", "region", "topic", "users", "poor"]
    for table in (evaluation.supply, evaluation.local_supply):
        assert (table["users"] >= 10).all()
        assert table["poor"].is_between(0, 1).all()
    wide = evaluation.supply.select("topic", pl.col("region").alias("above"), "users")
    both = evaluation.local_supply.join(wide, on=["above", "topic"], suffix="_above")
    assert (both["users"] < both["users_above"]).all()


def test_worst_cases_hold_nothing_that_names_a_person(task: Task, evaluation: Evaluation) -> None:
    text = json.dumps(evaluation.worst)
    assert evaluation.worst
    assert not any(person in text for person in task.profiles["participant_id"])
    assert "disability" not in text
    assert "region" not in text


def test_report_is_one_page_that_loads_nothing(evaluation: Evaluation, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    write_report(evaluation, page, "padan evaluate <b>& more</b>")
    html = page.read_text(encoding="utf-8")
    assert "<b>& more" not in html
    assert not re.search(r"<script|@import|https?://", html)
    assert set(re.findall(r"(?:src|href)=\"([^\"]*)\"", html)) == {"data:,"}
    assert html.count('class="place') == 2 * 514
    figures = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert figures["headline"] == evaluation.headline.to_dicts()


def test_titles_are_escaped(evaluation: Evaluation) -> None:
    case = evaluation.worst[0] | {"listed": ["<script>alert(1)</script>"]}
    changed = Evaluation(**{**vars(evaluation), "worst": [case]})
    assert "<script>" not in render(changed, "")


CHROMIUM = shutil.which("chromium")
with_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def opened(page: Path) -> tuple[str, list[str]]:
    """Return the document as Chromium has it, and the lines of its console."""
    quiet = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
    result = subprocess.run(
        [
            str(CHROMIUM),
            *quiet.split(),
            *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
            "--enable-logging=stderr",
            f"--user-data-dir={page.parent / 'profile'}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return result.stdout, [line for line in result.stderr.splitlines() if "CONSOLE" in line]


@with_chromium
def test_report_opens_in_chromium_without_an_error_or_a_request(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    write_report(evaluation, page, "padan evaluate")
    document, console = opened(page)
    assert "<h2>Headline</h2>" in document
    assert console == []  # the page's own policy makes a request an error


@with_chromium
def test_a_request_of_the_report_would_be_seen(evaluation: Evaluation, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    loading = '<img src="https://example.invalid/pixel.png"></main>'
    page.write_text(render(evaluation, "").replace("</main>", loading), encoding="utf-8")
    assert "violates the following Content Security Policy" in opened(page)[1][0]
