"""Everything that is measured of a ranking, from a task and lists to tables with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evaluation import beyond_accuracy, metrics
from evaluation.comparison import ALL, Comparison, compare_values, note_partial
from evaluation.curves import K, diversity_curve
from evaluation.entrants import EntrantError, Rankings
from evaluation.leakage import check_strangers
from evaluation.metrics import PerUser
from evaluation.regions import region_table, supply_table
from evaluation.significance import bootstrap_means, interval
from evaluation.slices import (
    Slices,
    by_slice,
    gaps,
    participant_slices,
    providers_table,
    slice_sizes,
    target_slices,
)
from evaluation.task import Task
from recommender.catalogue.quality import build_quality
from training_data.columns import MODES, Courses, Participants

CUTOFFS = (10, 20)
MAIN = "ndcg@10"
COMPARED = ("ndcg@10", "recall@10", "mrr@10")
WORST_CASES = 6

Figures = dict[str, float]


@dataclass(frozen=True)
class Evaluation:
    """What :func:`evaluate` found; the report and the JSON are made from it.

    Attributes
    ----------
    headline : DataFrame
        ``metric, users, mean, low, high``: means over users with 95% bootstrap intervals.
    catalogue : dict of str to float
        Figures of all lists together: coverage, Gini, violations, people without any list.
    slices, gaps, providers : DataFrame
        See :mod:`evaluation.slices`; slices and gaps are of ``ndcg@10``.
    regions : DataFrame
        ``code, name, latitude, longitude, users, mean, people, poor`` of the lowest regions.
    supply, local_supply : DataFrame
        ``region, topic, users, poor``: where no permitted training closes much of people's gap; by
        the lowest regions and by those above them.
    curve : DataFrame
        ``relevance_weight, ndcg, diversity`` under maximal marginal relevance.
    worst : list of dict
        People whose list missed everything that they took.
    warnings : list of str
        Suspicions of leaks, and what the figures cannot say.
    about : dict of str to str
        Fingerprints, border, sizes.
    levels : tuple of str
        Names of the levels of regions, the lowest last.
    comparison : Comparison, optional
        With the further entrants.
    learning : DataFrame, optional
        ``share, mean, low, high`` of ``ndcg@10``, see :func:`evaluation.curves.learning_curve`.
    """

    name: str
    headline: pl.DataFrame
    catalogue: Figures
    slices: pl.DataFrame
    gaps: pl.DataFrame
    providers: pl.DataFrame
    regions: pl.DataFrame
    supply: pl.DataFrame
    local_supply: pl.DataFrame
    curve: pl.DataFrame
    worst: list[dict[str, object]]
    warnings: list[str]
    about: dict[str, str]
    levels: tuple[str, ...]
    comparison: Comparison | None = None
    learning: pl.DataFrame | None = None


def evaluate(
    task: Task,
    entrants: Sequence[Rankings],
    *,
    learning: pl.DataFrame | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Measure the first entrant, and compare the others with it.

    Parameters
    ----------
    task : Task
    entrants : sequence of Lists
    learning : DataFrame, optional
        The first entrant's learning curve, for the report.
    draws : int
        Bootstrap resamples of the people.
    seed : int
    """
    subject = entrants[0]
    values = per_user(task, subject)
    slices = build_slices(task)
    return Evaluation(
        name=subject.name,
        headline=_headline(values, draws, seed),
        catalogue=_catalogue(task, subject),
        slices=by_slice(values[MAIN], slices, draws=draws, seed=seed),
        gaps=gaps(values[MAIN], slices),
        providers=_providers(task, subject),
        regions=region_table(task, values[MAIN]),
        supply=supply_table(task, lowest=False),
        local_supply=supply_table(task, lowest=True),
        curve=diversity_curve(task, subject, seed),
        worst=_worst(task, subject, values[MAIN]),
        warnings=suspicions(task, entrants),
        about=_about(task, entrants, draws, seed),
        levels=task.reference.vocabularies.regions.levels,
        comparison=compare_entrants(task, entrants, draws=draws, seed=seed)
        if len(entrants) > 1
        else None,
        learning=learning,
    )


