"""Lists for forms: what is offered can be sent back, and what was typed finds it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.bundle.bundle import Bundle
from tests.api.routes.test_law import PROFILE

LISTS = ("regions", "categories", "skills", "occupations")


def look_up(client: TestClient, name: str, language: str = "", **query: Any) -> Any:
    answer = client.get(f"/v1/{name}", params=query, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_region_and_category_is_offered_and_taken(client: TestClient, bundle: Bundle) -> None:
    regions = look_up(client, "regions", limit=10_000)
    table = bundle.engine.reader.vocabularies.regions
    assert {item["code"] for item in regions["items"]} == {
        table.codes[row] for row in table.at_level(len(table.levels) - 1)
    }
    for item in regions["items"][::40]:
        answer = client.put("/v1/participants/p1", json=PROFILE | {"region": item["code"]})
        assert answer.json()["region"] == item["code"]
    categories = look_up(client, "categories", limit=100)["items"]
    assert [item["name"] for item in categories] == sorted(bundle.engine.catalogue.categories)
    total = client.get("/v1/courses", params={"category": categories[0]["code"]}).json()["total"]
    assert total > 0


def test_what_was_typed_finds_beginnings_before_words(client: TestClient) -> None:
    found = look_up(client, "regions", search="  BANDUNG b")["items"]
    assert (found[0]["name"], found[0]["group"]) == ("Kabupaten Bandung Barat", "Jawa Barat")
    assert all("bandung" in item["name"].lower() for item in found)
    turned = look_up(client, "regions", search="barat bandung")["items"]
    assert [item["name"] for item in turned] == ["Kabupaten Bandung Barat"]
    names = [item["name"] for item in look_up(client, "occupations", search="penjahit")["items"]]
    begins = [name.lower().startswith("penjahit") for name in names]
    assert begins == sorted(begins, reverse=True)
    assert begins[0]
    assert look_up(client, "skills", search="zzzz") == {"total": 0, "items": []}
    assert look_up(client, "regions", search="53.71")["items"][0]["name"] == "Kota Kupang"
    part = look_up(client, "regions", search="kota", limit=3)
    assert len(part["items"]) == 3 < part["total"]


def test_names_are_in_the_language_that_is_accepted(client: TestClient) -> None:
    indonesian, english = (
        {
            item["code"]: item["name"]
            for item in look_up(client, "skills", one, limit=9_999)["items"]
        }
        for one in ("", "en-GB, id;q=0.2")
    )
    assert indonesian.keys() == english.keys()
    assert indonesian["menjahit-dasar"] != english["menjahit-dasar"] == "Basic sewing"
    both = look_up(client, "skills", "id", search="basic sewing")["items"]
    assert [item["code"] for item in both] == ["menjahit-dasar"]


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_sent_once_and_bounded(client: TestClient, name: str) -> None:
    first = client.get(f"/v1/{name}")
    held = {"If-None-Match": first.headers["ETag"]}
    assert client.get(f"/v1/{name}", headers=held).status_code == 304
    assert client.get(f"/v1/{name}", headers=held | {"Accept-Language": "en"}).status_code == 200
    assert len(first.json()["items"]) <= 20
    assert client.get(f"/v1/{name}", params={"limit": 0}).status_code == 422
