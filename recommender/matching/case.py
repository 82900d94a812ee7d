"""From people, classes and settings to the problem in numbers: who may sit where, and what it is worth."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommender.engine import Engine
from recommender.matching.allocation import allocate, take_open
from recommender.matching.choices import PAIR, look_up_choices
from recommender.matching.lottery import order_by_lot
from recommender.matching.pairs import Look, Pairs, find_pairs, hold_classes, scale_scores
from recommender.matching.problem import Problem, Seated, build_problem
from recommender.matching.settings import (
    AllocateSettings,
    AllocateSettingsError,
    Attributes,
    are_in_group,
    build_bounds,
    find_tiers,
)
from recommender.matching.stable import Choices
from recommender.matching.watch import UNWATCHED, Watch
from training_data.arrays import look_up
from training_data.columns import Classes, Courses, Participants

P, K = Participants, Classes
EMPTY = pl.DataFrame(schema=PAIR)
WIDER = 4  # times as many candidates for who went without though more is permitted


@dataclass(frozen=True)
class Request:
    """Who asks for which classes, and what was decided before.

    Attributes
    ----------
    participants, classes, events : DataFrame
        Under their contracts.
    accepted, offered, refused : DataFrame
        Pairs ``participant_id``, ``class_id``: seats that are kept, places offered before that may be moved at a
        price, and what is not offered again.
    choices : DataFrame, optional
        ``participant_id, class_id, rank, standing``: the lists of people, the least rank first, and what providers
        think of each, the largest first; a standing that is missing is the fit.
    """

    participants: pl.DataFrame
    classes: pl.DataFrame
    events: pl.DataFrame
    accepted: pl.DataFrame = field(default_factory=EMPTY.clone)
    offered: pl.DataFrame = field(default_factory=EMPTY.clone)
    refused: pl.DataFrame = field(default_factory=EMPTY.clone)
    choices: pl.DataFrame | None = None


@dataclass(frozen=True)
class Case:
    """A request in numbers, its people in the order of the lottery.

    Attributes
    ----------
    participant_ids, class_ids : tuple of str
    problem : Problem
        What seats are worth to people: fits, and the price of moving.
    fits : ndarray of float32, shape (M,)
        Of the problem's pairs.
    tiers : ndarray of int, shape (P,)
    fixed : ndarray of int32, shape (P, L)
        The classes that each has accepted, as many columns as one may have; -1 for none.
    offered : ndarray of int32, shape (P,)
        The class that each was offered, -1 for none.
    spans : ndarray of int64, shape (K, 3)
        Number of the training of each class, its first and its last day: nobody has two classes of one training, or
        on one day.
    choices : Choices, optional
        Where seats are given by lists of choices.
    """

    participant_ids: tuple[str, ...]
    class_ids: tuple[str, ...]
    problem: Problem
    fits: NDArray[np.float32]
    tiers: NDArray[np.int64]
    fixed: Seated
    offered: Seated
    spans: NDArray[np.int64]
    choices: Choices | None = None

    @property
    def open(self) -> Problem:
        """What is left to decide of first classes: seats and bounds after what was accepted."""
        return take_open(self.problem, self.fixed[:, 0])


def build_case(
    engine: Engine,
    request: Request,
    settings: AllocateSettings,
    seed: str,
    day: dt.date,
    watch: Watch = UNWATCHED,
) -> Case:
    """Read the people, and find and score what is permitted to them.

    Who would go without, and may take more than was looked at, is looked at again, wider.

    Raises
    ------
    StoppedError
        If it was stopped before all was read.
    AllocateSettingsError
        If nobody asks, or what was decided before cannot be kept.
    """
    _check_decided(request)
    ids = request.participants[P.participant_id.name].to_list()
    people = request.participants[order_by_lot(seed, ids)]
    engine = hold_classes(engine, request.classes)
    if settings.objective == "choices":
        return _build_with_choices(engine, people, request, settings, day, watch)
    look = Look(settings.candidates, settings.fit)
    pairs = find_pairs(engine, people, request.events, day, look, watch)
    while True:
        case = _build(engine, people, request, settings, pairs)
        if not pairs.cut.any():
            return case
        free = replace(case.problem, bounds=())
        found = allocate(
            free, settings.aim, tiers=case.tiers, fixed=case.fixed[:, 0], stop=watch.stop
        )
        again = np.flatnonzero(pairs.cut & (found.seated < 0))
        if not len(again):
            return case
        look = replace(look, per_source=look.per_source * WIDER)
        more = find_pairs(engine, people[again], request.events, day, look, watch)
        pairs = _replace(pairs, again, more)


def _build_with_choices(
    engine: Engine,
    people: pl.DataFrame,
    request: Request,
    settings: AllocateSettings,
    day: dt.date,
    watch: Watch,
) -> Case:
    """Return the case of the pairs that people chose and may have; who withdrew is blocked."""
    if request.choices is None:
        raise AllocateSettingsError('objective: "choices" needs lists of choices (--choices)')
    ids = people[P.participant_id.name].to_list()
    table = look_up_choices(request.choices, ids, request.classes, settings.most_choices)
    course = look_up(
        request.classes[K.course_id.name], lambda name: engine.catalogue.index.get(name, -1)
    )
    wanted = np.full((len(ids), settings.most_choices), -1, dtype=np.int64)
    wanted[table["person"], table["place"]] = course[table["class"]]
    look = Look(len(engine.catalogue), settings.fit, wanted)
    pairs = find_pairs(engine, people, request.events, day, look, watch)
    permitted = pl.DataFrame({"person": pairs.people, "class": pairs.classes}).with_row_index(
        "pair"
    )
    chosen = permitted.join(table, on=["person", "class"]).sort("pair")
    kept = chosen["pair"].to_numpy()
    some = replace(
        pairs,
        people=pairs.people[kept],
        classes=pairs.classes[kept],
        scores=pairs.scores[kept],
        cut=np.zeros_like(pairs.cut),
    )
    blocked = request.choices.select(EMPTY.columns).join(
        request.refused.select(P.participant_id.name).unique(), on=P.participant_id.name
    )
    case = _build(engine, people, replace(request, refused=blocked), settings, some)
    stated = chosen.select("person", "class", "rank", "standing")
    ours = pl.DataFrame({"person": case.problem.people, "class": case.problem.classes})
    told = ours.cast(pl.Int64).join(
        stated, on=["person", "class"], how="left", maintain_order="left"
    )
    seats = case.problem.seats
    members = np.zeros(len(ids), dtype=bool)
    if settings.reserved_group is not None:
        members = are_in_group(pairs.groups, settings.reserved_group)
    return replace(
        case,
        choices=Choices(
            told["rank"].to_numpy(),
            told["standing"].fill_null(pl.Series(case.fits.astype(np.float64))).to_numpy(),
            np.ceil(seats * settings.reserved_share).astype(np.int64),
            members,
        ),
    )


def read_decisions(path: Path) -> pl.DataFrame:
    """Read a table of pairs ``participant_id``, ``class_id``.

    Raises
    ------
    AllocateSettingsError
        If the file is not there, is no Parquet, or lacks a column.
    """
    try:
        return pl.read_parquet(path, columns=EMPTY.columns).cast(pl.String)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise AllocateSettingsError(f"{path}: {error}") from error


def _check_decided(request: Request) -> None:
    """Refuse what was accepted beyond the seats, and what was accepted and refused at once."""
    if request.participants.is_empty():
        raise AllocateSettingsError("participants: nobody stands in the table")
    accepted = request.accepted.select(EMPTY.columns)
    both = accepted.join(request.refused, on=EMPTY.columns, how="semi")
    if len(both):
        person, class_ = both.row(0)
        raise AllocateSettingsError(f"accepted: {person!r} has refused {class_!r}, too")
    taken = accepted.group_by(K.class_id.name).len("taken")
    over = taken.join(request.classes, on=K.class_id.name).filter(
        pl.col("taken") > K.seats_left.col
    )
    for one in over.sort(K.class_id.name).head(1).iter_rows(named=True):
        raise AllocateSettingsError(
            f"accepted: {one['taken']} people stand there for class {one[K.class_id.name]!r}, "
            f"which has {one[K.seats_left.name]} seats to give"
        )


def _build(
    engine: Engine,
    people: pl.DataFrame,
    request: Request,
    settings: AllocateSettings,
    pairs: Pairs,
) -> Case:
    participant_ids = tuple(people[P.participant_id.name])
    class_ids = tuple(request.classes[K.class_id.name])
    fixed = _look_up(request.accepted, participant_ids, class_ids, "accepted", settings.max_classes)
    offered = _look_up(request.offered, participant_ids, class_ids, "offered")[:, 0]
    fits = scale_scores(pairs.scores)
    refused = request.refused.select(P.participant_id.name, K.class_id.name)
    whole: NDArray[np.bool_] = np.all(
        fixed >= 0, axis=1
    )  # who has accepted as many as one may have
    kept = ~_are_among(pairs, refused, participant_ids, class_ids) & ~whole[pairs.people]
    problem = build_problem(
        pairs.people[kept],
        pairs.classes[kept],
        fits[kept],
        request.classes[K.seats_left.name].to_numpy(),
        len(participant_ids),
    )
    course = dict(
        zip(engine.catalogue.ids, engine.catalogue.table[Courses.provider_id.name], strict=True)
    )
    providers = [course.get(name) for name in request.classes[K.course_id.name]]
    attributes = Attributes(
        pairs.home,
        pairs.groups,
        np.array(providers, dtype=object),
        engine.reader.vocabularies.regions,
    )
    stays = problem.classes == offered[problem.people]
    worth = problem.values + np.float32(settings.moving_price) * stays
    return Case(
        participant_ids,
        class_ids,
        replace(
            problem,
            values=worth.astype(np.float32),
            bounds=build_bounds(settings.bounds, attributes),
        ),
        problem.values,
        find_tiers(pairs.groups, settings.tiers),
        fixed,
        offered,
        _list_spans(request.classes),
    )


def _replace(pairs: Pairs, rows: NDArray[np.int64], more: Pairs) -> Pairs:
    """Return the pairs with those of some people in the place of theirs."""
    old = ~np.isin(pairs.people, rows)
    cut = pairs.cut.copy()
    cut[rows] = more.cut
    return replace(
        pairs,
        people=np.concatenate([pairs.people[old], rows[more.people]]),
        classes=np.concatenate([pairs.classes[old], more.classes]),
        scores=np.concatenate([pairs.scores[old], more.scores]),
        cut=cut,
    )


def _list_spans(classes: pl.DataFrame) -> NDArray[np.int64]:
    course = classes[K.course_id.name].rank("dense").cast(pl.Int64)
    days = (
        classes[name].to_physical().cast(pl.Int64) for name in (K.starts_on.name, K.ends_on.name)
    )
    return np.column_stack([course, *days]).reshape(classes.height, 3)


def _look_up(
    rows: pl.DataFrame,
    participant_ids: tuple[str, ...],
    class_ids: tuple[str, ...],
    name: str,
    most: int = 1,
) -> NDArray[np.int32]:
    """Return the classes of each person that a table names, ``most`` at most, padded with -1."""
    people = {one: row for row, one in enumerate(participant_ids)}
    classes = {one: row for row, one in enumerate(class_ids)}
    found: dict[int, list[int]] = {}
    for person, class_ in rows.select(P.participant_id.name, K.class_id.name).iter_rows():
        if class_ not in classes:
            raise AllocateSettingsError(f"{name}: no class {class_!r} among the classes")
        if person not in people:
            raise AllocateSettingsError(f"{name}: no participant {person!r}")
        own = found.setdefault(people[person], [])
        own.append(classes[class_])
        if len(own) > most or len({*own}) < len(own):
            raise AllocateSettingsError(
                f"{name}: {person!r} stands there more than {'once' if most == 1 else f'{most} times'}"
            )
    table = np.full((len(participant_ids), most), -1, dtype=np.int32)
    for row, own in found.items():
        table[row, : len(own)] = own
    return table


def _are_among(
    pairs: Pairs, rows: pl.DataFrame, participant_ids: tuple[str, ...], class_ids: tuple[str, ...]
) -> NDArray[np.bool_]:
    """Return which pairs a table names."""
    people = {one: row for row, one in enumerate(participant_ids)}
    classes = {one: row for row, one in enumerate(class_ids)}
    named = [
        people[person] * len(classes) + classes[class_]
        for person, class_ in rows.iter_rows()
        if person in people and class_ in classes
    ]
    return np.isin(pairs.people * len(classes) + pairs.classes, named)