def suspicions(task: Task, entrants: Sequence[Rankings]) -> list[str]:
    """Return what speaks for a leak in an entrant; what reads profiles may know strangers."""
    return [
        f"{lists.name}: {reason}"
        for lists in entrants
        if not lists.uses_profiles
        for reason in check_strangers(lists.ranked, task.truth, task.known)
    ]


def compare_entrants(
    task: Task, entrants: Sequence[Rankings], *, draws: int = 1000, seed: int = 0
) -> Comparison:
    """Compare every further entrant with the first, for all users and in every slice."""
    names = [lists.name for lists in entrants]
    if len(set(names)) < len(names):
        raise EntrantError(f"two entrants have one name among {names}: rename a file or folder")
    scored = {}
    for lists in entrants:
        values = metrics.accuracy(lists.ranked, task.truth, CUTOFFS)
        scored[lists.name] = {name: values[name] for name in COMPARED}
    slices = build_slices(task)
    sizes = slice_sizes(task.truth.sizes > 0, slices)
    masks = {ALL: np.ones(len(task.people), dtype=bool)} | {
        f"{dimension}: {label}": slices[dimension][label] & (not hidden)
        for dimension, label, _, hidden in sizes.iter_rows()
    }
    found = compare_values(scored, masks, baseline=entrants[0].name, draws=draws, seed=seed)
    return note_partial(found, {lists.name: lists.ranked for lists in entrants}, task.truth)


def per_user(task: Task, lists: Rankings) -> dict[str, PerUser]:
    """Return every metric that has a value per user, each of shape (U,)."""
    top = lists.ranked[:, :K]
    counts = np.bincount(task.past.items, minlength=len(task.catalogue))
    popular = np.argsort(-counts, kind="stable")[:K]
    topics = _one_hot(task.catalogue.category, len(task.catalogue.categories))
    values = metrics.accuracy(lists.ranked, task.truth, CUTOFFS)
    values["diversity@10"] = beyond_accuracy.intra_list_diversity(top, task.item_vectors)
    values["novelty@10"] = beyond_accuracy.novelty(top, counts, task.past.n_users)
    values["serendipity@10"] = beyond_accuracy.serendipity(top, task.truth, popular)
    if topics.shape[1]:
        profiles = _profiles(task, topics)
        values["miscalibration@10"] = beyond_accuracy.calibration(top, topics, profiles)
    balances, attainable = _balances(task)
    values["balance_regret@10"] = beyond_accuracy.balance_regret(
        top, task.catalogue.price, balances, attainable
    )
    return values


def build_slices(task: Task) -> Slices:
    """Return all dimensions of the people of a task."""
    slices = participant_slices(
        task.profiles,
        task.reference.vocabularies.regions,
        year=task.border.year,
        known=task.known,
        taken_before=task.batch.lengths,
    )
    slices["mode taken"] = target_slices(task.truth, task.catalogue.mode, MODES)
    return {name: masks for name, masks in slices.items() if len(masks) > 1}


def _headline(values: dict[str, PerUser], draws: int, seed: int) -> pl.DataFrame:
    columns = np.column_stack(list(values.values()))
    low, high = interval(bootstrap_means(columns, draws=draws, seed=seed))
    defined = (~np.isnan(columns)).sum(axis=0)
    return pl.DataFrame(
        {
            "metric": list(values),
            "users": defined,
            "mean": np.nansum(columns, axis=0) / np.maximum(defined, 1),
            "low": low,
            "high": high,
        },
        nan_to_null=True,
    ).filter(pl.col("users") > 0)


def _catalogue(task: Task, lists: Rankings) -> Figures:
    top = lists.ranked[:, :K]
    violations = sum(
        int(beyond_accuracy.constraint_violations(top[rows], task.read_permitted(rows)).sum())
        for rows in task.blocks()
    )
    return {
        "coverage@10": beyond_accuracy.coverage(top, len(task.catalogue)),
        "gini@10": beyond_accuracy.gini(top, len(task.catalogue)),
        "constraint_violations": float(violations),
        "people_without_a_list": float((top[:, 0] < 0).mean()),
    }


