"""Promotion: one pointer that always names a whole bundle, whatever happens to whoever promotes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from models.bundles.promotion import KEPT, current, last_change, promote, rollback
from models.bundles.sealing import BundleError, open_draft, seal, verify

HEAD = {
    "created_on": "2026-01-01",
    "programme": "p@1",
    "regions": "r@1",
    "encoder": "e",
    "data": "d",
    "newest_event": None,
    "simulated": True,
    "objective": {},
    "metrics": {},
}
PROMOTE_ON_AND_ON = """
import sys
from itertools import cycle
from pathlib import Path
from models.bundles.promotion import promote, rollback
print("begun", flush=True)
for version in cycle(sys.argv[2:]):
    promote(Path(sys.argv[1]), version)
    rollback(Path(sys.argv[1]))
    promote(Path(sys.argv[1]), version)
"""


def sealed(bundles: Path, content: str) -> str:
    with open_draft(bundles) as folder:
        (folder / "part").write_text(content)
        return seal(folder, bundles, HEAD).version


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    return tmp_path / "bundles"


def test_rolling_back_returns_to_the_bundle_before(bundles: Path) -> None:
    first, second, third = (sealed(bundles, content) for content in "abc")
    for version in (first, second, third, first):
        promote(bundles, version)
    assert current(bundles).name == first
    assert [rollback(bundles) for _ in range(3)] == [third, second, first]
    with pytest.raises(BundleError, match="before the current one"):
        rollback(bundles)
    assert current(bundles).name == first


def test_promoting_again_is_seen_and_changes_nothing(bundles: Path) -> None:
    first, second = sealed(bundles, "a"), sealed(bundles, "b")
    assert last_change(bundles) is None
    promote(bundles, first)
    promote(bundles, second)
    before = last_change(bundles)
    promote(bundles, second)
    assert last_change(bundles) != before
    assert rollback(bundles) == first


def test_what_is_not_whole_is_neither_promoted_nor_returned_to(bundles: Path) -> None:
    first, second = sealed(bundles, "a"), sealed(bundles, "b")
    for version in (first, second):
        promote(bundles, version)
    shutil.copytree(bundles / first, bundles / "other")
    (bundles / first / "part").write_text("changed")
    for refused in (first, "other", "nothing", "..", "../bundles"):
        with pytest.raises(BundleError):
            promote(bundles, refused)
    with pytest.raises(BundleError, match="'part' was changed"):
        rollback(bundles)
    assert current(bundles).name == second


def test_a_version_that_is_not_the_digest_of_its_parts_is_refused(bundles: Path) -> None:
    version = sealed(bundles, "a")
    manifest = bundles / version / "manifest.json"
    manifest.write_text(manifest.read_text().replace(version, "0" * 16))
    with pytest.raises(BundleError, match="digest"):
        verify(bundles / version)


def test_the_list_of_promotions_is_bounded(bundles: Path) -> None:
    versions = [sealed(bundles, content) for content in "ab"]
    for number in range(KEPT + 10):
        promote(bundles, versions[number % 2])
    assert len((bundles / "current").read_text().split()) == KEPT


@pytest.mark.parametrize(
    "rounds", [8, pytest.param(100, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_kill_9_while_promoting_leaves_a_whole_bundle_current(bundles: Path, rounds: int) -> None:
    rng = Random(0)  # noqa: S311
    versions = [sealed(bundles, content) for content in "abc"]
    promote(bundles, versions[0])
    seen = set()
    for _ in range(rounds):
        before = last_change(bundles)
        process = subprocess.Popen(
            [sys.executable, "-c", PROMOTE_ON_AND_ON, str(bundles), *versions[1:], versions[0]],
            stdout=subprocess.PIPE,
        )
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        while last_change(bundles) == before:
            assert process.poll() is None
        time.sleep(rng.uniform(0, 0.03))
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        seen.add(verify(current(bundles)).version)
        assert seen <= set(versions)
        promote(bundles, versions[0])  # the lock of the killed one is gone
        assert current(bundles).name == versions[0]
    assert len(seen) > 1
    assert {path.name for path in bundles.iterdir()} <= {*versions, "current", ".current"}
