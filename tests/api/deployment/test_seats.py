"""Lists of a release that knows seats: what was scarce gives way, by what the last allocation told."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from recommender.settings import Crowding, SlateSettings
from store.database import Store
from store.dataset_import import import_dataset
from training_data.dataset import Dataset

K = 10


def list_all(bundle: Bundle, dataset: Dataset, settings: SlateSettings) -> np.ndarray:
    engine = bundle.engine
    entered_today = pl.lit(None, pl.Date).alias("admitted_on")
    people = dataset.read("participants").head(60).with_columns(entered_today)
    none = dataset.read("interactions").clear()
    found = engine.recommend(engine.prepare(people, none, engine.programme.today()), settings)
    ids: np.ndarray = found.slates.ids
    return ids


@pytest.mark.parametrize("crowding", ["price", "chance"])
def test_what_was_scarce_gives_way(bundle: Bundle, dataset: Dataset, crowding: Crowding) -> None:
    plain = SlateSettings(k=K, relevance_weight=1.0)
    before = list_all(bundle, dataset, plain)
    classes = bundle.engine.catalogue.classes
    with_class = {*classes["course_id"]}
    ids = bundle.engine.catalogue.ids
    counts = np.bincount(before[before >= 0], minlength=len(ids))
    scarce = next(
        row for row in np.argsort(-counts, kind="stable").tolist() if ids[row] in with_class
    )
    told = classes.filter(course_id=ids[scarce]).select(
        "class_id",
        pl.lit(1, pl.Int64).alias("seats"),
        pl.lit(1.0).alias("price"),
        pl.lit(1_000, pl.Int64).alias("wished"),
    )
    releases = Releases.of(bundle)
    releases.know_seats(told)
    known = releases.present.bundle
    assert (list_all(known, dataset, plain) == before).all()
    lowered = SlateSettings(k=K, relevance_weight=1.0, crowding_weight=1.0, crowding=crowding)
    after = list_all(known, dataset, lowered)
    assert (after == scarce).sum() < counts[scarce]
    places = [
        (int(np.flatnonzero(old == scarce)[0]), int(np.flatnonzero(new == scarce)[0]))
        for old, new in zip(before, after, strict=True)
        if scarce in old and scarce in new
    ]
    assert all(old <= new for old, new in places)
    assert (list_all(bundle, dataset, lowered) == before).all()  # of which nothing is known


def test_lists_know_what_an_allocation_told(
    bundle: Bundle, sqlite_store: Store, dataset: Dataset
) -> None:
    import_dataset(sqlite_store, dataset)
    releases = Releases.of(bundle)
    settings = ServiceSettings(crowding_weight=0.5)
    app = create_app(releases, sqlite_store, settings, development=True)
    with TestClient(app, base_url="http://localhost") as client:
        assert releases.present.bundle.engine.catalogue.seats is None
        classes = bundle.engine.catalogue.classes["class_id"].to_list()
        seats = [{"class_id": name, "seats": 1} for name in classes]
        assert client.post("/v1/allocations", json={"classes": seats}).status_code == 202
        until = time.monotonic() + 120
        while releases.present.bundle.engine.catalogue.seats is None and time.monotonic() < until:
            time.sleep(0.1)
    known = releases.present.bundle.engine.catalogue.seats
    assert known is not None
    assert (known.price > 0).any()
