"""A small trained bundle, and the service over it with each way of getting in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from models.bundles.promotion import current
from recommender.bundle.bundle import Bundle, load_bundle
from store import keys
from store.database import Store, open_store
from store.dataset_import import import_dataset
from training_data.dataset import Dataset


@pytest.fixture(scope="session")
def dataset(tiny_home: Path) -> Dataset:
    return Dataset.open(tiny_home / "simulated")


@pytest.fixture(scope="session")
def bundle_folder(tiny_home: Path) -> Path:
    return current(tiny_home / "bundles")


@pytest.fixture(scope="session")
def bundle(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)


@pytest.fixture
def service(bundle: Bundle, store: Store, dataset: Dataset) -> FastAPI:
    """The service in development mode, knowing the dataset's participants, once for each database."""
    import_dataset(store, dataset)
    # how fast it is, is not tested here
    settings = ServiceSettings(deadline_seconds=60, store_timeout_seconds=60)
    return create_app(Releases.of(bundle), store, settings, development=True)


@pytest.fixture
def client(service: FastAPI) -> Iterator[TestClient]:
    with TestClient(service, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An empty store, for what does not depend on the database."""
    store = open_store(f"sqlite:///{tmp_path / 'only.sqlite'}")
    store.upgrade()
    yield store
    store.engine.dispose()


@pytest.fixture
def new_key(sqlite_store: Store) -> Callable[..., str]:
    """Return a function that makes an API key with the given scopes."""

    def make(*scopes: str, expires_at: dt.datetime | None = None) -> str:
        with sqlite_store.writing() as connection:
            return keys.create(connection, "-".join(scopes), scopes, expires_at)

    return make
