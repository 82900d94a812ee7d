"""From a dataset directory to a sealed bundle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from models.bundles.sealing import Manifest, open_draft, seal
from models.index.flat import FaissIndex
from models.ranking.cutoffs import Horizon
from models.ranking.pair_features import PairFeatures
from models.skills.extraction import BY_STUDENT, SkillExtractor, add_extracted_skills
from models.skills.occupation_finder import OccupationFinder
from models.skills.occupation_needs import learn_occupations
from models.text.content_space import ContentSpace
from models.text.encoder import TextEncoder
from models.text.word_vectors import StaticWords
from recommender.bundle.bundle import load_engine, write_parts
from recommender.bundle.golden import Golden
from recommender.catalogue.catalogue import build_catalogue
from recommender.catalogue.labour_demand import build_labour_demand
from recommender.catalogue.quality import build_quality
from recommender.catalogue.texts import read_courses
from recommender.engine import MAX_BLOCK, Engine
from recommender.objective import DEFAULT, Objective
from recommender.participants.population import PopulationDistribution, PopulationGroups
from recommender.participants.profile_embedding import collect_phrases
from recommender.participants.reader import Linkers, ParticipantReader
from recommender.ranking.rankers import FixedRanker, reads_log
from recommender.retrieval.neighbours import Neighbours
from recommender.retrieval.sources import build_models
from recommender.training.ranker import (
    Log,
    collect_interactions,
    fit_models,
    learn_ranker,
    read_side,
)
from recommender.training.reference_data import ReferenceData, load_reference_data
from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset
from training_data.occupations.national import NationalOccupations

P = Participants
MIN_PEOPLE = (
    10  # who wrote the same words; rarer ones may say who wrote them, and stand in no bundle
)
MAX_INDEXED = (
    50_000  # participants in the index and the population of a bundle, drawn at random beyond
)


def build_untrained_engine(
    dataset: Dataset, reference: ReferenceData, encoder: TextEncoder, seed: int
) -> Engine:
    """Return an engine that knows the catalogue and its texts, and nothing of anybody's behaviour."""
    vocabularies = reference.vocabularies
    courses, texts = read_courses(dataset, vocabularies.skills)
    names = _list_names(dataset, reference, courses)
    content = ContentSpace(common_words=_count_common_words(dataset.info.language), seed=seed)
    content.fit(texts, list(dict.fromkeys(chain.from_iterable(names))), encoder).unify(names)
    extractor = SkillExtractor(vocabularies.skills, StaticWords(content.student_), BY_STUDENT)
    courses = add_extracted_skills(courses, extractor.fit(content.student_, texts))
    vacancies = dataset.read("vacancies")
    occupations = learn_occupations(vocabularies.occupations, extractor, vacancies, courses)
    vocabularies = replace(vocabularies, occupations=occupations)
    national = NationalOccupations.in_folder(reference.folders["occupations"])
    finder = OccupationFinder(occupations, national).fit(content.student_)
    return Engine(
        programme=reference.programme,
        catalogue=build_catalogue(
            courses, dataset.read("classes"), vocabularies.regions, vocabularies.skills
        ),
        quality=build_quality(courses),
        demand=build_labour_demand(
            vacancies, vocabularies.regions, vocabularies.skills, occupations
        ),
        course_vectors=content.encode_courses(texts, encoder),
        reader=ParticipantReader(
            vocabularies,
            reference.programme.languages[0],
            Linkers(content, extractor, finder),
        ),
        models={},
        ranker=FixedRanker(),
    )


