"""What `padan bench allocate` measures: certified gaps, bounds kept, and time and memory at scale.

Every assignment is held to its problem: no class overfull, no seat that is not permitted, every bound kept. A bound
that is stated must not lie below the exact optimum.
"""

from __future__ import annotations

import resource
import time
from dataclasses import asdict, dataclass, replace
from itertools import pairwise

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.matching.worlds import make_large_world, make_small_world
from benchmarks.result import BenchmarkResult
from recommender.matching.allocation import Aim, allocate
from recommender.matching.arrivals import seat_day, take_people
from recommender.matching.auction import hold_auction
from recommender.matching.bounded import UnmetError
from recommender.matching.exact import InfeasibleError, solve_exactly
from recommender.matching.problem import Problem, Seated
from recommender.matching.stable import accept_deferred

TARGET_GAP = 0.01
SLACK = 1e-6
ARRIVALS = (5_000, 100, 30)  # people, classes, and candidates of one person
DAYS = 10  # over which people arrive
DEMAND = 1.3  # people for each seat
SMALL_GAP = 0.002


@dataclass(frozen=True)
class WorldsResult:
    """What small worlds showed.

    Attributes
    ----------
    infeasible : int
        Worlds whose bounds nobody can keep.
    unmet : int
        Worlds whose bounds can be kept and in which no assignment was found that does.
    over : int
        Worlds in which the certified gap is over the target, or the stated bound is not one.
    worst_gap : float
        The largest certified gap.
    blocked, gained : int
        Worlds in which a person and a class would rather have each other, and in which a lie paid.
    """

    worlds: int
    infeasible: int
    unmet: int
    over: int
    worst_gap: float
    blocked: int
    gained: int


def run(
    *, worlds: int = 500, people: int = 20_000, classes: int = 500, candidates: int = 100
) -> BenchmarkResult:
    """Measure small worlds against HiGHS, and a large one by its certified gap.

    Raises
    ------
    AssertionError
        If an assignment breaks its problem.
    """
    small = measure_worlds(worlds)
    large = measure_large(people, classes, candidates)
    arrivals = measure_arrivals(*ARRIVALS)
    _show(small, large)
    Console().print(
        f"Day by day, of the best in hindsight: {arrivals['foreseeing']:.1%} with a simulated future, "
        f"{arrivals['greedy']:.1%} without"
    )
    whole = not (small.unmet or small.over or small.blocked or small.gained)
    return BenchmarkResult(
        "allocate",
        round(large["gap"], 5),
        TARGET_GAP,
        whole and large["gap"] <= TARGET_GAP,
        {"small": asdict(small), "large": large, "arrivals": arrivals},
    )


def measure_worlds(worlds: int) -> WorldsResult:
    """Solve small worlds by auction, each against HiGHS; and hold the stable variant to its promises."""
    infeasible = unmet = over = blocked = gained = 0
    worst = 0.0
    for seed in range(worlds):
        problem = make_small_world(seed)
        blocked += _is_blocked(seed)
        gained += _pays_to_lie(seed)
        try:
            best = solve_exactly(problem).value
        except InfeasibleError:
            infeasible += 1
            continue
        try:
            found = allocate(problem, Aim(gap=TARGET_GAP, method="auction"))
        except UnmetError:
            unmet += 1
            continue
        check(problem, found.seated)
        over += found.gap > TARGET_GAP + SLACK or found.bound < best - SLACK * max(1.0, best)
        worst = max(worst, found.gap)
    return WorldsResult(worlds, infeasible, unmet, over, worst, blocked, gained)


