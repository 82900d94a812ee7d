"""The law: objection, export, erasure, audit; and what disability data is for."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from recommender.bundle.bundle import Bundle
from recommender.settings import SlateSettings
from store import audit
from store.database import Store
from store.tables import metadata
from training_data.columns import Participants
from training_data.dataset import Dataset

P = Participants
PROFILE = {
    "region": "Kota Kupang",
    "birth_year": 1995,
    "skills": ["memasak"],
    "interests": ["jualan camilan lewat internet"],
    "balance_idr": 1_500_000,
}


@pytest.fixture
def path(client: TestClient) -> str:
    answer = client.put("/v1/participants/p1", json=PROFILE)
    assert answer.status_code == 201, answer.text
    return "/v1/participants/p1"


def recommend(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/recommendations", json={"k": 5} | body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def scores_of(answer: dict[str, Any]) -> list[tuple[str, float]]:
    return [(item["course_id"], item["score"]) for item in answer["items"]]


def send(client: TestClient, *events: dict[str, Any]) -> Any:
    return client.post("/v1/events", json={"events": list(events)})


def event(event_id: str, **changes: Any) -> dict[str, Any]:
    plain = {"event_id": event_id, "participant_id": "p1", "course_id": "penjualan-004"}
    return plain | {"kind": "click", "at": "2026-02-24T09:30:00+07:00"} | changes


def test_a_participant_is_registered_replaced_and_read(client: TestClient, path: str) -> None:
    held = client.get(path).json()
    assert held["region"] == "53.71"
    assert held["participant_id"] == "p1"
    assert not held["profiling_opt_out"]
    assert client.put(path, json={"birth_year": 1990}).status_code == 200
    assert client.get(path).json()["skills"] == []
    wrong = client.put(path, json={"region": "Nowhere at all"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "region"
    assert client.get("/v1/participants/nobody").status_code == 404


def test_a_part_of_a_profile_is_changed_and_nothing_else(client: TestClient, path: str) -> None:
    client.put(f"{path}/profiling", json={"opt_out": True})
    before = client.get(path).json()
    answer = client.patch(path, json={"region": "Kota Bandung", "birth_year": None, "skills": []})
    changed = before | {"region": "32.73", "birth_year": None, "skills": []}
    assert answer.json() == client.get(path).json() == changed
    assert client.patch(path, json={}).json() == changed
    assert client.patch(path, json={"skills": None}).status_code == 422
    assert client.patch(path, json={"region": "Nowhere at all"}).status_code == 422
    assert client.patch("/v1/participants/nobody", json={}).status_code == 404


def test_nobody_overwrites_what_was_changed_meanwhile(client: TestClient, path: str) -> None:
    first = client.get(path).headers["ETag"]
    second = client.patch(path, json={"birth_year": 1990}, headers={"If-Match": first})
    assert second.headers["ETag"] == client.get(path).headers["ETag"] != first
    for send_it in (client.put, client.patch):
        late = send_it(path, json={"birth_year": 1980}, headers={"If-Match": first})
        assert late.status_code == 412, late.text
    assert client.get(path).json()["birth_year"] == 1990
    known = {"If-Match": f'"other", {second.headers["ETag"]}'}
    assert client.put(path, json=PROFILE, headers=known).status_code == 200
    new = {"If-None-Match": "*"}
    assert client.put(path, json=PROFILE, headers=new).status_code == 412
    assert client.put("/v1/participants/p2", json=PROFILE, headers=new).status_code == 201
    nobody = {"If-Match": "*"}
    assert client.put("/v1/participants/p3", json=PROFILE, headers=nobody).status_code == 412


def test_a_list_by_id_is_the_list_of_the_same_profile(client: TestClient, path: str) -> None:
    assert path
    by_id = recommend(client, participant_id="p1")
    inline = recommend(client, participant=PROFILE)
    assert scores_of(by_id) == scores_of(inline) != []


def test_an_objection_gives_the_neutral_list_and_outlasts_a_new_profile(
    client: TestClient, path: str
) -> None:
    profiled = recommend(client, participant_id="p1")
    assert client.put(f"{path}/profiling", json={"opt_out": True}).json() == {"opt_out": True}
    objecting = recommend(client, participant_id="p1")
    assert objecting["neutral"]
    assert scores_of(objecting) == scores_of(recommend(client, participant=PROFILE, neutral=True))
    assert scores_of(objecting) != scores_of(profiled)
    client.put(path, json=PROFILE | {"interests": ["bahasa jepang"], "skills": ["las"]})
    assert scores_of(recommend(client, participant_id="p1")) == scores_of(objecting)
    client.put(f"{path}/profiling", json={"opt_out": False})
    assert not recommend(client, participant_id="p1")["neutral"]
    assert client.put("/v1/participants/x/profiling", json={"opt_out": True}).status_code == 404


def test_the_export_holds_everything(client: TestClient, service: FastAPI, path: str) -> None:
    send(client, event("e1"), event("e2", kind="impression", position=1))
    shown = recommend(client, participant_id="p1")
    seat = {"allocation_id": "a1", "participant_id": "p1", "offered": "k1"}
    with service.state.service.store.writing() as connection:
        connection.execute(sa.insert(metadata.tables["allocation_people"]), seat)
    service.state.service.audit_writer.close()  # what waits is written
    found = client.get(f"{path}/export").json()
    assert [one["offered"] for one in found["allocations"]] == ["k1"]
    assert found["participant"]["interests"] == PROFILE["interests"]
    sent, listed = found["events"][:2], found["events"][2:]
    assert [one["event_id"] for one in sent] == ["e1", "e2"]
    assert [one["course_id"] for one in listed] == [one["course_id"] for one in shown["items"]]
    assert {one["request_id"] for one in listed} == {shown["request_id"]}
    actions = [entry["action"] for entry in found["audit"]]
    assert actions == ["write", "events", "recommend", "export"]
    decision = found["audit"][2]
    assert decision["request_id"] == shown["request_id"]
    assert decision["bundle_version"] == shown["bundle_version"]
    reasons = {i["course_id"]: [reason["code"] for reason in i["reasons"]] for i in shown["items"]}
    assert decision["decision"] == reasons
    assert client.get("/v1/participants/nobody/export").status_code == 404


def test_events_and_refusals_are_audited_with_whose_and_in_which_request(
    client: TestClient, service: FastAPI, path: str
) -> None:
    requests = ["request-events", "request-contrary", "request-erased"]
    bodies = [[event("e1"), event("e2")], [event("e1", kind="purchase")], [event("e3")]]
    for request, body in zip(requests, bodies, strict=True):
        if request == "request-erased":
            client.delete(path)
            client.put(path, json=PROFILE, headers={"X-Request-ID": "request-back"})
        client.post("/v1/events", json={"events": body}, headers={"X-Request-ID": request})
    held = service.state.service
    held.audit_writer.close()
    with held.store.reading() as connection:
        entries = audit.read_entries(connection, held.store.pseudonym("p1"))
    found = {entry["request_id"]: (entry["action"], entry["decision"]) for entry in entries}
    assert found["request-events"] == ("events", {"sent": 2})
    assert found["request-contrary"] == ("refuse", {"status": 422, "field": "kind"})
    assert found["request-back"] == ("refuse", {"status": 410})
    assert found["request-erased"] == ("refuse", {"status": 422, "field": "participant_id"})


def test_in_an_outage_nobody_who_left_or_objects_is_answered_about_from_memory(
    client: TestClient, service: FastAPI, path: str
) -> None:
    kept = service.state.handler.participants
    recommend(client, participant_id="p1")
    assert kept.find_kept("p1")
    client.put(f"{path}/profiling", json={"opt_out": True})
    assert kept.find_kept("p1") is None
    recommend(client, participant_id="p1")
    client.delete(path)
    assert kept.find_kept("p1") is None


def test_the_audit_holds_no_profile(client: TestClient, service: FastAPI, path: str) -> None:
    recommend(client, participant_id="p1")
    client.get(path)
    client.post("/v1/plans", json={"participant_id": "p1"})
    client.post("/v1/eligibility", json={"participant_id": "p1", "course_ids": ["penjualan-004"]})
    client.put(path, json=PROFILE)
    service.state.service.audit_writer.close()
    with service.state.service.store.reading() as connection:
        entries = connection.execute(sa.select(metadata.tables["audit"])).all()
    actions = [entry.action for entry in entries]
    assert sorted(actions) == ["eligibility", "plan", "read", "recommend", "write", "write"]
    assert not any(word in str(entries) for word in ("p1", "memasak", "camilan", "1995", "53.71"))


def test_erasure_leaves_a_proof_and_nothing_else(
    client: TestClient, store: Store, path: str
) -> None:
    send(client, event("e1"))
    proof = client.delete(path)
    assert proof.status_code == 200
    assert proof.json()["counts"] == {
        "participants": 1,
        "events": 1,
        "shown": 0,
        "allocation_people": 0,
    }
    assert proof.json()["subject"] == store.pseudonym("p1")
    for gone in (client.get(path), client.get(f"{path}/export"), client.delete(path)):
        assert gone.status_code == 404
    body = {"participant_id": "p1"}
    assert client.post("/v1/recommendations", json=body).status_code == 404
    assert client.put(path, json=PROFILE).status_code == 410
    late = send(client, event("e0", participant_id="p2"), event("e2"))
    assert late.status_code == 422
    assert late.json()["errors"][0]["field"] == "events.1.participant_id"


def test_the_erased_and_the_objecting_are_in_no_audience(
    client: TestClient, bundle: Bundle
) -> None:
    course = _find_course_with_audience(client, bundle)
    audience = f"/v1/courses/{course}/audience"
    found = [
        one["participant_id"] for one in client.post(audience, json={"k": 500}).json()["items"]
    ]
    assert len(found) >= 2
    client.delete(f"/v1/participants/{found[0]}")
    client.put(f"/v1/participants/{found[1]}/profiling", json={"opt_out": True})
    left = [one["participant_id"] for one in client.post(audience, json={"k": 500}).json()["items"]]
    assert left == found[2:]
    assert client.post(audience, json={"k": 1}).json()["items"][0]["participant_id"] == left[0]


def test_an_audience_may_take_the_training(client: TestClient, bundle: Bundle) -> None:
    course = _find_course_with_audience(client, bundle)
    found = client.post(f"/v1/courses/{course}/audience", json={"k": 3}).json()["items"]
    closeness = [one["similarity"] for one in found]
    assert closeness == sorted(closeness, reverse=True)
    for one in found:
        body = {"participant_id": one["participant_id"], "course_ids": [course]}
        decision = client.post("/v1/eligibility", json=body).json()["courses"][0]
        assert decision["eligible"]


def _find_course_with_audience(client: TestClient, bundle: Bundle) -> str:
    for course in bundle.engine.catalogue.ids:
        found = client.post(f"/v1/courses/{course}/audience", json={"k": 5}).json()
        if len(found["items"]) >= 3:
            return course
    raise AssertionError("nobody may take anything")


def test_disability_never_changes_a_ranking(bundle: Bundle, dataset: Dataset) -> None:
    participants, events = dataset.read("participants"), dataset.read("interactions")
    engine, disability = bundle.engine, P.disability.name
    answers = []
    for value in (True, False, None):
        changed = participants.with_columns(pl.lit(value, pl.Boolean).alias(disability))
        prepared = engine.prepare(changed, events, dt.date.today())
        answers.append(engine.recommend(prepared, SlateSettings(k=10)).slates)
    assert (answers[0].ids >= 0).any()
    for other in answers[1:]:
        np.testing.assert_array_equal(answers[0].ids, other.ids)
        np.testing.assert_array_equal(answers[0].scores, other.scores)
