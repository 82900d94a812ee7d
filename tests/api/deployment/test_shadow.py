"""A shadow bundle is compared behind the answers, and changes and delays none."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.deployment.list_agreement import overlap, rank_biased_overlap
from api.deployment.releases import Release, Releases
from api.deployment.shadow import MAX_WAITING, Shadow, ShadowRequest
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from store.database import Store
from tests.api.bundles import reorder, reseal

# how fast it is, is not tested here
SETTINGS = ServiceSettings(deadline_seconds=60, store_timeout_seconds=60)
PROFILES = [
    {"region": "Kota Kupang", "birth_year": 1995, "interests": ["kue kering"]},
    {"region": "Kab. Karawang", "birth_year": 1985, "skills": ["las listrik"]},
]
LISTS = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@given(LISTS, LISTS)
def test_agreement_is_symmetric_and_bounded(one: list[str], other: list[str]) -> None:
    for measure in (overlap, rank_biased_overlap):
        assert measure(one, one) == pytest.approx(1)
        assert measure(one, other) == pytest.approx(measure(other, one))
        assert -1e-9 <= measure(one, other) <= 1 + 1e-9
        if not set(one) & set(other) and (one or other):
            assert measure(one, other) == 0


def test_rank_biased_overlap_by_hand() -> None:
    assert rank_biased_overlap("ab", "ba", 0.5) == pytest.approx(0.25 + 0.25)
    assert rank_biased_overlap("abc", "abd", 0.9) == pytest.approx(
        2 / 3 * 0.9**3 + 0.1 / 0.9 * (0.9 + 0.9**2 + 2 / 3 * 0.9**3)
    )
    top, bottom = rank_biased_overlap("xbc", "abc"), rank_biased_overlap("abx", "abc")
    assert top < bottom  # the head counts most


@pytest.fixture(scope="module")
def other(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    bundles = tmp_path_factory.mktemp("shadow")
    return Release.load(bundles / reseal(bundle_folder, bundles, reorder))


def make_client(bundle: Bundle, store: Store, shadow: Shadow | None) -> TestClient:
    return TestClient(
        create_app(Releases.of(bundle), store, SETTINGS, shadow=shadow, development=True),
        base_url="http://localhost",
    )


def recommend_to_all(client: TestClient) -> list[Any]:
    requests = [{"participant": profile, "k": 5} for profile in PROFILES]
    answers = [client.post("/v1/recommendations", json=body).json() for body in requests]
    for answer in answers:
        del answer["request_id"]
    return answers


def wait_until_compared(shadow: Shadow, number: int) -> None:
    while shadow.summary().compared + shadow.summary().failed < number:
        time.sleep(0.01)


def test_answers_are_the_same_with_a_shadow_and_differences_are_logged(
    bundle: Bundle, sqlite_store: Store, other: Release, caplog: pytest.LogCaptureFixture
) -> None:
    with make_client(bundle, sqlite_store, None) as client:
        plain = recommend_to_all(client)
    shadow = Shadow(other, 1.0)
    with (
        caplog.at_level(logging.INFO, "padan.shadow"),
        make_client(bundle, sqlite_store, shadow) as client,
    ):
        assert recommend_to_all(client) == plain
        client.post("/v1/recommendations", json={"participant": PROFILES[0], "neutral": True})
        wait_until_compared(shadow, len(PROFILES))
        shown = client.get("/v1/model").json()["operations"]["shadow"]
    assert (shown["version"], shown["compared"]) == (other.version, len(PROFILES))
    assert 0 < shown["rank_biased_overlap"] < 1
    lines = [record for record in caplog.records if record.message == "another list"]
    assert len(lines) == shown["compared"] - shown["same"] > 0
    for line in lines:
        said = vars(line)
        assert said["shadow_version"] == other.version
        assert said["given"] in [[i["course_id"] for i in answer["items"]] for answer in plain]
        assert said["shadow"] != said["given"]
    usual = vars(logging.makeLogRecord({}))  # clocks and numbers of threads may hold any digits
    added = [{k: v for k, v in vars(line).items() if k not in usual} for line in lines]
    for word in ("kue", "las", "Kupang", "53.71", "1995"):
        assert word not in str(added)


def test_a_shadow_that_hangs_or_fails_delays_and_changes_nothing(
    bundle: Bundle, sqlite_store: Store, other: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow = Shadow(other, 1.0)
    go_on = threading.Event()

    def hang(_: ShadowRequest) -> None:
        go_on.wait()
        raise RuntimeError("broken")

    monkeypatch.setattr(shadow, "compare", hang)
    with make_client(bundle, sqlite_store, shadow) as client:
        answers = [recommend_to_all(client) for _ in range(MAX_WAITING)]
        assert all(answer == answers[0] for answer in answers)
        assert shadow.summary().dropped >= MAX_WAITING - 1
        go_on.set()
        wait_until_compared(shadow, 1)
        assert shadow.summary().failed >= 1
        assert recommend_to_all(client) == answers[0]


def test_only_its_share_of_the_requests_is_answered_again(
    bundle: Bundle, sqlite_store: Store, other: Release
) -> None:
    shadow = Shadow(other, 0.0)
    with make_client(bundle, sqlite_store, shadow) as client:
        recommend_to_all(client)
    assert (shadow.summary().compared, shadow.summary().dropped) == (0, 0)
