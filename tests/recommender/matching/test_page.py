"""The officer's page: what it says is in the tables, and nothing is loaded or run."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from benchmarks.matching.worlds import make_large_world
from recommender.matching.allocation import Aim, allocate
from recommender.matching.case import Case
from recommender.matching.outcome import Outcome, describe
from recommender.matching.page import WORDS, render
from recommender.matching.problem import Bound
from tests.recommender.matching.cases import build_limits

PEOPLE = 300


@pytest.fixture(scope="module")
def case() -> Case:
    problem = make_large_world(PEOPLE, 12, 6, seed=2)
    offered = np.full(PEOPLE, -1, dtype=np.int32)
    offered[:9] = problem.classes[problem.starts[:9]]
    bound = Bound("bounds.0", np.arange(PEOPLE) < 60, floor=55)
    return Case(
        tuple(f"<b>{number}" for number in range(PEOPLE)),
        tuple(f"class {number}" for number in range(12)),
        replace(problem, bounds=(bound,)),
        problem.values,
        np.zeros(PEOPLE, dtype=np.int64),
        np.full((PEOPLE, 1), -1, dtype=np.int32),
        offered,
        build_limits(np.column_stack([np.arange(12)] * 3), PEOPLE),
    )


@pytest.fixture(scope="module")
def outcome(case: Case) -> Outcome:
    return describe(case, allocate(case.problem, Aim(method="exact")))


def test_the_page_tells_the_figures_of_the_tables(outcome: Outcome) -> None:
    page = render(outcome)
    assert f"<b>{outcome.summary['served']}</b>of 300 people have a seat" in page
    assert '<td>bounds.0</td><td class="number">55</td>' in page
    dearest = outcome.classes.sort("price", descending=True)["class_id"][0]
    assert f"<td>{dearest}</td>" in page
    assert "Stopped before" not in page


def test_the_page_speaks_indonesian(outcome: Outcome) -> None:
    page = render(outcome, "id")
    served, share = outcome.summary["served"], f"{outcome.summary['gap']:.2%}"
    assert '<html lang="id">' in page
    assert f"<b>{served}</b>dari 300 orang mendapat kursi" in page
    assert f"<b>{share.replace('.', ',')}</b>" in page
    assert "people" not in page.partition("<body>")[2]


def test_every_word_of_the_page_is_there_in_each_language() -> None:
    words = tomllib.loads(
        (resources.files("recommender.matching") / WORDS).read_text(encoding="utf-8")
    )
    assert words.keys() == {"en", "id"}
    assert words["en"].keys() == words["id"].keys()


def test_ids_are_escaped_and_nothing_is_loaded(outcome: Outcome) -> None:
    page = render(outcome)
    assert "&lt;b&gt;" in page
    assert "<b>0<" not in page
    assert "<script" not in page
    assert "http://" not in page


def test_a_stopped_search_is_said(case: Case) -> None:
    stopped = allocate(replace(case.problem, bounds=()), Aim(method="auction"), stop=lambda: True)
    told = describe(replace(case, problem=replace(case.problem, bounds=())), stopped)
    assert "Stopped before the gap was reached" in render(told)


def test_everybody_stands_in_one_table_with_a_reason_that_is_so(
    case: Case, outcome: Outcome
) -> None:
    given, without = outcome.assignments, outcome.unserved
    assert sorted([*given["participant_id"], *without["participant_id"]]) == sorted(
        case.participant_ids
    )
    price = dict(outcome.classes.select("class_id", "price").iter_rows())
    fit = {
        (case.participant_ids[person], case.class_ids[class_]): value
        for person, class_, value in zip(
            case.problem.people.tolist(),
            case.problem.classes.tolist(),
            case.fits.tolist(),
            strict=True,
        )
    }
    members = {*case.participant_ids[:60]}
    rate = outcome.bounds["price"][0]
    for row in without.iter_rows(named=True):
        lift = rate if row["participant_id"] in members else 0.0
        lacks = {
            class_: price[class_] - value - lift
            for (person, class_), value in fit.items()
            if person == row["participant_id"]
        }
        assert row["missing"] == pytest.approx(max(0.0, min(lacks.values())), abs=2e-3)
        assert lacks[row["class_id"]] == pytest.approx(min(lacks.values()), abs=2e-3)
    kept = given.filter(status="stayed").height + given.filter(status="moved").height
    assert 0 < kept <= 9
