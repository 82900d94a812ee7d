"""Programme rules as data: who may take what, when and for how much.

A pack is one TOML file: a head (name, version, currency, region pack, topics) and a list of dated
``[[rule]]`` tables, each of one kind. The engine asks for the rules in force on a date and turns them
into masks and reason codes; it never reads TOML and knows no programme by name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES, GENDERS, MODES


class PackError(ValueError):
    """A rule pack that cannot be used; the message names the file, the line and what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Rule(_Strict):
    """What all rules share: the days on which they hold (both ends included)."""

    valid_from: dt.date
    valid_until: dt.date | None = None
    source: str = Field(min_length=1, description="where the rule is written")

    @model_validator(mode="after")
    def _dates_in_order(self) -> _Rule:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError(
                f"valid_until {self.valid_until} is before valid_from {self.valid_from}"
            )
        return self

    def holds_on(self, day: dt.date) -> bool:
        """Whether the rule is in force on ``day``."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


class AgeRule(_Rule):
    """Youngest and oldest age in whole years, reached in the calendar year."""

    kind: Literal["age"]
    minimum: int = Field(ge=0, le=150)
    maximum: int = Field(ge=0, le=150)

    @model_validator(mode="after")
    def _range(self) -> AgeRule:
        if self.maximum < self.minimum:
            raise ValueError(f"maximum {self.maximum} is below minimum {self.minimum}")
        return self


class ExcludedStatusRule(_Rule):
    """Employment statuses (in formal education, for example) that may not take part."""

    kind: Literal["excluded_status"]
    statuses: tuple[Literal[EMPLOYMENT_STATUSES], ...] = Field(min_length=1)  # type: ignore[valid-type]


class ExcludedOccupationRule(_Rule):
    """Occupations that may not take part: codes of the occupation table (a prefix covers its subtree)."""

    kind: Literal["excluded_occupation"]
    occupations: tuple[str, ...] = Field(min_length=1)


class GrantRule(_Rule):
    """The training balance of a participant whose own balance is not known."""

    kind: Literal["grant"]
    amount: int = Field(ge=0, description="in the programme's currency")


class PriceCeilingRule(_Rule):
    """Dearest training that the programme pays."""

    kind: Literal["price_ceiling"]
    amount: int = Field(ge=0, description="in the programme's currency")


class OneAtATimeRule(_Rule):
    """A training must be finished, and rated where asked, before the next is bought."""

    kind: Literal["one_at_a_time"]
    rating_required: bool


class FirstPurchaseRule(_Rule):
    """Days after admission within which the first training must be bought."""

    kind: Literal["first_purchase"]
    within_days: int = Field(ge=1)


class DurationRule(_Rule):
    """Shortest training, in hours."""

    kind: Literal["duration"]
    minimum_hours: float = Field(gt=0)


class HoursPerDayRule(_Rule):
    """Most hours of teaching a day, by mode."""

    kind: Literal["hours_per_day"]
    hours: dict[Literal[MODES], float]  # type: ignore[valid-type]


class ModesRule(_Rule):
    """Modes of teaching that are paid."""

    kind: Literal["modes"]
    allowed: tuple[Literal[MODES], ...] = Field(min_length=1)  # type: ignore[valid-type]


class LanguagesRule(_Rule):
    """Languages of teaching that are paid (ISO 639-1)."""

    kind: Literal["languages"]
    allowed: tuple[str, ...] = Field(min_length=1)


class MinimumEducationRule(_Rule):
    """Least schooling needed for trainings of a level."""

    kind: Literal["minimum_education"]
    education: dict[Literal["beginner", "intermediate", "advanced"], Literal[EDUCATIONS]]  # type: ignore[valid-type]


class PriorityGroupsRule(_Rule):
    """Groups served first when seats are scarce."""

    kind: Literal["priority_groups"]
    groups: tuple[str, ...] = Field(min_length=1)
    genders: tuple[Literal[GENDERS], ...] = ()  # type: ignore[valid-type]


class RegistrationRule(_Rule):
    """Days before its first day at which a class stops taking people."""

    kind: Literal["registration"]
    closes_days_before: int = Field(ge=0)


class ReachRule(_Rule):
    """How far people travel to a class, where they have not said so themselves.

    A sea crossing between two landmasses counts as ``sea_crossing_km`` more; the class in one's own
    region (the lowest level of the region pack) is in reach however far the centroids are apart.
    """

    kind: Literal["reach"]
    urban_km: float = Field(ge=0)
    rural_km: float = Field(ge=0)
    sea_crossing_km: float = Field(ge=0)


Rule = Annotated[
    AgeRule
    | ExcludedStatusRule
    | ExcludedOccupationRule
    | GrantRule
    | PriceCeilingRule
    | OneAtATimeRule
    | FirstPurchaseRule
    | DurationRule
    | HoursPerDayRule
    | ModesRule
    | LanguagesRule
    | MinimumEducationRule
    | PriorityGroupsRule
    | RegistrationRule
    | ReachRule,
    Field(discriminator="kind"),
]


class RulesInForce(_Strict):
    """At most one rule of each kind: those that hold on one day. None where the programme has no such rule."""

    day: dt.date
    age: AgeRule | None = None
    excluded_status: ExcludedStatusRule | None = None
    excluded_occupation: ExcludedOccupationRule | None = None
    grant: GrantRule | None = None
    price_ceiling: PriceCeilingRule | None = None
    one_at_a_time: OneAtATimeRule | None = None
    first_purchase: FirstPurchaseRule | None = None
    duration: DurationRule | None = None
    hours_per_day: HoursPerDayRule | None = None
    modes: ModesRule | None = None
    languages: LanguagesRule | None = None
    minimum_education: MinimumEducationRule | None = None
    priority_groups: PriorityGroupsRule | None = None
    registration: RegistrationRule | None = None
    reach: ReachRule | None = None


class Programme(_Strict):
    """A programme's rule pack.

    Attributes
    ----------
    id, name, version : str
        The pack's name for machines, for people, and its own version.
    currency : str
        ISO 4217 code of every amount of money in the pack and in the dataset's ``*_idr`` columns.
    languages : tuple of str
        Languages in which participants are addressed, the first by default.
    topics : tuple of str
        Categories of the programme's catalogue.
    rule : tuple of Rule
        The dated rules.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str
    version: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    languages: tuple[str, ...] = Field(min_length=1)
    topics: tuple[str, ...] = ()
    rule: tuple[Rule, ...]

    def in_force(self, day: dt.date) -> RulesInForce:
        """Return the rules that hold on ``day``."""
        return RulesInForce(day=day, **{r.kind: r for r in self.rule if r.holds_on(day)})

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rules' content: it changes when, and only when, a rule or the head does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def label(self) -> str:
        """Name, version and the first digits of the fingerprint, as answers and bundles carry it."""
        return f"{self.id}@{self.version}+{self.fingerprint[:12]}"


