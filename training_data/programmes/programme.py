"""Programme rules as data: who may take what, when and for how much.

A pack is one TOML file: a head (name, version, currency, region pack, topics) and a list of dated
``[[rule]]`` tables, each of one kind. The engine asks for the rules in force on a date and turns them
into masks and reason codes; it never reads TOML and knows no programme by name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator

from training_data.programmes.rules import Rule, RulesInForce, Strict


class PackError(ValueError):
    """A rule pack that cannot be used; the message names the file, the line and what to do."""


class Programme(Strict):
    """A programme's rule pack.

    Attributes
    ----------
    id, name, version : str
        The pack's name for machines, for people, and its own version.
    currency : str
        ISO 4217 code of every amount of money in the pack and in the dataset's ``*_idr`` columns.
    timezone : str
        Name in the IANA database of the zone whose day is the programme's.
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
    timezone: str = "UTC"
    languages: tuple[str, ...] = Field(min_length=1)
    topics: tuple[str, ...] = ()
    rule: tuple[Rule, ...]

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, ZoneInfoNotFoundError) as error:
            raise ValueError(f"no time zone '{value}', as in Asia/Jakarta") from error
        return value

    @field_validator("rule")
    @classmethod
    def _some_rule(cls, value: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if not value:  # a minimum length would complain beside every wrong rule, too
            raise ValueError("a pack needs at least one [[rule]]")
        return value

    def today(self, now: dt.datetime | None = None) -> dt.date:
        """Return the day that it is in the programme, wherever the machine stands; at another moment than now."""
        return (now or dt.datetime.now(dt.UTC)).astimezone(ZoneInfo(self.timezone)).date()

    def in_force(self, day: dt.date) -> RulesInForce:
        """Return the rules that hold on ``day``.

        Raises
        ------
        PackError
            If none does: outside its own time a pack must not permit everything.
        """
        holding = {rule.kind: rule for rule in self.rule if rule.holds_on(day)}
        if not holding:
            raise PackError(f"{self.label}: no rule holds on {day}; choose the pack of that time")
        return RulesInForce.model_validate({"day": day, **holding})

    @cached_property
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
        programme = Programme.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        place = f":{line[1]}" if line else ""
        raise PackError(f"{name}{place}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise PackError("\n".join(_locate_problems(error, text, name))) from error
    _refuse_overlaps(programme, text, name)
    _refuse_contradictions(programme, text, name)
    return programme


def _locate_problems(error: ValidationError, text: str, name: str) -> Iterator[str]:
    for problem in error.errors():
        place = problem["loc"]
        if problem["type"].startswith("union_tag"):
            place = (*place, "kind")
        field = ".".join(str(part) for part in place)
        message = problem["msg"].removeprefix("Value error, ")
        yield f"{name}:{_find_line(text, place)}: {field}: {message}"


def _find_line(text: str, place: tuple[int | str, ...]) -> int:
    """Line of the narrowest part of a place that has one: its key, the key around it, or its rule."""
    lines = text.splitlines()
    first, last = 1, len(lines)
    if len(place) > 1 and place[0] == "rule":
        starts = _rule_lines(text)
        if len(starts) <= int(place[1]):  # rules written as an inline list
            return first
        first = starts[int(place[1])]
        last = next((line - 1 for line in starts if line > first), last)
    for key in reversed(place):
        for number in range(first, last + 1):
            if re.match(rf"\s*[\"']?{re.escape(str(key))}[\"']?\s*[=.]", lines[number - 1]):
                return number
    return first


def _rule_lines(text: str) -> list[int]:
    """Line of each ``[[rule]]``."""
    header = re.compile(r"\s*\[\[\s*rule\s*\]\]")
    return [number for number, line in enumerate(text.splitlines(), 1) if header.match(line)]


def _refuse_overlaps(programme: Programme, text: str, name: str) -> None:
    last_of_kind: dict[str, tuple[Rule, int]] = {}
    places = (_find_line(text, ("rule", number, "kind")) for number in range(len(programme.rule)))
    for rule, line in sorted(
        zip(programme.rule, places, strict=True), key=lambda pair: pair[0].valid_from
    ):
        if rule.kind in last_of_kind:
            before, line_before = last_of_kind[rule.kind]
            if before.holds_on(rule.valid_from):
                raise PackError(
                    f"{name}:{line}: this '{rule.kind}' rule starts on {rule.valid_from}, while the "
                    f"one on line {line_before} still holds; end that one the day before"
                )
        last_of_kind[rule.kind] = (rule, line)


def _refuse_contradictions(programme: Programme, text: str, name: str) -> None:
    """Refuse rules that hold on one day and leave nothing to choose between them."""
    for day in sorted({rule.valid_from for rule in programme.rule}):
        rules = programme.in_force(day)
        modes, hours = rules.modes, rules.hours_per_day
        if modes and hours and not set(hours.hours) & set(modes.allowed):
            line = _find_line(text, ("rule", programme.rule.index(hours), "hours"))
            raise PackError(
                f"{name}:{line}: hours_per_day speaks of {', '.join(hours.hours)} only, "
                f"and modes allows none of them on {day}"
            )
