"""Plans: what is in them can be done in that order by dates, seats, balance and rules, and fits like the list."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from benchmarks.answers.judgements import read_profiles
from recommender.bundle.bundle import Bundle
from recommender.eligibility.exclusion_codes import PASSING_BITS, Exclusion, list_exclusions
from recommender.eligibility.exclusions import find_exclusions, find_participant_exclusions
from recommender.engine import Engine
from recommender.matching.plan import DEFERRABLE, Plan, make_plan
from recommender.messages import Messages
from recommender.participants.prepared import PreparedParticipants
from recommender.responses.plans import PlannedItem, build_plan
from recommender.responses.recommendations import RecommendationList, build_lists
from recommender.settings import CourseFilters, SlateSettings
from tests.free_text import draw_participant
from tests.recommender.worlds import DAY, World, random_world, table
from training_data.profiles import Participant, to_tables
from training_data.simulation import simulate_dataset

EngineOf = Callable[[World], Engine]
EPOCH = dt.date(1970, 1, 1)
TODAY = dt.date.today()


def check_plan(engine: Engine, participant: PreparedParticipants, plan: Plan) -> None:
    """Hold a plan to dates, seats, balance and prerequisites, from the tables of the catalogue."""
    courses = engine.catalogue.table.to_dicts()
    classes = engine.catalogue.classes.to_dicts()
    ids = plan.recommendations.slates.ids[0].tolist()
    bits = find_exclusions(engine.query(participant))[0]
    rules = engine.programme.in_force(participant.day)
    before = rules.registration.closes_days_before if rules.registration else 0
    free_from, done = participant.day, set(participant.batch.past.finished[0].indices.tolist())
    assert len(set(ids)) == len(ids) == len(plan.slots)
    assert plan.spent == sum(courses[one]["price_idr"] for one in ids) <= plan.balance
    for course, slot in zip(ids, plan.slots, strict=True):
        row = courses[course]
        buy, start, end = (EPOCH + dt.timedelta(days=day) for day in slot)
        assert free_from <= buy <= start <= end
        assert row["available_until"] is None or buy <= row["available_until"]
        held = [one for one in classes if one["course_id"] == row["course_id"]]
        if held:
            assert any(
                (one["starts_on"], one["ends_on"]) == (start, end)
                and one["seats_left"] > 0
                and buy <= (one["registration_until"] or start - dt.timedelta(days=before))
                for one in held
            )
        elif row["duration_hours"]:
            assert (end - start).days + 1 >= row["duration_hours"] / 8
        exclusions = list_exclusions(int(bits[course]))
        assert set(exclusions) <= set(DEFERRABLE)
        if Exclusion.PREREQUISITE_MISSING in exclusions:
            needed = set(engine.catalogue.prerequisites[course].indices.tolist())
            assert needed & done or needed <= set(ids)
        done.add(course)
        free_from = end + dt.timedelta(days=1)


@pytest.mark.parametrize("seed", range(12))
def test_plans_of_random_participants_can_be_done_in_their_order(
    seed: int, engine_of: EngineOf
) -> None:
    world = random_world(seed, n_courses=40)
    engine = engine_of(world)
    for row in range(world.participants.height):
        participant = engine.prepare(world.participants[row : row + 1], world.events, DAY)
        for most in (1, 3, 6):
            plan = make_plan(engine, participant, most, CourseFilters())
            assert len(plan.slots) <= most
            check_plan(engine, participant, plan)


@pytest.mark.parametrize(
    "count", [40, pytest.param(1_000, marks=pytest.mark.slow, id="1000 people")]
)
def test_plans_of_simulated_people_can_be_done_and_fit_like_the_list(
    demo_bundle: Bundle, tmp_path: Path, count: int
) -> None:
    simulate_dataset(tmp_path / "people", count, TODAY)
    names = "participants", "interactions"
    tables = [pl.read_parquet(tmp_path / "people" / f"{name}.parquet") for name in names]
    barred, fitting, planned = check_plans(demo_bundle, *tables)
    assert planned > 0.8 * (count - barred) > 0  # most of them may buy nothing any more
    assert planned > 0.8 * fitting > 0


@pytest.mark.parametrize(
    "count", [30, pytest.param(200, marks=pytest.mark.slow, id="all the written people")]
)
def test_plans_of_written_people_can_be_done_and_fit_like_the_list(
    demo_bundle: Bundle, count: int
) -> None:
    """Those of `padan bench answers`, and as many drawn from words, misspelt and with a past."""
    rng = random.Random(count)  # noqa: S311
    written = [profile.person for profile in read_profiles()][:count]
    drawn = [Participant.model_validate(draw_participant(demo_bundle.engine, rng)) for _ in written]
    for people in (written, drawn):
        ids = [str(number) for number in range(len(people))]
        regions = demo_bundle.engine.reader.vocabularies.regions
        barred, fitting, planned = check_plans(demo_bundle, *to_tables(people, ids, regions))
        assert planned > 0.6 * (len(people) - barred) > len(people) / 5
        assert planned > 0.8 * fitting > len(people) / 5


def check_plans(
    bundle: Bundle, participants: pl.DataFrame, events: pl.DataFrame
) -> tuple[int, int, int]:
    """Hold everybody's plan to the rules and to the list.

    Return how many may buy nothing, how many of the others have something in their list that fits, and how many
    have a plan.
    """
    engine, messages = bundle.engine, bundle.messages("id")
    read = engine.prepare(participants, events, TODAY)
    barred = find_participant_exclusions(engine.query(read)) & ~PASSING_BITS
    fitting = planned = 0
    for row in range(len(read)):
        person = read.take(np.array([row]))
        plan = make_plan(engine, person, 3, CourseFilters())
        check_plan(engine, person, plan)
        answer = build_plan(engine, messages, plan)
        (listed,) = build_lists(engine, messages, engine.recommend(person, SlateSettings(k=10)), 10)
        check_fit(answer["items"], listed, engine)
        fits = any(GRADE[item["fit"]] for item in listed["items"])
        fitting += fits and barred[row] == 0
        planned += bool(answer["items"])
        assert answer["items"] or answer["advice"]  # an empty plan says what to do
    return int((barred > 0).sum()), fitting, planned


GRADE = {"other": 0, "related": 1, "strong": 2}


def check_fit(planned: list[PlannedItem], listed: RecommendationList, engine: Engine) -> None:
    """What is planned fits in the mean as well as the first three of the list, and what does not is needed."""
    grades, first = (
        [GRADE[item["fit"]] for item in items] for items in (planned, listed["items"][:3])
    )
    if not planned:
        return
    assert np.mean(grades) >= np.mean(first or [0])
    ids = [engine.catalogue.index[item["course_id"]] for item in planned]
    needed = set(engine.catalogue.prerequisites[ids].indices.tolist())
    unfit = [one for one, grade in zip(ids, grades, strict=True) if not grade]
    assert set(unfit) <= needed or not any(grades)
    assert not unfit or set(unfit) <= needed or not listed["notice"]


def world_of(courses: list[dict[str, Any]], classes: list[dict[str, Any]]) -> World:
    """Return a world of one willing person and these trainings, all on a topic that the person named."""
    world = random_world(3)
    usual = {
        "title": "Las",
        "provider_id": "p",
        "category": "Teknik",
        "skills": [],
        "mode": "webinar",
        "price_idr": 500_000,
        "duration_hours": 15.0,
        "prerequisites": [],
    }
    seats = {"seats": 10, "seats_left": 5}
    person = {
        "participant_id": "one",
        "birth_year": 1990,
        "skills": [],
        "interests": ["Teknik"],
        "groups": [],
        "balance_idr": 3_500_000,
        "profiling_opt_out": False,
    }
    return replace(
        world,
        courses=table("courses", [usual | one for one in courses]),
        classes=table(
            "classes", [seats | {"class_id": str(n)} | one for n, one in enumerate(classes)]
        ),
        participants=table("participants", [person]),
        events=table("interactions", []),
    )


def day(number: int) -> dt.date:
    return DAY + dt.timedelta(days=number)


def held(course: str, first: int, last: int, **more: Any) -> dict[str, Any]:
    return {"course_id": course, "starts_on": day(first), "ends_on": day(last), **more}


def plan_of(engine: Engine, world: World, most: int = 3) -> tuple[Plan, list[str]]:
    person = engine.prepare(world.participants, world.events, DAY)
    plan = make_plan(engine, person, most, CourseFilters())
    check_plan(engine, person, plan)
    return plan, [engine.catalogue.ids[one] for one in plan.recommendations.slates.ids[0]]


def test_of_classes_at_the_same_time_one_is_planned_and_a_later_class_of_the_other(
    engine_of: EngineOf,
) -> None:
    both = [{"course_id": "a"}, {"course_id": "b"}]
    at_once = world_of(both, [held("a", 5, 9), held("b", 5, 9)])
    assert len(plan_of(engine_of(at_once), at_once)[1]) == 1
    later = world_of(both, [held("a", 5, 9), held("b", 5, 9), held("a", 20, 24), held("b", 30, 34)])
    plan, ids = plan_of(engine_of(later), later)
    assert sorted(ids) == ["a", "b"]
    assert plan.slots[0].ends_on < plan.slots[1].starts_on


def test_what_is_needed_first_is_taken_first_or_the_training_is_left_out(
    engine_of: EngineOf,
) -> None:
    both = [{"course_id": "a", "prerequisites": ["b"]}, {"course_id": "b"}]
    world = world_of(both, [])
    assert plan_of(engine_of(world), world)[1] == ["b", "a"]
    closed = world_of(both, [held("b", -9, -5)])
    assert plan_of(engine_of(closed), closed)[1] == []


def test_circles_of_needs_are_left_out(engine_of: EngineOf) -> None:
    world = world_of(
        [
            {"course_id": "a", "prerequisites": ["b"]},
            {"course_id": "b", "prerequisites": ["a"]},
            {"course_id": "c"},
        ],
        [],
    )
    assert plan_of(engine_of(world), world)[1] == ["c"]


def with_events(world: World, *kinds: str) -> World:
    rows = [
        {
            "event_id": kind,
            "participant_id": "one",
            "course_id": "a",
            "kind": kind,
            "at": dt.datetime(2024, 6, 10, tzinfo=dt.UTC),
        }
        for kind in kinds
    ]
    return replace(world, events=table("interactions", rows))


def test_while_a_training_runs_the_plan_begins_after_it(engine_of: EngineOf) -> None:
    world = world_of(
        [{"course_id": "a"}, {"course_id": "b"}, {"course_id": "c"}],
        [held("a", -1, 12), held("b", 5, 9), held("c", 20, 24)],
    )
    plan, ids = plan_of(engine_of(world), with_events(world, "purchase"))
    assert ids == ["c"]
    assert EPOCH + dt.timedelta(days=plan.slots[0].buy_on) == day(13)


def test_an_unrated_training_is_rated_first_and_holds_up_nothing(
    engine_of: EngineOf, messages: Messages
) -> None:
    world = world_of([{"course_id": "a"}, {"course_id": "b"}], [])
    engine = engine_of(world)
    plan, ids = plan_of(engine, with_events(world, "purchase", "complete"))
    answer = build_plan(engine, messages, plan)
    assert ids == ["b"]
    assert answer["items"][0]["buy_on"] == DAY
    assert answer["items"][0]["waits_for"] == "training_unrated"
    assert [one["code"] for one in answer["advice"]] == ["training_unrated"]
    assert answer["advice"][0]["text"] == (
        "Beri dulu penilaian untuk pelatihan yang sudah selesai: Las."
    )


def test_a_plan_is_summed_up(engine_of: EngineOf, messages: Messages) -> None:
    world = world_of([{"course_id": "a"}, {"course_id": "b", "price_idr": 350_000}], [])
    engine = engine_of(world)
    answer = build_plan(engine, messages, plan_of(engine, world)[0])
    assert (answer["hours"], answer["spent_idr"], answer["left_idr"]) == (30, 850_000, 2_650_000)
    assert answer["summary"] == "2 pelatihan, 30 jam dalam 2 minggu. Sisa saldo Anda Rp 2.650.000."


def test_hours_that_the_catalogue_does_not_tell_are_not_summed_up(
    engine_of: EngineOf, messages: Messages
) -> None:
    world = world_of([{"course_id": "a", "duration_hours": None}, {"course_id": "b"}], [])
    engine = engine_of(world)
    summary = build_plan(engine, messages, plan_of(engine, world)[0])["summary"]
    assert summary == (
        "2 pelatihan; lamanya belum semua diketahui, tanyakan kepada penyelenggara. "
        "Sisa saldo Anda Rp 2.500.000."
    )


def test_a_small_balance_buys_the_best_that_it_can(engine_of: EngineOf) -> None:
    world = world_of([{"course_id": "a"}, {"course_id": "b"}], [])
    poor = replace(world, participants=world.participants.with_columns(balance_idr=600_000))
    assert len(plan_of(engine_of(poor), poor)[1]) == 1


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ({"birth_year": 2020}, "too_young"),
        ({"balance_idr": 0}, "balance_too_low"),
        ({"skills": ["zzz"], "interests": []}, "nothing_fitting"),
    ],
)
def test_an_empty_plan_says_what_to_do(
    engine_of: EngineOf, messages: Messages, person: dict[str, Any], code: str
) -> None:
    world = world_of([{"course_id": "a"}], [])
    row = world.participants.to_dicts()[0] | person
    engine = engine_of(world)
    changed = replace(world, participants=table("participants", [row]))
    plan, ids = plan_of(engine, changed)
    advice = build_plan(engine, messages, plan)["advice"]
    assert ids == []
    assert [one["code"] for one in advice] == [code]


def test_what_fits_and_may_not_be_taken_is_named_with_what_to_do(
    engine_of: EngineOf, messages: Messages
) -> None:
    courses = [
        {"course_id": "a", "price_idr": 9_000_000},
        {"course_id": "b", "title": "Tari Saman", "category": "Seni"},
    ]
    world = world_of(courses, [])
    row = world.participants.to_dicts()[0] | {"interests": ["las"]}
    engine = engine_of(world)
    plan, ids = plan_of(engine, replace(world, participants=table("participants", [row])))
    (advice,) = build_plan(engine, messages, plan)["advice"]
    assert ids == []
    assert advice["code"] == "nothing_permitted"
    assert advice["text"].endswith(messages.text("advice", "look_elsewhere", {}))


def test_filters_that_leave_nothing_say_so(engine_of: EngineOf, messages: Messages) -> None:
    world = world_of([{"course_id": "a"}], [])
    engine = engine_of(world)
    person = engine.prepare(world.participants, world.events, DAY)
    plan = make_plan(engine, person, 3, CourseFilters(modes=("in_person",)))
    advice = build_plan(engine, messages, plan)["advice"]
    assert [one["code"] for one in advice] == ["filters_leave_nothing"]


@pytest.mark.parametrize(("kind", "body", "most"), [("once", {}, 1), ("choices", {"most": 2}, 2)])
def test_a_rule_on_how_many_may_be_taken_holds_for_the_plan(
    engine_of: EngineOf, kind: str, body: dict[str, Any], most: int
) -> None:
    world = world_of([{"course_id": name} for name in "abcd"], [])
    engine = engine_of(world)
    rule = {"kind": kind, "valid_from": dt.date(2024, 1, 1), "source": "test", **body}
    described = engine.programme.model_dump(by_alias=True)
    described["rule"] = [*described["rule"], rule]
    limited = replace(engine, programme=type(engine.programme).model_validate(described))
    assert len(plan_of(engine, world, 4)[1]) > most
    assert len(plan_of(limited, world, 4)[1]) == most


def test_nobody_is_planned_to_buy_after_the_last_birthday_that_the_rules_allow(
    engine_of: EngineOf,
) -> None:
    world = world_of(
        [{"course_id": "a"}, {"course_id": "b"}], [held("a", 150, 210), held("b", 260, 264)]
    )
    row = world.participants.to_dicts()[0]
    old = replace(world, participants=table("participants", [row | {"birth_year": 1960}]))
    engine = engine_of(world)
    assert plan_of(engine, world)[1] == ["a", "b"]
    assert plan_of(engine, old)[1] in (["a"], ["b"])
