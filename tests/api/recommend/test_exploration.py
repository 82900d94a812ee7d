"""Chance in the lists of the service: logged as it was, made again from the request's id, kept from who objects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from evaluation.logged_slates import read_logged_slates
from evaluation.off_policy import independent_ips
from recommender.bundle.bundle import Bundle
from recommender.ranking.fit import grade_fit
from recommender.settings import Exploration, SlateSettings
from store.database import Store
from store.dataset_export import export_dataset
from store.dataset_import import import_dataset
from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset

K = 6
REQUESTS = 120
SETTINGS = ServiceSettings(
    exploration_share=0.5, exploration_places=2, exploration_pool=5, deadline_seconds=60
)


@pytest.fixture
def client(bundle: Bundle, sqlite_store: Store, dataset: Dataset) -> Iterator[TestClient]:
    import_dataset(sqlite_store, dataset)
    app = create_app(Releases.of(bundle), sqlite_store, SETTINGS, development=True)
    with TestClient(app, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def willing(bundle: Bundle, dataset: Dataset) -> str:
    """Somebody who does not object and may take many trainings, the last of which fit alike."""
    participants = dataset.read("participants").filter(~Participants.profiling_opt_out.col)
    engine = bundle.engine
    prepared = engine.prepare(participants, dataset.read("interactions"), dt.date.today())
    found = engine.recommend(prepared, SlateSettings(k=K + 5))
    whole = (found.slates.ids >= 0).sum(axis=1) == K + 5
    fits = grade_fit(found.slates.features)[:, K - 2 :]
    whole &= (fits == fits[:, :1]).all(axis=1)
    return str(participants[Participants.participant_id.name].filter(pl.Series(whole))[0])


def recommend(client: TestClient, request_id: str, **body: Any) -> dict[str, Any]:
    answer = client.post(
        "/v1/recommendations", json={"k": K} | body, headers={"X-Request-ID": request_id}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_lists_differ_at_their_end_and_the_log_says_by_which_chance(
    client: TestClient, sqlite_store: Store, willing: str, tmp_path: Path
) -> None:
    answers = [
        recommend(client, f"request-{number}", participant_id=willing) for number in range(REQUESTS)
    ]
    lists = np.array([[item["course_id"] for item in one["items"]] for one in answers])
    propensities = np.array([[item["propensity"] for item in one["items"]] for one in answers])
    assert (lists[:, : K - 2] == lists[0, : K - 2]).all()
    assert (propensities[:, : K - 2] == 1).all()
    assert (propensities[:, K - 2 :] < 1).all()
    for place in (K - 2, K - 1):
        shown, counts = np.unique(lists[:, place], return_counts=True)
        assert len(shown) > 2
        for one, count in zip(shown, counts, strict=True):
            (chance,) = set(propensities[lists[:, place] == one, place])
            error = (chance * (1 - chance) / REQUESTS) ** 0.5
            assert count / REQUESTS == pytest.approx(chance, abs=4 * error)

    client.app.state.service.audit_writer.close()  # writes what waits
    saved = Dataset.create(tmp_path / "saved")
    export_dataset(sqlite_store, saved)
    events = saved.read("interactions")
    mine = events.filter(Interactions.request_id.col.str.starts_with("request-").fill_null(False))
    slates = read_logged_slates(mine, K)
    order = np.argsort([f"request-{number}" for number in range(REQUESTS)])
    assert (slates.courses == lists[order]).all()
    np.testing.assert_allclose(slates.propensities, propensities[order])
    assert independent_ips(slates.rewards, np.ones(slates.rewards.shape)).n == REQUESTS


def test_an_answer_is_made_again_from_the_id_of_its_request(
    client: TestClient, bundle: Bundle, dataset: Dataset, willing: str
) -> None:
    given = recommend(client, "request-of-today", participant_id=willing)
    assert given == recommend(client, "request-of-today", participant_id=willing)
    engine = bundle.engine
    participant = dataset.read("participants").filter(Participants.participant_id.col == willing)
    events = dataset.read("interactions").filter(Interactions.participant_id.col == willing)
    day = pl.Series([given["day"]]).str.to_date()[0]
    chance = Exploration(
        SETTINGS.exploration_share, SETTINGS.exploration_places, SETTINGS.exploration_pool
    )
    again = engine.recommend(
        engine.prepare(participant, events, day),
        SlateSettings(k=K, exploration=chance),
        seeds=["request-of-today"],
    )
    assert [engine.catalogue.ids[i] for i in again.slates.ids[0]] == [
        item["course_id"] for item in given["items"]
    ]


def test_neutral_lists_and_those_that_nobody_logs_are_not_left_to_chance(
    client: TestClient, willing: str
) -> None:
    profile = {"region": "Kota Bandung", "birth_year": 1995, "interests": ["kue kering"]}
    for body in (
        {"participant_id": willing, "neutral": True},
        {"participant": profile},
    ):
        answers = [recommend(client, f"chance-{number}", **body) for number in range(12)]
        assert len({tuple(item["course_id"] for item in one["items"]) for one in answers}) == 1
        assert all(item["propensity"] == 1 for one in answers for item in one["items"])
    assert client.put(f"/v1/participants/{willing}/profiling", json={"opt_out": True}).is_success
    objecting = [
        recommend(client, f"objects-{number}", participant_id=willing) for number in range(12)
    ]
    assert all(item["propensity"] == 1 for one in objecting for item in one["items"])
