"""The service that the clients ask: `padan serve` over a small bundle, with keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from store import keys
from store.database import open_store
from tests.api.conftest import bundle_folder, dataset
from tests.api.serving import serving
from training_data.dataset import Dataset

__all__ = ["bundle_folder", "dataset"]


@dataclass(frozen=True)
class RunningService:
    """Where a service listens, a key that opens all that the clients call, and the dataset it knows."""

    url: str
    key: str
    dataset: Dataset


@pytest.fixture(scope="session")
def running_service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    known: Dataset = request.getfixturevalue("dataset")
    bundle: Path = request.getfixturevalue("bundle_folder")
    home = tmp_path_factory.mktemp("served")
    url = f"sqlite:///{home / 'store.sqlite'}"
    store = open_store(url)
    store.upgrade()
    with store.writing() as connection:
        key = keys.create(connection, "tests", ["portal", "officer"])
    store.engine.dispose()
    with serving(home, url, bundle, "--data", str(known.folder)) as served:
        yield RunningService(served.url, key, known)
