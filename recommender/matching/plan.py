"""A plan: the set of trainings worth most within the balance, in an order in which they can be taken.

The balance cannot be cashed and what is left of it is lost, so the question is not which training is best
but which ones are best together.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from recommender.eligibility.exclusions import BIT, Exclusion
from recommender.eligibility.mask import find_exclusions
from recommender.eligibility.participant_rules import find_unmet_prerequisites
from recommender.eligibility.query import EligibilityQuery
from recommender.engine import Engine, Recommendations
from recommender.participants.prepared import PreparedParticipants
from recommender.ranking.rankers import score_candidates
from recommender.reranking.slate import Slates
from recommender.settings import CourseFilters, SlateSettings

# What a plan itself takes care of: one training after the other, prerequisites first.
DEFERRABLE = (
    Exclusion.PREREQUISITE_MISSING,
    Exclusion.TRAINING_UNFINISHED,
    Exclusion.TRAINING_UNRATED,
)


@dataclass(frozen=True)
class Plan:
    """Trainings in the order in which to take them.

    Attributes
    ----------
    recommendations : Recommendations
        To one participant; the slate is the plan.
    fit : ndarray of float64, shape (n,)
        From 0 for the least fitting candidate to 1 for the most fitting one.
    spent, balance : int
        In the programme's currency.
    """

    recommendations: Recommendations
    fit: NDArray[np.float64]
    spent: int
    balance: int


def make_plan(
    engine: Engine, participant: PreparedParticipants, max_courses: int, filters: CourseFilters
) -> Plan:
    """Plan for one participant.

    Parameters
    ----------
    participant : PreparedParticipants
        One.
    max_courses : int
        Most trainings of a plan.
    """
    query = engine.query(participant)
    deferrable = np.uint32(sum(1 << BIT[exclusion] for exclusion in DEFERRABLE))
    mask = (find_exclusions(query) & ~deferrable == 0) & filters.mask(engine.catalogue)
    found, features = engine.find_candidates(
        participant, query, np.array([0]), mask, SlateSettings().per_source
    )
    scored = score_candidates(engine.ranker, features, found.ids)
    kept, needs = _keep_with_prerequisites(query, scored.ids[0])
    courses = scored.ids[0][kept]
    fit = _scale(scored.scores[0][kept])
    price = engine.catalogue.price[courses]
    balance = int(query.batch.balance[0])
    chosen = choose(price, fit, needs, balance, max_courses)
    chosen = order_by_need(chosen, needs, engine.catalogue.level[courses], fit)
    places = kept[chosen]
    slates = Slates(scored.ids[:, places], scored.scores[:, places], scored.features[:, places])
    return Plan(
        Recommendations(participant, query, slates, engine.ranker),
        fit[chosen],
        int(price[chosen].sum()),
        balance,
    )


def choose(
    price: NDArray[np.int64],
    fit: NDArray[np.float64],
    needs: sp.csr_matrix,
    balance: int,
    max_courses: int,
) -> NDArray[np.intp]:
    """Return the set with the largest sum of fit within the balance: a knapsack, solved exactly.

    Parameters
    ----------
    price : ndarray of int64, shape (C,)
    fit : ndarray of float64, shape (C,)
        Not negative.
    needs : csr_matrix of shape (C, C)
        A one where the row may only be chosen together with the column.
    balance : int
        What the chosen may cost together.
    max_courses : int
        How many may be chosen.
    """
    if not len(price):
        return np.empty(0, dtype=np.intp)
    unit = gcd(*price.tolist()) or 1
    rows, columns = needs.nonzero()
    ones = np.ones(len(rows))
    pairs = np.arange(len(rows))
    prerequisites_first = sp.csr_matrix(
        (np.concatenate([ones, -ones]), (np.tile(pairs, 2), np.concatenate([rows, columns]))),
        shape=(len(rows), len(price)),
    )
    budget = min(balance, int(price.sum())) // unit
    while True:
        limits = [
            LinearConstraint(price[None, :] / unit, ub=budget),
            LinearConstraint(np.ones((1, len(price))), ub=max_courses),
            LinearConstraint(prerequisites_first, ub=0),
        ]
        solved = milp(
            -fit,
            integrality=np.ones(len(price)),
            bounds=Bounds(0, 1),
            constraints=limits if len(rows) else limits[:2],
            options={"mip_rel_gap": 0.0},
        )
        chosen = np.flatnonzero(solved.x > 0.5)
        over = int(price[chosen].sum()) // unit - budget
        if over <= 0:
            return chosen
        budget -= over  # the solver's tolerance, which an amount of money has not


def order_by_need(
    chosen: NDArray[np.intp],
    needs: sp.csr_matrix,
    level: NDArray[np.int32],
    fit: NDArray[np.float64],
) -> NDArray[np.intp]:
    """Return the chosen with prerequisites before what needs them, then lower levels, then the better fit."""
    waiting = list(chosen[np.lexsort((-fit[chosen], level[chosen]))])
    order: list[np.intp] = []
    while waiting:
        open_needs = set(waiting)
        ready = [one for one in waiting if not open_needs & set(needs[one].indices)]
        # Trainings that need each other in a circle can only be taken in some order.
        order.append((ready or waiting)[0])
        waiting.remove(order[-1])
    return np.array(order, dtype=np.intp)


def _keep_with_prerequisites(
    query: EligibilityQuery, ids: NDArray[np.int32]
) -> tuple[NDArray[np.intp], sp.csr_matrix]:
    """Return the places of candidates whose unmet prerequisites are candidates too, and what they need of each."""
    prerequisites, unmet = find_unmet_prerequisites(query, slice(0, 1))
    missing = np.zeros(len(query.catalogue), dtype=np.float32)
    missing[prerequisites] = unmet[0]
    needed = query.catalogue.prerequisites @ sp.diags(missing)
    kept = np.flatnonzero(ids >= 0)
    while True:
        courses = ids[kept]
        rows = needed[courses]
        within = rows[:, courses]
        whole = rows.sum(axis=1).A1 == within.sum(axis=1).A1
        if whole.all():
            within.eliminate_zeros()
            return kept, within.tocsr()
        kept = kept[whole]


def _scale(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return scores between 0 and 1; all alike where there is nothing to tell them apart."""
    if not len(scores):
        return np.empty(0)
    exact = scores.astype(np.float64)
    spread = np.ptp(exact)
    if spread == 0:
        return np.ones(len(exact))
    fit: NDArray[np.float64] = (exact - exact.min()) / spread
    return fit
