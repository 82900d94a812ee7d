"""A/B tests: a participant is in the same arm everywhere, objectors are in none, and the audit says which."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.deployment.ab_test import assign_arm
from api.deployment.releases import Experiment, Release, Releases
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from store.audit import read_entries
from store.database import Store
from tests.api.bundles import reorder, reseal

SUBJECTS = [f"{number:064x}" for number in range(20_000)]
PARTICIPANTS = [f"p{number}" for number in range(24)]
# how fast it is, is not tested here
SETTINGS = ServiceSettings(deadline_seconds=60, store_timeout_seconds=60)
PROFILE = {"region": "Kota Kupang", "birth_year": 1995, "interests": ["kue kering"]}


@given(st.text(max_size=64), st.text(max_size=16), st.floats(0, 1), st.floats(0, 1))
def test_the_candidate_stays_with_a_participant_when_its_share_grows(
    subject: str, experiment: str, one: float, other: float
) -> None:
    small, large = sorted((one, other))
    assert assign_arm(subject, experiment, small) == assign_arm(subject, experiment, small)
    if assign_arm(subject, experiment, small) == "candidate":
        assert assign_arm(subject, experiment, large) == "candidate"
    assert assign_arm(subject, experiment, 0) == "control"
    assert assign_arm(subject, experiment, 1) == "candidate"


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_candidate_gets_its_share(share: float) -> None:
    found = sum(assign_arm(subject, "one", share) == "candidate" for subject in SUBJECTS)
    spread = (len(SUBJECTS) * share * (1 - share)) ** 0.5
    assert abs(found - len(SUBJECTS) * share) < 4 * spread


def test_experiments_divide_participants_independently() -> None:
    both = sum(
        assign_arm(subject, "one", 0.5) == assign_arm(subject, "two", 0.5) for subject in SUBJECTS
    )
    assert abs(both - len(SUBJECTS) / 2) < 4 * (len(SUBJECTS) / 4) ** 0.5


def test_the_division_is_by_the_first_digits_of_a_hash() -> None:
    """So that others find the same arms."""
    for subject in SUBJECTS[:100]:
        first = hashlib.sha256(f"bundle:{subject}".encode()).hexdigest()[0]
        assert assign_arm(subject, "bundle", 0.25) == (
            "candidate" if first in "0123" else "control"
        )


@pytest.fixture(scope="module")
def candidate(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    bundles = tmp_path_factory.mktemp("candidate")
    return Release.load(bundles / reseal(bundle_folder, bundles, reorder))


def make_client(bundle: Bundle, candidate: Release, store: Store) -> TestClient:
    releases = Releases(Release.of(bundle), experiment=Experiment(candidate, 0.5))
    return TestClient(
        create_app(releases, store, SETTINGS, development=True), base_url="http://localhost"
    )


def version_of(client: TestClient, path: str = "/v1/recommendations", **body: Any) -> str:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["bundle_version"])


@pytest.mark.parametrize("path", ["/v1/recommendations", "/v1/plans"])
def test_participants_are_answered_by_their_arm_in_every_process(
    bundle: Bundle, candidate: Release, store: Store, path: str
) -> None:
    versions = {"control": bundle.manifest.version, "candidate": candidate.version}
    expected = {
        name: assign_arm(store.pseudonym(name), candidate.version, 0.5) for name in PARTICIPANTS
    }
    assert set(expected.values()) == {"control", "candidate"}
    for _ in range(2):
        with make_client(bundle, candidate, store) as client:
            for name in PARTICIPANTS:
                client.put(f"/v1/participants/{name}", json=PROFILE)
                assert version_of(client, path, participant_id=name) == versions[expected[name]]
    with store.reading() as connection:
        for name in PARTICIPANTS:
            entries = read_entries(connection, store.pseudonym(name))
            audited = [(e["arm"], e["bundle_version"]) for e in entries if e["action"] != "write"]
            assert audited == [(expected[name], versions[expected[name]])] * 2


@pytest.mark.parametrize("path", ["/v1/recommendations", "/v1/plans"])
def test_objectors_neutral_requests_and_the_unknown_take_no_part(
    bundle: Bundle, candidate: Release, store: Store, path: str
) -> None:
    present = bundle.manifest.version
    arms = {
        name: assign_arm(store.pseudonym(name), candidate.version, 0.5) for name in PARTICIPANTS
    }
    name = next(name for name in PARTICIPANTS if arms[name] == "candidate")
    with make_client(bundle, candidate, store) as client:
        client.put(f"/v1/participants/{name}", json=PROFILE)
        assert version_of(client, path, participant_id=name) == candidate.version
        assert version_of(client, path, participant_id=name, neutral=True) == present
        assert version_of(client, path, participant=PROFILE) == present
        client.put(f"/v1/participants/{name}/profiling", json={"opt_out": True})
        assert version_of(client, path, participant_id=name) == present
        operations = client.get("/v1/model").json()["operations"]
        assert operations["candidate"] == {"version": candidate.version, "share": 0.5}
    with store.reading() as connection:
        entries = read_entries(connection, store.pseudonym(name))
    audited = [entry["arm"] for entry in entries if entry["action"] in ("recommend", "plan")]
    assert audited == ["candidate", None, None]
