"""The record of an allocation: all that is needed to draw its lottery and give its seats again, and nothing more.

A folder of Parquet and JSON. The seed stays in a file of its own, for its owner alone, until it is revealed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from recommender.matching.allocation import Aim
from recommender.matching.case import Case
from recommender.matching.lottery import hash_entrants, hash_seed, make_seed, order_by_lot
from recommender.matching.outcome import Outcome
from recommender.matching.page import Language, render
from recommender.matching.problem import Bound, Problem
from recommender.matching.run import solve
from recommender.matching.stable import Choices

COMMITMENT: Final = "commitment.json"
UNREVEALED: Final = "seed.unrevealed"
REVEALED: Final = "seed.txt"
_PEOPLE, _PAIRS, _CLASSES, _TERMS = "people.parquet", "pairs.parquet", "seats.parquet", "terms.json"
_SUMMARY: Final = "summary.json"
_CHOICES: Final = (
    ("choices.parquet", "rank", "standing"),
    ("kept.parquet", "kept"),
    ("members.parquet", "members"),
)


class RecordError(ValueError):
    """A record that is not there, or not in order; the message names the file."""


@dataclass(frozen=True)
class Finding:
    """One thing that was recomputed: what, and whether it is as it was stated."""

    what: str
    holds: bool


def commit(folder: Path, participant_ids: Sequence[str]) -> dict[str, Any]:
    """Draw a seed and return what is published before: its hash, that of who takes part, and how many.

    Raises
    ------
    RecordError
        If a seed was promised in this folder before.
    """
    if (folder / COMMITMENT).exists():
        raise RecordError(f"{folder / COMMITMENT}: a seed was promised before; take a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    seed = make_seed()
    descriptor = os.open(folder / UNREVEALED, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(seed + "\n")
    promised = {
        "seed_sha256": hash_seed(seed),
        "entrants_sha256": hash_entrants(participant_ids),
        "entrants": len(participant_ids),
    }
    _write_json(folder / COMMITMENT, promised)
    return promised


def open_seed(folder: Path, participant_ids: Sequence[str]) -> str:
    """Return the seed that was promised, for the people who were promised with it.

    Raises
    ------
    RecordError
        If none was promised, or other people take part now.
    """
    promised = _read_json(folder / COMMITMENT)
    if promised.get("entrants_sha256") != hash_entrants(participant_ids):
        raise RecordError(
            f"{folder / COMMITMENT}: other people take part than were promised with the seed; "
            "commit again, in a new folder"
        )
    return _read_seed(folder)


def reveal(folder: Path) -> str:
    """Publish the seed, and return it."""
    seed = _read_seed(folder)
    if hash_seed(seed) != _read_json(folder / COMMITMENT).get("seed_sha256"):
        raise RecordError(f"{folder / UNREVEALED}: not the seed that was promised")
    (folder / REVEALED).write_text(seed + "\n", encoding="utf-8")
    return seed


def has_case(folder: Path) -> bool:
    """Return whether a whole case was written there."""
    return (folder / _TERMS).exists()


def write_case(folder: Path, case: Case, aim: Aim) -> None:
    """Write what is decided from; its terms last, so that a folder with them is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _TERMS).unlink(missing_ok=True)
    problem = case.problem
    bounds = [
        {"name": bound.name, "floor": bound.floor, "ceiling": bound.ceiling}
        for bound in problem.bounds
    ]
    _mark(
        pl.DataFrame(
            {
                "participant_id": case.participant_ids,
                "tier": case.tiers,
                "fixed": case.fixed,
                "offered": case.offered,
            },
            schema_overrides={
                "participant_id": pl.String,
                "fixed": pl.Array(pl.Int32, case.fixed.shape[1]),
            },
        ),
        [bound.people for bound in problem.bounds],
    ).write_parquet(folder / _PEOPLE)
    _mark(
        pl.DataFrame(
            {"class_id": case.class_ids, "seats": problem.seats, "span": case.spans},
            schema_overrides={"class_id": pl.String, "span": pl.Array(pl.Int64, 3)},
        ),
        [bound.classes for bound in problem.bounds],
    ).write_parquet(folder / _CLASSES)
    pl.DataFrame(
        {
            "person": problem.people,
            "class": problem.classes,
            "worth": problem.values,
            "fit": case.fits,
        }
    ).write_parquet(folder / _PAIRS)
    if case.choices is not None:
        _write_choices(folder, case.choices)
    terms = {
        "objective": aim.objective,
        "gap": aim.gap,
        "method": aim.method,
        "bounds": bounds,
        "choices": case.choices is not None,
    }
    _write_json(folder / f"{_TERMS}.part", terms)
    os.replace(folder / f"{_TERMS}.part", folder / _TERMS)


def write_outcome(folder: Path, outcome: Outcome, language: Language = "en") -> None:
    """Write what was decided, and the page of it in a language."""
    for name in ("assignments", "unserved", "classes", "bounds", "waiting"):
        getattr(outcome, name).write_parquet(folder / f"{name}.parquet")
    _write_json(folder / _SUMMARY, outcome.summary)
    (folder / "report.html").write_text(render(outcome, language), encoding="utf-8")


