"""The OpenAPI document: its public names, and the running service against it by every check of schemathesis."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from store import keys
from store.database import open_store
from tests.api.serving import serving
from tests.conftest import new_database
from training_data.dataset import Dataset

HERE = Path(__file__).parent
FEW = 10
MANY = pytest.param(60, 5_000, marks=pytest.mark.slow)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
)
def address(
    request: pytest.FixtureRequest,
    bundle_folder: Path,
    dataset: Dataset,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, str]]:
    """Where the service listens, and a key that opens all of it."""
    home = tmp_path_factory.mktemp("served")
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{home / 'store.sqlite'}"
        if request.param == "postgresql":
            url = stack.enter_context(new_database(request.getfixturevalue("postgresql")))
        store = open_store(url)
        store.upgrade()
        with store.writing() as connection:
            key = keys.create(connection, "tests", ["admin"])
        store.engine.dispose()
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        # wrong credentials are sent on purpose
        patch.setenv("PADAN_MAX_FAILURES_PER_MINUTE", "1000000")
        more = ("--data", str(dataset.folder))
        yield stack.enter_context(serving(home, url, bundle_folder, *more)).url, key


@pytest.fixture(scope="module")
def document(address: tuple[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{address[0]}/openapi.json", timeout=60).json()
    return found


def test_the_public_names_stay_as_they_are(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    expected = tomllib.loads((HERE / "public_names.toml").read_text(encoding="utf-8"))
    found = {name: set(schema["properties"]) for name, schema in schemas.items()}
    assert found == {name: set(fields) for name, fields in expected.items()}


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_every_schema_and_operation_says_what_it_is(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema["title"] == name
        assert schema["description"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (method, path)


def test_no_public_name_is_one_of_our_own_words(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    retired = {"AboutOne", "AskedFor", "WhyNot", "Change", "Reached", "Facts", "Live"}
    assert retired.isdisjoint(schemas)
    assert {"most", "possible"}.isdisjoint(
        field for schema in schemas.values() for field in schema["properties"]
    )
    assert "max_courses" in schemas["PlanRequest"]["properties"]
    assert "remedy" in schemas["ExclusionReason"]["required"]


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
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[2])}  # for the hooks
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr
    found = re.search(r"(\d[\d,]*) generated", run.stdout)
    assert found, run.stdout
    assert int(found[1].replace(",", "")) >= least, found[0]
