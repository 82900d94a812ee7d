"""The record of an allocation: all that is needed to draw its lottery and give its seats again, and nothing more.

A folder of Parquet and JSON: a case, which is what is decided from, and what came of it. What is read back is held
to its form, whoever wrote it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recommender.matching.allocation import Aim, Method, Objective
from recommender.matching.case import Case
from recommender.matching.outcome import Outcome
from recommender.matching.page import Language, render
from recommender.matching.problem import Bound, Problem
from recommender.matching.rounds import Limits
from recommender.matching.stable import Choices

PEOPLE, PAIRS, CLASSES, TERMS = "people.parquet", "pairs.parquet", "seats.parquet", "terms.json"
LISTS, KEPT, MEMBERS = "choices.parquet", "kept.parquet", "members.parquet"
TABLES: Final = ("assignments", "unserved", "classes", "bounds", "waiting")
SUMMARY, PAGE, RESULTS = "summary.json", "report.html", "results.json"
COMMITMENT: Final = "commitment.json"

Schema = Mapping[str, Any]

_PEOPLE: Final[Schema] = {
    "participant_id": pl.String,
    "tier": pl.Int64,
    "offered": pl.Int32,
    "balance": pl.Int64,
    "most": pl.Int64,
}
_CLASSES: Final[Schema] = {
    "class_id": pl.String,
    "seats": pl.Int64,
    "cost": pl.Int64,
    "span": pl.Array(pl.Int64, 3),
}
_PAIRS: Final[Schema] = {
    "person": pl.Int32,
    "class": pl.Int32,
    "worth": pl.Float32,
    "fit": pl.Float32,
}
_LISTS: Final[Schema] = {"rank": pl.Int64, "standing": pl.Float64}


class RecordError(ValueError):
    """A record that is not there, or not in order; the message names the file."""


class Written(BaseModel):
    """A JSON file of the record."""

    model_config = ConfigDict(extra="forbid", strict=True)


Some = TypeVar("Some", bound=Written)
Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Bound(Written):
    name: str
    floor: Count
    ceiling: Count | None


class _Terms(Written):
    objective: Objective
    gap: Annotated[float, Field(gt=0, lt=1)]
    method: Method
    bounds: list[_Bound]
    choices: bool


class Results(Written):
    """SHA-256 of each file of what came of it, and of the commitment that it goes by."""

    files: dict[str, Digest]


def has_case(folder: Path) -> bool:
    """Return whether a whole case was written there."""
    return (folder / TERMS).exists()


def list_case(*, choices: bool) -> list[str]:
    """Return the names of the files of a case."""
    return [PEOPLE, CLASSES, PAIRS, TERMS, *((LISTS, KEPT, MEMBERS) if choices else ())]


def write_case(folder: Path, case: Case, aim: Aim) -> None:
    """Write what is decided from; its terms last, so that a folder with them is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TERMS).unlink(missing_ok=True)
    problem, limits = case.problem, case.limits
    people = {
        "participant_id": case.participant_ids,
        "tier": case.tiers,
        "offered": case.offered,
        "balance": limits.balances,
        "most": limits.most,
        "fixed": case.fixed,
    }
    fixed = {"fixed": pl.Array(pl.Int32, case.fixed.shape[1])}
    members = [bound.people for bound in problem.bounds]
    _mark(pl.DataFrame(people, schema={**_PEOPLE, **fixed}), members).write_parquet(folder / PEOPLE)
    classes = {
        "class_id": case.class_ids,
        "seats": problem.seats,
        "cost": limits.costs,
        "span": limits.spans,
    }
    places = [bound.classes for bound in problem.bounds]
    _mark(pl.DataFrame(classes, schema=_CLASSES), places).write_parquet(folder / CLASSES)
    pairs = {
        "person": problem.people,
        "class": problem.classes,
        "worth": problem.values,
        "fit": case.fits,
    }
    pl.DataFrame(pairs, schema=_PAIRS).write_parquet(folder / PAIRS)
    if case.choices is not None:
        lists = {"rank": case.choices.rank, "standing": case.choices.standing}
        pl.DataFrame(lists, schema=_LISTS).write_parquet(folder / LISTS)
        pl.DataFrame({"kept": case.choices.kept}).write_parquet(folder / KEPT)
        pl.DataFrame({"members": case.choices.members}).write_parquet(folder / MEMBERS)
    terms = _Terms(
        objective=aim.objective,
        gap=aim.gap,
        method=aim.method,
        bounds=[
            _Bound(name=bound.name, floor=bound.floor, ceiling=bound.ceiling)
            for bound in problem.bounds
        ],
        choices=case.choices is not None,
    )
    write_json(folder / f"{TERMS}.part", terms.model_dump())
    os.replace(folder / f"{TERMS}.part", folder / TERMS)


