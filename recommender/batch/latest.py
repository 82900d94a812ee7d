"""The list that a run left for one person, as it stands today: without what is no longer permitted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from recommender.batch.lists import (
    CODE,
    COURSE,
    EVIDENCE,
    ITEMS,
    NEUTRAL,
    PERSON,
    REASONS,
    RELEVANCE,
    SCORE,
)
from recommender.batch.parts import MANIFEST, Line, Stamp, find_part, read_manifest
from recommender.eligibility.mask import build_list_mask
from recommender.engine import Engine, Recommendations
from recommender.explanation.context import Reason
from recommender.messages import Messages
from recommender.participants.prepared import PreparedParticipants
from recommender.ranking.features import FEATURES
from recommender.ranking.fit import CONTENT
from recommender.reranking.slate import Slates
from recommender.responses.recommendations import RecommendationList, build_lists


@dataclass(frozen=True)
class KeptList:
    """A person's row of a run.

    Attributes
    ----------
    stamp : Stamp
        What it follows from.
    neutral : bool
        Whether it was made without personal data.
    items : list of dict
        Under `recommender.batch.lists.ITEM`.
    """

    stamp: Stamp
    neutral: bool
    items: list[dict[str, Any]]

    @property
    def day(self) -> dt.date:
        """The day that it was made for."""
        return dt.date.fromisoformat(self.stamp.day)


class BatchResults:
    """A folder of results, in which single people are looked up while runs go on writing into it.

    Parameters
    ----------
    folder : Path
        It need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: tuple[tuple[int, int], list[Line]] | None = None

    def find(self, participant_id: str) -> KeptList | None:
        """Return a person's list, None where no run left one."""
        for line in self._list_lines():
            if not line.first <= participant_id <= line.last:
                continue
            rows = (
                pl.scan_parquet(find_part(self.folder, line.id))
                .filter(pl.col(PERSON) == participant_id)
                .select(NEUTRAL, ITEMS)
                .collect()
            )
            for row in rows.iter_rows(named=True):
                return KeptList(line.stamp, row[NEUTRAL], row[ITEMS])
        return None

    def _list_lines(self) -> list[Line]:
        """Return what the manifest says; it is read again where it changed."""
        try:
            found = (self.folder / MANIFEST).stat()
        except FileNotFoundError:
            return []
        state = found.st_ino, found.st_mtime_ns
        if self._read is None or self._read[0] != state:
            self._read = state, list(read_manifest(self.folder).values())
        return self._read[1]


def build_latest(
    engine: Engine, messages: Messages, participant: PreparedParticipants, kept: KeptList
) -> RecommendationList:
    """Return a kept list as the answer of today.

    Order, fit, score and reasons are those of the run; what is permitted, the facts of the trainings, the next
    classes and the advice are those of the day that the participant was read for.

    Parameters
    ----------
    participant : PreparedParticipants
        One, read by the engine.
    """
    query = engine.query(participant)
    mask = build_list_mask(query)[0]
    index = engine.catalogue.index
    listed = [item for item in kept.items if item[COURSE] in index]
    items = [item for item in listed if mask[index[item[COURSE]]]]
    features = np.zeros((1, len(items), len(FEATURES)), dtype=np.float32)
    features[0, :, CONTENT] = [item[RELEVANCE] for item in items]
    slates = Slates(
        np.array([[index[item[COURSE]] for item in items]], dtype=np.int32),
        np.array([[item[SCORE] for item in items]], dtype=np.float32),
        features,
    )
    reasons = [
        [Reason(one[CODE], orjson.loads(one[EVIDENCE])) for one in item[REASONS]] for item in items
    ]
    found = Recommendations(participant, query, slates, engine.ranker, ~query.batch.opted_out)
    (answer,) = build_lists(engine, messages, found, kept.stamp.k, reasons)
    return answer
