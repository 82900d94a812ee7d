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
from tests.api.bundles import another_order, renamed, resealed, with_text, without, wrong_golden
from training_data.profiles import Rows, rows_of


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    return tmp_path / "bundles"


@pytest.fixture
def first(bundle_folder: Path, bundles: Path) -> str:
    version = resealed(bundle_folder, bundles)
    promote(bundles, version)
    return version


@pytest.fixture
def releases(bundle: Bundle, bundles: Path, first: str) -> Releases:
    releases = Releases(Release.of(bundle), bundles)
    assert releases.present.version == first
    return releases


def people(folder: Path) -> list[Rows]:
    engine = load_engine(folder)
    cases = Golden.read(folder).cases
    return [rows_of(case.profile, f"p{n}", engine.regions) for n, case in enumerate(cases)]


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
    second = resealed(bundle_folder, bundles, another_order)
    promote(bundles, second)
    releases.look()
    assert (releases.present.version, releases.refused) == (second, None)
    rollback(bundles)
    releases.look()
    assert (releases.present.version, releases.refused) == (first, None)


def flipped(bundles: Path, version: str) -> None:
    part = bundles / version / "courses.parquet"
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)


def removed(bundles: Path, version: str) -> None:
    (bundles / version / "programme.json").unlink()


def of_another_format(bundles: Path, version: str) -> None:
    manifest = bundles / version / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99, "new": 1}))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (flipped, "'courses.parquet' was changed"),
        (removed, "'programme.json' is missing"),
        (of_another_format, "format 99"),
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
    bad = resealed(bundle_folder, bundles, renamed(2))
    promote(bundles, bad)
    damage(bundles, bad)
    _refuses(releases, first, bad, reason, caplog)
    assert newest_whole(bundles).version == first


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (wrong_golden, "golden answer"),
        (without("golden.json"), "no golden.json"),
        (with_text("golden.json", "{}"), "Field required"),
        (with_text("parts.json", "{}"), "KeyError"),
        (without("vectors.safetensors"), "vectors.safetensors"),
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
    bad = resealed(bundle_folder, bundles, change)
    promote(bundles, bad)
    _refuses(releases, first, bad, reason, caplog)


@pytest.mark.parametrize("name", ["programme", "regions"])
def test_a_bundle_of_another_programme_or_country_is_refused(
    releases: Releases,
    first: str,
    bundle_folder: Path,
    bundles: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    bad = resealed(bundle_folder, bundles, renamed(3), head={name: "elsewhere@1"})
    promote(bundles, bad)
    _refuses(releases, first, bad, "'elsewhere'", caplog)


def _refuses(
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
    promote(bundles, resealed(bundle_folder, bundles, wrong_golden))
    releases.look()
    assert releases.refused is not None
    promote(bundles, first)
    releases.look()
    assert (releases.present.version, releases.refused) == (first, None)


def test_a_new_bundle_is_tried_on_people_who_asked_lately(
    bundle: Bundle,
    bundles: Path,
    first: str,
    bundle_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promote(bundles, first)
    asked = people(bundle_folder)
    releases = Releases(Release.of(bundle), bundles)
    tried: list[int] = []
    monkeypatch.setattr(
        "api.deployment.releases.hold_to_rules", lambda _, answer: tried.append(len(answer.ids))
    )
    promote(bundles, resealed(bundle_folder, bundles, renamed(4)))
    releases.look(lambda: asked)
    assert tried[-1] == len(asked)


def test_a_list_that_breaks_a_rule_is_noticed(
    bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's own mask lets everything through here."""
    golden = Golden.read(bundle_folder)
    engine = load_engine(bundle_folder)
    monkeypatch.setattr(
        "recommender.engine.permitted",
        lambda question: np.ones((len(question.batch), len(engine.catalogue)), dtype=bool),
    )
    with pytest.raises(BundleError, match="forbidden"):
        golden.hold(engine)


def test_the_old_bundle_leaves_memory_after_its_last_request(
    first: str, bundle_folder: Path, bundles: Path
) -> None:
    releases = Releases(Release.load(bundles / first), bundles)
    in_flight = releases.present
    old = weakref.ref(in_flight.bundle.engine)
    promote(bundles, resealed(bundle_folder, bundles, renamed(5)))
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
    promote(bundles, resealed(bundle_folder, bundles, wrong_golden))
    with pytest.raises(BundleError, match="golden answer"):
        newest_whole(bundles)
