"""Requests that no client of good will sends: each is answered with a problem, and none with a fault."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from store import keys
from store.database import Store
from tests.api.serving import Served, serving

LISTS = "/v1/recommendations"


@pytest.fixture
def key(sqlite_store: Store) -> str:
    with sqlite_store.writing() as connection:
        return keys.create(connection, "portal", ["portal"])


@pytest.fixture
def client(bundle: Bundle, sqlite_store: Store, key: str) -> Iterator[TestClient]:
    app = create_app(Releases.of(bundle), sqlite_store, ServiceSettings())
    with TestClient(app, raise_server_exceptions=False, headers={"X-API-Key": key}) as client:
        yield client


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"participant":' * 20_000,
        b'{"participant": {"skills": ["\xe9"]}}',
        b'{"participant": {}, "k": 1' + b"0" * 5_000 + b"}",
        b"{" * 3,
    ],
    ids=["deep list", "deep object", "no UTF-8", "long number", "no JSON"],
)
@pytest.mark.parametrize("path", [LISTS, "/v1/plans", "/v1/events"])
def test_a_body_that_cannot_be_read_is_a_problem_of_the_body(
    client: TestClient, path: str, body: bytes
) -> None:
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "invalid-field"
    assert {one["field"].split(".")[0] for one in answer.json()["errors"]} == {"body"}


@pytest.mark.parametrize("path", ["/v1/model/", "/v1/recommendations/", "/healthz/"])
def test_no_path_leads_elsewhere(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown-path"


@pytest.mark.parametrize("written", ["%ff", "%FE", "caf%e9", "%ed%a0%80", "a%ef%bf"])
def test_a_path_that_is_no_text_names_nobody(client: TestClient, written: str) -> None:
    answer = client.put(f"/v1/participants/{written}", json={})
    assert (answer.status_code, answer.json()["code"]) == (400, "no-http")


def test_a_path_may_hold_the_sign_for_what_cannot_be_read(client: TestClient) -> None:
    assert client.put("/v1/participants/a%EF%BF%BD", json={}).status_code == 201


@pytest.fixture(scope="module")
def served(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("odd")
    url = f"sqlite:///{home / 'store.sqlite'}"
    with serving(home, url, bundle_folder, "--development") as served:
        yield served


HEADS = {
    "no host": (b"", 400),
    "two hosts": (b"Host: localhost\r\nHost: elsewhere\r\n", 400),
    "two keys": (b"Host: localhost\r\nX-API-Key: a\r\nX-API-Key: b\r\n", 400),
    "two tokens": (b"Host: localhost\r\nAuthorization: Bearer a\r\nAUTHORIZATION: b\r\n", 400),
    "a long length": (b"Host: localhost\r\nContent-Length: " + b"0" * 5_000 + b"1\r\n", 413),
    "one host": (b"Host: localhost\r\n", 200),
}


@pytest.mark.parametrize(("head", "status"), HEADS.values(), ids=HEADS)
def test_a_head_means_one_thing_or_nothing(served: Served, head: bytes, status: int) -> None:
    address = ("127.0.0.1", int(served.url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n" + head + b"\r\n")
        assert int(connection.recv(65_536).split()[1]) == status
