"""The list that the last run left: what the service would answer, masked by today's rules, seats and dates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import BATCH, create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from recommender.batch.latest import BatchResults
from recommender.batch.run import plan_work, run
from recommender.batch.shards import split_dataset
from recommender.batch.work import Worker
from recommender.bundle.bundle import Bundle
from store.database import Store
from store.dataset_import import import_dataset
from training_data.dataset import Dataset
from training_data.simulation import simulate_dataset

K = 10
SAME = ("programme", "day", "participant_id", "neutral", "advice", "figures", "notice", "excluded")


@pytest.fixture(scope="module", params=[None, pytest.param(1_000, marks=pytest.mark.slow)])
def dataset(
    request: pytest.FixtureRequest, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Dataset:
    """The people whom the bundle was trained on, or so many others."""
    if request.param is None:
        return dataset
    folder = tmp_path_factory.mktemp("people")
    return simulate_dataset(folder, request.param, dt.datetime.now(dt.UTC).date())


@pytest.fixture(scope="module")
def results(
    bundle_folder: Path, dataset: Dataset, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The results of a run over the dataset's people, as of the programme's today."""
    folder = tmp_path_factory.mktemp("run")
    day = bundle.engine.programme.today()
    work = plan_work(bundle_folder, split_dataset(dataset, folder, 50), day, K)
    worker = Worker(work)
    run(work, folder / BATCH, lambda _, ids: (worker.answer(id_) for id_ in ids))
    return folder / BATCH


@pytest.fixture
def served(results: Path, bundle: Bundle, sqlite_store: Store, dataset: Dataset) -> FastAPI:
    import_dataset(sqlite_store, dataset)
    settings = ServiceSettings(deadline_seconds=60, store_timeout_seconds=60)
    app = create_app(Releases.of(bundle), sqlite_store, settings, development=True)
    app.state.batch_results = BatchResults(results)
    return app


def open_client(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


def read_latest(client: TestClient, participant_id: str) -> dict[str, Any]:
    response = client.get(f"/v1/participants/{participant_id}/recommendations/latest")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_it_is_what_the_service_answers_that_minute(
    served: FastAPI, dataset: Dataset, bundle: Bundle
) -> None:
    listed = 0
    with open_client(served) as client:
        for participant_id in dataset.read("participants")["participant_id"]:
            kept = read_latest(client, participant_id)
            asked = {"participant_id": participant_id, "k": K}
            now = client.post("/v1/recommendations", json=asked).json()
            assert {name: kept[name] for name in SAME} == {name: now[name] for name in SAME}
            for left, right in zip(kept["items"], now["items"], strict=True):
                # one sums in another order than many: the last digit of a score may differ
                assert left.pop("score") == pytest.approx(right.pop("score"), abs=2e-4)
                assert left == right
                listed += 1
            assert kept["made_on"] == bundle.engine.programme.today().isoformat()
            assert kept["bundle_version"] == bundle.manifest.version
    assert listed > 100


def test_what_was_withdrawn_taken_or_unlisted_since_is_gone(
    served: FastAPI, dataset: Dataset, bundle: Bundle
) -> None:
    with open_client(served) as client:
        before = {
            participant_id: read_latest(client, participant_id)["items"]
            for participant_id in dataset.read("participants")["participant_id"]
        }
        participant_id = max(before, key=lambda one: len(before[one]))
        first, second = (item["course_id"] for item in before[participant_id][:2])
        at = dt.datetime.now(dt.UTC).isoformat()
        events = [
            {
                "event_id": f"latest-{kind}",
                "participant_id": participant_id,
                "course_id": second,
                "kind": kind,
                "at": at,
            }
            for kind in ("purchase", "start", "complete", "rate")
        ]
        assert client.post("/v1/events", json={"events": events}).status_code == 202
        kept = [item["course_id"] for item in before[participant_id][2:]]
        without = bundle.engine.without([first])
        served.state.service = _replace_engine(served, without)
        now = [item["course_id"] for item in read_latest(client, participant_id)["items"]]
    assert now == kept


def _replace_engine(app: FastAPI, engine: Any) -> Any:
    from dataclasses import replace

    service = app.state.service
    bundle = replace(service.bundle, engine=engine)
    release = replace(service.release, bundle=bundle)
    service.releases.present = release
    return replace(service, release=release)


def test_who_objects_to_profiling_since_has_no_list_of_before(
    served: FastAPI, dataset: Dataset
) -> None:
    people = dataset.read("participants")
    willing = people.filter(~people["profiling_opt_out"])["participant_id"][0]
    place = f"/v1/participants/{willing}"
    with open_client(served) as client:
        assert client.get(f"{place}/recommendations/latest").status_code == 200
        assert client.put(f"{place}/profiling", json={"opt_out": True}).status_code == 200
        refused = client.get(f"{place}/recommendations/latest")
    assert refused.status_code == 404
    assert "no run left a list" in refused.json()["detail"]


def test_nobody_unknown_or_erased_is_answered(served: FastAPI, dataset: Dataset) -> None:
    known = dataset.read("participants")["participant_id"][1]
    with open_client(served) as client:
        assert client.get("/v1/participants/nobody/recommendations/latest").status_code == 404
        assert client.delete(f"/v1/participants/{known}").status_code == 200
        gone = client.get(f"/v1/participants/{known}/recommendations/latest")
    assert gone.status_code == 404


def test_without_a_run_there_is_no_list(served: FastAPI, dataset: Dataset, tmp_path: Path) -> None:
    served.state.batch_results = BatchResults(tmp_path)
    known = dataset.read("participants")["participant_id"][2]
    with open_client(served) as client:
        answer = client.get(f"/v1/participants/{known}/recommendations/latest")
    assert answer.status_code == 404


def test_a_new_run_is_seen_at_once(results: Path, dataset: Dataset, tmp_path: Path) -> None:
    found = BatchResults(tmp_path / "later")
    known = dataset.read("participants")["participant_id"][2]
    assert found.find(known) is None
    (tmp_path / "later").symlink_to(results)
    assert found.find(known) is not None
    assert np.all([found.find(one) for one in dataset.read("participants")["participant_id"]])
