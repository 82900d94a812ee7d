"""One allocation, from what the store holds to what it is told: in a process that may end at any moment.

What is found of the pairs is kept in a folder of the home, so that they need not be found again; it goes when the
job has ended. All else follows from the store, the bundle and the seed, so that a job comes to the same when it
begins again.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import polars as pl
from sqlalchemy.exc import SQLAlchemyError

from models.bundles.sealing import BundleError
from recommender.bundle.bundle import load_bundle
from recommender.engine import Engine
from recommender.matching.bounded import UnmetError
from recommender.matching.case import Case, build_case
from recommender.matching.lottery import hash_entrants
from recommender.matching.outcome import Outcome
from recommender.matching.record import RecordError, has_case, read_case, write_case
from recommender.matching.request import EMPTY, Request
from recommender.matching.run import decide
from recommender.matching.settings import AllocateSettings, AllocateSettingsError
from recommender.matching.watch import StoppedError, Watch
from store import allocations, participants
from store.audit import Entry, record
from store.database import Store, open_store
from store.errors import StoreError
from training_data.columns import Classes, Interactions, Participants

BEAT_SECONDS: Final = 1.0
CHUNK: Final = 5_000  # people of one transaction
NICE: Final = 10
FOLDER: Final = "allocations"  # of the home: what jobs keep on their way
FAULT: Final = "the service made a mistake; it was logged"

Row = Mapping[str, Any]
log = logging.getLogger("padan.allocations")


@dataclass(frozen=True)
class Place:
    """Where a runner works.

    Attributes
    ----------
    home : Path
        Of bundles, and of what jobs keep on their way.
    bundle : Path
        The folder of the bundle in service, wherever it lies; ``version`` is its version.
    silence : float
        Seconds after which a runner that was not heard of is thought dead.
    """

    url: str
    home: Path
    bundle: Path
    version: str
    silence: float

    def find_bundle(self, version: str) -> Path:
        """Return the folder of a version, where it should be."""
        return self.bundle if version == self.version else self.home / "bundles" / version

    def find_folder(self, allocation_id: str) -> Path:
        """Return where a job keeps what it has found so far."""
        return self.home / FOLDER / allocation_id


def work(place: Place, runner: str) -> None:
    """Run the jobs that wait, one after the other, until there is none."""
    os.nice(NICE)
    store = open_store(place.url)
    while True:
        with store.writing() as connection:
            job = allocations.claim(connection, runner, place.silence)
        if job is None:
            return
        run(store, place, runner, job)


def sweep(store: Store, home: Path) -> None:
    """Remove what jobs have left that were ended by others: it names people."""
    left = list((home / FOLDER).glob("*"))
    if not left:
        return
    with store.reading() as connection:
        still = allocations.list_open(connection)
    for folder in left:
        if folder.name not in still:
            shutil.rmtree(folder, ignore_errors=True)


def run(store: Store, place: Place, runner: str, job: Row) -> None:
    """Run a job that a runner holds, and write what came of it."""
    beat = _Beat(store, job["allocation_id"], runner)
    with beat.beating():
        ended = _try(store, place, beat, job)
    with store.writing() as connection:
        allocations.end(connection, job["allocation_id"], runner, **ended)
    shutil.rmtree(place.find_folder(job["allocation_id"]), ignore_errors=True)


@dataclass
class _Beat:
    """Says every second how far a job is, and hears whether it is to end."""

    store: Store
    allocation_id: str
    runner: str
    stage: str = "people"
    share: float = 0.0
    parent: int = field(default_factory=os.getppid)
    cancelled: Event = field(default_factory=Event)
    over: Event = field(default_factory=Event)

    def tell(self, stage: str, share: float) -> None:
        """Note how far the job is."""
        self.stage, self.share = stage, share

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Beat until the block ends."""
        self._report()
        thread = Thread(target=self._beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.over.set()
            thread.join()

    def _beat(self) -> None:
        while True:
            if os.getppid() != self.parent:
                os._exit(1)  # nobody is left who looks after this process
            try:
                self._report()
            except allocations.LostError:
                os._exit(1)  # another runner has the job by now
            except (SQLAlchemyError, StoreError) as error:
                log.error("the store does not answer: %s", type(error).__name__)
            if self.over.wait(BEAT_SECONDS):
                return

    def _report(self) -> None:
        with self.store.writing() as connection:
            asked = allocations.report(
                connection, self.allocation_id, self.runner, self.stage, self.share
            )
        if asked:
            self.cancelled.set()


def _try(store: Store, place: Place, beat: _Beat, job: Row) -> dict[str, Any]:
    """Return how a job ended, with its outcome or with what is wrong."""
    if job["attempts"] > allocations.MOST_ATTEMPTS:
        return {"status": "failed", "problem": "its process ended again and again before the end"}
    try:
        case, settings, engine = _read(store, place, beat, job)
        watch = Watch(beat.cancelled.is_set, beat.tell)
        outcome = decide(case, settings, watch)
        _write_people(store, beat, job, outcome, engine)
    except StoppedError:
        return {"status": "cancelled"}
    except (UnmetError, AllocateSettingsError, BundleError) as error:
        status = "cancelled" if beat.cancelled.is_set() else "failed"
        return {"status": status, "problem": str(error)}
    except (SQLAlchemyError, StoreError, allocations.LostError):
        raise  # it is tried again
    except Exception:
        log.exception("fault in the allocation %s", job["allocation_id"])
        return {"status": "failed", "problem": FAULT}
    stopped = beat.cancelled.is_set() and not outcome.summary["finished"]
    return {"status": "cancelled" if stopped else "finished", "outcome": _pack(outcome)}


def _read(
    store: Store, place: Place, beat: _Beat, job: Row
) -> tuple[Case, AllocateSettings, Engine]:
    """Return what is decided from: what a process before this one has found, or found now."""
    settings = AllocateSettings(**job["terms"]["settings"])
    engine = load_bundle(place.find_bundle(job["bundle_version"])).engine
    folder = place.find_folder(job["allocation_id"])
    if has_case(folder):
        try:
            return read_case(folder)[0], settings, engine
        except RecordError as error:  # of another version, or lost with the machine: found again
            log.warning("the pairs of %s are found again: %s", beat.allocation_id, error)
    request = _read_request(store, beat, job, engine)
    watch = Watch(beat.cancelled.is_set, beat.tell)
    day = dt.date.fromisoformat(job["terms"]["day"])
    case = build_case(engine, request, settings, job["seed"], day, watch)
    write_case(folder, case, settings.aim)
    return case, settings, engine


def _read_request(store: Store, beat: _Beat, job: Row, engine: Engine) -> Request:
    """Return who asks for which classes, as the store has them now."""
    with store.writing() as connection:
        rows = allocations.list_entrants(connection, job)
        if job["entrants"] is None:
            digest = hash_entrants([row["participant_id"] for row in rows])
            allocations.promise(connection, beat.allocation_id, beat.runner, len(rows), digest)
    people: list[pl.DataFrame] = [Participants.create_empty()]
    events: list[pl.DataFrame] = [Interactions.create_empty()]
    for first in range(0, len(rows), CHUNK):
        beat.tell("people", first / len(rows))
        ids = [row["participant_id"] for row in rows[first : first + CHUNK]]
        with store.reading() as connection:
            found = participants.find(connection, ids)
        people.append(found[0])
        events.append(found[1])
    taking_part = pl.concat(people)
    here = set(taking_part[Participants.participant_id.name])
    held = [row for row in rows if row["participant_id"] in here]
    return Request(
        taking_part,
        _read_classes(engine.catalogue.classes, job["terms"]["classes"]),
        pl.concat(events),
        _list_decisions((row["participant_id"], row["accepted"]) for row in held),
        _list_decisions((row["participant_id"], row["offered"]) for row in held),
        _list_decisions(
            (row["participant_id"], one) for row in held for one in row["refused"] or ()
        ),
    )


def _read_classes(known: pl.DataFrame, asked: list[dict[str, Any]] | None) -> pl.DataFrame:
    """Return the classes that were asked for, with the seats to be given."""
    if asked is None:
        return known
    left = pl.DataFrame(asked, schema={"class_id": pl.String, "seats": pl.Int32})
    seats = left.rename({"seats": Classes.seats_left.name})
    return known.drop(Classes.seats_left.name).join(
        seats, on=Classes.class_id.name, how="inner", maintain_order="left"
    )


def _list_decisions(pairs: Iterator[tuple[str, str | None]]) -> pl.DataFrame:
    rows = [(person, class_) for person, class_ in pairs if class_ is not None]
    return pl.DataFrame(rows, schema=EMPTY.schema, orient="row")


def _write_people(store: Store, beat: _Beat, job: Row, outcome: Outcome, engine: Engine) -> None:
    """Write where each person sits, or why not, and have it audited."""
    rows = _join(outcome)
    for first in range(0, rows.height, CHUNK):
        beat.tell("rows", first / rows.height)
        some = rows[first : first + CHUNK]
        entries = [
            Entry(
                job["client"],
                "allocate",
                store.pseudonym(name),
                bundle_version=job["bundle_version"],
                programme=engine.programme.label,
                decision={"allocation_id": beat.allocation_id, "class_id": class_, "reason": why},
            )
            for name, class_, why in some.select("participant_id", "class_id", "reason").iter_rows()
        ]
        with store.writing() as connection:
            allocations.write_people(connection, beat.allocation_id, beat.runner, some)
            record(connection, entries)


def _join(outcome: Outcome) -> pl.DataFrame:
    """Return a row for each person, in the order of the lottery, with the columns of the store."""
    seatless = outcome.unserved.rename({"class_id": "nearest_class_id"})
    joined = pl.concat([outcome.assignments, seatless], how="diagonal_relaxed").sort("lot")
    return joined.select("participant_id", *allocations.OUTCOME)


def _pack(outcome: Outcome) -> dict[str, Any]:
    return {
        "summary": outcome.summary,
        "bounds": outcome.bounds.to_dicts(),
        "classes": outcome.classes.to_dicts(),
    }