def _providers(task: Task, lists: Rankings) -> pl.DataFrame:
    catalogue = task.catalogue
    quality = build_quality(catalogue.table).overall.astype(np.float64)
    unrated = catalogue.table[Courses.rating_mean.name].is_null().to_numpy()
    return providers_table(
        lists.ranked[:, :K],
        catalogue.provider,
        catalogue.providers,
        np.where(unrated, np.nan, quality),
    )


def _worst(task: Task, lists: Rankings, values: PerUser) -> list[dict[str, object]]:
    """People with the longest histories among those whose list missed everything."""
    before = task.batch.lengths
    missed = np.flatnonzero((values == 0) & (lists.ranked[:, 0] >= 0))
    worst = missed[np.argsort(-before[missed], kind="stable")][:WORST_CASES]
    titles = task.catalogue.table[Courses.title.name]
    cases: list[dict[str, object]] = []
    for row in worst:
        profile = task.profiles.row(int(row), named=True)
        history = task.batch.take(np.array([row])).items
        listed = lists.ranked[row, :K]
        start, end = task.truth.indptr[row], task.truth.indptr[row + 1]
        cases.append(
            {
                "profile": {
                    column: profile[column]
                    for column in _SHOWN
                    if profile[column] not in (None, [], "")
                },
                "history": titles.gather(history[-8:]).to_list(),
                "listed": titles.gather(listed[listed >= 0]).to_list(),
                "taken": titles.gather(task.truth.items[start:end]).to_list(),
            }
        )
    return cases


_SHOWN = (
    Participants.education.name,
    Participants.employment_status.name,
    Participants.occupation.name,
    Participants.target_occupation.name,
    Participants.skills.name,
    Participants.interests.name,
)  # nothing that names the person or the place, no sensitive data


def _about(task: Task, entrants: Sequence[Rankings], draws: int, seed: int) -> dict[str, str]:
    about = {
        "data": f"sha256 {task.dataset.fingerprint()[:16]}",
        "simulated": "yes" if task.dataset.info.simulated else "no",
        "rules": task.reference.programme.label,
        "regions": f"{task.reference.vocabularies.regions.name} {task.reference.vocabularies.regions.version}",
        "border": task.border.isoformat(),
        "trainings taken before": f"{len(task.past):,}",
        "trainings taken after": f"{int(task.truth.sizes.sum()):,}",
        "people ranked": f"{len(task.people):,}",
        "of them with a target": f"{int((task.truth.sizes > 0).sum()):,}",
        "trainings": f"{len(task.catalogue):,}",
        "bootstrap draws": f"{draws:,}",
        "seed": str(seed),
    }
    return about | {f"entrant {lists.name}": lists.fingerprint for lists in entrants}


def _one_hot(codes: NDArray[np.int32], n: int) -> NDArray[np.float64]:
    return np.equal(codes[:, None], np.arange(n)).astype(np.float64)


def _profiles(task: Task, topics: NDArray[np.float64]) -> NDArray[np.float64]:
    """Topic distribution of each person's past; zeros without one."""
    batch = task.batch
    total = np.zeros((len(batch), topics.shape[1]))
    np.add.at(total, batch.rows, topics[batch.items])
    return np.asarray(total / np.maximum(total.sum(axis=1, keepdims=True), 1e-12))


def _balances(task: Task) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Balance of each person, and the most that permitted trainings could use of it.

    0 where no balance is known and the programme grants none: regret is not defined there.
    """
    rules = task.programme.in_force(task.border.date())
    grant = 0 if rules.grant is None else rules.grant.amount
    balances = task.profiles[Participants.balance_idr.name].fill_null(grant).to_numpy()
    prices = task.catalogue.price.astype(np.float64)
    offered = np.concatenate([task.read_permitted(rows) @ prices for rows in task.blocks()])
    return balances, np.minimum(balances, offered).astype(np.int64)
