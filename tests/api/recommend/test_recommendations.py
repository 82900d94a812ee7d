"""Lists over HTTP: both ways to them are equal, a batch is many of them, and simpler ones say so."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.deployment.releases import Releases
from api.schemas.recommendations import BatchResponse, RecommendationResponse
from api.settings import Settings
from recommender.bundle.bundle import Bundle
from store.database import Store
from store.dataset_import import load
from tests.api.routes.test_law import PROFILE
from training_data.dataset import Dataset

PATH = "/v1/recommendations"
JSON = {"Content-Type": "application/json"}
AROUND = {"Content-Type": "application/json; charset=utf-8"}  # not the hot route's
PATIENT = {"deadline_seconds": 60.0, "store_seconds": 60.0}  # how fast it is, is not tested here
FINE: list[dict[str, Any]] = [
    {"participant_id": "p1"},
    {"participant_id": "p1", "neutral": True, "k": 3},
    {"participant": PROFILE, "language": "en"},
    {"participant": PROFILE | {"profiling_opt_out": True}},
    {"participant": PROFILE | {"balance_idr": 0}, "k": 100},
    {"participant": {}, "filters": {"modes": ["webinar"], "max_price_idr": 300_000}},
]
WRONG: list[Any] = [
    {},
    [],
    {"participant_id": "nobody"},
    {"participant": {"region": "Nowhere at all"}},
    {"participant": {}, "language": "xx"},
    {"participant": {}, "k": 0},
    {"participant": {}, "more": 1},
]


@pytest.fixture
def patient(bundle: Bundle, sqlite_store: Store) -> Iterator[TestClient]:
    app = create_app(Releases.of(bundle), sqlite_store, Settings(**PATIENT), development=True)
    with TestClient(app, base_url="http://localhost") as client:
        assert client.put("/v1/participants/p1", json=PROFILE).status_code == 201
        yield client


def without_request_id(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    assert found.pop("request_id") == answer.headers["X-Request-ID"]
    return found


@pytest.mark.parametrize("asked", [*FINE, *WRONG])
def test_the_way_past_the_framework_answers_as_the_documented_one(
    patient: TestClient, asked: Any
) -> None:
    hot, documented = (patient.post(PATH, json=asked, headers=way) for way in (JSON, AROUND))
    assert hot.status_code == documented.status_code
    assert without_request_id(hot) == without_request_id(documented)
    names = {"x-request-id", "content-length"}
    for answer in (hot, documented):
        for name in names:
            del answer.headers[name]
    assert hot.headers == documented.headers
    if asked in FINE:
        assert hot.status_code == 200
        assert RecommendationResponse.model_validate(hot.json() | {"request_id": "r"}).items


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 422), (b"{", 422), (b"null", 422), (b"\xff", 400)]
)
def test_what_is_no_json_is_refused_alike(patient: TestClient, body: bytes, status: int) -> None:
    hot, documented = (patient.post(PATH, content=body, headers=way) for way in (JSON, AROUND))
    assert hot.status_code == documented.status_code == status
    assert without_request_id(hot) == without_request_id(documented)


def test_a_batch_is_its_requests_one_by_one(patient: TestClient) -> None:
    requests = [*FINE, *WRONG[2:5]] * 8  # more than go through the engine together
    answer = patient.post(f"{PATH}:batch", json={"requests": requests})
    assert answer.status_code == 200, answer.text
    found = BatchResponse.model_validate(answer.json()).answers
    assert len(found) == len(requests)
    request_id = answer.headers["X-Request-ID"]
    for number, (asked, one) in enumerate(zip(requests, answer.json()["answers"], strict=True)):
        alone = patient.post(PATH, json=asked)
        given = one["answer" if alone.is_success else "problem"]
        assert one["problem" if alone.is_success else "answer"] is None
        assert given.pop("request_id") == f"{request_id}.{number}"
        assert given == without_request_id(alone) | (
            {} if alone.is_success else {"instance": f"{PATH}:batch"}
        )


@pytest.mark.parametrize(("size", "status"), [(0, 422), (1, 200), (1_000, 200), (1_001, 422)])
def test_a_batch_has_up_to_a_thousand_requests(patient: TestClient, size: int, status: int) -> None:
    requests = [{"participant_id": "p1", "k": 1}] * size
    answer = patient.post(f"{PATH}:batch", json={"requests": requests})
    assert answer.status_code == status
    if status == 200:
        assert [one["problem"] for one in answer.json()["answers"]] == [None] * size


def test_each_list_of_a_batch_is_audited_and_kept_as_shown(
    bundle: Bundle, sqlite_store: Store
) -> None:
    app = create_app(Releases.of(bundle), sqlite_store, Settings(**PATIENT), development=True)
    with TestClient(app, base_url="http://localhost") as client:
        client.put("/v1/participants/p1", json=PROFILE)
        batch = {"requests": [{"participant_id": "p1", "k": 2}] * 3}
        answers = client.post(f"{PATH}:batch", json=batch).json()["answers"]
        app.state.service.trail.close()
        held = client.get("/v1/participants/p1/export").json()
    ids = [one["answer"]["request_id"] for one in answers]
    audited = [one["request_id"] for one in held["audit"] if one["action"] == "recommend"]
    assert sorted(audited) == sorted(ids)
    shown = {one["request_id"] for one in held["events"] if one["kind"] == "impression"}
    assert shown == set(ids)


def ask_together(app: FastAPI, asked: list[dict[str, Any]]) -> list[httpx.Response]:
    """Ask all at once, in one event loop."""

    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=120
        ) as http:
            return await asyncio.gather(*(http.post(PATH, json=one) for one in asked))

    return asyncio.run(run())


def test_under_a_long_queue_lists_are_simple_permitted_and_say_so(
    bundle: Bundle, sqlite_store: Store, dataset: Dataset
) -> None:
    load(sqlite_store, dataset)
    settings = Settings(**PATIENT, most_together=4, simple_from=8, most_waiting=60)
    app = create_app(Releases.of(bundle), sqlite_store, settings, development=True)
    names = dataset.read("participants")["participant_id"].to_list()
    answers = ask_together(app, [{"participant_id": name, "k": 5} for name in names])
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 503}
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status_code == 503)
    given = [answer.json() for answer in answers if answer.status_code == 200]
    assert {one["cause"] for one in given} == {None, "overload"}
    assert all(one["degraded"] == (one["cause"] is not None) for one in given)
    client = TestClient(app, base_url="http://localhost")
    simple = [one for one in given if one["degraded"]]
    assert sum(len(one["items"]) for one in simple) > len(simple)
    for one in simple:
        hold_to_rules(client, one)
        again = client.post(PATH, json={"participant_id": one["participant_id"], "k": 5}).json()
        assert not again["degraded"]


def test_one_person_may_be_asked_about_in_two_ways_at_once(
    bundle: Bundle, sqlite_store: Store, dataset: Dataset
) -> None:
    load(sqlite_store, dataset)
    app = create_app(Releases.of(bundle), sqlite_store, Settings(**PATIENT), development=True)
    name = dataset.read("participants")["participant_id"][0]
    ways: list[dict[str, Any]] = [{"participant_id": name, "neutral": way} for way in (True, False)]
    answers = [answer.json() for answer in ask_together(app, [ways[0], *ways, *ways])]
    assert [answer["neutral"] for answer in answers] == [True, True, False, True, False]
    assert not any(answer["degraded"] for answer in answers)
    assert answers[2]["items"] == answers[4]["items"]


def test_after_the_deadline_the_client_is_told_to_come_again(
    bundle: Bundle, sqlite_store: Store, dataset: Dataset
) -> None:
    load(sqlite_store, dataset)
    settings = Settings(deadline_seconds=1e-9)
    app = create_app(Releases.of(bundle), sqlite_store, settings, development=True)
    answer = ask_together(app, [{"participant": PROFILE}])[0]
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"


def test_a_fault_of_the_engine_gives_a_simple_list(
    patient: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.recommend.handler.full_lists", lambda _: 1 / 0)
    found = patient.post(PATH, json={"participant_id": "p1", "k": 5}).json()
    assert (found["degraded"], found["cause"]) == (True, "fault")
    assert found["items"]
    hold_to_rules(patient, found)


def hold_to_rules(client: TestClient, given: dict[str, Any]) -> None:
    """Check a list against every reason why not."""
    ids = [item["course_id"] for item in given["items"]]
    if not ids:
        return
    asked = {"participant_id": given["participant_id"], "course_ids": ids}
    verdicts = client.post("/v1/eligibility", json=asked).json()["courses"]
    assert all(verdict["eligible"] for verdict in verdicts)


def test_figures_say_how_lists_came_about(
    patient: TestClient, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient.post(PATH, json={"participant_id": "p1"})
    patient.post(PATH, json={"participant_id": "p1", "neutral": True})
    short = patient.post(PATH, json={"participant": PROFILE | {"balance_idr": 1}, "k": 100}).json()
    monkeypatch.setattr("api.recommend.handler.full_lists", lambda _: 1 / 0)
    patient.post(PATH, json={"participant_id": "p1"})
    found = figures(patient)
    assert (
        found['padan_requests_total{method="POST",route="/v1/recommendations",status="200"}'] == 4
    )
    assert found['padan_answers_total{neutral="no"}'] == 3
    assert found['padan_answers_total{neutral="yes"}'] == 1
    assert found['padan_degraded_answers_total{cause="fault"}'] == 1
    for reason, count in short["excluded"].items():
        assert found[f'padan_exclusions_total{{reason="{reason}"}}'] >= count
    stages = ("store", "profile", "eligibility", "retrieval", "ranking", "reranking", "telling")
    for stage in stages:
        assert found[f'padan_stage_seconds_count{{stage="{stage}"}}'] == 3, stage
    assert found['padan_candidates_total{source="content"}'] > 0
    assert found['padan_people_total{attribute="age",kind="25-34"}'] >= 3
    version = bundle.manifest.version
    assert any(name.startswith("padan_bundle{") and version in name for name in found)


def figures(client: TestClient) -> dict[str, float]:
    page = client.get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^([^#]\S*) (\S+)$", page, re.M)}
