"""A job of an allocation: killed at random moments it comes to the same, cancelled or late to the best so far."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa

from api.allocations.job import Place, run, sweep, work
from recommender.bundle.bundle import Bundle
from recommender.matching.case import Request, build_case
from recommender.matching.lottery import hash_entrants
from recommender.matching.record import write_case
from recommender.matching.settings import AllocateSettings
from store import allocations
from store.database import Store
from store.dataset_import import import_dataset
from store.erasure import erase
from store.tables import allocation_people, audit
from training_data.columns import Interactions
from training_data.dataset import Dataset

SILENCE = 2.0
SEED = "5" * 64


@pytest.fixture
def place(sqlite_store: Store, bundle: Bundle, dataset: Dataset, tmp_path: Path) -> Place:
    import_dataset(sqlite_store, dataset)
    url = sqlite_store.engine.url.render_as_string(hide_password=False)
    return Place(url, tmp_path, bundle.folder, bundle.manifest.version, SILENCE)


def ask(store: Store, place: Place, day: dt.date, **settings: Any) -> str:
    """Return the id of a job over everybody whom the store holds, and two seats of each class."""
    allocation_id = uuid4().hex
    terms = {
        "everybody": True,
        "day": day.isoformat(),
        "classes": None,
        "settings": settings,
    }
    job = allocations.Asked(allocation_id, "tests", place.version, terms, SEED)
    with store.writing() as connection:
        allocations.add(connection, job, [])
    return allocation_id


def hold(store: Store, place: Place) -> dict[str, Any]:
    with store.writing() as connection:
        job = allocations.claim(connection, "me", place.silence)
    assert job is not None
    return job


def read(store: Store, allocation_id: str) -> dict[str, Any]:
    with store.reading() as connection:
        row = allocations.read(connection, allocation_id)
    assert row is not None
    return row


def read_people(store: Store, allocation_id: str) -> list[dict[str, Any]]:
    with store.reading() as connection:
        return allocations.read_people(connection, allocation_id, 0, 100_000)


def strike(place: Place, seconds: float) -> bool:
    """Have a process run the job and kill it after some seconds; return whether it ended by itself before."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=(place, uuid4().hex))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    by_itself = process.exitcode == 0  # perhaps in the moment before it was struck
    if not by_itself:
        assert process.exitcode == -signal.SIGKILL
        time.sleep(SILENCE)
    return by_itself


@pytest.mark.parametrize("kills", [5, pytest.param(30, marks=pytest.mark.slow)])
def test_a_job_that_is_killed_comes_to_the_same(
    sqlite_store: Store, place: Place, bundle: Bundle, kills: int
) -> None:
    day = bundle.engine.programme.today()
    quiet = ask(sqlite_store, place, day)
    begun = time.monotonic()
    process = multiprocessing.get_context("spawn").Process(target=work, args=(place, uuid4().hex))
    process.start()
    process.join()
    undisturbed = time.monotonic() - begun
    assert read(sqlite_store, quiet)["status"] == "finished"
    moments, killed = np.random.default_rng(kills).uniform(0, undisturbed, 4 * kills).tolist(), 0
    while killed < kills:
        struck = ask(sqlite_store, place, day)
        while killed < kills and not strike(place, moments.pop()):
            killed += 1
        if read(sqlite_store, struck)["status"] != "finished":
            work(place, uuid4().hex)
        assert read(sqlite_store, struck)["status"] == "finished"
        assert read(sqlite_store, struck)["outcome"] == read(sqlite_store, quiet)["outcome"]
        assert read_people(sqlite_store, struck) == read_people(sqlite_store, quiet)
        assert not place.find_folder(struck).exists()
    assert read_people(sqlite_store, quiet)


def test_a_job_takes_who_is_there_and_gives_its_classes_no_more_than_their_seats(
    sqlite_store: Store, place: Place, bundle: Bundle, dataset: Dataset
) -> None:
    allocation_id = ask(sqlite_store, place, bundle.engine.programme.today())
    run(sqlite_store, place, "me", hold(sqlite_store, place))
    job, people = read(sqlite_store, allocation_id), read_people(sqlite_store, allocation_id)
    ids = dataset.read("participants")["participant_id"].to_list()
    assert sorted(one["participant_id"] for one in people) == sorted(ids)
    assert job["entrants_sha256"] == hash_entrants(ids)
    assert [one["lot"] for one in people] == list(range(1, len(ids) + 1))
    seated = [one for one in people if one["class_id"]]
    assert len(seated) == job["outcome"]["summary"]["served"] > 0
    assert all((one["class_id"] is None) == (one["reason"] is not None) for one in people)
    for class_ in job["outcome"]["classes"]:
        taken = sum(one["class_id"] == class_["class_id"] for one in seated)
        assert taken == class_["taken"] <= class_["seats"]
    with sqlite_store.reading() as connection:
        asked = sa.select(sa.func.count()).where(audit.c.action == "allocate")
        assert connection.execute(asked).scalar_one() == len(ids)


def test_cancelled_before_anything_was_found_it_has_no_answer(
    sqlite_store: Store, place: Place, bundle: Bundle
) -> None:
    waiting = ask(sqlite_store, place, bundle.engine.programme.today())
    with sqlite_store.writing() as connection:
        allocations.cancel(connection, waiting)
    assert read(sqlite_store, waiting)["status"] == "cancelled"
    with sqlite_store.writing() as connection:
        assert allocations.claim(connection, "me", place.silence) is None


