"""Promotions while a real service answers: no request is dropped, and none is answered by two bundles."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.bundles.promotion import promote, rollback
from tests.api.bundles import break_golden, rename, reorder, reseal
from tests.api.polling import PollingClient
from tests.api.serving import Served, serving

CLIENTS = 4
PROFILES = [
    {"region": "Kota Kupang", "birth_year": 1995, "interests": ["kue kering"]},
    {"region": "Kab. Karawang", "birth_year": 1985, "skills": ["las listrik"]},
    {"birth_year": 1999, "target_occupation": "penjahit"},
]


class Client(PollingClient):
    """Requests the same lists over and over, and remembers every answer."""

    def request_all(self, http: httpx.Client) -> None:
        for number, profile in enumerate(PROFILES):
            answer = recommend(http, profile)
            self.answers.append((number, answer.status_code, answer.json()))


def recommend(http: httpx.Client, profile: dict[str, Any]) -> httpx.Response:
    return http.post("/v1/recommendations", json={"participant": profile, "k": 5})


def wait_for(served: Served, version: str) -> None:
    while httpx.get(f"{served.url}/readyz", timeout=60).json()["bundle_version"] != version:
        time.sleep(0.05)


@pytest.mark.parametrize(
    "swaps", [3, pytest.param(50, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_no_request_is_dropped_while_bundles_are_swapped(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swaps: int
) -> None:
    monkeypatch.setenv("PADAN_DEADLINE_SECONDS", "60")  # how fast it is, is not tested here
    bundles = tmp_path / "bundles"
    versions = [reseal(bundle_folder, bundles, change) for change in (rename(1), reorder)]
    promote(bundles, versions[0])
    with serving(
        tmp_path, f"sqlite:///{tmp_path / 'store.sqlite'}", None, "--development"
    ) as served:
        clients = [Client(served.url) for _ in range(CLIENTS)]
        try:
            for swap in range(1, swaps + 1):
                if swap % 2:
                    promote(bundles, versions[1])
                else:
                    rollback(bundles)
                wait_for(served, versions[swap % 2])
        finally:
            for client in clients:
                client.stop()
        with httpx.Client(base_url=served.url, timeout=60) as http:
            last = [recommend(http, profile).json()["bundle_version"] for profile in PROFILES]
    assert set(last) == {versions[swaps % 2]}
    answers = [answer for client in clients for answer in client.answers]
    assert {status for _, status, _ in answers} == {200}
    assert not any(body["degraded"] for _, _, body in answers)
    lists = defaultdict(set)
    for number, _, body in answers:
        lists[number, body["bundle_version"]].add(tuple(i["course_id"] for i in body["items"]))
    assert {version for _, version in lists} == set(versions)
    assert all(len(found) == 1 for found in lists.values())  # a bundle's list, and never a mixture
    assert any(lists[n, versions[0]] != lists[n, versions[1]] for n in range(len(PROFILES)))


def test_a_refused_bundle_is_shown_and_the_service_stays_ready(
    bundle_folder: Path, tmp_path: Path
) -> None:
    bundles = tmp_path / "bundles"
    good = reseal(bundle_folder, bundles, rename(1))
    bad = reseal(bundle_folder, bundles, break_golden)
    promote(bundles, good)
    with serving(
        tmp_path, f"sqlite:///{tmp_path / 'store.sqlite'}", None, "--development"
    ) as served:
        promote(bundles, bad)
        refused = None
        while refused is None:
            time.sleep(0.05)
            refused = httpx.get(f"{served.url}/v1/model", timeout=60).json()["operations"][
                "refused"
            ]
        assert refused["version"] == bad
        assert "golden answer" in refused["reason"]
        assert httpx.get(f"{served.url}/readyz", timeout=60).json()["bundle_version"] == good
        assert f"bundle {bad} is refused" in served.log.read_text()
        served.kill()
        with serving(
            tmp_path, f"sqlite:///{tmp_path / 'store.sqlite'}", None, "--development"
        ) as again:
            assert httpx.get(f"{again.url}/readyz", timeout=60).json()["bundle_version"] == good
