"""Lists over HTTP: both ways to them are equal, a batch is many of them, and fallback lists say so."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from api.app import create_app
from api.deployment.releases import Releases
from api.schemas.recommendations import BatchResponse, RecommendationResponse
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from store.database import Store
from store.dataset_import import import_dataset
from tests.api.routes.test_law import PROFILE
from training_data.dataset import Dataset

PATH = "/v1/recommendations"
RESPONSE = TypeAdapter(RecommendationResponse)
JSON = {"Content-Type": "application/json"}
AROUND = {"Content-Type": "application/json; charset=utf-8"}  # not the fast path's
PATIENT = {
    "deadline_seconds": 60.0,
    "store_timeout_seconds": 60.0,
}  # how fast it is, is not tested here
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
    app = create_app(
        Releases.of(bundle), sqlite_store, ServiceSettings(**PATIENT), development=True
    )
    with TestClient(app, base_url="http://localhost") as client:
        assert client.put("/v1/participants/p1", json=PROFILE).status_code == 201
        yield client


def without_request_id(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    assert found.pop("request_id") == answer.headers["X-Request-ID"]
    return found


@pytest.mark.parametrize("body", [*FINE, *WRONG])
def test_the_fast_path_answers_as_the_documented_route(patient: TestClient, body: Any) -> None:
    fast, documented = (patient.post(PATH, json=body, headers=way) for way in (JSON, AROUND))
    assert fast.status_code == documented.status_code
    assert without_request_id(fast) == without_request_id(documented)
    names = {"x-request-id", "content-length", "ratelimit"}
    for answer in (fast, documented):
        for name in names:
            del answer.headers[name]
    assert fast.headers == documented.headers
    if body in FINE:
        assert fast.status_code == 200
        assert RESPONSE.validate_json(fast.content)["items"]


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 422), (b"{", 422), (b"null", 422), (b"\xff", 422)]
)
def test_what_is_no_json_is_refused_alike(patient: TestClient, body: bytes, status: int) -> None:
    fast, documented = (patient.post(PATH, content=body, headers=way) for way in (JSON, AROUND))
    assert fast.status_code == documented.status_code == status
    assert without_request_id(fast) == without_request_id(documented)


def test_a_batch_is_its_requests_one_by_one(patient: TestClient) -> None:
    requests = [*FINE, *WRONG[2:5]] * 8  # more than go through the engine together
    answer = patient.post(f"{PATH}:batch", json={"requests": requests})
    assert answer.status_code == 200, answer.text
    found = BatchResponse.model_validate(answer.json()).answers
    assert len(found) == len(requests)
    request_id = answer.headers["X-Request-ID"]
    for number, (body, one) in enumerate(zip(requests, answer.json()["answers"], strict=True)):
        alone = patient.post(PATH, json=body)
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
    app = create_app(
        Releases.of(bundle), sqlite_store, ServiceSettings(**PATIENT), development=True
    )
    with TestClient(app, base_url="http://localhost") as client:
        client.put("/v1/participants/p1", json=PROFILE)
        batch = {"requests": [{"participant_id": "p1", "k": 2}] * 3}
        answers = client.post(f"{PATH}:batch", json=batch).json()["answers"]
        app.state.service.audit_writer.close()
        held = client.get("/v1/participants/p1/export").json()
    ids = [one["answer"]["request_id"] for one in answers]
    audited = [one["request_id"] for one in held["audit"] if one["action"] == "recommend"]
    assert sorted(audited) == sorted(ids)
    shown = {one["request_id"] for one in held["events"] if one["kind"] == "impression"}
    assert shown == set(ids)


def recommend_together(app: FastAPI, bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    """Send all requests at once, in one event loop."""

    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=120
        ) as http:
            return await asyncio.gather(*(http.post(PATH, json=body) for body in bodies))

    return asyncio.run(run())


def test_under_a_long_queue_lists_are_fallbacks_permitted_and_say_so(
    bundle: Bundle, sqlite_store: Store, dataset: Dataset
) -> None:
    import_dataset(sqlite_store, dataset)
    settings = ServiceSettings(
        **PATIENT, max_batch_size=4, degrade_queue_length=8, max_queue_length=60
    )
    app = create_app(Releases.of(bundle), sqlite_store, settings, development=True)
    names = dataset.read("participants")["participant_id"].to_list()
    answers = recommend_together(app, [{"participant_id": name, "k": 5} for name in names])
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 503}
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status_code == 503)
    given = [answer.json() for answer in answers if answer.status_code == 200]
    assert {one["cause"] for one in given} == {None, "overload"}
    assert all(one["degraded"] == (one["cause"] is not None) for one in given)
    client = TestClient(app, base_url="http://localhost")
    fallbacks = [one for one in given if one["degraded"]]
    assert sum(len(one["items"]) for one in fallbacks) > len(fallbacks)
    for one in fallbacks:
        check_rules(client, one)
        again = client.post(PATH, json={"participant_id": one["participant_id"], "k": 5}).json()
        assert not again["degraded"]


def test_one_participant_may_get_two_kinds_of_list_at_once(
    bundle: Bundle, sqlite_store: Store, dataset: Dataset
) -> None:
    import_dataset(sqlite_store, dataset)
    app = create_app(
        Releases.of(bundle), sqlite_store, ServiceSettings(**PATIENT), development=True
    )
    name = dataset.read("participants")["participant_id"][0]
    ways: list[dict[str, Any]] = [{"participant_id": name, "neutral": way} for way in (True, False)]
    answers = [answer.json() for answer in recommend_together(app, [ways[0], *ways, *ways])]
    assert [answer["neutral"] for answer in answers] == [True, True, False, True, False]
    assert not any(answer["degraded"] for answer in answers)
    assert answers[2]["items"] == answers[4]["items"]


def test_after_the_deadline_the_client_is_told_to_come_again(
    bundle: Bundle, sqlite_store: Store, dataset: Dataset
) -> None:
    import_dataset(sqlite_store, dataset)
    settings = ServiceSettings(deadline_seconds=1e-9)
    app = create_app(Releases.of(bundle), sqlite_store, settings, development=True)
    answer = recommend_together(app, [{"participant": PROFILE}])[0]
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"


def test_a_fault_of_the_engine_gives_a_fallback_list(
    patient: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.recommend.handler.build_full_lists", lambda _: 1 / 0)
    found = patient.post(PATH, json={"participant_id": "p1", "k": 5}).json()
    assert (found["degraded"], found["cause"]) == (True, "fault")
    assert found["items"]
    check_rules(patient, found)


def check_rules(client: TestClient, given: dict[str, Any]) -> None:
    """Check a list against every rule; what is marked as waiting is kept back by nothing else."""
    ids = [item["course_id"] for item in given["items"]]
    if not ids:
        return
    body = {"participant_id": given["participant_id"], "course_ids": ids}
    decisions = client.post("/v1/eligibility", json=body).json()["courses"]
    for item, decision in zip(given["items"], decisions, strict=True):
        against = [reason["code"] for reason in decision["reasons"]]
        assert against == ([item["waits_for"]] if item["waits_for"] else [])
        assert decision["eligible"] == (not against)


def test_metrics_say_how_lists_came_about(
    patient: TestClient, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient.post(PATH, json={"participant_id": "p1"})
    patient.post(PATH, json={"participant_id": "p1", "neutral": True})
    short = patient.post(PATH, json={"participant": PROFILE | {"balance_idr": 1}, "k": 100}).json()
    monkeypatch.setattr("api.recommend.handler.build_full_lists", lambda _: 1 / 0)
    patient.post(PATH, json={"participant_id": "p1"})
    found = read_metrics(patient)
    assert (
        found['padan_requests_total{method="POST",route="/v1/recommendations",status="200"}'] == 4
    )
    assert found['padan_answers_total{neutral="no"}'] == 3
    assert found['padan_answers_total{neutral="yes"}'] == 1
    assert found['padan_degraded_answers_total{cause="fault"}'] == 1
    for reason, count in short["excluded"].items():
        assert found[f'padan_exclusions_total{{reason="{reason}"}}'] >= count
    stages = ("store", "eligibility", "retrieval", "ranking", "reranking")
    expected = dict.fromkeys(stages, 3) | {"fallback": 1, "prepare": 4, "respond": 4}
    for stage, count in expected.items():
        assert found[f'padan_stage_seconds_count{{stage="{stage}"}}'] == count, stage
    assert found['padan_candidates_total{source="content"}'] > 0
    assert found['padan_participants_total{attribute="age",group="25-34"}'] >= 3
    version = bundle.manifest.version
    assert any(name.startswith("padan_bundle{") and version in name for name in found)


def read_metrics(client: TestClient) -> dict[str, float]:
    page = client.get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^([^#]\S*) (\S+)$", page, re.M)}
