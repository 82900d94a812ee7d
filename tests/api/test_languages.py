"""Which language an answer has."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from api.languages import choose_language
from tests.api.routes.test_law import PROFILE


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (None, None),
        ("", None),
        ("fr", None),
        ("*", None),
        ("en", "en"),
        ("EN-us,en;q=0.9", "en"),
        ("en;q=0.1, id;q=0.7", "id"),
        ("id;q=0, en;q=0.1", "en"),
        ("en;q=luck, id;q=0.1", "id"),
        (";;,,=q", None),
    ],
)
def test_the_best_of_those_there_are_is_chosen(accepted: str | None, chosen: str | None) -> None:
    assert choose_language(accepted, ("id", "en")) == chosen


@pytest.mark.parametrize("path", ["/v1/recommendations", "/v1/plans", "/v1/eligibility"])
def test_the_header_decides_where_the_request_does_not(client: TestClient, path: str) -> None:
    more = {"course_ids": ["penjualan-004", "bahasa-019"]} if path == "/v1/eligibility" else {}
    body = {"participant": PROFILE | {"birth_year": 2015}, **more}

    def ask(accepted: str, **wanted: str) -> str:
        answer = client.post(path, json=body | wanted, headers={"Accept-Language": accepted})
        assert answer.status_code == 200, answer.text
        return str({name: one for name, one in answer.json().items() if name != "request_id"})

    english, indonesian = ask("", language="en"), ask("", language="id")
    assert english != indonesian
    assert ask("en") == english
    assert ask("en", language="id") == indonesian
    assert ask("de, fr") == indonesian


def test_a_batch_goes_by_the_header_too(client: TestClient) -> None:
    body = {"requests": [{"participant": PROFILE}, {"participant": PROFILE, "language": "id"}]}
    answer = client.post(
        "/v1/recommendations:batch", json=body, headers={"Accept-Language": "en"}
    ).json()["answers"]
    english, indonesian = (one["answer"]["items"] for one in answer)
    assert [item["course_id"] for item in english] == [item["course_id"] for item in indonesian]
    assert [item["reasons"] for item in english] != [item["reasons"] for item in indonesian]
