"""A bundle's parts on disk, written after training and read by whoever answers."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import scipy.sparse as sp
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.numpy import load_file, save_file

from models.bundles.sealing import BundleError, Manifest, verify
from models.index.flat import FaissIndex
from models.ranking.pair_features import CourseStatistics, PairFeatures
from models.skills.extraction import SkillExtractor
from models.skills.occupation_finder import OccupationFinder
from models.skills.phrase_linking import PhraseLinker
from models.text.content_space import ContentSpace
from models.text.standard_words import StandardWords
from models.text.word_vectors import StaticWords
from recommender.bundle.golden import Golden
from recommender.bundle.ranker_parts import RankerPart, read_ranker, write_ranker
from recommender.catalogue.catalogue import build_catalogue
from recommender.catalogue.labour_demand import LabourDemand
from recommender.catalogue.quality import build_quality
from recommender.catalogue.side import describe_courses
from recommender.catalogue.texts import write_texts
from recommender.engine import Engine
from recommender.explanation.takers import Takers
from recommender.messages import Messages, MessagesError, load_messages
from recommender.objective import Objective
from recommender.participants.batch import Vocabularies
from recommender.participants.phrases import Linkers
from recommender.participants.population import PopulationDistribution, PopulationGroups
from recommender.participants.reader import ParticipantReader
from recommender.retrieval.neighbours import Neighbours, find_everybody
from recommender.retrieval.relevance import Relevance
from recommender.retrieval.sources import BehaviourModels, Source, load_model
from training_data.occupations.national import NationalOccupations
from training_data.occupations.occupations import load_occupations
from training_data.programmes.programme import Programme
from training_data.regions import RegionTable
from training_data.skills.loading import load_skills
from training_data.words.spoken import SpokenWords

PARTS, LOG, TAKERS = "parts.json", "log.safetensors", "takers.safetensors"
PARTICIPANTS = "participants"  # their index


class Parts(BaseModel):
    """What a bundle's engine is put together of.

    Attributes
    ----------
    features : list of str
        What the ranker's columns are; another list, or another order, would rank by something else.
    sources : list of Source
        Whose models are in the folder ``sources``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: list[str]
    sources: list[Source]
    ranker: RankerPart


@dataclass(frozen=True)
class Bundle:
    """A verified bundle in memory."""

    manifest: Manifest
    engine: Engine
    neighbours: Neighbours
    population: PopulationDistribution
    folder: Path

    def messages(self, language: str | None = None) -> Messages:
        """Return the texts for participants in one of the programme's languages, by default the first.

        Raises
        ------
        MessagesError
            If the programme has not the language.
        """
        languages = self.engine.programme.languages
        language = languages[0] if language is None else language
        if language not in languages:
            raise MessagesError(
                f"language '{language}': this programme speaks {', '.join(languages)}"
            )
        return load_messages(language, self.engine.programme, self.folder / "messages")


def write_parts(
    folder: Path,
    engine: Engine,
    neighbours: Neighbours,
    population: PopulationDistribution,
    sources: Mapping[str, Path],
) -> None:
    """Write every part of a bundle.

    Parameters
    ----------
    sources : mapping of str to Path
        Folders that are copied as they are: ``regions``, ``skills``, ``occupations``, ``words`` and, where a
        country has its own, ``messages``.

    Raises
    ------
    BundleError
        If the engine's reader has no linkers.
    """
    linkers = engine.reader.linkers
    if linkers is None:
        raise BundleError("an engine that reads no texts cannot be sealed")
    for name, source in sources.items():
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "programme.json").write_text(
        engine.programme.model_dump_json(indent=1), encoding="utf-8"
    )
    engine.catalogue.table.write_parquet(folder / "courses.parquet")
    engine.catalogue.classes.write_parquet(folder / "classes.parquet")
    linkers.content.save(folder / "content")
    linkers.texts.save(folder / "skill_names")
    linkers.standard.save(folder / "standard_words")
    needs = engine.reader.vocabularies.occupations.needs
    save_file({"needs": needs.toarray()}, folder / "needs.safetensors")
    save_file({"courses": engine.course_vectors}, folder / "vectors.safetensors")
    save_file(engine.demand.state(), folder / "demand.safetensors")
    save_file(engine.takers.get_state(), folder / TAKERS)
    neighbours.courses.save(folder, "courses")
    neighbours.participants.save(folder, PARTICIPANTS)
    population.save(folder)
    _write_models(folder / "sources", engine.models)
    if engine.log is not None:
        save_file(engine.log.courses_.get_state(), folder / LOG)
    (folder / "objective.json").write_text(engine.objective.model_dump_json(), encoding="utf-8")
    parts = Parts(
        features=engine.feature_names,
        sources=sorted(engine.models),
        ranker=write_ranker(folder, engine.ranker),
    )
    (folder / PARTS).write_text(parts.model_dump_json(), encoding="utf-8")


