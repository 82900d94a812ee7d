"""Which bundle answers: a pointer file beside the bundles that names the promoted ones, the newest first.

The pointer is only ever replaced as a whole, after its new content is on the disk. So whoever reads it, at
any moment and after a crash at any moment, finds the list before or after a promotion and nothing between.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from models.bundles.sealing import BundleError, sync_to_disk, verify

POINTER = "current"
KEPT = 50  # promotions that can be rolled back


def promote(bundles: Path, version: str) -> None:
    """Make ``version`` the current bundle.

    Raises
    ------
    BundleError
        If it is not whole; the pointer stays as it was.
    """
    _check_whole(bundles, version)
    with _lock(bundles):
        earlier = list_promoted(bundles)
        repeated = earlier[:1] == [version]
        _write(bundles, earlier if repeated else [version, *earlier])


def rollback(bundles: Path) -> str:
    """Make the bundle that was current before the last promotion current again; return its version.

    Raises
    ------
    BundleError
        If there is none, or it is not whole; the pointer stays as it was.
    """
    with _lock(bundles):
        versions = list_promoted(bundles)
        if len(versions) < 2:
            raise BundleError(f"{bundles}: no bundle was promoted before the current one")
        _check_whole(bundles, versions[1])
        _write(bundles, versions[1:])
        return versions[1]


def replace_promoted(bundles: Path, old: str, new: str) -> None:
    """Put one bundle in another's place, wherever that was promoted."""
    with _lock(bundles):
        versions = list_promoted(bundles)
        if old in versions:
            _write(bundles, [new if version == old else version for version in versions])


def current(bundles: Path) -> Path:
    """Return the folder of the current bundle.

    Raises
    ------
    BundleError
        If no bundle was promoted yet.
    """
    versions = list_promoted(bundles)
    if not versions:
        raise BundleError(f"{bundles}: no current bundle; make one with `padan train --data DIR`")
    return bundles / versions[0]


def last_change(bundles: Path) -> tuple[int, int] | None:
    """Return what differs after each promotion, also of the same bundle again; None before the first."""
    try:
        found = (bundles / POINTER).stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def list_promoted(bundles: Path) -> list[str]:
    """Return the versions promoted so far, the current one first."""
    try:
        return (bundles / POINTER).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []


def _check_whole(bundles: Path, version: str) -> None:
    found = verify(bundles / version).version
    if found != version:
        raise BundleError(f"{bundles / version}: this is bundle {found} under another name")


@contextmanager
def _lock(bundles: Path) -> Iterator[None]:
    """Keep other processes from promoting meanwhile."""
    bundles.mkdir(parents=True, exist_ok=True)
    folder = os.open(bundles, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # ends with the process, however it ends
        yield
    finally:
        os.close(folder)


def _write(bundles: Path, versions: Sequence[str]) -> None:
    fresh = bundles / f".{POINTER}"
    fresh.write_text("".join(f"{version}\n" for version in versions[:KEPT]), encoding="utf-8")
    sync_to_disk(fresh)
    fresh.replace(bundles / POINTER)
    sync_to_disk(bundles)