def train(
    dataset: Dataset,
    encoder: TextEncoder,
    home: Path,
    day: dt.date,
    seed: int = 0,
    objective: Objective = DEFAULT,
    horizon: Horizon = "time",
) -> Manifest:
    """Train everything on a dataset and seal it as a bundle below ``home``.

    Parameters
    ----------
    day : date
        Written into the manifest.
    seed : int
        Everything random follows from it.
    objective : Objective
        What the ranking is to achieve; recorded in the manifest.
    horizon : {"time", "next"}
        What the ranker learns to foretell: all that comes after a moment, or the next course of each participant.
    """
    with _show_steps() as step:
        step("Reading rules, regions and skills")
        reference = load_reference_data(dataset)
        participants, events = dataset.read("participants"), dataset.read("interactions")
        step("Encoding the catalogue and its phrases")
        untrained = build_untrained_engine(dataset, reference, encoder, seed)
        engine = replace(untrained, objective=objective)
        side = read_side(engine, participants)
        interactions, rows = collect_interactions(
            participants, events, engine.catalogue.index, objective
        )
        if len(interactions):
            engine = replace(engine, models=build_models(simulated=dataset.info.simulated))
        step("Learning to rank from backtest cutoffs")
        courses = dataset.read("courses")
        log = Log(courses, participants, rows, interactions, side, horizon)
        ranker, figures = learn_ranker(engine, log, seed, simulated=dataset.info.simulated)
        engine = replace(engine, ranker=ranker)
        step("Learning from all events")
        if len(interactions):
            fit_models(engine.models, interactions, side)
            if reads_log(ranker):
                features = PairFeatures().fit(interactions, side["regions"])
                engine = replace(engine, log=features)
        step("Indexing trainings and participants")
        neighbours, population = index_participants(
            engine, _sample_willing(participants, seed), day
        )
        step("Sealing the bundle")
        with open_draft(home / "bundles") as folder:
            write_parts(folder, engine, neighbours, population, reference.folders)
            Golden.of(load_engine(folder), day, seed).write(folder)
            regions = engine.reader.vocabularies.regions
            return seal(
                folder,
                home / "bundles",
                {
                    "created_on": day.isoformat(),
                    "programme": reference.programme.label,
                    "regions": f"{regions.name}@{regions.version}",
                    "encoder": encoder.name,
                    "data": dataset.fingerprint(),
                    "newest_event": events[Interactions.at.name].max(),
                    "simulated": dataset.info.simulated,
                    "objective": objective.model_dump(),
                    "metrics": {
                        "courses": float(len(engine.catalogue)),
                        "participants": float(len(participants)),
                        "events": float(len(interactions)),
                    }
                    | {f"ndcg@10 on validation, {name}": value for name, value in figures.items()},
                },
            )


def index_participants(
    engine: Engine, participants: pl.DataFrame, day: dt.date
) -> tuple[Neighbours, PopulationDistribution]:
    """Index the trainings and the participants, and count of which groups the participants are."""
    groups = PopulationGroups(engine.reader.vocabularies.regions)
    counts = np.zeros(len(groups.names), dtype=np.int64)
    dim = engine.course_vectors.shape[1]
    index, no_events = FaissIndex(dim), Interactions.create_empty()
    for block in participants.iter_slices(MAX_BLOCK):
        read = engine.prepare(block, no_events, day)
        counts += groups.count(read.batch, day.year)
        known = read.vectors.any(axis=1)
        index.add(
            block[P.participant_id.name].filter(pl.Series(known)).to_list(), read.vectors[known]
        )
    courses = FaissIndex(dim).add(engine.catalogue.ids, engine.course_vectors)
    return Neighbours(courses, index), PopulationDistribution(groups, counts)


def _sample_willing(participants: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the participants who let themselves be profiled; where there are many, some of them."""
    willing = participants.filter(~P.profiling_opt_out.col)
    return willing.sample(MAX_INDEXED, seed=seed) if len(willing) > MAX_INDEXED else willing


def _count_common_words(language: str) -> dict[str, int]:
    """Return how many common words to learn of the dataset's language and of English, where counted."""
    import wordfreq  # its tables are for training only

    counted = wordfreq.available_languages()
    wanted = {"en": 1000} | {language: 4000}
    return {name: count for name, count in wanted.items() if name in counted}


def _list_names(
    dataset: Dataset, reference: ReferenceData, courses: pl.DataFrame
) -> list[tuple[str, ...]]:
    """Return all names of each thing that profiles are made of: skills, occupations, topics, common own words."""
    skills = reference.vocabularies.skills
    occupations = reference.vocabularies.occupations.vocabulary
    named = [term.names() for vocabulary in (skills, occupations) for term in vocabulary.terms]
    topics = courses["category"].drop_nulls().unique(maintain_order=True).to_list()
    written, weights = collect_phrases(
        dataset.read("participants"), skills, occupations, dataset.info.language
    )
    people = np.bincount(weights.indices, minlength=len(written))
    common = [phrase for phrase, count in zip(written, people, strict=True) if count >= MIN_PEOPLE]
    return [*named, *((phrase,) for phrase in dict.fromkeys([*topics, *common]))]


@contextmanager
def _show_steps() -> Iterator[Callable[[str], None]]:
    """Show one line of progress a step."""
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    ) as progress:
        running: list[TaskID] = []

        def step(name: str) -> None:
            for task in running:
                progress.update(task, total=1, completed=1)
            running.append(progress.add_task(name, total=None))

        yield step
        for task in running:
            progress.update(task, total=1, completed=1)
