"""A bundle for today's catalogue from an older one, without learning anything anew.

New trainings are encoded and withdrawn ones left out; classes, vacancies, quality and indexes are made
afresh. The models of behaviour know a new training as one that nobody has taken, and popularity guesses it from
those like it, so it is recommended from its text and place on the day it enters.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from models.bundles.sealing import BundleError, Manifest, open_draft, seal
from models.index.flat import FaissIndex
from models.ranking.pair_features import PairFeatures
from models.skills.extraction import add_extracted_skills
from models.text.encoder import TextEncoder
from recommender.bundle.bundle import Bundle, load_engine, write_parts
from recommender.bundle.golden import Golden
from recommender.catalogue.catalogue import build_catalogue
from recommender.catalogue.labour_demand import build_labour_demand
from recommender.catalogue.quality import build_quality
from recommender.catalogue.side import describe_courses
from recommender.catalogue.texts import read_courses
from recommender.engine import Engine
from recommender.retrieval.neighbours import Neighbours
from recommender.retrieval.relevance import Relevance
from training_data.arrays import look_up
from training_data.columns import Courses, Interactions, Participants
from training_data.dataset import Dataset
from training_data.references import require_trainings

SHARPNESS = 10.0  # exponent of the cosine by which a new training is like an old one
MIN_SIMILARITY = 0.01  # so that one like none is like all
COPIED = ("regions", "skills", "occupations", "words", "messages")


def refresh(
    bundle: Bundle, dataset: Dataset, encoder: TextEncoder, home: Path, day: dt.date, seed: int = 0
) -> Manifest:
    """Seal a new bundle below ``home`` with the catalogue of ``dataset`` and the models of ``bundle``.

    Parameters
    ----------
    bundle : Bundle
        Rules, regions, vocabularies, models and ranker stay as they are in it.
    dataset : Dataset
        Its trainings take the place of the bundle's, found again by ``course_id``. Participants who are
        no longer in it leave the index of participants.
    encoder : TextEncoder
        The one that the bundle was trained with; best a ``CachedEncoder``, so that only new texts cost.
    seed : int
        Of the golden answers' people.

    Raises
    ------
    BundleError
        The encoder is not the bundle's.
    DatasetError
        There is no training.
    """
    if encoder.name != bundle.manifest.encoder:
        raise BundleError(
            f"bundle {bundle.manifest.version} was trained with the encoder "
            f"{bundle.manifest.encoder}, not {encoder.name}; name that one, or train again"
        )
    require_trainings(dataset)
    engine = _replace_catalogue(bundle.engine, dataset, encoder)
    newest = (
        bundle.manifest.newest_event,
        dataset.read("interactions")[Interactions.at.name].max(),
    )
    neighbours = Neighbours(
        FaissIndex(engine.course_vectors.shape[1]).add(engine.catalogue.ids, engine.course_vectors),
        _keep_remaining(bundle.neighbours.participants, dataset.read("participants")),
    )
    folders = {name: bundle.folder / name for name in COPIED if (bundle.folder / name).is_dir()}
    with open_draft(home / "bundles") as folder:
        write_parts(folder, engine, neighbours, bundle.population, folders)
        Golden.of(load_engine(folder), day, seed).write(folder)
        head = bundle.manifest.model_dump(exclude={"format", "version", "parts"})
        changed = {
            "created_on": day.isoformat(),
            "data": dataset.fingerprint(),
            # completion rates are told by today's events: judged on those, it would know the answers
            "newest_event": max((at for at in newest if at is not None), default=None),
            "metrics": bundle.manifest.metrics | {"courses": float(len(engine.catalogue))},
        }
        return seal(folder, home / "bundles", head | changed)


def _replace_catalogue(engine: Engine, dataset: Dataset, encoder: TextEncoder) -> Engine:
    vocabularies, linkers = engine.reader.vocabularies, engine.reader.linkers
    if linkers is None:
        raise BundleError("this bundle reads no texts; train again")
    regions, skills = vocabularies.regions, vocabularies.skills
    courses, texts = read_courses(dataset, skills)
    courses = add_extracted_skills(courses, linkers.texts, linkers.skills)
    old_rows = engine.catalogue.index
    old = look_up(courses[Courses.course_id.name], lambda name: old_rows.get(name, -1))
    vectors = linkers.content.encode_courses(texts, encoder)
    catalogue = build_catalogue(courses, dataset.read("classes"), regions, skills)
    log = engine.log
    if log is not None:
        described = describe_courses(catalogue, vectors)
        log = PairFeatures().take(log.courses_.remap(old), described)
    alike = np.maximum(vectors[old < 0] @ engine.course_vectors.T, MIN_SIMILARITY) ** SHARPNESS
    alike /= alike.sum(axis=1, keepdims=True)
    return replace(
        engine,
        catalogue=catalogue,
        quality=build_quality(courses),
        demand=build_labour_demand(
            dataset.read("vacancies"), regions, skills, vocabularies.occupations
        ),
        course_vectors=vectors,
        relevance=Relevance(catalogue, vectors, texts, vocabularies, linkers),
        models={name: model.remap(old, alike) for name, model in engine.models.items()},
        takers=engine.takers.remap(old),
        log=log,
    )


def _keep_remaining(index: FaissIndex, participants: pl.DataFrame) -> FaissIndex:
    """Return the index without those who are no longer among the participants."""
    known = np.isin(index.ids, participants[Participants.participant_id.name].to_numpy())
    return FaissIndex(index.dim).add(index.ids[known], index.vectors[known])
