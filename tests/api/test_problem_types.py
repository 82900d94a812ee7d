"""The catalogue of problems: every problem stands in it, and leads there."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.problem_types import CATALOGUE
from tests.api.routes.test_law import PROFILE

DOCS = Path(__file__).parents[2] / "docs" / "errors.md"


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/v1/nothing", None, "unknown-path"),
        ("PATCH", "/v1/recommendations", None, "wrong-method"),
        ("GET", "/v1/courses/nothing", None, "unknown-course"),
        ("GET", "/v1/participants/nobody", None, "unknown-participant"),
        ("POST", "/v1/recommendations", {"k": 3}, "invalid-field"),
        ("POST", "/v1/recommendations", {"participant_id": "nobody"}, "unknown-participant"),
        ("PUT", "/v1/participants/gone", PROFILE, "erased"),
    ],
)
def test_a_problem_leads_to_its_explanation(
    client: TestClient, method: str, path: str, body: object, code: str
) -> None:
    client.put("/v1/participants/gone", json=PROFILE)
    client.delete("/v1/participants/gone")
    answer = client.request(method, path, json=body)
    problem = answer.json()
    assert (problem["code"], problem["status"]) == (code, answer.status_code)
    explained = client.get(problem["type"]).json()
    for name in ("type", "code", "status", "title"):
        assert explained[name] == problem[name]


def test_each_code_is_listed_once_and_explained(client: TestClient) -> None:
    listed = client.get("/problems").json()["items"]
    assert [one["code"] for one in listed] == [one.code for one in CATALOGUE]
    assert len({one["code"] for one in listed}) == len(listed)
    for one in listed:
        assert client.get(one["type"]).json() == one
    assert client.get("/problems/nothing").status_code == 404


def test_the_page_names_every_code_with_its_status() -> None:
    page = DOCS.read_text(encoding="utf-8")
    for one in CATALOGUE:
        assert f"| `{one.code}` | {one.status} |" in page


def test_answers_tell_what_the_client_has_left(client: TestClient) -> None:
    def left(answer_of: str) -> tuple[str, int]:
        headers = client.get(answer_of).headers
        name, rest, _ = headers["RateLimit"].split(";")
        assert headers["RateLimit-Policy"] == '"requests";q=120000;w=60'
        return name, int(rest.removeprefix("r="))

    name, first = left("/v1/courses?limit=1")
    assert (name, left("/v1/nothing")[1]) == ('"requests"', first - 1)
    assert "RateLimit" not in client.get("/healthz").headers


def test_the_pages_of_the_document_need_no_other_host(client: TestClient) -> None:
    page = client.get("/docs")
    assert "://" not in page.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/assets/{name}" in page.text
        assert client.get(f"/docs/assets/{name}").status_code == 200
