"""Putting bundles into service: tried first, refused where they are bad, gone when they are no longer used."""

from __future__ import annotations

import gc
import json
import logging
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.deployment.releases import Release, Releases, newest_whole
from models.bundles.promotion import promote, rollback
from models.bundles.sealing import BundleError
from recommender.bundle.bundle import Bundle, load_checked, load_engine
from recommender.bundle.golden import Golden
from tests.api.bundles import (
    break_golden,
    leave_out,
    rename,
    reorder,
    reseal,
    swap_features,
    write_text,
)
from training_data.profiles import ParticipantRows, to_rows


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    return tmp_path / "bundles"


@pytest.fixture
def first(bundle_folder: Path, bundles: Path) -> str:
    version = reseal(bundle_folder, bundles)
    promote(bundles, version)
    return version


@pytest.fixture
def releases(bundle: Bundle, bundles: Path, first: str) -> Releases:
    releases = Releases(Release.of(bundle), bundles)
    assert releases.present.version == first
    return releases


def golden_participants(folder: Path) -> list[ParticipantRows]:
    engine = load_engine(folder)
    cases = Golden.read(folder).cases
    regions = engine.reader.vocabularies.regions
    return [to_rows(case.profile, f"p{n}", regions) for n, case in enumerate(cases)]


def test_golden_answers_are_sealed_and_say_something(bundle_folder: Path) -> None:
    golden = Golden.read(bundle_folder)
    full = [case for case in golden.cases if len(case.course_ids) == golden.k]
    assert len(golden.cases) >= 24
    assert len(full) > len(golden.cases) / 2
    assert {case.profile.profiling_opt_out for case in golden.cases} == {True, False}
    assert len({tuple(case.course_ids) for case in full}) > len(full) / 2
    load_checked(bundle_folder)


def test_a_promoted_bundle_takes_over_and_rolling_back_returns(
    releases: Releases, first: str, bundle_folder: Path, bundles: Path
) -> None:
    second = reseal(bundle_folder, bundles, reorder)
    promote(bundles, second)
    releases.look()
    assert (releases.present.version, releases.refused) == (second, None)
    rollback(bundles)
    releases.look()
    assert (releases.present.version, releases.refused) == (first, None)


def flip_bit(bundles: Path, version: str) -> None:
    part = bundles / version / "courses.parquet"
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)


def remove_part(bundles: Path, version: str) -> None:
    (bundles / version / "programme.json").unlink()


def change_format(bundles: Path, version: str) -> None:
    manifest = bundles / version / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99, "new": 1}))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (flip_bit, "'courses.parquet' was changed"),
        (remove_part, "'programme.json' is missing"),
        (change_format, "format 99"),
    ],
)
def test_a_bundle_damaged_after_its_promotion_is_refused(
    releases: Releases,
    first: str,
    bundle_folder: Path,
    bundles: Path,
    caplog: pytest.LogCaptureFixture,
    damage: Any,
    reason: str,
) -> None:
    bad = reseal(bundle_folder, bundles, rename(2))
    promote(bundles, bad)
    damage(bundles, bad)
    _check_refusal(releases, first, bad, reason, caplog)
    assert newest_whole(bundles).version == first


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (break_golden, "golden answer"),
        (leave_out("golden.json"), "no golden.json"),
        (write_text("golden.json", "{}"), "Field required"),
        (write_text("parts.json", "{}"), "features: Field required"),
        (swap_features, "reads other features"),
        (leave_out("vectors.safetensors"), "vectors.safetensors"),
    ],
)
def test_a_bundle_that_is_whole_and_wrong_is_refused(
    releases: Releases,
    first: str,
    bundle_folder: Path,
    bundles: Path,
    caplog: pytest.LogCaptureFixture,
    change: Any,
    reason: str,
) -> None:
    bad = reseal(bundle_folder, bundles, change)
    promote(bundles, bad)
    _check_refusal(releases, first, bad, reason, caplog)


@pytest.mark.parametrize("name", ["programme", "regions"])
def test_a_bundle_of_another_programme_or_country_is_refused(
    releases: Releases,
    first: str,
    bundle_folder: Path,
    bundles: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    bad = reseal(bundle_folder, bundles, rename(3), head={name: "elsewhere@1"})
    promote(bundles, bad)
    _check_refusal(releases, first, bad, "'elsewhere'", caplog)


def _check_refusal(
    releases: Releases, first: str, bad: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL, "padan.releases"):
        releases.look()
    assert releases.present.version == first
    assert releases.refused is not None
    assert releases.refused.version == bad
    assert reason in releases.refused.reason
    assert reason in caplog.text
    releases.look()
    assert len(caplog.records) == 1  # it is not tried again and again


def test_a_refusal_ends_with_a_good_promotion(
    releases: Releases, first: str, bundle_folder: Path, bundles: Path
) -> None:
    promote(bundles, reseal(bundle_folder, bundles, break_golden))
    releases.look()
    assert releases.refused is not None
    promote(bundles, first)
    releases.look()
    assert (releases.present.version, releases.refused) == (first, None)


def test_a_new_bundle_is_tried_on_recent_participants(
    bundle: Bundle,
    bundles: Path,
    first: str,
    bundle_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promote(bundles, first)
    recent = golden_participants(bundle_folder)
    releases = Releases(Release.of(bundle), bundles)
    tried: list[int] = []
    monkeypatch.setattr(
        "api.deployment.releases.check_rules",
        lambda _, recommendations: tried.append(len(recommendations.slates.ids)),
    )
    promote(bundles, reseal(bundle_folder, bundles, rename(4)))
    releases.look(lambda: recent)
    assert tried[-1] == len(recent)


def test_a_list_that_breaks_a_rule_is_noticed(
    bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's own mask lets everything through here."""
    golden = Golden.read(bundle_folder)
    engine = load_engine(bundle_folder)
    monkeypatch.setattr(
        "recommender.engine.build_list_mask",
        lambda query: np.ones((len(query.batch), len(engine.catalogue)), dtype=bool),
    )
    with pytest.raises(BundleError, match="forbidden"):
        golden.check(engine)


def test_the_old_bundle_leaves_memory_after_its_last_request(
    first: str, bundle_folder: Path, bundles: Path
) -> None:
    releases = Releases(Release.load(bundles / first), bundles)
    in_flight = releases.present
    old = weakref.ref(in_flight.bundle.engine)
    promote(bundles, reseal(bundle_folder, bundles, rename(5)))
    releases.look()
    gc.collect()
    assert old() is not None
    in_flight.warm([])  # the request that is under way ends on it
    del in_flight
    gc.collect()
    assert old() is None


def test_without_any_bundle_that_answers_the_service_does_not_start(
    bundle_folder: Path, bundles: Path
) -> None:
    with pytest.raises(BundleError, match="no current bundle"):
        newest_whole(bundles)
    promote(bundles, reseal(bundle_folder, bundles, break_golden))
    with pytest.raises(BundleError, match="golden answer"):
        newest_whole(bundles)
