"""Routes over the catalogue, plans, eligibility and events."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from store.database import open_store
from tests.api.routes.test_law import PROFILE, event, send
from training_data.columns import OWN_EVENT


def test_courses_are_listed_page_by_page(client: TestClient, bundle: Bundle) -> None:
    whole = client.get("/v1/courses", params={"limit": 500}).json()
    ids = [course["course_id"] for course in whole["items"]]
    assert sorted(bundle.engine.catalogue.ids) == ids
    assert whole["total"] == len(ids)
    page = client.get("/v1/courses", params={"limit": 7, "offset": 3}).json()
    assert [course["course_id"] for course in page["items"]] == ids[3:10]
    narrow: dict[str, Any] = {"mode": "webinar", "max_price_idr": 300_000}
    some = client.get("/v1/courses", params=narrow).json()["items"]
    assert some
    assert all(one["mode"] == "webinar" and one["price_idr"] <= 300_000 for one in some)
    assert client.get("/v1/courses", params={"mode": "telepathy"}).status_code == 422


def test_the_model_says_what_it_is(client: TestClient, bundle: Bundle) -> None:
    found = client.get("/v1/model").json()
    assert found["version"] == bundle.manifest.version
    assert found["simulated"]
    assert found["languages"] == ["id", "en"]


def test_eligibility_gives_every_reason(client: TestClient) -> None:
    body = {
        "participant": PROFILE | {"birth_year": 2020, "balance_idr": 0},
        "course_ids": ["penjualan-004", "bahasa-001"],
        "language": "en",
    }
    found = client.post("/v1/eligibility", json=body).json()
    assert [course["course_id"] for course in found["courses"]] == body["course_ids"]
    codes = {reason["code"] for reason in found["courses"][0]["reasons"]}
    assert {"too_young", "balance_too_low"} <= codes
    assert not found["courses"][0]["eligible"]
    unknown = client.post("/v1/eligibility", json=body | {"course_ids": ["nothing"]})
    assert unknown.status_code == 404


def test_a_plan_stays_within_the_balance(client: TestClient) -> None:
    body = {"participant": PROFILE, "max_courses": 6}
    found = client.post("/v1/plans", json=body).json()
    prices = [item["price_idr"] for item in found["items"]]
    assert 0 < len(prices) <= 6
    assert found["spent_idr"] == sum(prices) <= 1_500_000
    assert found["left_idr"] == 1_500_000 - sum(prices)
    ids = [item["course_id"] for item in found["items"]]
    assert len(set(ids)) == len(ids)
    dates = [(item["buy_on"], item["starts_on"], item["ends_on"]) for item in found["items"]]
    assert sorted(dates) == dates
    assert found["summary"]


def list_ids(client: TestClient, **query: Any) -> list[str]:
    answer = client.get("/v1/courses", params={"limit": 500} | query)
    assert answer.status_code == 200, answer.text
    return [course["course_id"] for course in answer.json()["items"]]


def test_courses_are_searched_narrowed_and_sorted(client: TestClient, bundle: Bundle) -> None:
    table = bundle.engine.catalogue.table.sort("course_id")
    for column in ("category", "provider_id", "region_code", "language", "mode", "level"):
        value = table[column].drop_nulls()[-1]
        of_it = table.filter(pl.col(column) == value)["course_id"].to_list()
        assert list_ids(client, **{column: value}) == of_it
    word = table["title"][0].split()[0].upper()
    found = list_ids(client, search=f"{word} {word[:3]}")
    assert table["course_id"][0] in found
    texts = {row["course_id"]: f"{row['title']} {row['description']}" for row in table.to_dicts()}
    assert found == [name for name in sorted(texts) if word.lower() in texts[name].lower()]
    assert list_ids(client, search="no-such-word") == []
    prices = dict(zip(table["course_id"], table["price_idr"], strict=True))
    assert list_ids(client, sort="-price_idr") == sorted(prices, key=lambda n: (-prices[n], n))
    assert client.get("/v1/courses", params={"sort": "luck"}).status_code == 422
    assert client.get("/v1/courses", params={"prize": 3}).status_code == 422


def test_the_catalogue_is_sent_once_and_compressed(client: TestClient) -> None:
    for path in ("/v1/courses", "/v1/courses/penjualan-004", "/v1/courses/penjualan-004/similar"):
        first = client.get(path)
        strong = first.headers["ETag"].removeprefix("W/")
        assert client.get(path, headers={"If-None-Match": strong}).status_code == 304
        held = {"If-None-Match": f'"other", {first.headers["ETag"]}'}
        again = client.get(path, headers=held)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert client.get(path, headers={"If-None-Match": '"other"'}).json() == first.json()
        other = client.get(path, params={"limit": 3} if path == "/v1/courses" else {"k": 3})
        if path != "/v1/courses/penjualan-004":
            assert other.headers["ETag"] != first.headers["ETag"]
    assert client.get("/v1/courses").headers["Content-Encoding"] == "gzip"
    plain = client.get("/v1/courses", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    body = {"participant": PROFILE, "k": 20}
    assert "Content-Encoding" not in client.post("/v1/recommendations", json=body).headers


def test_head_says_what_get_would(client: TestClient) -> None:
    for path, status in (("/v1/courses", 200), ("/healthz", 200), ("/v1/courses/nothing", 404)):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (status, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert client.head("/v1/recommendations").status_code == 405


def test_events_are_taken_once_and_whole(client: TestClient) -> None:
    first = send(client, event("e1"), event("e2"))
    assert (first.status_code, first.json()) == (202, {"accepted": 2, "repeated": 0})
    again = send(client, event("e2"), event("e3"))
    assert (again.status_code, again.json()) == (202, {"accepted": 1, "repeated": 1})
    other = send(client, event("e4"), event("e1", kind="purchase"))
    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "events.1.kind"
    held = client.get("/v1/participants/p1/export").json()["events"]
    assert sorted(one["event_id"] for one in held) == ["e1", "e2", "e3"]


def test_what_a_participant_took_is_not_recommended_again(client: TestClient) -> None:
    client.put("/v1/participants/p1", json=PROFILE)
    body = {"participant_id": "p1", "k": 3}
    best = client.post("/v1/recommendations", json=body).json()["items"][0]["course_id"]
    kinds = ("purchase", "start", "complete", "rate")
    now = dt.datetime.now(dt.UTC).isoformat()  # long ago, the days to the next purchase were over
    send(client, *(event(kind, course_id=best, kind=kind, at=now) for kind in kinds))
    then = client.post("/v1/recommendations", json=body).json()["items"]
    assert then
    assert best not in [item["course_id"] for item in then]


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2026-02-24T09:30:00"},  # no time zone
        {"at": "0001-01-01T00:00:00+14:00"},
        {"event_id": "a\u0000b"},
        {"event_id": ""},
        {"participant_id": "a/b"},
        {"kind": "steal"},
        {"value": "NaN"},
        {"propensity": 0},
        {"more": 1},
    ],
)
def test_events_that_break_the_contract_are_refused(client: TestClient, change: Any) -> None:
    answer = send(client, event("e1") | change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"].startswith("events.0")


def test_ids_of_events_never_meet_the_services_own(client: TestClient, service: FastAPI) -> None:
    client.put("/v1/participants/p1", json=PROFILE)
    body = {"participant_id": "p1", "k": 1}
    request = client.post("/v1/recommendations", json=body).json()["request_id"]
    assert send(client, event(f"{OWN_EVENT}{request}:1")).status_code == 422
    assert send(client, event(f"{request}:1")).status_code == 202
    service.state.service.audit_writer.close()  # what waits is written
    held = client.get("/v1/participants/p1/export").json()["events"]
    assert [one["kind"] for one in held] == ["click", "impression"]


def test_too_many_events_are_refused(client: TestClient) -> None:
    answer = send(client, *(event(f"e{number}") for number in range(1001)))
    assert answer.status_code == 422


def test_without_its_store_the_service_says_so_and_never_fails(bundle: Bundle) -> None:
    store = open_store("postgresql:///nothing?host=/nowhere")
    with TestClient(
        create_app(Releases.of(bundle), store, ServiceSettings(), development=True),
        base_url="http://localhost",
    ) as client:
        answers = [
            client.get("/v1/participants/p1"),
            client.post("/v1/recommendations", json={"participant_id": "p1"}),
            send(client, event("e1")),
        ]
        for answer in answers:
            assert answer.status_code == 503, answer.text
            assert answer.headers["Retry-After"]
            assert "nowhere" not in answer.text
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").json()["store"] == "down"
        assert client.get("/v1/courses").status_code == 200


def test_the_gate_says_so_too_where_keys_cannot_be_looked_up(bundle: Bundle) -> None:
    store = open_store("postgresql:///nothing?host=/nowhere")
    client = TestClient(create_app(Releases.of(bundle), store, ServiceSettings()))
    key = {"X-API-Key": "padan_0123456789abcdef_secret"}
    assert client.get("/v1/courses", headers=key).status_code == 503


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/courses/bahasa-001/audience", {"k": True}),
        ("/v1/recommendations", {"participant": {}, "k": "3"}),
        ("/v1/recommendations", {"participant": {"disability": "yes"}}),
        ("/v1/plans", {"participant": {"balance_idr": True}}),
        ("/v1/plans", {"participant": {}, "neutral": 1}),
    ],
)
def test_numbers_and_truth_values_are_not_guessed_from_other_kinds(
    client: TestClient, path: str, body: Any
) -> None:
    assert client.post(path, json=body).status_code == 422
