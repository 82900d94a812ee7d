"""What `padan allocate` is told: who comes first, least and most, and what the best is; every key has a default."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    ValidationError,
    model_validator,
)

from recommender.matching.allocation import Aim, Method, Objective
from recommender.matching.problem import Bound
from training_data.profiles import WHOLE, Phrase
from training_data.regions import RegionTable

SHOWN: Final = 20  # groups in a message


class AllocateSettingsError(ValueError):
    """Settings that cannot be used; the message names the file and the key."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Count = Annotated[StrictInt, Field(ge=0, le=100_000_000), WHOLE]


class BoundSettings(_Section):
    """Least and most people with a seat, of those of whom all that is named holds."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [name], "properties": {name: {"type": "string"}}}
                for name in ("region", "group", "provider")
            ]
        }
    )

    region: Phrase | None = Field(None, description="code of the region where they live")
    group: Phrase | None = Field(None, description="group that they are in")
    provider: Phrase | None = Field(None, description="who teaches the class")
    floor: Count = Field(0, description="least people with a seat")
    ceiling: Count | None = Field(None, description="most people with a seat")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.region is None and self.group is None and self.provider is None:
            raise ValueError("name a region, a group or a provider")
        if self.ceiling is not None and self.ceiling < self.floor:
            raise ValueError(f"the ceiling {self.ceiling} is below the floor {self.floor}")
        return self


class AllocateSettings(_Section):
    """How seats are given to people; every key has a default."""

    objective: Objective = Field(
        "fit",
        description="largest sum of fits (fit), most people, or by lists of choices (choices)",
    )
    gap: StrictFloat = Field(
        0.01, gt=0, lt=1, description="share of what is possible that may lack"
    )
    method: Method = Field("auto", description="exact by HiGHS, by auction, or by size (auto)")
    fit: Literal["score", "outcome"] = Field(
        "score", description="the list's score, or the chance to finish and find work"
    )
    candidates: Annotated[StrictInt, Field(ge=1, le=1_000), WHOLE] = Field(
        50, description="trainings from each source for one person"
    )
    tiers: tuple[Phrase, ...] = Field(
        (),
        max_length=50,
        description="groups that come first, the very first before the others",
    )
    moving_price: StrictFloat = Field(
        0.0,
        ge=0,
        le=1_000,
        description="fit that it costs to move somebody who was offered a place",
    )
    max_classes: Annotated[StrictInt, Field(ge=1, le=10), WHOLE] = Field(
        1, description="classes of one person; nobody has a second before others have a first"
    )
    most_choices: Annotated[StrictInt, Field(ge=1, le=100), WHOLE] = Field(
        3, description="longest list of choices, for the objective choices"
    )
    reserved_group: Phrase | None = Field(
        None, description="group that seats are kept for, for the objective choices"
    )
    reserved_share: StrictFloat = Field(
        0.0, ge=0, le=1, description="share of the seats of each class that is kept for it"
    )
    seconds: StrictFloat | None = Field(
        None, gt=0, le=1e6, description="time after which the best so far counts"
    )
    bounds: tuple[BoundSettings, ...] = Field(
        (), max_length=1_000, description="floors and ceilings"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.objective == "choices" and self.bounds:
            raise ValueError("bounds cannot be kept by lists of choices; keep seats for a group")
        if self.objective == "choices" and self.max_classes > 1:
            raise ValueError("by lists of choices each person has one class; see max_classes")
        if self.reserved_share and self.reserved_group is None:
            raise ValueError("reserved_share needs a reserved_group")
        if self.objective == "choices" and self.moving_price:
            raise ValueError("moving_price does nothing by lists of choices; take it out")
        if self.objective != "choices" and self.reserved_group is not None:
            raise ValueError(
                'reserved_group is for the objective "choices"; keep seats for a group by bounds'
            )
        return self

    @property
    def aim(self) -> Aim:
        """What the best assignment is."""
        return Aim(self.objective, self.gap, self.method)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file; a key that is left out keeps its default.

        Raises
        ------
        AllocateSettingsError
            If it is not there, is no TOML, or a key is unknown or out of range.
        """
        try:
            return cls(**tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise AllocateSettingsError(f"{path}: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise AllocateSettingsError(
                f"{path}: {key}: {first['msg']}; `padan config allocate` prints every key"
            ) from error


Groups = Sequence[Sequence[str]]
"""The groups that each person is in."""


def find_tiers(groups: Groups, tiers: Sequence[str]) -> NDArray[np.int64]:
    """Return the tier of each person: the first group named that they are in, the last for all others.

    Raises
    ------
    AllocateSettingsError
        If nobody is in one of the groups.
    """
    found = np.full(len(groups), len(tiers))
    for number, name in reversed(list(enumerate(tiers))):
        found[find_members(groups, name, f"tiers.{number}")] = number
    return found


@dataclass(frozen=True)
class Attributes:
    """What bounds are about: where each person lives and is counted, and who teaches each class.

    Attributes
    ----------
    home : ndarray of int32, shape (P,)
        Region, -1 where it is not known.
    groups : sequence of sequences of str, P long
    providers : ndarray of str, shape (K,)
    regions : RegionTable
    """

    home: NDArray[np.int32]
    groups: Groups
    providers: NDArray[np.object_]
    regions: RegionTable


def build_bounds(stated: Sequence[BoundSettings], of: Attributes) -> tuple[Bound, ...]:
    """Return the bounds over people and classes.

    Raises
    ------
    AllocateSettingsError
        If a region or a provider is not known, or nobody is in a group.
    """
    return tuple(_build_bound(f"bounds.{i}", one, of) for i, one in enumerate(stated))


def _build_bound(key: str, stated: BoundSettings, of: Attributes) -> Bound:
    people = classes = None
    if stated.region is not None:
        region = of.regions.find(stated.region)
        if region < 0:
            raise AllocateSettingsError(
                f"{key}.region: no region {stated.region!r} in {of.regions.name}"
            )
        people = (of.regions.around[of.home] == region).any(axis=1)
    if stated.group is not None:
        members = find_members(of.groups, stated.group, f"{key}.group")
        people = members if people is None else people & members
    if stated.provider is not None:
        classes = of.providers == stated.provider
        if not classes.any():
            raise AllocateSettingsError(
                f"{key}.provider: no class is by the provider {stated.provider!r}"
            )
    return Bound(key, people, classes, stated.floor, stated.ceiling)


def find_members(groups: Groups, name: str, key: str) -> NDArray[np.bool_]:
    """Return who is in a group that a key of the settings names.

    Raises
    ------
    AllocateSettingsError
        If nobody is.
    """
    wanted = name.casefold()
    members = np.array([wanted in {one.casefold() for one in own} for own in groups], dtype=bool)
    if not members.any():
        there = ", ".join(sorted({one for own in groups for one in own})[:SHOWN]) or "in none"
        raise AllocateSettingsError(
            f"{key}: nobody is in the group {name!r}; take it out, or name one that people are in: {there}"
        )
    return members
