"""What came of an allocation, as tables: who sits where, who does not and why, classes, and bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommender.matching.allocation import Allocation
from recommender.matching.auction import find_surplus
from recommender.matching.case import Case
from recommender.matching.problem import Seated
from recommender.matching.rates import add_rates
from recommender.matching.waiting import order_waiting

KEPT, STAYED, MOVED, NEW = "kept", "stayed", "moved", "new"
NOTHING, PRICE, CEILING, TURNED_AWAY = "nothing_eligible", "price", "ceiling", "turned_away"


@dataclass(frozen=True)
class Outcome:
    """Tables of an allocation.

    Attributes
    ----------
    assignments : DataFrame
        ``participant_id, class_id, fit, tier, lot, status, nth``: kept what was accepted, stayed where one was
        offered, moved from there, or new; ``nth`` is 1 for the first class of a person, 2 for the second.
    unserved : DataFrame
        ``participant_id, reason, class_id, missing, tier, lot``: nothing eligible, or the nearest class and by how
        much its price is beyond what it is worth to the person; turned away where seats go by choices.
    classes : DataFrame
        ``class_id, seats, taken, price, wished``: the fit that one seat more would give, and whose best it is.
    bounds : DataFrame
        ``name, floor, ceiling, seated, price``: the fit that a floor's last person costs.
    waiting : DataFrame
        ``class_id, place, participant_id, fit, lot``: who comes next in each class.
    summary : dict
        JSON values.
    """

    assignments: pl.DataFrame
    unserved: pl.DataFrame
    classes: pl.DataFrame
    bounds: pl.DataFrame
    waiting: pl.DataFrame
    summary: dict[str, Any]


def describe(case: Case, found: Allocation) -> Outcome:
    """Return the tables of an allocation."""
    nearest = _find_nearest(case, found)
    assignments = _list_assignments(case, found)
    unserved = _list_unserved(case, found, nearest)
    bounds = [
        {
            "name": bound.name,
            "floor": bound.floor,
            "ceiling": bound.ceiling,
            "seated": sum(bound.count(seated) for seated in (found.seated, *found.later)),
            "price": round(float(rate), 4) + 0.0,  # no -0
        }
        for bound, rate in zip(case.problem.bounds, found.rates, strict=True)
    ]
    classes = pl.DataFrame(
        {
            "class_id": case.class_ids,
            "seats": case.problem.seats,
            "taken": sum(
                _count(seated, len(case.class_ids)) for seated in (found.seated, *found.later)
            ),
            "price": found.prices.round(4),
            "wished": _count(_find_favourite(case), len(case.class_ids)),
        }
    )
    summary = {
        "participants": len(case.participant_ids),
        "served": int((found.seated >= 0).sum()),
        "most_people": found.most_people,
        "seats": int(np.minimum(case.problem.seats, len(case.participant_ids)).sum()),
        "fit": round(float(assignments["fit"].sum()), 4),
        "value": round(found.value, 4),
        "bound": round(found.bound, 4),
        "gap": round(found.gap, 6),
        "finished": found.finished,
        "status": dict(sorted(assignments["status"].value_counts().iter_rows())),
        "unserved": dict(sorted(unserved["reason"].value_counts().iter_rows())),
    }
    schema = {"name": pl.String, "floor": pl.Int64, "ceiling": pl.Int64, "seated": pl.Int64}
    return Outcome(
        assignments,
        unserved,
        classes,
        pl.DataFrame(bounds, schema=schema | {"price": pl.Float64}),
        _list_waiting(case, found),
        summary,
    )


def _count(classes: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    return np.bincount(classes[classes >= 0], minlength=count)


def _list_assignments(case: Case, found: Allocation) -> pl.DataFrame:
    rounds = enumerate((found.seated, *found.later))
    listed = [_list_round(case, seated, number) for number, seated in rounds]
    return pl.concat(listed).sort("lot", "nth")


def _list_round(case: Case, seated: Seated, number: int) -> pl.DataFrame:
    rows = np.flatnonzero(seated >= 0)
    seat = seated[rows]
    fixed = case.fixed[:, number]
    newly = np.where(fixed >= 0, -1, seated)
    fit = np.full(len(seated), np.nan)
    fit[newly >= 0] = case.fits[case.problem.find_pairs(newly.astype(np.int32))]
    moved = (case.offered[rows] >= 0) & (number == 0)
    status = np.select(
        [fixed[rows] >= 0, case.offered[rows] == seat, moved], [KEPT, STAYED, MOVED], NEW
    )
    return pl.DataFrame(
        {
            "participant_id": pl.Series(case.participant_ids, dtype=pl.String).gather(rows),
            "class_id": pl.Series(case.class_ids, dtype=pl.String).gather(seat),
            "fit": pl.Series(fit[rows], nan_to_null=True),
            "tier": case.tiers[rows],
            "lot": rows + 1,
            "status": pl.Series(status, dtype=pl.String),
            "nth": pl.Series([number + 1] * len(rows), dtype=pl.Int64),
        }
    ).with_columns(pl.col("fit").round(3))


def _list_unserved(case: Case, found: Allocation, nearest: NDArray[np.int64]) -> pl.DataFrame:
    rows = np.flatnonzero(found.seated < 0)
    pairs = nearest[rows]
    some = pairs >= 0
    lifted = add_rates(case.problem, found.rates)
    net = find_surplus(lifted, found.prices)[rows] + lifted.bonus[rows]
    free = find_surplus(case.problem, found.prices)[rows] + case.problem.bonus[rows]
    reason = np.select([~some, (free > 0) & (net <= 0)], [NOTHING, CEILING], PRICE).astype(object)
    if case.choices is not None:
        reason[some] = TURNED_AWAY
    place = case.problem.classes[np.maximum(pairs, 0)] if len(case.problem.classes) else pairs
    return pl.DataFrame(
        {
            "participant_id": pl.Series(case.participant_ids, dtype=pl.String).gather(rows),
            "reason": pl.Series(reason, dtype=pl.String),
            "class_id": pl.Series(
                [case.class_ids[one] if ok else None for one, ok in zip(place, some, strict=True)],
                dtype=pl.String,
            ),
            "missing": pl.Series(
                np.where(some, np.maximum(-net, 0).round(4), np.nan), nan_to_null=True
            ),
            "tier": case.tiers[rows],
            "lot": rows + 1,
        }
    )


def _list_waiting(case: Case, found: Allocation) -> pl.DataFrame:
    worth = case.fits if case.choices is None else case.choices.standing
    waiting = order_waiting(case.problem, found.seated, worth, case.tiers)
    people = case.problem.people[waiting.pairs]
    return pl.DataFrame(
        {
            "class_id": pl.Series(case.class_ids, dtype=pl.String).gather(waiting.classes),
            "place": waiting.places,
            "participant_id": pl.Series(case.participant_ids, dtype=pl.String).gather(people),
            "fit": pl.Series(case.fits[waiting.pairs]).round(3),
            "lot": people + 1,
        }
    )


def _find_nearest(case: Case, found: Allocation) -> NDArray[np.int64]:
    """Return the pair of each person that lacks least at its price, -1 where nothing is permitted."""
    lifted = add_rates(case.problem, found.rates)
    return _find_best(case, lifted.values - found.prices[case.problem.classes])


def _find_favourite(case: Case) -> NDArray[np.int32]:
    """Return the class of each person that fits best, -1 where none is permitted."""
    if not len(case.fits):
        return np.full(len(case.participant_ids), -1, dtype=np.int32)
    best = _find_best(case, case.fits)
    return np.where(best >= 0, case.problem.classes[best], -1).astype(np.int32)


def _find_best(case: Case, worth: NDArray[np.floating]) -> NDArray[np.int64]:
    order = np.lexsort((-worth, case.problem.people))
    first = case.problem.starts[:-1]
    some = np.diff(case.problem.starts) > 0
    best = np.full(len(first), -1, dtype=np.int64)
    best[some] = order[first[some]]
    return best