def _write_models(folder: Path, models: BehaviourModels) -> None:
    for name, model in models.items():
        state = {key: np.asarray(value, order="C") for key, value in model.get_state().items()}
        folder.mkdir(exist_ok=True)
        save_file(state, folder / f"{name}.safetensors")


def _read_parts(folder: Path) -> Parts:
    path = folder / PARTS
    try:
        parts = Parts.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise BundleError(f"{path}: {where}: {problem['msg']}; train again") from error
    return parts


def _check_features(folder: Path, features: list[str], made: list[str]) -> None:
    """Hold the features that a bundle's ranker reads to those that its engine makes."""
    if features != made:
        raise BundleError(
            f"{folder / PARTS}: its ranker reads other features than this version of the program makes, "
            f"first {_first_difference(features, made)}; train again"
        )


def _first_difference(features: list[str], made: list[str]) -> str:
    for place, (theirs, ours) in enumerate(zip(features, made, strict=False)):
        if theirs != ours:
            return f"'{theirs}' instead of '{ours}' at place {place + 1}"
    return f"{len(features)} instead of {len(made)} of them"


def load_bundle(folder: Path) -> Bundle:
    """Verify a bundle and read it.

    Raises
    ------
    BundleError
        If a part is missing, added or changed.
    """
    manifest = verify(folder)
    neighbours = Neighbours(
        FaissIndex.load(folder, "courses"),
        FaissIndex.load(folder, PARTICIPANTS),
        find_everybody(folder),
    )
    engine = load_engine(folder)
    groups = PopulationGroups(engine.reader.vocabularies.regions)
    population = PopulationDistribution.load(folder, groups)
    return Bundle(manifest, engine, neighbours, population, folder)


def load_checked(folder: Path) -> Bundle:
    """Verify a bundle, read it, and hold it to its golden answers, as whoever goes on to serve it must.

    Raises
    ------
    BundleError
        If a part is missing, added or changed, or it does not answer as it did at training.
    """
    bundle = load_bundle(folder)
    Golden.read(folder).check(bundle.engine)
    return bundle


def load_engine(folder: Path) -> Engine:
    """Read the engine from a bundle's parts.

    Raises
    ------
    BundleError
        If it is put together in another way, or of other features, than this version of the program knows.
    """
    parts = _read_parts(folder)
    programme = read_programme(folder)
    vocabularies = _read_vocabularies(folder)
    courses = pl.read_parquet(folder / "courses.parquet")
    classes = pl.read_parquet(folder / "classes.parquet")
    catalogue = build_catalogue(courses, classes, vocabularies.regions, vocabularies.skills)
    course_vectors = load_file(folder / "vectors.safetensors")["courses"]
    log = None
    if (folder / LOG).is_file():
        statistics = CourseStatistics.from_state(load_file(folder / LOG))
        log = PairFeatures().take(statistics, describe_courses(catalogue, course_vectors))
    linkers = _read_linkers(folder, vocabularies)
    language = programme.languages[0]
    texts = write_texts(courses, vocabularies.skills, language)
    engine = Engine(
        programme=programme,
        catalogue=catalogue,
        quality=build_quality(courses),
        demand=LabourDemand.from_state(load_file(folder / "demand.safetensors")),
        course_vectors=course_vectors,
        reader=ParticipantReader(vocabularies, language, linkers),
        relevance=Relevance(catalogue, course_vectors, texts, vocabularies, linkers),
        models={
            name: load_model(name, load_file(folder / "sources" / f"{name}.safetensors"))
            for name in parts.sources
        },
        takers=Takers.from_state(load_file(folder / TAKERS)),
        ranker=read_ranker(folder, parts.ranker),
        objective=Objective.model_validate_json(
            (folder / "objective.json").read_text(encoding="utf-8")
        ),
        log=log,
    )
    _check_features(folder, parts.features, engine.feature_names)
    return engine


def read_programme(folder: Path) -> Programme:
    """Read the programme of a bundle."""
    return Programme.model_validate_json((folder / "programme.json").read_text(encoding="utf-8"))


def _read_vocabularies(folder: Path) -> Vocabularies:
    skills = load_skills(folder / "skills")
    needs = sp.csr_matrix(load_file(folder / "needs.safetensors")["needs"])
    return Vocabularies(
        RegionTable.load(folder / "regions"),
        skills,
        replace(load_occupations(skills, folder / "occupations"), needs=needs),
    )


def _read_linkers(folder: Path, vocabularies: Vocabularies) -> Linkers:
    content = ContentSpace.load(folder / "content")
    standard = StandardWords.load(folder / "standard_words", SpokenWords.load(folder / "words"))
    national = NationalOccupations.in_folder(folder / "occupations")
    return Linkers(
        content,
        SkillExtractor.load(
            folder / "skill_names", vocabularies.skills, StaticWords(content.student_)
        ),
        standard,
        PhraseLinker(vocabularies.skills, standard),
        OccupationFinder(vocabularies.occupations, national, standard),
    )
