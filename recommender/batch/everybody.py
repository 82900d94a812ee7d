"""An index of everybody's profile, which stands beside the bundle that read them.

A bundle holds some of the people it was trained on. With this index an audience is found among all people of a
country, and those who came since.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

import numpy as np

from models.index.sharded import SAMPLE, IndexShape, ShardedIndex
from recommender.batch.shards import list_shards
from recommender.batch.work import Profiles, Work
from recommender.retrieval.neighbours import find_everybody
from store.erasure_lists import ErasureList
from training_data.dataset import DatasetError

EmbedShards = Callable[[Work, Sequence[str]], Iterator[Profiles]]
"""Yields the profiles of the shards of some ids, in any order."""


def index_everybody(
    work: Work,
    embed: EmbedShards,
    begin: Callable[[int], None] = lambda _of: None,
    advance: Callable[[int], None] = lambda _people: None,
) -> int:
    """Index the profiles of all people in the shards, in the place of an older index; return how many there are.

    Who objects to profiling and who wrote nothing are not in it.

    Parameters
    ----------
    begin : callable
        Called once with the number of participants.
    advance : callable
        Called with the number of those just read.

    Raises
    ------
    DatasetError
        If there is no shard, a row of one breaks the contract, or an index cannot be learnt from so few people.
    """
    shards = list_shards(work.folder)
    people = sum(shard.count_people() for shard in shards)
    begin(people)
    # the first of a shuffled order are like all of them
    ids = [shards[place].id for place in np.random.default_rng(0).permutation(len(shards))]
    place = find_everybody(work.bundle)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".writing-") as own:
        profiles = _tell(embed(work, ids), advance)
        index = _fill(Path(own) / "new", profiles, people)
        with suppress(FileNotFoundError):
            place.rename(Path(own) / "old")
        index.folder.rename(place)
    return len(ShardedIndex(place))


def _tell(profiles: Iterator[Profiles], advance: Callable[[int], None]) -> Iterator[Profiles]:
    for some in profiles:
        yield some
        advance(some.people)


def _fill(folder: Path, profiles: Iterator[Profiles], people: int) -> ShardedIndex:
    """Learn an index from the first of the profiles, and put all of them in."""
    first = next(profiles)
    shape = IndexShape.of(first.vectors.shape[1], people)
    sample, count = [first], len(first.ids)
    while count < SAMPLE * shape.lists and (some := next(profiles, None)):
        sample.append(some)
        count += len(some.ids)
    shape = shape.model_copy(update={"lists": max(1, min(shape.lists, count // SAMPLE))})
    try:
        index = ShardedIndex.create(
            folder, shape, np.concatenate([some.vectors for some in sample])
        )
    except ValueError as error:
        raise DatasetError(
            f"{count} people with a profile are too few to index ({error}); the bundle finds those that it was "
            "trained on without"
        ) from error
    index.fill((some.ids, some.vectors) for some in chain(sample, profiles))
    return index


def prune_everybody(bundles: Path, gone: ErasureList) -> int:
    """Take who is gone out of the indexes beside bundles, and delete those of no bundle; return how many went."""
    count = 0
    for folder in sorted(find_everybody(bundles / "any").parent.glob("[!.]*")):
        if not (bundles / folder.name).is_dir():
            shutil.rmtree(folder)
            continue
        index = ShardedIndex(folder)
        count += index.erase([name for name in index.names() if gone.holds(name)])
    return count
