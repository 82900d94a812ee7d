"""Whether the lists that a service gave were permitted: held to the reasons why not, afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from recommender.bundle.bundle import load_bundle
from recommender.eligibility.exclusion_codes import PASSING_BITS
from recommender.eligibility.exclusions import find_exclusions
from training_data.columns import Participants

P = Participants
BLOCK = 200


class Permitted:
    """Collects the lists of participants by number, and says how many hold what is not permitted.

    Parameters
    ----------
    bundle : Path
    participants, events : DataFrame
    inline_share : float
        Share of the participants who come with their profile and without their past.

    Attributes
    ----------
    profiles : list of dict or None
        The profile of those who come with it.
    degraded : int
        Lists that were simple ones.
    """

    def __init__(
        self, bundle: Path, participants: pl.DataFrame, events: pl.DataFrame, inline_share: float
    ) -> None:
        self._bundle = bundle
        self._participants = participants
        rng = np.random.default_rng(0)
        inline = pl.Series(rng.random(len(participants)) < inline_share)
        ids = participants[P.participant_id.name]
        self._events = events.filter(
            ~pl.col(P.participant_id.name).is_in(ids.filter(inline).implode())
        )
        self.profiles = [
            _profile(row) if by_profile else None
            for row, by_profile in zip(participants.iter_rows(named=True), inline, strict=True)
        ]
        self.degraded = 0
        self._given: dict[int, set[str]] = {}

    def heard(self, number: int, body: bytes) -> None:
        """Take one answer."""
        answer = orjson.loads(body)
        self.degraded += answer["degraded"]
        mine = self._given.setdefault(number, set())
        mine.update(item["course_id"] for item in answer["items"])

    def wrong(self) -> int:
        """Return how many trainings were given to somebody who may not take them."""
        engine = load_bundle(self._bundle).engine
        day = engine.programme.today()
        count = 0
        for first in range(0, len(self._participants), BLOCK):
            some = self._participants[first : first + BLOCK]
            query = engine.query(engine.prepare(some, self._events, day))
            permitted = find_exclusions(query) & ~PASSING_BITS == 0
            for row, allowed in enumerate(permitted):
                count += _count_forbidden(
                    self._given.get(first + row, ()), allowed, engine.catalogue.index
                )
        return count


def _count_forbidden(
    course_ids: Iterable[str], permitted: NDArray[np.bool_], index: dict[str, int]
) -> int:
    return sum(not permitted[index[name]] for name in course_ids)


def _profile(row: dict[str, Any]) -> dict[str, Any]:
    """Return a participant as a request describes them."""
    renamed = {
        "region" if name == P.region_code.name else name: value for name, value in row.items()
    }
    del renamed[P.participant_id.name]
    return {name: value for name, value in renamed.items() if value is not None}