def load_programme(name_or_path: str | Path) -> Programme:
    """Load a shipped pack by name (``"prakerja-2024"``) or any pack by its file.

    Raises
    ------
    PackError
        If the file is missing, is not TOML, has an unknown field, or holds rules that contradict.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = Path(str(resources.files("training_data") / "programmes" / f"{name_or_path}.toml"))
    if not path.is_file():
        raise PackError(
            f"{name_or_path}: no such rule pack; shipped are {', '.join(shipped_programmes())}"
        )
    return parse_programme(path.read_text(encoding="utf-8"), path.name)


def shipped_programmes() -> list[str]:
    """Names of the packs that come with the project."""
    folder = resources.files("training_data") / "programmes"
    return sorted(
        Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


def parse_programme(text: str, name: str) -> Programme:
    """Parse a pack's TOML text; ``name`` is the file's name for messages."""
    try:
        programme = Programme.model_validate(tomllib.loads(text), strict=False)
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"{name}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise PackError("\n".join(_located(error, text, name))) from error
    _refuse_overlaps(programme, text, name)
    return programme


def _located(error: ValidationError, text: str, name: str) -> Iterator[str]:
    for problem in error.errors():
        place = problem["loc"]
        line = _line_of(text, place)
        field = ".".join(str(p) for p in place)
        yield f"{name}:{line}: {field}: {problem['msg']}"


def _line_of(text: str, place: tuple[int | str, ...]) -> int:
    """Line of a field: the rule's table when it stands in one, then the key within it."""
    lines = text.splitlines()
    start = 0
    if len(place) > 1 and place[0] == "rule":
        start = _rule_lines(text)[int(place[1])] - 1
    key = str(place[-1])
    for number, line in enumerate(lines[start:], start + 1):
        if line.split("=")[0].strip() == key:
            return number
        if number > start + 1 and line.strip() == "[[rule]]" and start:
            break
    return start + 1


def _rule_lines(text: str) -> list[int]:
    return [n for n, line in enumerate(text.splitlines(), 1) if line.strip() == "[[rule]]"]


def _refuse_overlaps(programme: Programme, text: str, name: str) -> None:
    lines = _rule_lines(text)
    last_of_kind: dict[str, tuple[Rule, int]] = {}
    for rule, line in sorted(
        zip(programme.rule, lines, strict=True), key=lambda pair: pair[0].valid_from
    ):
        if rule.kind in last_of_kind:
            before, line_before = last_of_kind[rule.kind]
            if before.holds_on(rule.valid_from):
                raise PackError(
                    f"{name}:{line}: this '{rule.kind}' rule starts on {rule.valid_from}, while the one on "
                    f"line {line_before} still holds; end that one the day before"
                )
        last_of_kind[rule.kind] = (rule, line)
