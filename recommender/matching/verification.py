"""Whether an allocation is what was promised and what follows from it: found again from its folder alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from recommender.matching.bounded import UnmetError
from recommender.matching.lottery import hash_entrants, hash_seed, order_by_lot
from recommender.matching.outcome import Outcome, describe
from recommender.matching.page import Language, render
from recommender.matching.promise import REVEALED, Commitment, read_seed
from recommender.matching.record import (
    COMMITMENT,
    PAGE,
    RESULTS,
    SUMMARY,
    TABLES,
    RecordError,
    Results,
    hash_files,
    list_case,
    list_results,
    read_bytes,
    read_case,
    read_json,
    read_object,
    read_parquet,
)
from recommender.matching.run import solve


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what, and whether it is as it was stated."""

    what: str
    holds: bool


def verify(folder: Path, kept: Path | None = None) -> list[Finding]:
    """Hold a record to its promise, recompute what follows from it, and say what is as it was stated.

    Parameters
    ----------
    kept : Path, optional
        The commitment as somebody kept it from before.

    Raises
    ------
    RecordError
        If something of the record is missing or cannot be read, or the seed is not revealed yet.
    """
    if not (folder / REVEALED).exists() and (folder / COMMITMENT).exists():
        raise RecordError(
            f"{folder / REVEALED}: the seed is not revealed; `padan allocate --reveal`"
        )
    findings: list[Finding] = []
    for step in (_check_files(folder, kept), _check_lottery(folder), _check_outcome(folder)):
        findings += step
        if not all(finding.holds for finding in findings):
            break
    if not all(finding.holds for finding in findings):
        findings.append(Finding("what comes after that was not looked at", holds=False))
    return findings


def _check_files(folder: Path, kept: Path | None) -> Iterator[Finding]:
    """Hold the seed and each file to its hash."""
    promised = read_json(folder / COMMITMENT, Commitment)
    if kept is not None:
        same = read_bytes(kept) == read_bytes(folder / COMMITMENT)
        yield Finding(f"{COMMITMENT} is the one that was kept", same)
    seed = read_seed(folder / REVEALED)
    yield Finding("the seed is the one promised", promised.seed_sha256 == hash_seed(seed))
    stated = read_json(folder / RESULTS, Results)
    if {*promised.files} not in ({*list_case(choices=choices)} for choices in (False, True)):
        raise RecordError(f"{folder / COMMITMENT}: files: not those of a case")
    if {*stated.files} != {*list_results()}:
        raise RecordError(f"{folder / RESULTS}: files: not those of an outcome")
    yield from _compare(folder, promised.files, "promised")
    yield from _compare(folder, stated.files, "published")


def _compare(folder: Path, files: Mapping[str, str], how: str) -> Iterator[Finding]:
    now = hash_files(folder, files)
    for name, digest in files.items():
        yield Finding(f"{name} is as it was {how}", now[name] == digest)


def _check_lottery(folder: Path) -> Iterator[Finding]:
    """Hold the people and their order to what was promised of them."""
    promised = read_json(folder / COMMITMENT, Commitment)
    case, _ = read_case(folder)
    if {*promised.files} != {*list_case(choices=case.choices is not None)}:
        raise RecordError(f"{folder / COMMITMENT}: files: not those of its case")
    ids = case.participant_ids
    entrants = (hash_entrants(ids), len(ids))
    yield Finding(
        "the entrants are those promised", entrants == (promised.entrants_sha256, promised.entrants)
    )
    order = order_by_lot(read_seed(folder / REVEALED), ids)
    yield Finding("people stand in the order of the lottery", order.tolist() == [*range(len(ids))])


def _check_outcome(folder: Path) -> Iterator[Finding]:
    """Decide again, and hold every table to what follows."""
    summary = read_object(folder / SUMMARY)
    if summary.get("finished") is not True:
        yield Finding("the seats can be given again: the search was stopped", holds=False)
        return
    case, aim = read_case(folder)
    try:
        again = describe(case, solve(case, aim))
    except UnmetError as error:
        yield Finding(f"the floors and ceilings can be kept: {error}", holds=False)
        return
    yield from _compare_outcome(folder, again, summary)


def _compare_outcome(folder: Path, again: Outcome, summary: object) -> Iterator[Finding]:
    for name in TABLES:
        told, found = read_parquet(folder / f"{name}.parquet"), getattr(again, name)
        what = "the seats are those that follow" if name == "assignments" else f"{name} follow"
        yield Finding(what, told.schema == found.schema and told.equals(found))
    yield Finding("the summary follows", summary == again.summary)
    pages = [render(again, language).encode() for language in get_args(Language)]
    yield Finding("the page follows", read_bytes(folder / PAGE) in pages)
