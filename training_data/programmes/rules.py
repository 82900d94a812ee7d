"""The kinds of rules that a programme may have, each dated and with its source.

A rule that contradicts itself is refused when it is read.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES, GENDERS, LEVELS, MODES

FARTHEST_KM = 150.0  # farther than that, "if you travel so far" is no advice


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Rule(Strict):
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
    maximum: int | None = Field(None, ge=0, le=150, description="None: no upper age")

    @model_validator(mode="after")
    def _range(self) -> AgeRule:
        if self.maximum is not None and self.maximum < self.minimum:
            raise ValueError(f"maximum {self.maximum} is below minimum {self.minimum}")
        return self


class ExcludedStatusRule(_Rule):
    """Employment statuses (in formal education, for example) that may not take part."""

    kind: Literal["excluded_status"]
    statuses: tuple[Literal[EMPLOYMENT_STATUSES], ...] = Field(min_length=1)  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _somebody_left(self) -> ExcludedStatusRule:
        if set(self.statuses) == set(EMPLOYMENT_STATUSES):
            raise ValueError("statuses excludes everybody; leave one out")
        return self


class ExcludedOccupationRule(_Rule):
    """Occupations that may not take part.

    ``occupations`` are ids of the occupation vocabulary or names, in any spelling, that stand as whole
    words anywhere in what a person wrote; ``*`` in a name stands for any words. A name does not count
    where one of the words ``unless_preceded_by`` ("mantan") or ``unless_followed_by`` ("pensiun")
    stands before or after it up to the next comma or slash; nor is looked for before the last of
    ``turning_words`` ("sekarang") that stand before it. ``codes`` are those of the national
    classification, where a prefix covers its subtree.
    """

    kind: Literal["excluded_occupation"]
    occupations: tuple[Annotated[str, Field(pattern=r"\w")], ...] = Field(min_length=1)
    unless_preceded_by: tuple[str, ...] = ()
    unless_followed_by: tuple[str, ...] = ()
    turning_words: tuple[str, ...] = ()
    codes: tuple[Annotated[str, Field(min_length=1)], ...] = ()


class GrantRule(_Rule):
    """The training balance of a participant whose own balance is not known."""

    kind: Literal["grant"]
    amount: int = Field(ge=0, description="in the programme's currency")


class OwnPaymentRule(_Rule):
    """What participants pay of their own money; without this rule nothing, and they may add nothing."""

    kind: Literal["own_payment"]
    share: float = Field(0.0, ge=0, description="of each training, in the programme's currency")
    top_up: bool = Field(description="whether they may pay what the balance or a ceiling leaves")


class PriceCeilingRule(_Rule):
    """The most that the programme pays for a training, or for those of a category."""

    kind: Literal["price_ceiling"]
    amount: int | None = Field(
        None, ge=0, description="in the programme's currency; None: no limit"
    )
    by_category: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict, description="in place of ``amount``; categories in any case"
    )

    @model_validator(mode="after")
    def _some_ceiling(self) -> PriceCeilingRule:
        if self.amount is None and not self.by_category:
            raise ValueError("give an amount, or amounts by_category")
        return self


class OneAtATimeRule(_Rule):
    """A training must be finished, and rated where asked, before the next is bought."""

    kind: Literal["one_at_a_time"]
    rating_required: bool


class FirstPurchaseRule(_Rule):
    """Days after admission within which the first training must be bought."""

    kind: Literal["first_purchase"]
    within_days: int = Field(ge=1)


class NextPurchaseRule(_Rule):
    """Days after a training is finished within which the next must be bought."""

    kind: Literal["next_purchase"]
    within_days: int = Field(ge=1)


class OnceRule(_Rule):
    """Who has begun one training, or placement, takes no other."""

    kind: Literal["once"]


class ChoicesRule(_Rule):
    """Most trainings, or placements, that one may have chosen."""

    kind: Literal["choices"]
    most: int = Field(ge=1)


class GraduationRule(_Rule):
    """How long ago the last diploma may be; of who does not say, it is not asked."""

    kind: Literal["graduation"]
    earliest_year: int | None = Field(None, ge=1900, le=2200)
    within_years: int | None = Field(None, ge=1, le=100, description="at most so many years ago")

    @model_validator(mode="after")
    def _some_limit(self) -> GraduationRule:
        if self.earliest_year is None and self.within_years is None:
            raise ValueError("give earliest_year or within_years")
        return self

    def earliest(self, day: dt.date) -> dt.date:
        """Return the earliest day of a diploma that counts on ``day``."""
        limits = []
        if self.earliest_year is not None:
            limits.append(dt.date(self.earliest_year, 1, 1))
        if self.within_years is not None:
            limits.append(_shift_years(day, -self.within_years))
        return max(limits)

    def last_day(self, graduated_on: dt.date) -> dt.date:
        """Return the last day on which a diploma of ``graduated_on`` counts, as far as years go."""
        return (
            dt.date.max
            if self.within_years is None
            else _shift_years(graduated_on, self.within_years)
        )


def _shift_years(day: dt.date, years: int) -> dt.date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if is_leap_day else day.day)


class DurationRule(_Rule):
    """Shortest training, in hours."""

    kind: Literal["duration"]
    minimum_hours: float = Field(gt=0)


class HoursPerDayRule(_Rule):
    """Most hours of teaching a day, by mode; a class that cannot keep to it is not paid."""

    kind: Literal["hours_per_day"]
    hours: dict[Literal[MODES], Annotated[float, Field(gt=0, le=24)]] = Field(min_length=1)  # type: ignore[valid-type]


class ModesRule(_Rule):
    """Modes of teaching that are paid."""

    kind: Literal["modes"]
    allowed: tuple[Literal[MODES], ...] = Field(min_length=1)  # type: ignore[valid-type]


class LanguagesRule(_Rule):
    """Languages of teaching that are paid (ISO 639-1)."""

    kind: Literal["languages"]
    allowed: tuple[str, ...] = Field(min_length=1)


class MinimumEducationRule(_Rule):
    """Least schooling needed for any training, or for those of a level, beside what one itself asks for."""

    kind: Literal["minimum_education"]
    any_level: Literal[EDUCATIONS] = EDUCATIONS[0]  # type: ignore[valid-type]
    education: dict[Literal[LEVELS], Literal[EDUCATIONS]] = Field(default_factory=dict)  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _asks_something(self) -> MinimumEducationRule:
        if self.any_level == EDUCATIONS[0] and not self.education:
            raise ValueError("give any_level, or education by level")
        return self

    @model_validator(mode="after")
    def _rises_with_level(self) -> MinimumEducationRule:
        asked = [EDUCATIONS.index(self.education[lv]) for lv in LEVELS if lv in self.education]
        if asked != sorted(asked):
            raise ValueError("education asks for more at a lower level than at a higher one")
        return self


class PriorityGroupsRule(_Rule):
    """Groups served first when seats are scarce."""

    kind: Literal["priority_groups"]
    groups: tuple[str, ...] = Field(min_length=1)
    genders: tuple[Literal[GENDERS], ...] = ()  # type: ignore[valid-type]


class RegistrationRule(_Rule):
    """Days before its first day between which a class takes people, where it has no dates of its own."""

    kind: Literal["registration"]
    opens_days_before: int | None = Field(None, ge=0, description="None: as soon as it is listed")
    closes_days_before: int = Field(ge=0)

    @model_validator(mode="after")
    def _opens_first(self) -> RegistrationRule:
        if self.opens_days_before is not None and self.opens_days_before < self.closes_days_before:
            raise ValueError(
                f"opens_days_before {self.opens_days_before} is after "
                f"closes_days_before {self.closes_days_before}: no class could ever take anybody"
            )
        return self


class ClassDatesRule(_Rule):
    """Last day on which a class may end, as where a programme's year is closed."""

    kind: Literal["class_dates"]
    last_day: dt.date

    @model_validator(mode="after")
    def _after_the_rule_begins(self) -> ClassDatesRule:
        if self.last_day < self.valid_from:
            raise ValueError(f"last_day {self.last_day} is before valid_from {self.valid_from}")
        return self


