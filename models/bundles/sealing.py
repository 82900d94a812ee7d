"""The sealed bundle: a directory of parts and a manifest with the SHA-256 of each.

A bundle is written beside its place and renamed into it, so it is whole or absent. Its version is the
digest of its parts: the same data, seed and code give the same version.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from models.bundles.training_report import TrainingReport

MANIFEST = "manifest.json"
FORMAT = 5


class BundleError(ValueError):
    """A bundle that must not be used; the message names the file and what is wrong with it."""


class Manifest(BaseModel):
    """What a bundle says of itself.

    Attributes
    ----------
    version : str
        First digits of the digest over all parts.
    programme, regions, encoder : str
        Versions of the rule pack and region table, and fingerprint of the text encoder.
    data : str
        Fingerprint of the dataset that it was trained on.
    newest_event : datetime (UTC), optional
        Time of the newest event in that dataset: what it may be judged on lies after. None where it
        had no events.
    simulated : bool
        Whether the participants and events were simulated.
    objective : dict of str to float
        What the ranking was to achieve, see `recommender.objective`.
    metrics : dict
        Sizes of what was trained on, by name.
    training : TrainingReport, optional
        What training was told, what it measured and what it cost.
    parts : dict of str to str
        Relative path -> SHA-256 of the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT
    version: str
    created_on: str
    programme: str
    regions: str
    encoder: str
    data: str
    newest_event: dt.datetime | None
    simulated: bool
    objective: dict[str, float]
    metrics: dict[str, float]
    training: TrainingReport | None = None
    parts: dict[str, str]


class _Format(BaseModel):
    """All that manifests of every format have in common."""

    format: int


@contextmanager
def open_draft(bundles: Path) -> Iterator[Path]:
    """Give a folder below ``bundles`` to write parts into; unless sealed, it is gone afterwards."""
    bundles.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".writing-", dir=bundles))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seal(folder: Path, bundles: Path, head: dict[str, Any]) -> Manifest:
    """Write the manifest of the parts in ``folder`` and move it to its place ``bundles / version``.

    Parameters
    ----------
    head : dict
        Every field of `Manifest` but format, version and parts.
    """
    parts = hash_parts(folder)
    manifest = Manifest(version=_version(parts), parts=parts, **head)
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o700 if path.is_dir() else 0o600)  # it tells of people: its owner's alone
        sync_to_disk(path)
    place = bundles / manifest.version
    if not place.exists():
        folder.rename(place)
        sync_to_disk(bundles)
    return manifest


def hash_parts(folder: Path) -> dict[str, str]:
    """Return relative path -> SHA-256 of every file below ``folder`` but the manifest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}


def verify(folder: Path) -> Manifest:
    """Return the manifest of a bundle after checking every part against it.

    Raises
    ------
    BundleError
        If the manifest is missing or malformed, a part is missing, added or changed, or the version is
        not that of the parts.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleError(
            f"{folder}: no {MANIFEST}, so this is not a bundle; make one with `padan train`"
        )
    text = path.read_text(encoding="utf-8")
    try:
        found_format = _Format.model_validate_json(text).format
        if found_format != FORMAT:
            raise BundleError(
                f"{path}: format {found_format}, this version reads {FORMAT}; train again"
            )
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise BundleError(
            f"{path}: {error.errors()[0]['msg']} ({error.errors()[0]['loc']})"
        ) from error
    found = hash_parts(folder)
    for name in sorted(manifest.parts.keys() | found.keys()):
        if name not in found:
            raise BundleError(
                f"{folder}: part '{name}' is missing; copy the bundle again or train again"
            )
        if name not in manifest.parts:
            raise BundleError(
                f"{folder}: '{name}' is not in the manifest; remove it or train again"
            )
        if manifest.parts[name] != found[name]:
            raise BundleError(
                f"{folder}: part '{name}' was changed after sealing (its SHA-256 differs); "
                "copy the bundle again or train again"
            )
    if manifest.version != _version(manifest.parts):
        raise BundleError(
            f"{path}: version '{manifest.version}' is not the digest of its parts; train again"
        )
    return manifest


def sync_to_disk(path: Path) -> None:
    """Return when a file, or the list of a folder's files, is on the disk and outlasts a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _version(parts: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
