"""The market of MagangHub, rebuilt: who registers from its counts, and six ways to fill its places.

Of each place the quota, the registrations, the fields of study and the kabupaten are real. People are
simulated: a registration is drawn, and gives a person its kabupaten and one of its fields; three registrations
make one person. How well a place fits a person is simulated, too: how sought it is, whether it is in their
kabupaten, and chance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.stats import t as student

from benchmarks.matching.run import check
from benchmarks.result import BenchmarkResult
from recommender.matching.allocation import Aim, allocate
from recommender.matching.problem import Problem, Seated, build_problem
from recommender.matching.stable import accept_deferred
from recommender.reranking.crowding import measure_crowding

FILE = "maganghub_posisi_luthfan05.csv"
CHOICES = 3  # by law
LIST = 10  # places in a list
CANDIDATES = 60  # best places of one person that are looked at
AWAY = 0.2  # share of people who live in another kabupaten of the province
TARGET = 1.15


@dataclass(frozen=True)
class Market:
    """Places, people, and who fits where.

    Attributes
    ----------
    problem : Problem
        People in the order in which they come; fits as the person sees them.
    standing : ndarray of float32, shape (M,)
        What the company thinks of each pair.
    kabupaten, province : ndarray of int, shape (K,)
        Where each place is.
    home : ndarray of int, shape (P,)
        Province of each person.
    prices : ndarray of float, shape (K,)
        Of a seat, by the matching of other people of the same market.
    wished : ndarray of int, shape (K,)
        Whose lists of ten each place stood in there, for each of three applications.
    """

    problem: Problem
    standing: NDArray[np.float32]
    kabupaten: NDArray[np.int64]
    province: NDArray[np.int64]
    home: NDArray[np.int64]
    prices: NDArray[np.float64]
    wished: NDArray[np.float64]


def run(vacancies: Path, *, seeds: int = 5, share: float = 1.0) -> BenchmarkResult:
    """Compare the ways over some seeds.

    Parameters
    ----------
    vacancies : Path
        Folder of the file of places.
    share : float
        Of the people of the market who come.
    """
    rows = read_places(vacancies)
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
    crowding: dict[str, list[float]] = {name: [] for name in LISTS}
    for seed in range(seeds):
        market = build_market(rows, seed, share)
        market = learn_prices(market, build_market(rows, -1 - seed, share))
        for name, way in WAYS.items():
            seated = way(market, seed)
            check(market.problem, seated)
            figures[name].append(measure(market, seated))
        for name, worth in LISTS.items():
            listed, _ = list_choices(market, LIST, worth(market))
            crowding[name].append(measure_crowding(listed, market.problem.seats)[0])
    summary = {name: summarise(found) for name, found in figures.items()}
    crowded = summarise(
        [dict(zip(LISTS, found, strict=True)) for found in zip(*crowding.values(), strict=True)]
    )
    _show(summary, crowded)
    lists, matched = (figures[name] for name in ("top-10 lists", "matching"))
    ratios = [b["seats"] / a["seats"] for a, b in zip(lists, matched, strict=True)]
    worst = [b["worst"] - a["worst"] for a, b in zip(lists, matched, strict=True)]
    figure = float(np.mean(ratios))
    return BenchmarkResult(
        "allocate-magang",
        round(figure, 3),
        TARGET,
        figure >= TARGET and float(np.mean(worst)) > 0,
        {"seeds": seeds, "people": len(market.problem), "ways": summary, "crowding": crowded},
    )


def read_places(folder: Path) -> pl.DataFrame:
    """Return the places that somebody may be seated in and somebody registered for."""
    rows = pl.read_csv(folder / FILE)
    fields = pl.col("program_studi").str.to_lowercase().str.split(",")
    return rows.select(
        pl.col("jumlah_kuota").alias("quota"),
        pl.col("jumlah_terdaftar").alias("registered"),
        fields.list.eval(pl.element().str.strip_chars()).alias("fields"),
        pl.col("nama_kabupaten").rank("dense").cast(pl.Int64).alias("kabupaten") - 1,
        pl.col("nama_provinsi").rank("dense").cast(pl.Int64).alias("province") - 1,
    ).filter(pl.col("quota") > 0, pl.col("registered") > 0)


def build_market(rows: pl.DataFrame, seed: int, share: float) -> Market:
    """Draw people and what fits them."""
    rng = np.random.default_rng(seed if seed >= 0 else [-seed, 1])
    registered = rows["registered"].to_numpy()
    count = max(1, int(registered.sum() / CHOICES * share))
    drawn = rng.choice(len(rows), count, p=registered / registered.sum())
    kabupaten, province = (rows[name].to_numpy() for name in ("kabupaten", "province"))
    quota = rows["quota"].to_numpy()
    sought = np.log1p(registered / quota)
    sought = sought / sought.max()
    named = rows["fields"].to_list()
    field = np.array([named[row][rng.integers(len(named[row]))] for row in drawn], dtype=object)
    home = province[drawn]
    lives = np.where(rng.random(count) < AWAY, -1, kabupaten[drawn])
    people, places = _join(rows, field, home)
    near = lives[people] == kabupaten[places]
    fits = 0.35 * sought[places] + 0.3 * near + 0.35 * rng.random(len(people))
    kept = _keep_best(people, fits)
    problem = build_problem(
        people[kept], places[kept], np.maximum(fits[kept].round(3), 0.001), quota, count
    )
    able = rng.random(count)
    standing = 0.5 * able[problem.people] + 0.5 * rng.random(len(problem.classes))
    nothing = np.zeros(len(quota))
    return Market(problem, standing.astype(np.float32), kabupaten, province, home, nothing, nothing)


def learn_prices(market: Market, last: Market) -> Market:
    """Return a market whose lists know the prices of seats, and the wishes, of the last one."""
    prices = allocate(last.problem, Aim("fit", 0.01)).prices
    choices, _ = list_choices(last, LIST)
    stood = np.bincount(choices[choices >= 0], minlength=len(prices))
    return replace(market, prices=prices, wished=stood * CHOICES / LIST)


def come_first(market: Market, seed: int) -> Seated:
    """Return who sits where if everybody in turn takes the first of three choices that is still free."""
    del seed
    choices, _ = list_choices(market, CHOICES)
    left = market.problem.seats.copy()
    seated = np.full(len(choices), -1, dtype=np.int32)
    for person, row in enumerate(choices.tolist()):
        for place in row:
            if place >= 0 and left[place] > 0:
                seated[person] = place
                left[place] -= 1
                break
    return seated


def choose_alone(market: Market, seed: int) -> Seated:
    """Return who sits where if everybody applies to three of the ten places that fit best."""
    return apply_alone(market, seed, market.problem.values)


def choose_by_price(market: Market, seed: int) -> Seated:
    """Return who sits where if lists have what the last matching was dear for lower."""
    return apply_alone(market, seed, lower_by_price(market))


def choose_by_chance(market: Market, seed: int) -> Seated:
    """Return who sits where if lists are by the chance of a seat times what it is worth."""
    return apply_alone(market, seed, weigh_by_chance(market))


def lower_by_price(market: Market) -> NDArray[np.floating]:
    """Return what each pair is worth beyond the last price of a seat there."""
    return market.problem.values - market.prices[market.problem.classes]


def weigh_by_chance(market: Market) -> NDArray[np.floating]:
    """Return what each pair is worth times the chance of a seat there, by how many wished for it last."""
    chance = np.minimum(1, market.problem.seats / np.maximum(market.wished, 1))
    return market.problem.values * chance[market.problem.classes]


def apply_alone(market: Market, seed: int, worth: NDArray[np.floating]) -> Seated:
    """Return who sits where if everybody applies to three of a list of ten, and companies take the best once.

    Who is taken by several goes where it fits best; the places that they leave stay empty.

    Parameters
    ----------
    worth : ndarray of float, shape (M,)
        What lists are ordered by.
    """
    rng = np.random.default_rng([seed, 2])
    choices, pairs = list_choices(market, LIST, worth)
    keys = rng.random(choices.shape) / np.arange(1, LIST + 1)  # the first of a list more often
    applied = np.argsort(-np.where(choices >= 0, keys, -1), axis=1)[:, :CHOICES]
    applied.sort(axis=1)
    chosen = np.take_along_axis(choices, applied, axis=1)
    standing = market.standing[np.take_along_axis(pairs, applied, axis=1)]
    people, places = np.nonzero(chosen >= 0)
    place = chosen[people, places]
    order = np.lexsort((-standing[people, places], place))
    ordered = place[order]
    rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    taken = order[rank < market.problem.seats[ordered]]
    seated = np.full(len(choices), -1, dtype=np.int32)
    best = np.lexsort((places[taken], people[taken]))
    who, first = np.unique(people[taken][best], return_index=True)
    seated[who] = place[taken][best][first]
    return seated


def defer(market: Market, seed: int) -> Seated:
    """Return who sits where by deferred acceptance of three choices."""
    del seed
    choices, pairs = list_choices(market, CHOICES)
    return accept_deferred(choices, market.standing[pairs], market.problem.seats)


def match(market: Market, seed: int) -> Seated:
    """Return who sits where by matching for the largest sum of fits."""
    del seed
    return allocate(market.problem, Aim("fit", 0.01)).seated


WAYS: dict[str, Callable[[Market, int], Seated]] = {
    "first come": come_first,
    "top-10 lists": choose_alone,
    "lists by prices": choose_by_price,
    "lists by chance": choose_by_chance,
    "three choices, deferred": defer,
    "matching": match,
}


LISTS: dict[str, Callable[[Market], NDArray[np.floating]]] = {
    "top-10 lists": lambda market: market.problem.values,
    "lists by prices": lower_by_price,
    "lists by chance": weigh_by_chance,
}


def list_choices(
    market: Market, most: int, worth: NDArray[np.floating] | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the places that are worth most to each person, padded with -1, and their pairs; by default by fit."""
    problem = market.problem
    order = np.lexsort((-(problem.values if worth is None else worth), problem.people))
    rank = np.arange(len(order)) - problem.starts[problem.people[order]]
    some = rank < most
    choices = np.full((len(problem), most), -1, dtype=np.int32)
    pairs = np.zeros((len(problem), most), dtype=np.int64)
    rows = problem.people[order[some]]
    choices[rows, rank[some]] = problem.classes[order[some]]
    pairs[rows, rank[some]] = order[some]
    return choices, pairs


