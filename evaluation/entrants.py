"""Whatever can be compared, as lists for the people of a task: bundles, run files, anybody's class.

An entrant is written as one string:

=====================  ============================================================================
``train``              our engine, trained on the past of the task
``var/bundles/ab12``   a sealed bundle
``my.parquet, my.run`` a run file, see :mod:`evaluation.runs`
``popularity``         what is taken most; ``regional-popularity``: in the person's region, shrunk
``my_model.py:Model``  a class in a file, or in a module (``models.candidates.ease:EASE``)
``my_model.toml``      a config: ``class`` as above, and the table ``parameters`` for its constructor
=====================  ============================================================================
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evaluation.leakage import check_newest_event
from evaluation.metrics import Ranked
from evaluation.runs import read_run, to_ranking
from evaluation.task import Task
from models.bundles.sealing import Manifest
from models.candidates.base import CandidateModel
from models.candidates.histories import Histories
from models.candidates.interactions import Interactions
from models.candidates.popularity import Popularity
from models.candidates.side import SideInformation
from recommender.bundle.bundle import Bundle, load_bundle
from recommender.settings import SlateSettings
from training_data.columns import Courses, Participants

POOL = 30  # places kept of each list: metrics look at the first, the diversity curve at all
TRAIN = "train"
CONFIG = ".toml"
BASELINES: Mapping[str, Callable[[], CandidateModel]] = {
    "popularity": Popularity,
    "regional-popularity": partial(Popularity, shrinkage=200.0),
}

TrainBundle = Callable[[Task], Path]


class EntrantError(ValueError):
    """An entrant that cannot be judged; the message says why and what to do."""


class Model(Protocol):
    """What a class has to offer; every model in ``models.candidates`` does."""

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:
        """Learn from the past."""

    def recommend(
        self, batch: Histories, k: int, mask: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return ids (B, k), -1 where there is nothing, and scores (B, k), best first."""


@dataclass(frozen=True)
class Rankings:
    """What an entrant recommends to the U people of a task.

    Attributes
    ----------
    ranked : ndarray of int32, shape (U, POOL)
    scores : ndarray of float32, shape (U, POOL)
        -inf at padding.
    fingerprint : str
        Of the file, bundle or code.
    uses_profiles : bool
        Whether people without a history get lists of their own, from what they say of themselves.
    """

    name: str
    ranked: Ranked
    scores: NDArray[np.float32]
    fingerprint: str
    uses_profiles: bool = False


def rank_entrants(
    entrants: Sequence[str], task: Task, train: TrainBundle
) -> tuple[Task, list[Rankings]]:
    """Return the lists of all entrants, and the task as the first bundle among them reads it.

    So that all are held to the same masks, whoever comes first.

    Raises
    ------
    EntrantError
        See `rank_entrant`.
    """
    bundles = [_load_bundle(name, task, train) for name in entrants]
    for bundle in islice(filter(None, bundles), 1):
        task = replace(task, engine=bundle.engine)
    return task, [
        _rank(name, bundle, task, task) for name, bundle in zip(entrants, bundles, strict=True)
    ]


def rank_entrant(
    entrant: str, task: Task, train: TrainBundle, learn_from: Task | None = None
) -> Rankings:
    """Return the lists of an entrant.

    Parameters
    ----------
    entrant : str
        One of the forms above.
    train : callable
        From the task to the folder of a bundle trained on its past; called for ``train`` only.
    learn_from : Task, optional
        A thinned task to learn from instead; only for entrants that are trained here.

    Raises
    ------
    EntrantError
        If it is none of the forms, has learnt from the test, or cannot be trained here.
    """
    path = Path(entrant)
    if learn_from is not None and path.exists() and path.suffix != CONFIG:
        raise EntrantError(f"{entrant}: only '{TRAIN}', configs and classes have a learning curve")
    source = learn_from or task
    return _rank(entrant, _load_bundle(entrant, source, train), task, source)


def _load_bundle(entrant: str, task: Task, train: TrainBundle) -> Bundle | None:
    """Return the bundle that an entrant names, if it names one."""
    if entrant == TRAIN:
        return load_bundle(train(task))
    if Path(entrant).is_dir():
        bundle = load_bundle(Path(entrant))
        _hold_to_past(bundle.manifest, task)
        return bundle
    return None


def _rank(entrant: str, bundle: Bundle | None, task: Task, learn_from: Task) -> Rankings:
    path = Path(entrant)
    if bundle is not None:
        return _rank_by_bundle(path.name, bundle, task)
    if entrant in BASELINES:
        return _rank_by_model(entrant, BASELINES[entrant](), entrant, task, learn_from)
    if ":" in entrant and not path.exists():
        name = entrant.rpartition(":")[2]
        return _rank_by_model(
            name, _import_class(entrant)(), _fingerprint(entrant), task, learn_from
        )
    if path.is_file():
        if path.suffix == CONFIG:
            return _rank_by_config(path, task, learn_from)
        return _read_ranking(path, task)
    raise EntrantError(
        f"{entrant}: neither a bundle, a run file nor a config is there; a class is written "
        "file.py:Class"
    )


