"""After an erasure nothing below the home names the person: store, logs, dataset, bundles."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.deployment.releases import Release, Releases
from api.settings import ServiceSettings
from models.bundles.promotion import current, list_promoted
from recommender.batch.parts import find_part, read_manifest
from recommender.bundle.bundle import load_checked
from store.database import open_store
from store.dataset_import import import_dataset
from tests.cli.test_store import home, list_indexed, padan
from training_data.dataset import Dataset
from training_data.simulation import simulate_dataset

__all__ = ["home"]

pytestmark = pytest.mark.integration

GONE = "sim-0000003"
RARE, COMMON = "menganyam zirbak", "merawat wumbol"
COMMON_PEOPLE = 10


def write_words(dataset: Dataset) -> None:
    """Have one more person than a bundle tells apart write one thing, and one less another."""
    people = dataset.read("participants")
    number = pl.int_range(pl.len())
    people = people.with_columns(
        profiling_opt_out=pl.lit(False),
        interests=pl.when(number < COMMON_PEOPLE - 1)
        .then(pl.lit([RARE, COMMON]))
        .when(number < COMMON_PEOPLE)
        .then(pl.lit([COMMON]))
        .otherwise("interests"),
    )
    dataset.write("participants", people)


def files_with(folder: Path, *words: str) -> list[str]:
    """Files below a folder that hold one of the words, Parquet unpacked."""

    def content(path: Path) -> bytes:
        if path.suffix == ".parquet":
            return pl.read_parquet(path).write_json().encode()
        return path.read_bytes()

    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(word.encode() in content(path) for word in words)]


def read_results(folder: Path) -> pl.DataFrame:
    """What a run left, held to its manifest."""
    (line,) = read_manifest(folder).values()
    content = find_part(folder, line.id).read_bytes()
    rows = pl.read_parquet(content)
    assert line.sha256 == hashlib.sha256(content).hexdigest()
    assert [line.rows, line.first, line.last] == [len(rows), *rows["participant_id"][[0, -1]]]
    return rows


@pytest.fixture
def dataset(home: Path) -> Dataset:
    dataset = simulate_dataset(home / "data", 60, dt.date(2024, 10, 1))
    write_words(dataset)
    return dataset


def test_words_of_few_people_are_in_no_bundle(
    home: Path, dataset: Dataset, tiny_directory: Path
) -> None:
    padan("train", "--data", dataset.folder, "--encoder", tiny_directory)
    assert files_with(home / "bundles", COMMON)
    assert not files_with(home / "bundles", RARE, "zirbak")


def test_nothing_of_an_erased_person_is_left(
    home: Path, dataset: Dataset, tiny_directory: Path
) -> None:
    unique = "memahat quxwand"
    people = dataset.read("participants")
    mine = pl.col("participant_id") == GONE
    dataset.merge("participants", people.filter(mine).with_columns(interests=pl.lit([unique])))
    padan("train", "--data", dataset.folder, "--encoder", tiny_directory)
    padan("train", "--data", dataset.folder, "--encoder", tiny_directory, "--seed", 1)
    before = list_promoted(home / "bundles")
    assert GONE in list_indexed(home)
    padan("batch", "--participants", dataset.folder, "--out", home / "batch", "-k", 2)
    assert files_with(home / "batch", GONE)
    padan("store", "upgrade")
    store = open_store()
    import_dataset(store, dataset)
    releases = Releases(Release.load(current(home / "bundles")), None)
    app = create_app(releases, store, ServiceSettings(), development=True)
    with TestClient(app, base_url="http://localhost") as client:
        client.post("/v1/recommendations", json={"participant_id": GONE}).raise_for_status()
        client.delete(f"/v1/participants/{GONE}").raise_for_status()
        assert not [name for name in files_with(home, GONE, unique) if "store.sqlite" in name]
    padan("batch", "--participants", dataset.folder, "--out", home / "second", "-k", 2)
    assert not files_with(home / "second", GONE)
    padan("store", "save", "--data", dataset.folder)
    said = padan("bundles", "prune")
    assert all(version in said for version in before)
    assert not files_with(home, GONE, unique)
    after = list_promoted(home / "bundles")
    assert len(after) == len(before)
    assert not {*after} & {*before}
    assert GONE not in list_indexed(home)
    load_checked(current(home / "bundles"))
    assert "no bundle" in padan("bundles", "prune")
    assert len(read_results(home / "batch")) == len(people) - 1
    again = padan("batch", "--participants", dataset.folder, "--out", home / "batch", "-k", 2)
    assert f"{len(people) - 1} people in 1 shards" in again
    padan("store", "prune")
    padan("store", "save", "--data", dataset.folder)
    assert not files_with(home, GONE, unique)
    modes = {oct(path.stat().st_mode & 0o077) for path in (home / "bundles").rglob("*")}
    assert modes == {"0o0"}


def test_bundles_that_cannot_be_used_are_deleted(
    home: Path, dataset: Dataset, tiny_directory: Path
) -> None:
    padan("train", "--data", dataset.folder, "--encoder", tiny_directory)
    folder = current(home / "bundles")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 4}))
    assert f"{folder.name} deleted" in padan("bundles", "prune")
    assert not folder.exists()