class ReachRule(_Rule):
    """How far people travel to a class, where they have not said so themselves.

    A sea crossing between two landmasses counts as ``sea_crossing_km`` more, unless a usual ferry crosses;
    where no road leads over land, ``farthest_km`` more.
    The class in one's own region (the lowest level of the region pack) is in reach however far the
    centroids are apart, unless both places are known and lie on two islands. Where only the regions are
    known and they touch, the way is up to ``neighbour_km`` shorter than between the centroids, but not
    less than half of it: people live nearer to the border than the centroid. Nobody is told to travel
    farther than ``farthest_km``.
    """

    kind: Literal["reach"]
    urban_km: float = Field(ge=0)
    rural_km: float = Field(ge=0)
    sea_crossing_km: float = Field(ge=0)
    neighbour_km: float = Field(0.0, ge=0)
    farthest_km: float = Field(FARTHEST_KM, ge=0)


Rule = Annotated[
    AgeRule
    | ExcludedStatusRule
    | ExcludedOccupationRule
    | GrantRule
    | OwnPaymentRule
    | PriceCeilingRule
    | OneAtATimeRule
    | FirstPurchaseRule
    | NextPurchaseRule
    | OnceRule
    | ChoicesRule
    | GraduationRule
    | DurationRule
    | HoursPerDayRule
    | ModesRule
    | LanguagesRule
    | MinimumEducationRule
    | PriorityGroupsRule
    | RegistrationRule
    | ClassDatesRule
    | ReachRule,
    Field(discriminator="kind"),
]


class RulesInForce(Strict):
    """At most one rule of each kind: those that hold on one day. None where the programme has no such rule."""

    day: dt.date
    age: AgeRule | None = None
    excluded_status: ExcludedStatusRule | None = None
    excluded_occupation: ExcludedOccupationRule | None = None
    grant: GrantRule | None = None
    own_payment: OwnPaymentRule | None = None
    price_ceiling: PriceCeilingRule | None = None
    one_at_a_time: OneAtATimeRule | None = None
    first_purchase: FirstPurchaseRule | None = None
    next_purchase: NextPurchaseRule | None = None
    once: OnceRule | None = None
    choices: ChoicesRule | None = None
    graduation: GraduationRule | None = None
    duration: DurationRule | None = None
    hours_per_day: HoursPerDayRule | None = None
    modes: ModesRule | None = None
    languages: LanguagesRule | None = None
    minimum_education: MinimumEducationRule | None = None
    priority_groups: PriorityGroupsRule | None = None
    registration: RegistrationRule | None = None
    class_dates: ClassDatesRule | None = None
    reach: ReachRule | None = None

    @property
    def last_day(self) -> dt.date | None:
        """The last day on which any of these rules holds, as far as they say; None: no end."""
        ends = [rule.valid_until for rule in self._rules()]
        known = [end for end in ends if end is not None]
        return max(known) if len(known) == len(ends) else None

    def _rules(self) -> list[Rule]:
        return [rule for name, rule in self if name != "day" and rule is not None]
