"""The objective: what events are worth is one setting, and reaches the histories and the ranker."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.ranking.additive import AdditiveRanker
from recommender.objective import Objective, ObjectiveError
from tests.recommender.worlds import random_world, table

AT = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def event(kind: str, value: float | None = None, course: str = "c0") -> dict:
    name = f"{kind}{value}{course}"
    return {
        "event_id": name,
        "participant_id": "p0",
        "course_id": course,
        "kind": kind,
        "at": AT,
        "value": value,
    }


def test_a_click_is_worth_less_than_a_purchase_a_completion_and_a_good_rating() -> None:
    events = table(
        "interactions",
        [
            event("impression"),
            event("click"),
            event("purchase", 350_000.0),
            event("start"),
            event("complete", 1.0),
            event("rate", 2.0),
            event("rate", 5.0),
            event("rate"),
        ],
    )
    worth = Objective().worth(events)
    shown, click, purchase, start, complete, bad, good, unsaid = worth.tolist()
    assert shown == 0 < click < purchase < complete < good
    assert purchase == start
    assert complete == bad == unsaid


def test_it_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "objective.toml"
    file.write_text("complete = 3.0\noutcome_share = 0.25\n", encoding="utf-8")
    found = Objective.load(file)
    assert found == Objective(complete=3.0, outcome_share=0.25)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("purchas = 2.0\n", "purchas: .*; the keys are click, purchase"),
        ("outcome_share = 1.5\n", "outcome_share: .*less than or equal to 1"),
        ("click = -1\n", "click: "),
        ("click = \n", "objective.toml: "),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "objective.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ObjectiveError, match=named):
        Objective.load(file)
    with pytest.raises(ObjectiveError, match=r"absent\.toml"):
        Objective.load(tmp_path / "absent.toml")


def test_what_is_worth_nothing_is_in_no_history() -> None:
    world = random_world(3, n_courses=5)
    person = world.participants[0]["participant_id"][0]
    rows = [event("click"), event("purchase", course="c1")]
    world = replace(
        world,
        participants=world.participants.with_columns(profiling_opt_out=False),
        events=table("interactions", [row | {"participant_id": person} for row in rows]),
    )

    def history(objective: Objective) -> dict[int, float]:
        prepared = world.prepare(world.catalogue(), objective)
        mine = prepared.batch.past.histories.take(slice(0, 1))
        return dict(zip(mine.items.tolist(), mine.weights.tolist(), strict=True))

    assert history(Objective(click=0.5, purchase=2.0)) == {0: 0.5, 1: 2.0}
    assert history(Objective(click=0.0)) == {1: 1.0}


@pytest.mark.parametrize(("first", "second"), [(1.0, 3.0), (3.0, 1.0)])
def test_the_ranker_puts_first_what_is_worth_more(first: float, second: float) -> None:
    """One kind of training is bought, another finished; which comes first is the objective's to say."""
    rng = np.random.default_rng(0)
    features = rng.random((6_000, 1), dtype=np.float32)
    labels = np.where(features[:, 0] < 0.1, first, np.where(features[:, 0] > 0.9, second, 0))
    groups = np.full(300, 20)
    ranker = AdditiveRanker(trees=40, min_leaf=20).fit(
        features, labels.astype(np.float32), groups, ["feature"]
    )
    low, middle, high = ranker.score(np.array([[0.05], [0.5], [0.95]], dtype=np.float32))
    assert min(low, high) > middle
    assert (high > low) == (second > first)
