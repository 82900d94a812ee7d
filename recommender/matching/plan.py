"""A plan: the set of trainings worth most within the balance, in an order in which they can be taken.

The balance cannot be cashed and what is left of it is lost, so the question is not which training is best
but which ones are best together.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from math import gcd

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from recommender.eligibility.mask import reason_bits
from recommender.eligibility.participant_rules import unmet_prerequisites
from recommender.eligibility.query import Question
from recommender.eligibility.reasons import PLACE, Reason
from recommender.engine import Answer, Engine
from recommender.ranking.rankers import rank
from recommender.settings import Filters

# What a plan itself takes care of: one training after the other, basics first.
WAITS = (Reason.PREREQUISITE_MISSING, Reason.TRAINING_UNFINISHED, Reason.TRAINING_UNRATED)
PER_SOURCE = 50


@dataclass(frozen=True)
class Plan:
    """Trainings in the order in which to take them.

    Attributes
    ----------
    answer : Answer
        Of one participant; its list is the plan.
    fit : ndarray of float64, shape (n,)
        From 0 for the least fitting candidate to 1 for the most fitting one.
    spent, balance : int
        In the programme's currency.
    """

    answer: Answer
    fit: NDArray[np.float64]
    spent: int
    balance: int


def plan(
    engine: Engine,
    participant: pl.DataFrame,
    events: pl.DataFrame,
    day: dt.date,
    most: int,
    filters: Filters,
) -> Plan:
    """Plan for one participant.

    Parameters
    ----------
    participant, events : DataFrame
        One row of the Participants contract, and their rows of the Interactions contract.
    day : date
        The day whose rules, dates and seats count.
    most : int
        Most trainings of a plan.
    """
    question = engine.ask(participant, events, day)
    waits = np.uint32(sum(1 << PLACE[reason] for reason in WAITS))
    mask = (reason_bits(question) & ~waits == 0) & filters.mask(engine.catalogue)
    wished = engine.wishes(participant)
    tastes = engine.tastes(wished, question.batch)
    found, table = engine.candidates(question, tastes, np.array([0]), mask, PER_SOURCE)
    scores = rank(engine.ranker, table, found.ids)[0]
    kept, needs = _with_their_basics(question, found.ids[0])
    courses = found.ids[0][kept]
    fit = _fit(scores[kept])
    price = engine.catalogue.price[courses]
    balance = int(question.batch.balance[0])
    chosen = choose(price, fit, needs, balance, most)
    level = engine.catalogue.level[courses]
    chosen = in_order(chosen, needs, level, fit)
    places = kept[chosen]
    answer = Answer(
        question,
        wished,
        tastes,
        found.ids[:, places],
        scores[None, places],
        table[:, places],
    )
    return Plan(answer, fit[chosen], int(price[chosen].sum()), balance)


def choose(
    price: NDArray[np.int64],
    fit: NDArray[np.float64],
    needs: sp.csr_matrix,
    balance: int,
    most: int,
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
    most : int
        How many may be chosen.
    """
    if not len(price):
        return np.empty(0, dtype=np.intp)
    unit = gcd(*price.tolist()) or 1
    rows, columns = needs.nonzero()
    ones = np.ones(len(rows))
    pairs = np.arange(len(rows))
    basics_first = sp.csr_matrix(
        (np.concatenate([ones, -ones]), (np.tile(pairs, 2), np.concatenate([rows, columns]))),
        shape=(len(rows), len(price)),
    )
    budget = min(balance, int(price.sum())) // unit
    while True:
        limits = [
            LinearConstraint(price[None, :] / unit, ub=budget),
            LinearConstraint(np.ones((1, len(price))), ub=most),
            LinearConstraint(basics_first, ub=0),
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


def in_order(
    chosen: NDArray[np.intp],
    needs: sp.csr_matrix,
    level: NDArray[np.int32],
    fit: NDArray[np.float64],
) -> NDArray[np.intp]:
    """Return the chosen with basics before what needs them, then lower levels, then the better fit."""
    waiting = list(chosen[np.lexsort((-fit[chosen], level[chosen]))])
    order: list[np.intp] = []
    while waiting:
        open_needs = set(waiting)
        ready = [one for one in waiting if not open_needs & set(needs[one].indices)]
        # Trainings that need each other in a circle can only be taken in some order.
        order.append((ready or waiting)[0])
        waiting.remove(order[-1])
    return np.array(order, dtype=np.intp)


def _with_their_basics(
    question: Question, ids: NDArray[np.int32]
) -> tuple[NDArray[np.intp], sp.csr_matrix]:
    """Return the places of candidates whose unmet basics are candidates too, and what they need of each."""
    basics, unmet = unmet_prerequisites(question, slice(0, 1))
    missing = np.zeros(len(question.catalogue), dtype=np.float32)
    missing[basics] = unmet[0]
    needed = question.catalogue.prerequisites @ sp.diags(missing)
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


def _fit(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return scores between 0 and 1; all alike where there is nothing to tell them apart."""
    if not len(scores):
        return np.empty(0)
    exact = scores.astype(np.float64)
    spread = np.ptp(exact)
    if spread == 0:
        return np.ones(len(exact))
    fit: NDArray[np.float64] = (exact - exact.min()) / spread
    return fit
