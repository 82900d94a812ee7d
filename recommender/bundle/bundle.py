"""A bundle's parts on disk, written after training and read by whoever answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from safetensors.numpy import load_file, save_file

from models.bundles.sealing import BundleError, Manifest, verified
from models.candidates.ease import EASE
from models.candidates.linear import LinearModel
from models.candidates.popularity import Popularity
from models.candidates.similar_participants import SimilarParticipants
from models.candidates.transitions import Transitions
from models.index.flat import FaissIndex
from models.ranking.additive import AdditiveRanker
from models.skills.extraction import SkillExtractor
from models.skills.occupation_finder import OccupationFinder
from models.text.content_space import ContentSpace
from models.text.word_vectors import StaticWords
from recommender.bundle.golden import Golden
from recommender.catalogue.catalogue import build_catalogue
from recommender.catalogue.labour_demand import Demand
from recommender.catalogue.quality import course_quality
from recommender.engine import BY_GROUP, Engine
from recommender.messages import Messages, load_messages
from recommender.objective import Objective
from recommender.participants.population import Kinds, Mix
from recommender.ranking.expected_outcome import Outcome
from recommender.ranking.rankers import BlendedRanker, FixedRanker, Ranker
from recommender.retrieval.neighbours import Neighbours
from training_data.occupations.national import NationalOccupations
from training_data.occupations.occupations import load_occupations
from training_data.programmes.programme import Programme
from training_data.regions import RegionTable
from training_data.skills.loading import load_skills

SOURCE_CLASSES: Mapping[str, type[LinearModel]] = {
    "behaviour": EASE,
    "regional_popularity": Popularity,
    BY_GROUP: Popularity,
    "similar_participants": SimilarParticipants,
    "next_course": Transitions,
}


@dataclass(frozen=True)
class Bundle:
    """A verified bundle in memory."""

    manifest: Manifest
    engine: Engine
    neighbours: Neighbours
    mix: Mix
    folder: Path

    def messages(self, language: str) -> Messages:
        """Return the texts for participants in a language."""
        return load_messages(language, self.engine.programme, self.folder / "messages")


def write_parts(
    folder: Path, engine: Engine, neighbours: Neighbours, mix: Mix, sources: Mapping[str, Path]
) -> None:
    """Write every part of a bundle.

    Parameters
    ----------
    sources : mapping of str to Path
        Folders that are copied as they are: ``regions``, ``skills``, ``occupations`` and, where a
        country has its own, ``messages``.
    """
    for name, source in sources.items():
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "programme.json").write_text(
        engine.programme.model_dump_json(indent=1), encoding="utf-8"
    )
    engine.catalogue.table.write_parquet(folder / "courses.parquet")
    engine.catalogue.classes.write_parquet(folder / "classes.parquet")
    engine.content.save(folder / "content")
    engine.extractor.save(folder / "skill_names")
    save_file({"needs": engine.occupations.needs.toarray()}, folder / "needs.safetensors")
    save_file({"courses": engine.course_vectors}, folder / "vectors.safetensors")
    save_file(engine.demand.state(), folder / "demand.safetensors")
    neighbours.courses.save(folder, "courses")
    neighbours.participants.save(folder, "participants")
    mix.save(folder)
    for name, model in engine.sources.items():
        state = {key: np.asarray(value, order="C") for key, value in model.get_state().items()}
        (folder / "sources").mkdir(exist_ok=True)
        save_file(state, folder / "sources" / f"{name}.safetensors")
    (folder / "objective.json").write_text(engine.objective.model_dump_json(), encoding="utf-8")
    parts = {"sources": sorted(engine.sources), "ranker": _write_ranker(folder, engine.ranker)}
    (folder / "parts.json").write_text(json.dumps(parts), encoding="utf-8")


def _write_ranker(folder: Path, ranker: Ranker) -> Any:
    """Write what was learnt; return how it is put together: a name, or two parts with spreads and share."""
    match ranker:
        case AdditiveRanker():
            ranker.save(folder / "ranker")
            return "learnt"
        case Outcome():
            ranker.save(folder)
            return "outcome"
        case BlendedRanker():
            parts = [_write_ranker(folder, part) for part in (ranker.first, ranker.second)]
            return [*parts, ranker.first_spread, ranker.second_spread, ranker.share]
        case _:
            return "fixed"


def _read_ranker(folder: Path, told: Any) -> Ranker:
    match told:
        case "learnt":
            return AdditiveRanker.load(folder / "ranker")
        case "outcome":
            return Outcome.load(folder)
        case "fixed":
            return FixedRanker()
        case first, second, *numbers:
            return BlendedRanker(
                _read_ranker(folder, first), _read_ranker(folder, second), *numbers
            )
        case _:
            raise BundleError(f"{folder}: parts.json names no ranker: {told!r}")


def load_bundle(folder: Path) -> Bundle:
    """Verify a bundle and read it.

    Raises
    ------
    BundleError
        If a part is missing, added or changed.
    """
    manifest = verified(folder)
    neighbours = Neighbours(
        FaissIndex.load(folder, "courses"), FaissIndex.load(folder, "participants")
    )
    engine = load_engine(folder)
    mix = Mix.load(folder, Kinds(engine.regions))
    return Bundle(manifest, engine, neighbours, mix, folder)


def load_checked(folder: Path) -> Bundle:
    """Verify a bundle, read it, and hold it to its golden answers, as whoever goes on to serve it must.

    Raises
    ------
    BundleError
        If a part is missing, added or changed, or it does not answer as it did at training.
    """
    bundle = load_bundle(folder)
    Golden.read(folder).hold(bundle.engine)
    return bundle


def load_engine(folder: Path) -> Engine:
    """Read the engine from a bundle's parts."""
    parts = json.loads((folder / "parts.json").read_text(encoding="utf-8"))
    regions = RegionTable.load(folder / "regions")
    skills = load_skills(folder / "skills")
    courses = pl.read_parquet(folder / "courses.parquet")
    classes = pl.read_parquet(folder / "classes.parquet")
    content = ContentSpace.load(folder / "content")
    needs = sp.csr_matrix(load_file(folder / "needs.safetensors")["needs"])
    occupations = replace(load_occupations(skills, folder / "occupations"), needs=needs)
    national = NationalOccupations.in_folder(folder / "occupations")
    return Engine(
        programme=Programme.model_validate_json(
            (folder / "programme.json").read_text(encoding="utf-8")
        ),
        regions=regions,
        skills=skills,
        occupations=occupations,
        catalogue=build_catalogue(courses, classes, regions, skills),
        quality=course_quality(courses),
        demand=Demand.from_state(load_file(folder / "demand.safetensors")),
        content=content,
        extractor=SkillExtractor.load(
            folder / "skill_names", skills, StaticWords(content.student_)
        ),
        finder=OccupationFinder(occupations, national).fit(content.student_),
        course_vectors=load_file(folder / "vectors.safetensors")["courses"],
        sources={
            name: SOURCE_CLASSES[name].from_state(
                load_file(folder / "sources" / f"{name}.safetensors")
            )
            for name in parts["sources"]
        },
        ranker=_read_ranker(folder, parts["ranker"]),
        objective=Objective.model_validate_json(
            (folder / "objective.json").read_text(encoding="utf-8")
        ),
    )
