"""Seats for many people over HTTP: asked for, looked after, cancelled, and refused where it cannot be."""

from __future__ import annotations

import time
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from recommender.matching.lottery import hash_entrants, hash_seed, order_by_lot
from store.database import Store
from training_data.dataset import Dataset

PLACE = "/v1/allocations"
ENDED = {"finished", "cancelled", "failed"}


def ask(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post(PLACE, json=body)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def wait(client: TestClient, allocation_id: str, seconds: float = 120) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found: dict[str, Any] = client.get(f"{PLACE}/{allocation_id}").json()
        if found["status"] in ENDED:
            return found
        time.sleep(0.2)
    raise AssertionError(found)


@pytest.fixture
def ids(dataset: Dataset) -> list[str]:
    found: list[str] = dataset.read("participants")["participant_id"].head(40).to_list()
    return found


def test_seats_are_given_and_anybody_can_draw_the_lottery_again(
    client: TestClient, ids: list[str], service: FastAPI
) -> None:
    classes = service.state.service.bundle.engine.catalogue.classes["class_id"].head(30).to_list()
    seats = [{"class_id": name, "seats": 1} for name in classes]
    asked = ask(client, participant_ids=ids, classes=seats, settings={"objective": "people"})
    assert (asked["status"], asked["summary"]) == ("waiting", None)
    assert asked["lottery"]["seed"] is None
    told = wait(client, asked["allocation_id"])
    assert told["status"] == "finished", told
    lottery = told["lottery"]
    assert hash_seed(lottery["seed"]) == lottery["seed_sha256"] == asked["lottery"]["seed_sha256"]
    assert lottery["entrants_sha256"] == hash_entrants(ids)
    people = client.get(f"{PLACE}/{asked['allocation_id']}/people").json()
    drawn = [ids[row] for row in order_by_lot(lottery["seed"], ids)]
    assert [one["participant_id"] for one in people["items"]] == drawn
    assert people["total"] == len(ids)
    taken = [one["class_id"] for one in people["items"] if one["class_id"]]
    assert len(taken) == len(set(taken)) == told["summary"]["served"]
    assert {*taken} <= {*classes}
    page = client.get(
        f"{PLACE}/{asked['allocation_id']}/people", params={"offset": 3, "limit": 2}
    ).json()
    assert page["items"] == people["items"][3:5]
    newest = client.get(PLACE).json()["items"]
    assert newest[0]["allocation_id"] == asked["allocation_id"]


def test_what_was_decided_before_holds(client: TestClient, ids: list[str]) -> None:
    first = ask(client, participant_ids=ids)
    assert wait(client, first["allocation_id"])["summary"]["served"] > 1
    people = client.get(f"{PLACE}/{first['allocation_id']}/people").json()["items"]
    seated = [
        {name: one[name] for name in ("participant_id", "class_id")}
        for one in people
        if one["class_id"]
    ]
    again = ask(client, participant_ids=ids, accepted=seated[:1], refused=seated[1:2])
    assert wait(client, again["allocation_id"])["status"] == "finished"
    later = client.get(f"{PLACE}/{again['allocation_id']}/people").json()["items"]
    given = {one["participant_id"]: one for one in later}
    assert given[seated[0]["participant_id"]]["status"] == "kept"
    assert given[seated[1]["participant_id"]]["class_id"] != seated[1]["class_id"]


def test_a_job_is_cancelled_once_and_stays_so(client: TestClient) -> None:
    asked = [ask(client) for _ in range(2)]
    for one in asked:
        assert client.post(f"{PLACE}/{one['allocation_id']}/cancel").status_code == 200
    for one in asked:
        told = wait(client, one["allocation_id"])
        assert told["status"] == "cancelled"
        assert told["summary"] is None or not told["summary"]["finished"]
        again = client.post(f"{PLACE}/{one['allocation_id']}/cancel").json()
        assert again["status"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"participant_ids": ["nobody-of-this-name"]}, "participant_ids"),
        ({"classes": [{"class_id": "nowhere", "seats": 1}]}, "classes.0.class_id"),
        ({"classes": [{"class_id": "nowhere", "seats": -1}]}, "classes.0.seats"),
        ({"settings": {"objective": "best"}}, "settings.objective"),
        ({"settings": {"bounds": [{"floor": 2}]}}, "settings.bounds.0"),
        ({"settings": {"gap": "small"}}, "settings.gap"),
        ({"day": "2024-01-01"}, "day"),
        ({"participant_ids": []}, "participant_ids"),
        ({"participant_ids": [None]}, "participant_ids.0"),
        ({"participant_ids": ["p"] * 100_001}, "participant_ids"),
        ({"participant_ids": ["a\0b"]}, "participant_ids.0"),
        ({"classes": []}, "classes"),
        ({"classes": [{"class_id": "nowhere", "seats": True}]}, "classes.0.seats"),
        ({"classes": [{"class_id": "nowhere", "seats": 10**30}]}, "classes.0.seats"),
        ({"accepted": [{"participant_id": "a", "class_id": "nowhere"}]}, "accepted.0.class_id"),
        ({"offered": [{"participant_id": "a", "class_id": "nowhere"}]}, "offered.0.class_id"),
        ({"accepted": [{}]}, "accepted.0.participant_id"),
        ({"accepted": None}, "accepted"),
        ({"settings": None}, "settings"),
        ({"settings": {"seats": 1}}, "settings.seats"),
        ({"settings": {"gap": True}}, "settings.gap"),
        ({"settings": {"objective": "choices"}}, "settings.objective"),
        ({"settings": {"max_classes": 2}}, "settings.max_classes"),
        ({"settings": {"reserved_group": "fishers"}}, "settings"),
    ],
)
def test_what_cannot_be_asked_is_named(
    client: TestClient, body: dict[str, Any], field: str
) -> None:
    answer = client.post(PLACE, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


@pytest.fixture
def class_ids(service: FastAPI) -> list[str]:
    found: list[str] = service.state.service.bundle.engine.catalogue.classes["class_id"].to_list()
    return found


def test_what_stands_there_twice_or_is_about_nobody_is_named(
    client: TestClient, ids: list[str], class_ids: list[str]
) -> None:
    seat = {"class_id": class_ids[0], "seats": 1}
    kept = {"participant_id": ids[0], "class_id": class_ids[0]}
    for body, field, said in (
        ({"classes": [seat, seat]}, "classes.1.class_id", "more than once"),
        ({"accepted": [kept, kept]}, "accepted.1.participant_id", "more than once"),
        ({"participant_ids": ids[1:], "offered": [kept]}, "offered.0.participant_id", "not among"),
        (
            {"classes": [seat], "accepted": [kept | {"class_id": class_ids[1]}]},
            "accepted.0.class_id",
            "not among the classes",
        ),
    ):
        (error,) = client.post(PLACE, json=body).json()["errors"]
        assert (error["field"], said in error["message"]) == (field, True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b"\xff\xfe",
        b'{"settings": {"gap": NaN}}',
        b'{"settings": {"gap": 1e400}}',
        b'{"settings": {"candidates": -Infinity}}',
        b'{"participant_ids": ["\\ud800"]}',
        b'{"settings": {"tiers": ["\\u0000"]}}',
        b'{"settings": {"candidates": 1' + b"0" * 5_000 + b"}}",
        b'{"settings": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    ],
)
def test_a_body_out_of_form_is_the_fault_of_who_sent_it(client: TestClient, body: bytes) -> None:
    answer = client.post(PLACE, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(PLACE).json()["items"] == []


def test_what_cannot_be_kept_together_fails_with_what_is_wrong(
    client: TestClient, ids: list[str], class_ids: list[str]
) -> None:
    kept = [{"participant_id": name, "class_id": class_ids[0]} for name in ids]
    seats = [{"class_id": class_ids[0], "seats": 1}]
    for body, said in (
        ({"accepted": kept, "classes": seats}, "which has 1 seats to give"),
        ({"settings": {"tiers": ["nix"]}}, "tiers.0: nobody is in the group 'nix'"),
    ):
        told = wait(client, ask(client, participant_ids=ids, **body)["allocation_id"])
        assert (told["status"], said in told["problem"]) == ("failed", True), told
        people = client.get(f"{PLACE}/{told['allocation_id']}/people").json()
        assert people == {"total": 0, "offset": 0, "items": []}
        again = client.post(f"{PLACE}/{told['allocation_id']}/cancel").json()
        assert again["status"] == "failed"


def test_an_unknown_job_is_not_found(client: TestClient, store: Store) -> None:
    assert store is not None
    for path in ("", "/people"):
        answer = client.get(f"{PLACE}/{'0' * 32}{path}")
        assert answer.json()["code"] == "unknown-allocation"
    assert client.post(f"{PLACE}/{'0' * 32}/cancel").status_code == 404
