"""What is published of an allocation before it is drawn, and afterwards: nobody can choose what suits the draw.

Before, the hashes of the seed, of who takes part, and of all that is decided from; afterwards the seed. It stays in
a file for its owner alone until then.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from recommender.matching.allocation import Aim
from recommender.matching.case import Case
from recommender.matching.lottery import hash_entrants, hash_seed
from recommender.matching.record import (
    COMMITMENT,
    RESULTS,
    Count,
    Digest,
    RecordError,
    Written,
    hash_files,
    list_case,
    read_bytes,
    read_json,
    write_case,
    write_json,
)

UNREVEALED: Final = "seed.unrevealed"
REVEALED: Final = "seed.txt"


class Commitment(Written):
    """What is published before: the hashes of the seed, of the sorted ids, and of the files of the case."""

    seed_sha256: Digest
    entrants_sha256: Digest
    entrants: Count
    day: dt.date
    files: dict[str, Digest]


@dataclass(frozen=True)
class Promise:
    """A seed that was promised, and the day whose rules count."""

    seed: str
    day: dt.date


def check_new(folder: Path) -> None:
    """Refuse a folder in which a seed was promised before."""
    for name in (COMMITMENT, REVEALED):
        if (folder / name).exists():
            raise RecordError(f"{folder / name}: a seed was promised before; take a new folder")


def commit(folder: Path, case: Case, aim: Aim, seed: str, day: dt.date) -> Commitment:
    """Write a case with what is published of it and of its seed before, the commitment last.

    Raises
    ------
    RecordError
        If a seed was promised in this folder before.
    """
    check_new(folder)
    write_case(folder, case, aim)
    descriptor = os.open(folder / UNREVEALED, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(seed + "\n")
    promised = Commitment(
        seed_sha256=hash_seed(seed),
        entrants_sha256=hash_entrants(case.participant_ids),
        entrants=len(case.participant_ids),
        day=day,
        files=_hash_case(folder, case),
    )
    write_json(folder / COMMITMENT, promised.model_dump(mode="json"))
    return promised


def open_promise(folder: Path, participant_ids: Sequence[str]) -> Promise | None:
    """Return what was promised in a folder for these people; None where nothing was.

    Raises
    ------
    RecordError
        If other people take part now, or the seed is known by now.
    """
    if (folder / REVEALED).exists():
        raise RecordError(
            f"{folder / REVEALED}: the seed is revealed, and a known seed is no lottery; take a new folder"
        )
    if not (folder / COMMITMENT).exists():
        return None
    promised = read_json(folder / COMMITMENT, Commitment)
    if promised.entrants_sha256 != hash_entrants(participant_ids):
        raise RecordError(
            f"{folder / COMMITMENT}: other people take part than were promised with the seed; "
            "commit again, in a new folder"
        )
    return Promise(_read_promised(folder, promised), promised.day)


def hold_to_promise(folder: Path, case: Case, aim: Aim) -> None:
    """Refuse a case that is not the one promised.

    Raises
    ------
    RecordError
        The message names the first file that differs.
    """
    promised = read_json(folder / COMMITMENT, Commitment)
    with TemporaryDirectory() as apart:
        write_case(Path(apart), case, aim)
        now = _hash_case(Path(apart), case)
    for name in {**promised.files, **now}:
        if promised.files.get(name) != now.get(name):
            raise RecordError(
                f"{folder / name}: this run has another one than was promised; give the tables, settings, --day "
                "and --bundle that were given with --commit, or commit again, in a new folder"
            )


def reveal(folder: Path) -> str:
    """Publish the seed, and return it.

    Raises
    ------
    RecordError
        If none was promised, it was revealed before, or no seats were given by it yet.
    """
    if (folder / REVEALED).exists():
        raise RecordError(f"{folder / REVEALED}: the seed was revealed before")
    if not (folder / UNREVEALED).exists():
        raise RecordError(f"{folder / UNREVEALED}: no seed was promised in this folder")
    if not (folder / RESULTS).exists():
        raise RecordError(
            f"{folder / RESULTS}: no seats are given yet, and a known seed is no lottery; allocate first"
        )
    seed = _read_promised(folder, read_json(folder / COMMITMENT, Commitment))
    (folder / REVEALED).write_bytes(f"{seed}\n".encode())
    return seed


def read_seed(path: Path) -> str:
    """Read a seed, a line of its own."""
    text = read_bytes(path)
    if not (text.isascii() and text.endswith(b"\n")):
        raise RecordError(f"{path}: cannot be read: not a line of hexadecimal digits")
    return text[:-1].decode()


def _read_promised(folder: Path, promised: Commitment) -> str:
    seed = read_seed(folder / UNREVEALED)
    if hash_seed(seed) != promised.seed_sha256:
        raise RecordError(f"{folder / UNREVEALED}: not the seed that was promised")
    return seed


def _hash_case(folder: Path, case: Case) -> dict[str, str]:
    return hash_files(folder, list_case(choices=case.choices is not None))