def write_outcome(folder: Path, outcome: Outcome, language: Language = "en") -> None:
    """Write what was decided where it was promised, the page of it in a language, and the hashes of all."""
    for name in TABLES:
        getattr(outcome, name).write_parquet(folder / f"{name}.parquet")
    write_json(folder / SUMMARY, outcome.summary)
    (folder / PAGE).write_text(render(outcome, language), encoding="utf-8")
    write_json(folder / RESULTS, {"files": hash_files(folder, list_results())})


def list_results() -> list[str]:
    """Return the names of the files of what came of an allocation, and of the commitment that it goes by."""
    return [COMMITMENT, *(f"{name}.parquet" for name in TABLES), SUMMARY, PAGE]


def read_case(folder: Path) -> tuple[Case, Aim]:
    """Read what is decided from.

    Raises
    ------
    RecordError
        If a file is not there, or is not as `write_case` writes it.
    """
    terms = read_json(folder / TERMS, _Terms)
    marks = [f"bound_{number}" for number in range(len(terms.bounds))]
    people = _read_people(folder / PEOPLE, marks)
    classes = _read_table(folder / CLASSES, _CLASSES, marks)
    pairs = _read_table(folder / PAIRS, _PAIRS)
    _check_places(folder / PEOPLE, people, classes.height)
    _check_classes(folder / CLASSES, classes)
    _check_pairs(folder / PAIRS, pairs, people.height, classes.height)
    bounds = tuple(
        Bound(one.name, _unmark(people, mark), _unmark(classes, mark), one.floor, one.ceiling)
        for mark, one in zip(marks, terms.bounds, strict=True)
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
    limits = Limits(
        classes["span"].to_numpy().reshape(classes.height, 3),
        classes["cost"].to_numpy(),
        people["balance"].to_numpy(),
        people["most"].to_numpy(),
    )
    case = Case(
        tuple(people["participant_id"]),
        tuple(classes["class_id"]),
        problem,
        pairs["fit"].to_numpy(),
        people["tier"].to_numpy(),
        people["fixed"].to_numpy(),
        people["offered"].to_numpy(),
        limits,
        _read_choices(folder, problem) if terms.choices else None,
    )
    return case, Aim(terms.objective, terms.gap, terms.method)


def hash_files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of the bytes of files, by name."""
    return {name: hashlib.sha256(read_bytes(folder / name)).hexdigest() for name in names}


def read_bytes(path: Path) -> bytes:
    """Read a file of the record."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from error


def read_parquet(path: Path) -> pl.DataFrame:
    """Read a table of the record."""
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = " ".join(str(error).partition("\n\n")[0].split())
        raise RecordError(f"{path}: cannot be read: {reason}") from error


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object of the record, which is written as `write_json` writes it."""
    text = read_bytes(path)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path}: cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise RecordError(f"{path}: not a JSON object")
    if text != _dump(found):
        raise RecordError(f"{path}: not as it was written; take the file as it was published")
    return found


def read_json(path: Path, form: type[Some]) -> Some:
    """Read a JSON file of the record into its form."""
    try:
        return form.model_validate_json(json.dumps(read_object(path)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RecordError(f"{path}: {where}: {first['msg']}") from error


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON file of the record."""
    path.write_bytes(_dump(values))


def _dump(values: object) -> bytes:
    return (json.dumps(values, indent=1) + "\n").encode()


def _read_people(path: Path, marks: Sequence[str]) -> pl.DataFrame:
    kind = read_parquet(path).schema.get("fixed")
    if not (
        isinstance(kind, pl.Array) and kind.shape[0] > 0 and kind == pl.Array(pl.Int32, kind.shape)
    ):
        raise RecordError(f"{path}: fixed: {kind}; not as it was written")
    return _read_table(path, {**_PEOPLE, "fixed": kind}, marks)


def _read_table(path: Path, schema: Schema, marks: Sequence[str] = ()) -> pl.DataFrame:
    """Read a table that has just these columns, and of the marks of bounds as many as it has, all filled."""
    table = read_parquet(path)
    there = {mark: pl.Boolean for mark in marks if mark in table.columns}
    if dict(table.schema) != {**schema, **there}:
        told = ", ".join(f"{name} {kind}" for name, kind in table.schema.items())
        raise RecordError(f"{path}: other columns than were written: {told}")
    for name, kind in table.schema.items():
        column = table[name]
        flat = column.explode() if isinstance(kind, pl.Array) and table.height else column
        if flat.null_count():
            raise RecordError(f"{path}: {name}: a cell is empty")
    return table


def _check_places(path: Path, people: pl.DataFrame, classes: int) -> None:
    """Refuse people who hold, or were offered, a class that is not there."""
    held = [people["fixed"].to_numpy().ravel(), people["offered"].to_numpy()]
    if any(((one < -1) | (one >= classes)).any() for one in held):
        raise RecordError(f"{path}: somebody holds a class that is not there")


def _check_classes(path: Path, classes: pl.DataFrame) -> None:
    if (classes["seats"] < 0).any():
        raise RecordError(f"{path}: a class has fewer seats than none")


def _check_pairs(path: Path, pairs: pl.DataFrame, people: int, classes: int) -> None:
    """Refuse pairs that are out of order, of nobody, or worth no number."""
    person, class_ = (pairs[name].to_numpy().astype(np.int64) for name in ("person", "class"))
    inside = (person >= 0) & (person < people) & (class_ >= 0) & (class_ < classes)
    if not (inside.all() and (np.diff(person * max(classes, 1) + class_) > 0).all()):
        raise RecordError(f"{path}: pairs out of order, or of people or classes that are not there")
    for name in ("worth", "fit"):
        if not (pairs[name].is_finite() & (pairs[name] >= 0)).all():
            raise RecordError(f"{path}: {name}: not a number of at least 0")


def _read_choices(folder: Path, problem: Problem) -> Choices:
    lists = _read_table(folder / LISTS, _LISTS)
    kept = _read_table(folder / KEPT, {"kept": pl.Int64})
    members = _read_table(folder / MEMBERS, {"members": pl.Boolean})
    for name, table, rows in (
        (LISTS, lists, len(problem.classes)),
        (KEPT, kept, len(problem.seats)),
        (MEMBERS, members, len(problem)),
    ):
        if table.height != rows:
            raise RecordError(f"{folder / name}: {table.height} rows, not {rows}")
    if not lists["standing"].is_finite().all():
        raise RecordError(f"{folder / LISTS}: standing: not a number")
    return Choices(
        lists["rank"].to_numpy(),
        lists["standing"].to_numpy(),
        kept["kept"].to_numpy(),
        members["members"].to_numpy(),
    )


def _mark(table: pl.DataFrame, marks: Sequence[Any]) -> pl.DataFrame:
    return table.with_columns(
        pl.Series(f"bound_{number}", mark) for number, mark in enumerate(marks) if mark is not None
    )


def _unmark(table: pl.DataFrame, mark: str) -> Any:
    return table[mark].to_numpy() if mark in table.columns else None
