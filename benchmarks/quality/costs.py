"""What each part of our engine costs, and how that grows with participants, courses and events."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.peak_memory import Cost, measure_peak
from benchmarks.quality.data import QualityData
from benchmarks.quality.ours import horizon, sources
from evaluation.splits import Split
from models.candidates.histories import histories
from models.candidates.interactions import Interactions
from models.candidates.side import SideInformation
from models.ranking.two_stage import TwoStage, not_taken

ASKED: Final = 1_000  # participants that are scored
SMALLEST: Final = 1e-2  # seconds below which a growth would be noise


def build_side(data: QualityData, vectors: NDArray[np.float32] | None) -> SideInformation:
    """Return what is known beside the events."""
    return SideInformation(
        vectors, data.item_attributes, data.user_attributes, data.item_entered, data.user_joined
    )


def part_costs(data: QualityData, vectors: NDArray[np.float32] | None) -> dict[str, Cost]:
    """Return the cost of each part of training for the test, and of ranking for ``ASKED`` participants.

    "fit NAME" and "score NAME" are one source on the whole past; "examples" makes what the ranker learns from,
    which fits every source once for each backtest cutoff.
    """
    side = build_side(data, vectors)
    past = data.events.take(data.split.development)
    model = TwoStage(sources(side), horizon=horizon(data))
    costs: dict[str, Cost] = {}
    with measure_peak() as costs["examples"]:
        examples = model.examples(past, side)
    if examples is not None:
        with measure_peak() as costs["fit ranker"]:
            model.warm.fit(examples.table, examples.labels, examples.groups, examples.names)
    model.cold, model.learnt_ = model.warm, examples is not None
    del examples
    for name, source in model.sources.items():
        with measure_peak() as costs[f"fit {name}"]:
            source.fit(past, side)
    with measure_peak() as costs["fit features"]:
        model.fit_sources(past, side)
    costs["fit features"].seconds -= sum(costs[f"fit {name}"].seconds for name in model.sources)
    costs["fit features"].seconds = max(costs["fit features"].seconds, 0.0)
    with measure_peak() as costs["histories"]:
        users = np.unique(past.users)
        users = np.random.default_rng(0).permutation(users)[:ASKED].astype(np.int32)
        batch = histories(past, users, side.user_attributes, side.user_joined)
    for name, source in model.sources.items():
        with measure_peak() as costs[f"score {name}"]:
            source.score(batch)
    with measure_peak() as costs["candidates and features"]:
        model.candidates(batch, not_taken(batch))
    with measure_peak() as costs["rank, all of it"]:
        model.recommend(batch, 20, not_taken(batch))
    return costs


def half(data: QualityData, of: str, seed: int = 0) -> tuple[QualityData, NDArray[np.intp]]:
    """Return the data with half of its participants, courses or events, and which courses are left.

    Parameters
    ----------
    of : {"participants", "courses", "events"}
    """
    rng = np.random.default_rng(seed)
    events = data.events
    sizes = {
        "participants": events.n_users,
        "courses": events.n_items,
        "events": len(events),
    }
    drawn = rng.permutation(sizes[of]) < sizes[of] // 2
    of_event = {"participants": events.users, "courses": events.items, "events": None}[of]
    rows = np.flatnonzero(drawn if of_event is None else drawn[of_event])
    users = np.flatnonzero(drawn) if of == "participants" else np.arange(events.n_users)
    items = np.flatnonzero(drawn) if of == "courses" else np.arange(events.n_items)
    return _restrict(data, rows, users, items), items


def _restrict(
    data: QualityData,
    rows: NDArray[np.intp],
    users: NDArray[np.intp],
    items: NDArray[np.intp],
) -> QualityData:
    events = data.events.take(rows)
    new_user, new_item = (
        _places(chosen, size) for chosen, size in ((users, events.n_users), (items, events.n_items))
    )
    kept = Interactions(
        new_user[events.users],
        new_item[events.items],
        events.weights,
        len(users),
        len(items),
        events.at,
    )
    place = _places(rows, len(data.events))
    parts = (data.split.train, data.split.validation, data.split.test)
    split = Split(*((found := place[part])[found >= 0].astype(np.intp) for part in parts))
    people, courses = data.user_attributes, data.item_attributes
    return replace(
        data,
        events=kept,
        split=split,
        texts=None if data.texts is None else [data.texts[item] for item in items],
        item_attributes=None if courses is None else courses[items],
        item_entered=None if data.item_entered is None else data.item_entered[items],
        user_attributes=None if people is None else people[users],
        user_joined=None if data.user_joined is None else data.user_joined[users],
    )


def _places(chosen: NDArray[np.intp], size: int) -> NDArray[np.int32]:
    place = np.full(size, -1, dtype=np.int32)
    place[chosen] = np.arange(len(chosen))
    return place


def growth(data: QualityData, vectors: NDArray[np.float32] | None) -> dict[str, Any]:
    """Measure all parts, then again with half the participants, courses and events.

    Returns
    -------
    dict
        "whole": part -> seconds and peak_mb; "sizes"; "exponents": part -> of -> log2 of how the
        seconds grow from half to whole (1 is linear), where they are long enough to tell.
    """
    whole = part_costs(data, vectors)
    exponents: dict[str, dict[str, float]] = {name: {} for name in whole}
    halves: dict[str, dict[str, float]] = {}
    for of in ("participants", "courses", "events"):
        smaller, items = half(data, of)
        costs = part_costs(smaller, None if vectors is None else vectors[items])
        halves[of] = {name: cost.seconds for name, cost in costs.items()}
        for name, cost in costs.items():
            if cost.seconds >= SMALLEST:
                exponents[name][of] = float(np.log2(whole[name].seconds / cost.seconds))
    sizes = (data.events.n_users, data.events.n_items, len(data.events))
    return {
        "sizes": dict(zip(("participants", "courses", "events"), sizes, strict=True)),
        "asked": ASKED,
        "whole": {name: asdict(cost) for name, cost in whole.items()},
        "seconds with half the": halves,
        "exponents": exponents,
    }


def show_growth(found: dict[str, Any], console: Console) -> None:
    """Print the parts, their cost, and the exponent of their growth."""
    sizes = ", ".join(f"{size:,} {name}" for name, size in found["sizes"].items())
    table = Table(title=f"cost of each part: {sizes}; scoring {found['asked']:,} participants")
    table.add_column("part", no_wrap=True)
    for name in ("seconds", "peak MB", "~ participants^", "~ courses^", "~ events^"):
        table.add_column(name, justify="right")
    for name, cost in found["whole"].items():
        powers = found["exponents"].get(name, {})
        growth_of = (
            f"{powers[of]:+.1f}" if of in powers else ""
            for of in ("participants", "courses", "events")
        )
        table.add_row(name, f"{cost['seconds']:.2f}", f"{cost['peak_mb']:,.0f}", *growth_of)
    console.print(table)
