"""Many participants in one call: each line by itself, as a call of its own."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from store.audit import read_entries
from tests.api.routes.test_law import PROFILE

PATH = "/v1/participants:batch"


def send_lines(client: TestClient, *lines: dict[str, Any] | str) -> Any:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return client.post(PATH, content=text, headers={"Content-Type": "application/x-ndjson"})


def test_each_line_is_answered_as_a_call_of_its_own(client: TestClient, service: FastAPI) -> None:
    client.put("/v1/participants/known", json=PROFILE)
    client.put("/v1/participants/gone", json=PROFILE)
    client.delete("/v1/participants/gone")
    lines: dict[str, tuple[dict[str, Any], int]] = {
        "new": (PROFILE | {"participant_id": "new"}, 201),
        "known": ({"participant_id": "known", "birth_year": 1980}, 200),
        "gone": ({"participant_id": "gone"}, 410),
        "nowhere": ({"participant_id": "nowhere", "region": "Nowhere at all"}, 422),
        "wrong": ({"participant_id": "wrong", "birth_year": "old"}, 422),
    }
    answer = send_lines(client, "", *(line for line, _ in lines.values()), "no JSON", "")
    assert answer.status_code == 200, answer.text
    answers = answer.json()["answers"]
    assert [one["status"] for one in answers] == [*(status for _, status in lines.values()), 422]
    assert [one["participant_id"] for one in answers[:4]] == list(lines)[:4]
    assert answers[3]["problem"]["errors"][0]["field"] == "region"
    assert answers[4]["problem"]["errors"][0]["field"] == "birth_year"
    assert client.get("/v1/participants/new").json()["interests"] == PROFILE["interests"]
    assert client.get("/v1/participants/known").json()["birth_year"] == 1980
    for name in ("nowhere", "wrong", "gone"):
        assert client.get(f"/v1/participants/{name}").status_code == 404
    store = service.state.service.store
    with store.reading() as connection:
        for name, actions in (("new", ["write", "read"]), ("gone", ["write", "erase", "refuse"])):
            found = read_entries(connection, store.pseudonym(name))
            assert [entry["action"] for entry in found] == actions


def test_whoever_comes_twice_is_new_once_and_the_last_line_holds(client: TestClient) -> None:
    lines = [{"participant_id": "twice", "birth_year": year} for year in (1980, 1990)]
    answers = send_lines(client, *lines).json()["answers"]
    assert [one["status"] for one in answers] == [201, 200]
    assert client.get("/v1/participants/twice").json()["birth_year"] == 1990


def test_many_lines_are_few_statements(client: TestClient, service: FastAPI) -> None:
    asked = []
    store = service.state.service.store
    sa.event.listen(store.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    answers = send_lines(client, *({"participant_id": f"m-{n}"} for n in range(200)))
    assert {one["status"] for one in answers.json()["answers"]} == {201}
    assert len(asked) < 50


def test_ten_thousand_are_taken_and_not_one_more(client: TestClient) -> None:
    lines = [{"participant_id": f"many-{number}"} for number in range(10_000)]
    answers = send_lines(client, *lines).json()["answers"]
    assert {one["status"] for one in answers} == {201}
    assert [one["participant_id"] for one in answers] == [line["participant_id"] for line in lines]
    assert client.get("/v1/participants/many-9999").status_code == 200
    assert send_lines(client, *lines, {"participant_id": "more"}).status_code == 422
    assert client.get("/v1/participants/more").status_code == 404
    assert send_lines(client, "").status_code == 422
