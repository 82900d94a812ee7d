"""How a bundle says what its ranker is made of: a discriminated union, so that any other form is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.ranking.additive import AdditiveRanker
from models.ranking.trees import TreeRanker
from recommender.ranking.expected_outcome import ExpectedOutcome
from recommender.ranking.rankers import BlendedRanker, ByHistory, FixedRanker, Ranker

FOLDER = "ranker"
SIDES = ("first", "second")  # of a blend, each in a folder of its own


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FixedPart(_Part):
    """The fixed weights of `recommender.ranking.rankers`."""

    kind: Literal["fixed"] = "fixed"


class AdditivePart(_Part):
    """The curves in the folder ``ranker``."""

    kind: Literal["additive"] = "additive"


class TreesPart(_Part):
    """The trees in the folder ``ranker``."""

    kind: Literal["trees"] = "trees"


class OutcomePart(_Part):
    """The expected outcome in the folder ``ranker``."""

    kind: Literal["expected_outcome"] = "expected_outcome"


class BlendedPart(_Part):
    """Two rankers together, see `BlendedRanker`."""

    kind: Literal["blended"] = "blended"
    first: RankerPart
    second: RankerPart
    first_spread: float
    second_spread: float
    share: float


class ByHistoryPart(_Part):
    """A ranker for those with a history and one for newcomers, see `ByHistory`."""

    kind: Literal["by_history"] = "by_history"
    known: RankerPart
    newcomers: RankerPart
    column: int


RankerPart = Annotated[
    FixedPart | AdditivePart | TreesPart | OutcomePart | BlendedPart | ByHistoryPart,
    Field(discriminator="kind"),
]
BlendedPart.model_rebuild()
ByHistoryPart.model_rebuild()


def write_ranker(folder: Path, ranker: Ranker) -> RankerPart:
    """Write what was learnt into a bundle's folder; return how it is put together."""
    folder = folder / FOLDER
    match ranker:
        case AdditiveRanker():
            folder.mkdir(exist_ok=True)
            ranker.save(folder)
            return AdditivePart()
        case TreeRanker():
            folder.mkdir(exist_ok=True)
            ranker.save(folder)
            return TreesPart()
        case ExpectedOutcome():
            folder.mkdir(exist_ok=True)
            ranker.save(folder)
            return OutcomePart()
        case BlendedRanker():
            for side in SIDES:
                (folder / side).mkdir(parents=True, exist_ok=True)
            return BlendedPart(
                first=write_ranker(folder / SIDES[0], ranker.first),
                second=write_ranker(folder / SIDES[1], ranker.second),
                first_spread=ranker.first_spread,
                second_spread=ranker.second_spread,
                share=ranker.share,
            )
        case ByHistory():
            for side in SIDES:
                (folder / side).mkdir(parents=True, exist_ok=True)
            return ByHistoryPart(
                known=write_ranker(folder / SIDES[0], ranker.known),
                newcomers=write_ranker(folder / SIDES[1], ranker.newcomers),
                column=ranker.column,
            )
        case FixedRanker():
            return FixedPart()
        case _:
            raise TypeError(f"a bundle cannot hold a {type(ranker).__name__}")


def read_ranker(folder: Path, part: RankerPart) -> Ranker:
    """Return the ranker that a bundle's folder holds."""
    folder = folder / FOLDER
    match part:
        case FixedPart():
            return FixedRanker()
        case AdditivePart():
            return AdditiveRanker.load(folder)
        case TreesPart():
            return TreeRanker.load(folder)
        case OutcomePart():
            return ExpectedOutcome.load(folder)
        case ByHistoryPart():
            return ByHistory(
                read_ranker(folder / SIDES[0], part.known),
                read_ranker(folder / SIDES[1], part.newcomers),
                part.column,
            )
        case BlendedPart():
            return BlendedRanker(
                read_ranker(folder / SIDES[0], part.first),
                read_ranker(folder / SIDES[1], part.second),
                part.first_spread,
                part.second_spread,
                part.share,
            )
