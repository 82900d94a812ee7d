"""The running service against its own OpenAPI document, with every check of schemathesis."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import keys
from store.database import open_store
from tests.api.serving import serving
from training_data.dataset import Dataset

HERE = Path(__file__).parent
FEW = 10
MANY = pytest.param(300, 5_000, marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def address(
    bundle_folder: Path, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Where the service listens, and a key that opens all of it."""
    home = tmp_path_factory.mktemp("served")
    url = f"sqlite:///{home / 'store.sqlite'}"
    store = open_store(url)
    store.upgrade()
    with store.writing() as connection:
        key = keys.create(connection, "tests", ["admin"])
    store.engine.dispose()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "PADAN_FAILURES_PER_MINUTE", "1000000"
        )  # wrong credentials are sent on purpose
        with serving(home, url, bundle_folder, "--data", str(dataset.folder)) as served:
            yield served.url, key


@pytest.mark.parametrize(("examples", "least"), [(FEW, 200), MANY])
def test_the_service_keeps_to_its_document(
    address: tuple[str, str], tmp_path: Path, examples: int, least: int
) -> None:
    url, key = address
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={HERE / 'schemathesis.toml'}",
        *("run", f"{url}/openapi.json", "--checks=all", f"--max-examples={examples}", "--seed=1"),
        *("--no-color", "-H", f"X-API-Key: {key}"),
    ]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr
    found = re.search(r"(\d[\d,]*) generated", run.stdout)
    assert found, run.stdout
    assert int(found[1].replace(",", "")) >= least, found[0]