def test_cancelled_while_seats_are_given_it_has_the_best_so_far(
    sqlite_store: Store, place: Place, bundle: Bundle, dataset: Dataset
) -> None:
    day = bundle.engine.programme.today()
    running = ask(sqlite_store, place, day, method="auction")
    job = hold(sqlite_store, place)
    settings = AllocateSettings(method="auction")
    entered_today = pl.lit(None, pl.Date).alias("admitted_on")
    request = Request(
        dataset.read("participants").with_columns(entered_today),
        bundle.engine.catalogue.classes,
        Interactions.create_empty(),
    )
    case = build_case(bundle.engine, request, settings, SEED, day)
    assert len(case.problem.classes)
    write_case(place.find_folder(running), case, settings.aim)  # a process before this one did
    with sqlite_store.writing() as connection:
        allocations.list_entrants(connection, job)
        allocations.cancel(connection, running)
    run(sqlite_store, place, "me", job)
    told = read(sqlite_store, running)
    assert told["status"] == "cancelled"
    assert told["outcome"]["summary"]["finished"] is False
    assert len(read_people(sqlite_store, running)) == len(case.participant_ids)


def test_late_it_has_the_best_so_far_and_says_so(
    sqlite_store: Store, place: Place, bundle: Bundle
) -> None:
    day = bundle.engine.programme.today()
    late = ask(sqlite_store, place, day, method="auction", seconds=1e-9)
    run(sqlite_store, place, "me", hold(sqlite_store, place))
    job = read(sqlite_store, late)
    assert job["status"] == "finished"
    assert job["outcome"]["summary"]["finished"] is False
    assert 0 <= job["outcome"]["summary"]["gap"] <= 1


def test_who_is_erased_goes_from_what_was_decided(
    sqlite_store: Store, place: Place, bundle: Bundle
) -> None:
    allocation_id = ask(sqlite_store, place, bundle.engine.programme.today())
    run(sqlite_store, place, "me", hold(sqlite_store, place))
    gone = read_people(sqlite_store, allocation_id)[0]["participant_id"]
    with sqlite_store.writing() as connection:
        proof = erase(connection, gone, sqlite_store.pseudonym(gone))
    assert proof is not None
    assert proof.counts["allocation_people"] == 1
    with sqlite_store.reading() as connection:
        held = sa.select(allocation_people).where(allocation_people.c.participant_id == gone)
        assert connection.execute(held).all() == []


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"bounds": [{"region": "nowhere"}]}, "bounds.0.region"),
        ({"bounds": [{"region": "31", "floor": 100_000}]}, "100000 cannot be kept"),
    ],
)
def test_what_cannot_be_done_is_named(
    sqlite_store: Store, place: Place, bundle: Bundle, settings: dict[str, Any], problem: str
) -> None:
    allocation_id = ask(sqlite_store, place, bundle.engine.programme.today(), **settings)
    run(sqlite_store, place, "me", hold(sqlite_store, place))
    job = read(sqlite_store, allocation_id)
    assert job["status"] == "failed"
    assert problem in job["problem"]


def test_a_job_whose_bundle_is_gone_says_so(
    sqlite_store: Store, place: Place, bundle: Bundle
) -> None:
    allocation_id = ask(sqlite_store, place, bundle.engine.programme.today())
    run(sqlite_store, replace(place, version="newer"), "me", hold(sqlite_store, place))
    job = read(sqlite_store, allocation_id)
    assert job["status"] == "failed"
    assert place.version in job["problem"]


def test_what_a_killed_job_left_goes_when_it_is_cancelled(
    sqlite_store: Store, place: Place, bundle: Bundle
) -> None:
    killed, waiting = (ask(sqlite_store, place, bundle.engine.programme.today()) for _ in range(2))
    for allocation_id in (killed, waiting):
        place.find_folder(allocation_id).mkdir(parents=True)
        (place.find_folder(allocation_id) / "people.parquet").write_text("who it is about")
    with sqlite_store.writing() as connection:
        allocations.cancel(connection, killed)
    sweep(sqlite_store, place.home)
    assert not place.find_folder(killed).exists()
    assert place.find_folder(waiting).exists()


def test_one_job_is_run_at_a_time(sqlite_store: Store, place: Place, bundle: Bundle) -> None:
    day = bundle.engine.programme.today()
    first, second = (ask(sqlite_store, place, day) for _ in range(2))
    assert hold(sqlite_store, place)["allocation_id"] == first
    with sqlite_store.writing() as connection:
        assert not allocations.has_work(connection, place.silence)
        assert allocations.claim(connection, "other", place.silence) is None
        allocations.end(connection, first, "me", "finished")
        claimed = allocations.claim(connection, "other", place.silence)
    assert claimed is not None
    assert claimed["allocation_id"] == second


def test_a_job_is_held_by_one_runner_and_taken_over_from_a_silent_one(
    sqlite_store: Store, place: Place, bundle: Bundle
) -> None:
    allocation_id = ask(sqlite_store, place, bundle.engine.programme.today())
    hold(sqlite_store, place)
    with sqlite_store.writing() as connection:
        assert allocations.claim(connection, "other", place.silence) is None
        assert allocations.claim(connection, "other", 0.0) is not None
    with pytest.raises(allocations.LostError), sqlite_store.writing() as connection:
        allocations.end(connection, allocation_id, "me", "finished")
    with sqlite_store.writing() as connection:
        allocations.release(connection, "other")
        assert allocations.claim(connection, "third", place.silence) is not None
