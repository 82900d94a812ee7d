"""From people, classes and settings to the problem in numbers: who may sit where, and what it is worth."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommender.engine import Engine
from recommender.matching.allocation import MOST_PAIRS, allocate, take_open
from recommender.matching.choices import look_up_choices
from recommender.matching.decisions import (
    are_among,
    check_decided,
    check_together,
    look_up_decisions,
)
from recommender.matching.lottery import order_by_lot
from recommender.matching.pairs import Look, Pairs, find_pairs, hold_classes, scale_scores
from recommender.matching.problem import Problem, Seated, build_problem
from recommender.matching.request import EMPTY, Request
from recommender.matching.rounds import Limits, take_round
from recommender.matching.settings import (
    AllocateSettings,
    AllocateSettingsError,
    Attributes,
    build_bounds,
    find_members,
    find_tiers,
)
from recommender.matching.stable import Choices
from recommender.matching.watch import UNWATCHED, Watch
from training_data.arrays import look_up
from training_data.columns import Classes, Courses, Participants

P, K = Participants, Classes
WIDER = 4  # times as many candidates for who went without though more is permitted


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
    limits : Limits
        What one person can have together; balances are 0 where each has one class at most.
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
    limits: Limits
    choices: Choices | None = None

    @property
    def open(self) -> Problem:
        """What is left to decide of first classes: seats and bounds after what was accepted."""
        first = take_round(self.problem, self.fixed, 0, self.limits)
        return take_open(first, self.fixed[:, 0])


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
    check_decided(request)
    if request.choices is not None and settings.objective != "choices":
        raise AllocateSettingsError(
            f'choices: the objective is "{settings.objective}", which reads no lists; '
            'set objective = "choices", or give none'
        )
    request = request.sort()
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
        members = find_members(pairs.groups, settings.reserved_group, "reserved_group")
    return replace(
        case,
        choices=Choices(
            told["rank"].to_numpy(),
            told["standing"].fill_null(pl.Series(case.fits.astype(np.float64))).to_numpy(),
            np.ceil(seats * settings.reserved_share).astype(np.int64),
            members,
        ),
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
    fixed = look_up_decisions(
        request.accepted, participant_ids, class_ids, "accepted", settings.max_classes
    )
    offered = look_up_decisions(request.offered, participant_ids, class_ids, "offered")[:, 0]
    limits = _build_limits(engine, request.classes, pairs, several=settings.max_classes > 1)
    check_together(fixed, limits, participant_ids, class_ids)
    fits = scale_scores(pairs.scores)
    refused = request.refused.select(P.participant_id.name, K.class_id.name)
    whole: NDArray[np.bool_] = np.all(
        fixed >= 0, axis=1
    )  # who has accepted as many as one may have
    kept = ~are_among(pairs, refused, participant_ids, class_ids) & ~whole[pairs.people]
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
    if settings.aim.method == "exact" and len(problem.classes) > MOST_PAIRS:
        raise AllocateSettingsError(
            f'method: "exact" takes up to {MOST_PAIRS:,} pairs of people and classes, and here are '
            f'{len(problem.classes):,}; take "auto"'
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
        limits,
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


def _build_limits(engine: Engine, classes: pl.DataFrame, pairs: Pairs, *, several: bool) -> Limits:
    number = classes[K.course_id.name].rank("dense").cast(pl.Int64)
    days = (
        classes[name].to_physical().cast(pl.Int64) for name in (K.starts_on.name, K.ends_on.name)
    )
    course = look_up(classes[K.course_id.name], lambda name: engine.catalogue.index.get(name, -1))
    none = np.zeros_like(pairs.balances)
    return Limits(
        np.column_stack([number, *days]).reshape(classes.height, 3),
        np.append(pairs.costs, 0)[course],  # the last stands for no training of the catalogue
        pairs.balances if several else none,
        pairs.most if several else none,
    )
