"""The service that the guides speak of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from store.database import Store
from tests.api.conftest import bundle, bundle_folder, dataset, sqlite_store

__all__ = ["bundle", "bundle_folder", "dataset", "sqlite_store"]


@pytest.fixture
def service(
    bundle: Bundle,
    sqlite_store: Store,
) -> Iterator[TestClient]:
    settings = ServiceSettings(deadline_seconds=60, store_timeout_seconds=60)
    app = create_app(Releases.of(bundle), sqlite_store, settings, development=True)
    with TestClient(app, base_url="http://localhost") as client:
        yield client
