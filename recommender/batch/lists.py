"""Lists as rows: one of a participant, with the reasons of each training as codes with their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from itertools import chain
from typing import Any, Final

import numpy as np
import orjson
import polars as pl

from recommender.eligibility.exclusion_codes import list_exclusions
from recommender.eligibility.exclusions import find_participant_exclusions
from recommender.eligibility.query import EligibilityQuery
from recommender.engine import Engine, Recommendations
from recommender.explanation.context import Reason
from recommender.ranking.fit import CONTENT, FITS, grade_fit

PERSON, DAY, NEUTRAL, ADVICE = "participant_id", "day", "neutral", "advice"
ITEMS = "items"
ROW_GROUP: Final = 2_000  # people: what is read to find one of them
COURSE, FIT, RELEVANCE, SCORE, REASONS = "course_id", "fit", "relevance", "score", "reasons"
CODE, EVIDENCE = "code", "evidence"

REASON: Final = pl.Struct({CODE: pl.String, EVIDENCE: pl.String})
ITEM: Final = pl.Struct(
    {
        COURSE: pl.String,
        FIT: pl.Enum(FITS),
        RELEVANCE: pl.Float32,
        SCORE: pl.Float32,
        REASONS: pl.List(REASON),
    }
)
SCHEMA: Final = pl.Schema(
    {
        PERSON: pl.String(),
        DAY: pl.Date(),
        NEUTRAL: pl.Boolean(),
        ADVICE: pl.List(pl.String),
        ITEMS: pl.List(ITEM),
    }
)


def build_rows(engine: Engine, recommendations: Recommendations, language: str) -> pl.DataFrame:
    """Return a row for each participant, in their order; under ``SCHEMA``.

    The relevance of a training is what its fit is graded by.
    The column ``advice`` holds the codes of what a person has to do first, or why nothing may be taken.

    Parameters
    ----------
    language : str
        In which the evidence names skills, occupations and regions.
    """
    slates, participants = recommendations.slates, recommendations.participants
    context = engine.explanation_context(recommendations, language)
    reasons = engine.explain(recommendations, context)
    listed = slates.ids >= 0
    items = pl.DataFrame(
        {
            COURSE: pl.Series(engine.catalogue.ids, dtype=pl.String).gather(context.courses),
            FIT: pl.Series(FITS, dtype=ITEM.fields[1].dtype).gather(
                grade_fit(slates.features[listed])
            ),
            RELEVANCE: slates.features[listed][:, CONTENT],
            SCORE: slates.scores[listed],
            REASONS: _nest(_tell(reasons), [len(some) for some in reasons]),
        }
    )
    return pl.DataFrame(
        {
            PERSON: participants.ids,
            DAY: pl.repeat(participants.day, len(participants), dtype=pl.Date, eager=True),
            NEUTRAL: participants.batch.opted_out,
            ADVICE: _advise(recommendations.query),
            ITEMS: _nest(items.to_struct(), listed.sum(axis=1)),
        },
        schema=SCHEMA,
    )


def _advise(query: EligibilityQuery) -> pl.Series:
    """Return the exclusions that are of each person, whatever the training."""
    bits, place = np.unique(find_participant_exclusions(query), return_inverse=True)
    codes = [[one.value for one in list_exclusions(some)] for some in bits.tolist()]
    return pl.Series(codes, dtype=pl.List(pl.String)).gather(place)


def _tell(reasons: Sequence[Sequence[Reason]]) -> pl.Series:
    """Return all reasons, one after the other; one that is given for many pairs is written once."""
    number: dict[Reason, int] = {}
    told = [number.setdefault(one, len(number)) for one in chain.from_iterable(reasons)]
    table = pl.DataFrame(
        {
            CODE: [one.code for one in number],
            EVIDENCE: [orjson.dumps(one.evidence, default=_to_plain).decode() for one in number],
        },
        schema={CODE: pl.String, EVIDENCE: pl.String},
    )
    return table.to_struct().gather(told)


def _to_plain(value: object) -> Any:
    """Return a number of NumPy's as one of Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"evidence of {type(value).__name__} cannot be written")


def _nest(values: pl.Series, sizes: Sequence[int] | np.ndarray[Any, Any]) -> pl.Series:
    """Return lists of so many of the values each."""
    place = np.repeat(np.arange(len(sizes)), sizes)
    filled = pl.DataFrame({"place": place, "value": values}).group_by("place", maintain_order=True)
    lists = filled.agg("value")
    every = pl.DataFrame({"place": np.arange(len(sizes))})
    joined = every.join(lists, on="place", how="left", maintain_order="left")["value"]
    return joined.fill_null(pl.Series([[]], dtype=pl.List(values.dtype)).first())


def write_rows(rows: pl.DataFrame) -> bytes:
    """Return lists as the bytes of a file: the same rows give the same bytes."""
    file = BytesIO()
    rows.rechunk().write_parquet(file, row_group_size=ROW_GROUP)
    return file.getvalue()