def measure_large(people: int, classes: int, candidates: int, seed: int = 0) -> dict[str, float]:
    """Solve one large world, and return its gap, time and memory."""
    problem = make_large_world(people, classes, min(candidates, classes), seed)
    start = time.perf_counter()
    found = allocate(problem, Aim(gap=TARGET_GAP, method="auction"))
    seconds = time.perf_counter() - start
    check(problem, found.seated)
    return {
        "people": people,
        "classes": classes,
        "pairs": len(problem.classes),
        "seats": int(problem.seats.sum()),
        "served": int((found.seated >= 0).sum()),
        "gap": found.gap,
        "seconds": round(seconds, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def measure_arrivals(people: int, classes: int, candidates: int, seed: int = 0) -> dict[str, float]:
    """Return what giving seats day by day reaches of the best in hindsight, with a simulated future and without."""
    both = make_large_world(2 * people, classes, min(candidates, classes), seed, 2 * DEMAND)
    real, simulated = take_people(both, 0, people), take_people(both, people, 2 * people)
    best = hold_auction(real, SMALL_GAP).bound
    days = np.linspace(0, people, DAYS + 1).astype(int).tolist()
    shares = {}
    for name, foresight in (("foreseeing", True), ("greedy", False)):
        seated = np.full(people, -1, dtype=np.int32)
        for first, last in pairwise(days):
            left = real.seats - np.bincount(seated[seated >= 0], minlength=classes)
            today = replace(take_people(real, first, last), seats=left)
            future = take_people(simulated, last if foresight else people, people)
            seated[first:last] = seat_day(today, future, SMALL_GAP)
        check(real, seated)
        shares[name] = real.measure_value(seated) / best
    return shares


def check(problem: Problem, seated: Seated) -> None:
    """Hold an assignment to its problem.

    Raises
    ------
    AssertionError
        If a class is overfull, a seat is not permitted, or a bound is not kept.
    """
    problem.find_pairs(seated)
    taken = np.bincount(seated[seated >= 0], minlength=len(problem.seats))
    if (taken > problem.seats).any():
        raise AssertionError("a class is overfull")
    if not problem.is_feasible(seated):
        raise AssertionError("a bound is not kept")


@dataclass(frozen=True)
class _Market:
    """Choice lists of at most three, standings on both sides, and seats, some kept for members."""

    choices: np.ndarray
    standing: np.ndarray
    seats: np.ndarray
    kept: np.ndarray
    members: np.ndarray

    def seat(self) -> Seated:
        return accept_deferred(self.choices, self.standing, self.seats, self.kept, self.members)


def _make_market(seed: int) -> _Market:
    rng = np.random.default_rng(seed)
    people, classes = int(rng.integers(2, 16)), int(rng.integers(1, 6))
    choices = np.array(
        [np.append(rng.permutation(classes), [-1, -1, -1])[:3] for _ in range(people)],
        dtype=np.int32,
    )
    seats = rng.integers(0, 4, classes)
    opinions = rng.integers(0, 8, (people, classes)).astype(float)
    return _Market(
        choices,
        np.take_along_axis(opinions, np.maximum(choices, 0), axis=1),
        seats,
        rng.integers(0, 2, classes) * (seats > 0),
        rng.random(people) < 0.3,
    )


def _is_blocked(seed: int) -> bool:
    """Return whether somebody is turned away by a class that they like better, for somebody who comes after them.

    A member comes before others for the seats kept; so who is no member gives way to members there.
    """
    market = _make_market(seed)
    seated = market.seat()
    for person, row in enumerate(market.choices):
        for place, class_ in enumerate(row):
            if class_ < 0 or class_ == seated[person]:
                break
            there = np.flatnonzero(seated == class_)
            if len(there) < market.seats[class_]:
                return True
            at = [int(np.flatnonzero(market.choices[one] == class_)[0]) for one in there]
            keys = [(-market.standing[one, i], one) for one, i in zip(there, at, strict=True)]
            mine = (-market.standing[person, place], person)
            inside = [bool(market.members[one]) for one in there]
            few = sum(inside) <= market.kept[class_]
            weaker = [
                key > mine and not (few and member and not market.members[person])
                for key, member in zip(keys, inside, strict=True)
            ]
            short = market.members[person] and sum(inside) < market.kept[class_]
            if any(weaker) or short:
                return True
    return False


def _pays_to_lie(seed: int) -> bool:
    """Return whether some person gets a dearer class by another list than their own."""
    market = _make_market(seed)
    honest = market.seat()
    rng = np.random.default_rng([seed, 1])
    person = int(rng.integers(len(honest)))
    own = market.choices[person].tolist()
    length = len([one for one in own if one >= 0])
    for _ in range(6):
        order = np.append(rng.permutation(length)[: rng.integers(1, length + 1)], [-1] * 3)[:3]
        choices, standing = market.choices.copy(), market.standing.copy()
        choices[person] = [own[place] if place >= 0 else -1 for place in order]
        standing[person] = market.standing[person][order]
        got = replace(market, choices=choices, standing=standing).seat()[person]
        truth = own.index(honest[person]) if honest[person] >= 0 else len(own)
        if got >= 0 and own.index(got) < truth:
            return True
    return False


def _show(small: WorldsResult, large: dict[str, float]) -> None:
    console = Console()
    table = Table(title=f"{small.worlds:,} small worlds against HiGHS")
    for name in ("infeasible", "unmet", "gap over 1%", "worst gap", "blocked", "a lie paid"):
        table.add_column(name, justify="right")
    table.add_row(
        f"{small.infeasible:,}",
        f"{small.unmet:,}",
        f"{small.over:,}",
        f"{small.worst_gap:.2%}",
        f"{small.blocked:,}",
        f"{small.gained:,}",
    )
    console.print(table)
    told = f"{large['people']:,} people, {large['classes']:,} classes, {large['pairs']:,} pairs"
    table = Table(title=told)
    for name in ("served", "seats", "certified gap", "seconds", "peak GiB"):
        table.add_column(name, justify="right")
    table.add_row(
        f"{large['served']:,}",
        f"{large['seats']:,}",
        f"{large['gap']:.2%}",
        f"{large['seconds']:.1f}",
        f"{large['peak_gib']:.2f}",
    )
    console.print(table)
