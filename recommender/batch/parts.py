"""What a run leaves: a Parquet file for each shard, whole or absent, and a manifest that vouches for each.

A file is written beside its place, synced and renamed, and then gets its line in the manifest. Whenever a run
is killed at, a file either has a line that verifies or is made again, to the same bytes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from models.bundles.sealing import hash_file, sync_to_disk
from recommender.batch.shards import Shard

MANIFEST: Final = "manifest.jsonl"
LOCK: Final = ".lock"


class BatchError(ValueError):
    """A folder of results, or an engine, that a run cannot go on with; the message says what to do."""


class Stamp(BaseModel):
    """What the lists of a run follow from, beside the participants.

    Attributes
    ----------
    bundle, rules : str
        Versions of the bundle and of the rules that it holds.
    day : str
        Whose rules, dates and seats count, in ISO 8601.
    k : int
        Most trainings of a list.
    language : str
        Of the evidence.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bundle: str
    rules: str
    day: str
    k: int
    language: str


class Line(BaseModel):
    """What the manifest says of one file.

    Attributes
    ----------
    id : str
        Of the shard.
    input : str
        SHA-256 of the shard that was answered.
    rows : int
        Participants.
    first, last : str
        The least and the largest of their ids; empty where there are none.
    sha256 : str
        Of the file.
    violations : int
        Trainings in its lists that a rule forbids.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    input: str
    rows: int
    first: str
    last: str
    sha256: str
    violations: int
    stamp: Stamp

    def write(self) -> str:
        """Return the line."""
        return self.model_dump_json() + "\n"


@dataclass(frozen=True)
class Part:
    """One answered shard: its line, and the bytes of its file."""

    line: Line
    content: bytes


class PartsFolder:
    """A folder of results while a run writes into it; no other can.

    Attributes
    ----------
    lines : dict of str to Line
        What stands in the manifest, by shard.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines = read_manifest(folder)

    def holds(self, shard: Shard, stamp: Stamp) -> bool:
        """Return whether a shard was answered as it would be now, and its file is as it was written."""
        line = self.lines.get(shard.id)
        if line is None or line.stamp != stamp or line.input != shard.digest():
            return False
        path = find_part(self.folder, shard.id)
        return path.is_file() and hash_file(path) == line.sha256

    def write(self, part: Part) -> None:
        """Put a file into its place, and then its line into the manifest."""
        path = find_part(self.folder, part.line.id)
        draft = path.with_name(f"{path.name}.tmp")
        draft.write_bytes(part.content)
        sync_to_disk(draft)
        draft.replace(path)
        sync_to_disk(self.folder)
        with (self.folder / MANIFEST).open("a", encoding="utf-8") as file:
            file.write(part.line.write())
            file.flush()
            os.fsync(file.fileno())
        self.lines[part.line.id] = part.line

    def rewrite_manifest(self) -> None:
        """Write one line for each file, in the order of the shards: whatever was torn or replaced is gone."""
        draft = self.folder / f"{MANIFEST}.tmp"
        lines = (self.lines[id_].write() for id_ in sorted(self.lines))
        draft.write_text("".join(lines), encoding="utf-8")
        sync_to_disk(draft)
        draft.replace(self.folder / MANIFEST)
        sync_to_disk(self.folder)


@contextmanager
def open_parts(folder: Path, shards: Mapping[str, Shard]) -> Iterator[PartsFolder]:
    """Give a folder of results to write into; it is made where there is none.

    Raises
    ------
    BatchError
        If another run writes into it, or it holds results of shards that are not among these.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with lock_parts(folder) as parts:
        present = {path.stem.removeprefix("part-") for path in folder.glob("part-*.parquet")}
        foreign = sorted((present | parts.lines.keys()) - shards.keys())
        if foreign:
            raise BatchError(
                f"{folder}: holds results of '{foreign[0]}', which is no shard of these participants "
                f"({len(foreign)} such); choose another --out, or remove them and {MANIFEST}"
            )
        parts.rewrite_manifest()
        yield parts


@contextmanager
def lock_parts(folder: Path) -> Iterator[PartsFolder]:
    """Give a folder of results that is there to write into.

    Raises
    ------
    BatchError
        If another run writes into it.
    """
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(
                lock, fcntl.LOCK_EX | fcntl.LOCK_NB
            )  # ends with the process, however it ends
        except OSError as error:
            raise BatchError(f"{folder}: another run writes into it; wait for its end") from error
        for draft in folder.glob("*.tmp"):  # of a run that was killed
            draft.unlink()
        yield PartsFolder(folder)


def read_manifest(folder: Path) -> dict[str, Line]:
    """Return the lines of a manifest by shard, the last of each; what a kill tore off is passed over.

    Raises
    ------
    BatchError
        If a line that is not the last is malformed.
    """
    path = folder / MANIFEST
    lines: dict[str, Line] = {}
    written = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for number, text in enumerate(written, start=1):
        try:
            line = Line.model_validate_json(text)
        except ValidationError as error:
            if number == len(written):
                break
            raise BatchError(
                f"{path}: line {number}: {error.errors()[0]['msg']}; remove the line, and its shard "
                "is answered again"
            ) from error
        lines[line.id] = line
    return lines


def find_part(folder: Path, id_: str) -> Path:
    """Return where the file of a shard is, or would be."""
    return folder / f"part-{id_}.parquet"
