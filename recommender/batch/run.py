"""A run: the shards that are not answered yet, by an engine, into a folder of results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.bundles.sealing import verify
from recommender.batch.parts import Part, Stamp, open_parts
from recommender.batch.shards import list_shards
from recommender.batch.work import Work
from recommender.bundle.bundle import read_programme

AnswerShards = Callable[[Work, Sequence[str]], Iterator[Part]]
"""Yields the answered shards of some ids, in any order."""


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes
    ----------
    shards, people : int
        Answered by it.
    kept : int
        Shards that were answered before.
    """

    shards: int
    people: int
    kept: int


def plan_work(bundle: Path, shards: Path, day: dt.date | None = None, k: int = 10) -> Work:
    """Return what is to be answered.

    Parameters
    ----------
    bundle, shards : Path
        Folders of the bundle and of the shards.
    day : date, optional
        Whose rules, dates and seats count; the programme's today by default.

    Raises
    ------
    BundleError
        If a part of the bundle is missing, added or changed.
    """
    manifest, programme = verify(bundle), read_programme(bundle)
    stamp = Stamp(
        bundle=manifest.version,
        rules=programme.label,
        day=(day or programme.today()).isoformat(),
        k=k,
        language=programme.languages[0],
    )
    return Work(bundle.resolve(), shards.resolve(), stamp)


def run(
    work: Work,
    out: Path,
    answer: AnswerShards,
    begin: Callable[[int, int], None] = lambda _done, _of: None,
    advance: Callable[[int], None] = lambda _people: None,
) -> Summary:
    """Answer every shard that was not answered before, and vouch for all of them.

    Parameters
    ----------
    out : Path
        Folder of the results.
    begin : callable
        Called once with the participants that were answered before, and with all of them.
    advance : callable
        Called with the number of participants just answered.

    Raises
    ------
    BatchError
        If ``out`` cannot be written into.
    DatasetError
        If there is no shard, or a row of one breaks the contract.
    """
    shards = {shard.id: shard for shard in list_shards(work.folder)}
    sizes = {id_: shard.count_people() for id_, shard in shards.items()}
    with open_parts(out, shards) as parts:
        kept = {id_ for id_, shard in shards.items() if parts.holds(shard, work.stamp)}
        begin(sum(sizes[id_] for id_ in kept), sum(sizes.values()))
        todo = [id_ for id_ in shards if id_ not in kept]
        for part in answer(work, todo) if todo else ():
            parts.write(part)
            advance(part.line.rows)
        parts.rewrite_manifest()
        people = sum(parts.lines[id_].rows for id_ in todo)
    return Summary(len(todo), people, len(kept))
