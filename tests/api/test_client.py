"""The Python client against the running service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.client import Padan, PadanError
from api.schemas.events import Event
from store import keys
from store.database import open_store
from tests.api.serving import serving
from training_data.dataset import Dataset
from training_data.profiles import Facts

FACTS = Facts(region="Kota Kupang", birth_year=1995, interests=["kue kering"])


@pytest.fixture(scope="module")
def padan(
    bundle_folder: Path, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Padan]:
    home = tmp_path_factory.mktemp("served")
    url = f"sqlite:///{home / 'store.sqlite'}"
    store = open_store(url)
    store.upgrade()
    with store.writing() as connection:
        key = keys.create(connection, "tests", ["portal", "officer"])
    store.engine.dispose()
    with (
        serving(home, url, bundle_folder, "--data", str(dataset.folder)) as served,
        Padan(served.url, api_key=key) as padan,
    ):
        yield padan


def test_every_method_answers(padan: Padan) -> None:
    assert padan.put_participant("p 1?", FACTS).region == "53.71"
    assert padan.participant("p 1?").interests == FACTS.interests
    event = Event(
        event_id="e1",
        participant_id="p 1?",
        course_id="c",
        kind="click",
        at=dt.datetime.now(dt.UTC),
    )
    assert padan.send([event]).accepted == 1
    assert padan.send([event]).repeated == 1
    assert not padan.recommend(participant_id="p 1?", k=3).neutral
    assert padan.object_to_profiling("p 1?").opt_out
    assert padan.recommend(participant_id="p 1?", k=3).neutral
    listed = padan.courses(mode="webinar", limit=2).items
    assert len(listed) == 2
    course_id = listed[0].course_id
    assert padan.course(course_id)["title"] == listed[0].title
    assert len(padan.similar(course_id, 4).items) == 4
    assert padan.audience(course_id, 5).course_id == course_id
    verdict = padan.eligibility(participant_id="p 1?", course_ids=[course_id]).courses[0]
    assert verdict.course_id == course_id
    assert padan.plan(participant_id="p 1?", most=2).spent_idr >= 0
    assert padan.model().simulated
    assert "e1" in [one["event_id"] for one in padan.export("p 1?").events]
    counts = padan.forget("p 1?").counts
    assert (counts["participants"], counts["events"]) == (1, 1)


def test_participants_of_the_dataset_are_known(padan: Padan, dataset: Dataset) -> None:
    name = dataset.read("participants")["participant_id"][0]
    assert padan.recommend(participant_id=name).participant_id == name


def test_problems_are_raised_with_their_fields(padan: Padan) -> None:
    with pytest.raises(PadanError, match="404 no participant has the id 'nobody'"):
        padan.participant("nobody")
    with pytest.raises(PadanError, match="region") as caught:
        padan.put_participant("p2", Facts(region="Nowhere at all"))
    assert caught.value.problem.status == 422


def test_without_a_key_nothing_is_answered(padan: Padan) -> None:
    with Padan(str(padan._http.base_url)) as stranger, pytest.raises(PadanError, match="401"):
        stranger.model()