def _hold_to_past(manifest: Manifest, task: Task) -> None:
    for reason in check_newest_event(manifest.newest_event, task.border):
        raise EntrantError(
            f"bundle {manifest.version}: {reason}, and its figures would be worthless. "
            f"Evaluate '{TRAIN}', which trains on the past only, a bundle of what `padan split` "
            "writes, or a test that begins later (--since)"
        )


def _rank_by_bundle(name: str, bundle: Bundle, task: Task) -> Rankings:
    engine = replace(bundle.engine, programme=task.programme)
    to_task = task.catalogue.table[Courses.course_id.name]
    rows = pl.DataFrame({"id": to_task, "row": np.arange(len(to_task), dtype=np.int32)})
    mapped = pl.DataFrame({"id": engine.catalogue.ids}).join(
        rows, on="id", how="left", maintain_order="left"
    )
    row_of = np.append(mapped["row"].fill_null(-1).to_numpy(), -1)
    ranked, scores = [], []
    day = task.border.date()
    for found in engine.recommend_blocks(task.profiles, task.events, day, SlateSettings(k=POOL)):
        slates = found.slates
        ranked.append(_pad(row_of[slates.ids], -1))
        scores.append(_pad(np.where(slates.ids >= 0, slates.scores, -np.inf), -np.inf))
    return Rankings(
        name,
        np.concatenate(ranked).astype(np.int32),
        np.concatenate(scores).astype(np.float32),
        f"bundle {bundle.manifest.version}",
        uses_profiles=True,
    )


def _read_ranking(path: Path, task: Task) -> Rankings:
    people = task.profiles[Participants.participant_id.name]
    courses = task.catalogue.table[Courses.course_id.name]
    try:
        run = read_run(path)
    except ValueError as error:  # names the file and the row
        raise EntrantError(str(error)) from error
    try:
        ranked, unknown = to_ranking(run, people, courses, POOL)
    except ValueError as error:
        raise EntrantError(f"{path}: {error}") from error
    if unknown:
        raise EntrantError(f"{path}: {unknown} rows have an item that is not in the catalogue")
    falling = -np.arange(POOL, dtype=np.float32)
    return Rankings(path.stem, ranked, np.where(ranked >= 0, falling, -np.inf), _hash_file(path))


def _rank_by_config(path: Path, task: Task, learn_from: Task) -> Rankings:
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
        written, parameters = config.pop("class"), config.pop("parameters", {})
        if config:
            raise ValueError(f"unknown {', '.join(config)}")
        model = _import_class(written)(**parameters)
    except (KeyError, TypeError, ValueError) as error:
        raise EntrantError(
            f"{path}: {error}; a config has the key 'class' and the table 'parameters'"
        ) from error
    return _rank_by_model(
        path.stem, model, f"{_hash_file(path)}, {_fingerprint(written)}", task, learn_from
    )


def _rank_by_model(
    name: str, model: Model, fingerprint: str, task: Task, learn_from: Task
) -> Rankings:
    model.fit(learn_from.past, task.side)
    ranked = np.full((len(task.people), POOL), -1, dtype=np.int32)
    scores = np.full((len(task.people), POOL), -np.inf, dtype=np.float32)
    for rows in task.blocks():
        ids, found = model.recommend(task.batch.take(rows), POOL, task.read_permitted(rows))
        if np.shape(ids) != np.shape(found) or len(ids) != rows.stop - rows.start:
            raise EntrantError(
                f"{name}: recommend returned ids {np.shape(ids)} and scores {np.shape(found)} for "
                f"{rows.stop - rows.start} people; both must be (people, k)"
            )
        ranked[rows, : ids.shape[1]], scores[rows, : ids.shape[1]] = ids, found
    return Rankings(name, ranked, scores, fingerprint)


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"


def _fingerprint(written: str) -> str:
    """Return the fingerprint of a class: its file's, or its name in a module."""
    path = Path(written.rpartition(":")[0])
    return f"{written}, {_hash_file(path)}" if path.is_file() else written


def _import_class(written: str) -> Callable[..., Any]:
    source, _, name = written.rpartition(":")
    if source.endswith(".py"):
        spec = importlib.util.spec_from_file_location(Path(source).stem, source)
        if spec is None or spec.loader is None or not Path(source).is_file():
            raise EntrantError(f"{source}: no such file")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        try:
            module = importlib.import_module(source)
        except ModuleNotFoundError as error:
            raise EntrantError(f"{source}:{name}: no module {error.name}") from error
    found: Callable[..., Any] | None = getattr(module, name, None)
    if found is None:
        raise EntrantError(f"{source} has no class {name}")
    return found


def _pad(values: NDArray[Any], empty: float) -> NDArray[Any]:
    """Widen to POOL columns: a catalogue may hold less."""
    return np.pad(values, ((0, 0), (0, POOL - values.shape[1])), constant_values=empty)