def read_case(folder: Path) -> tuple[Case, Aim]:
    """Read what is decided from."""
    terms = _read_json(folder / _TERMS)
    people = _read_parquet(folder / _PEOPLE, "participant_id", "tier", "fixed", "offered")
    classes = _read_parquet(folder / _CLASSES, "class_id", "seats", "span")
    pairs = _read_parquet(folder / _PAIRS, "person", "class", "worth", "fit")
    _check_pairs(folder / _PAIRS, pairs, people.height, classes.height)
    members, places = _read_parquet(folder / _PEOPLE), _read_parquet(folder / _CLASSES)
    bounds = tuple(
        Bound(
            one["name"],
            _unmark(members, number),
            _unmark(places, number),
            one["floor"],
            one["ceiling"],
        )
        for number, one in enumerate(terms["bounds"])
    )
    starts = np.searchsorted(pairs["person"].to_numpy(), np.arange(people.height + 1))
    problem = Problem(
        starts.astype(np.int64),
        pairs["class"].to_numpy(),
        pairs["worth"].to_numpy(),
        classes["seats"].to_numpy(),
        np.zeros(people.height),
        bounds,
    )
    case = Case(
        tuple(people["participant_id"]),
        tuple(classes["class_id"]),
        problem,
        pairs["fit"].to_numpy(),
        people["tier"].to_numpy(),
        people["fixed"].to_numpy(),
        people["offered"].to_numpy(),
        classes["span"].to_numpy().reshape(classes.height, 3),
        _read_choices(folder) if terms["choices"] else None,
    )
    return case, Aim(terms["objective"], terms["gap"], terms["method"])


def verify(folder: Path) -> list[Finding]:
    """Recompute the lottery and the seats from what was published, and say what is as it was stated.

    Raises
    ------
    RecordError
        If something of the record is missing or cannot be read, or the seed is not revealed yet.
    """
    promised = _read_json(folder / COMMITMENT)
    if not (folder / REVEALED).exists():
        raise RecordError(
            f"{folder / REVEALED}: the seed is not revealed; `padan allocate --reveal`"
        )
    seed = _read_text(folder / REVEALED)
    ids = _read_ids(folder)
    findings = [
        Finding("the seed is the one promised", promised.get("seed_sha256") == hash_seed(seed)),
        Finding(
            "the entrants are those promised",
            promised.get("entrants_sha256") == hash_entrants(ids)
            and promised.get("entrants") == len(ids),
        ),
        Finding(
            "people stand in the order of the lottery",
            order_by_lot(seed, ids).tolist() == list(range(len(ids))),
        ),
    ]
    if not all(finding.holds for finding in findings):
        return [*findings, Finding("the seats are those that follow: not looked at", False)]
    case, aim = read_case(folder)
    if not _read_json(folder / _SUMMARY).get("finished"):
        return [*findings, Finding("the seats can be given again: the search was stopped", False)]
    found = solve(case, aim)
    held = np.column_stack([found.seated, *found.later])
    again = [
        (ids[row], case.class_ids[held[row, place]], row + 1)
        for row, place in np.argwhere(held >= 0).tolist()
    ]
    stated = _read_parquet(folder / "assignments.parquet", "participant_id", "class_id", "lot")
    return [*findings, Finding("the seats are those that follow", stated.rows() == again)]


def _write_choices(folder: Path, choices: Choices) -> None:
    for name, *columns in _CHOICES:
        told = {column: getattr(choices, column) for column in columns}
        pl.DataFrame(told).write_parquet(folder / name)


def _read_choices(folder: Path) -> Choices:
    return Choices(
        **{
            column: _read_parquet(folder / name, column)[column].to_numpy()
            for name, *columns in _CHOICES
            for column in columns
        }
    )


def _read_ids(folder: Path) -> tuple[str, ...]:
    return tuple(_read_parquet(folder / _PEOPLE, "participant_id")["participant_id"])


def _check_pairs(path: Path, pairs: pl.DataFrame, people: int, classes: int) -> None:
    """Refuse pairs that are out of order, or of nobody."""
    person, class_ = pairs["person"], pairs["class"]
    inside = person.is_between(0, people - 1) & class_.is_between(0, classes - 1)
    if not (inside.all() and person.is_sorted() and pairs.null_count().sum_horizontal()[0] == 0):
        raise RecordError(f"{path}: pairs out of order, or of people or classes that are not there")


def _mark(table: pl.DataFrame, marks: Sequence[Any]) -> pl.DataFrame:
    return table.with_columns(
        pl.Series(f"bound_{number}", mark) for number, mark in enumerate(marks) if mark is not None
    )


def _unmark(table: pl.DataFrame, number: int) -> Any:
    name = f"bound_{number}"
    return table[name].to_numpy() if name in table.columns else None


def _read_seed(folder: Path) -> str:
    path = folder / UNREVEALED
    if not path.exists():
        raise RecordError(f"{path}: no seed was promised in this folder")
    return _read_text(path)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: cannot be read: {error}") from error


def _read_parquet(path: Path, *columns: str) -> pl.DataFrame:
    """Read some columns, or all."""
    try:
        return pl.read_parquet(path, columns=list(columns) or None)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RecordError(f"{path}: cannot be read: {error}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordError(f"{path}: cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise RecordError(f"{path}: not a JSON object")
    return found


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