def measure(market: Market, seated: Seated) -> dict[str, float]:
    """Return seats filled, their mean fit, kabupaten reached and the province with the least share served."""
    served = seated >= 0
    there = np.bincount(market.home, minlength=market.province.max() + 1)
    got = np.bincount(market.home[served], minlength=len(there))
    many = there >= 100
    filled = int(served.sum())
    return {
        "seats": filled,
        "filled": filled / int(market.problem.seats.sum()),
        "fit": market.problem.measure_fit(seated) / max(filled, 1),
        "kabupaten": len(np.unique(market.kabupaten[seated[served]])),
        "worst": float((got[many] / there[many]).min()),
    }


def summarise(found: list[dict[str, float]]) -> dict[str, list[float]]:
    """Return the mean of each figure over the seeds, and the half-width of its 95% interval."""
    width = student.ppf(0.975, max(len(found) - 1, 1)) / np.sqrt(len(found))
    told = {}
    for name in found[0]:
        values = np.array([one[name] for one in found])
        spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        told[name] = [round(float(values.mean()), 6), round(float(width * spread), 6)]
    return told


def _join(
    rows: pl.DataFrame,
    field: NDArray[np.object_],
    home: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of people and places of their field in their province."""
    places = rows.with_row_index("place").explode("fields").unique(["fields", "province", "place"])
    people = pl.DataFrame(
        {"fields": field, "province": home}, schema_overrides={"fields": pl.String}
    )
    joined = (
        people.with_row_index("person")
        .join(places.select("fields", "province", "place"), on=["fields", "province"])
        .sort("person", "place")
    )
    return joined["person"].cast(pl.Int64).to_numpy(), joined["place"].cast(pl.Int64).to_numpy()


def _keep_best(people: NDArray[np.int64], fits: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the pairs of each person that fit best, ``CANDIDATES`` at most."""
    order = np.lexsort((-fits, people))
    ordered = people[order]
    return order[np.arange(len(order)) - np.searchsorted(ordered, ordered) < CANDIDATES]


def _show(summary: dict[str, dict[str, list[float]]], crowded: dict[str, list[float]]) -> None:
    table = Table(title="MagangHub, rebuilt: means over seeds with 95% intervals")
    for name in (
        "way",
        "seats filled",
        "share",
        "mean fit",
        "kabupaten",
        "worst province",
        "crowding",
    ):
        table.add_column(name, justify="left" if name == "way" else "right")
    for way, figures in summary.items():
        cells = [f"{mean:,.0f} ± {half:,.0f}" for mean, half in [figures["seats"]]]
        cells += [f"{mean:.1%} ± {half:.1%}" for mean, half in [figures["filled"]]]
        cells += [f"{mean:.3f} ± {half:.3f}" for mean, half in [figures["fit"]]]
        cells += [f"{mean:.0f} ± {half:.0f}" for mean, half in [figures["kabupaten"]]]
        cells += [f"{mean:.1%} ± {half:.1%}" for mean, half in [figures["worst"]]]
        cells += (
            [f"{mean:.3%} ± {half:.3%}" for mean, half in [crowded[way]]]
            if way in crowded
            else [""]
        )
        table.add_row(way, *cells)
    Console().print(table)
