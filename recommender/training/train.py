"""From a dataset directory to a sealed bundle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import resources
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

from models.bundles.sealing import Manifest, seal, writing
from models.candidates.ease import EASE
from models.candidates.linear import LinearModel
from models.candidates.popularity import Popularity
from models.candidates.similar_participants import SimilarParticipants
from models.candidates.transitions import Transitions
from models.index.flat import FaissIndex
from models.skills.extraction import BY_STUDENT, SkillExtractor, with_extracted_skills
from models.skills.occupation_finder import OccupationFinder
from models.skills.occupation_needs import learn_occupations
from models.text.content_space import ContentSpace
from models.text.encoder import TextEncoder
from models.text.word_vectors import StaticWords
from recommender.bundle.bundle import load_engine, write_parts
from recommender.bundle.golden import Golden
from recommender.catalogue.catalogue import build_catalogue
from recommender.catalogue.labour_demand import build_demand
from recommender.catalogue.quality import course_quality
from recommender.catalogue.texts import courses_and_texts
from recommender.engine import BY_GROUP, Engine
from recommender.messages import load_messages
from recommender.objective import DEFAULT, Objective
from recommender.participants.population import Kinds, Mix
from recommender.participants.profile_embedding import phrases_of, wishes
from recommender.ranking.rankers import FixedRanker
from recommender.retrieval.neighbours import Neighbours
from recommender.training.ranker import Beside, fit_sources, interactions_of, learn_ranker
from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset
from training_data.occupations.national import NationalOccupations
from training_data.occupations.occupations import Occupations, load_occupations
from training_data.programmes.programme import Programme, load_programme
from training_data.regions import RegionTable
from training_data.skills.loading import load_skills
from training_data.skills.vocabulary import Vocabulary

P = Participants
MOST_KEPT = 50_000  # participants in the index and the mix of a bundle, chosen at random beyond


@dataclass(frozen=True)
class Knowledge:
    """What a dataset refers to: rules, regions and vocabularies, with the folders they came from."""

    programme: Programme
    regions: RegionTable
    skills: Vocabulary
    occupations: Occupations
    folders: Mapping[str, Path]


def load_knowledge(dataset: Dataset) -> Knowledge:
    """Load what a dataset names; its own folders win over the project's.

    These are the region pack, ``skills``, ``occupations`` and ``messages``; the rule pack may be a file.
    """
    shipped = Path(str(resources.files("training_data")))
    pack = dataset.info.region_pack
    folders = {
        "regions": _own_or(dataset.folder / pack, shipped / "regions" / pack),
        "skills": _own_or(dataset.folder / "skills", shipped / "skills"),
        "occupations": _own_or(dataset.folder / "occupations", shipped / "occupations"),
    }
    messages = dataset.folder / "messages"
    if messages.is_dir():
        folders["messages"] = messages
    programme = load_programme(dataset.own_or_named(dataset.info.programme))
    for language in programme.languages:
        load_messages(language, programme, messages)  # now, not at the first request
    skills = load_skills(folders["skills"])
    return Knowledge(
        programme=programme,
        regions=RegionTable.load(folders["regions"]),
        skills=skills,
        occupations=load_occupations(skills, folders["occupations"]),
        folders=folders,
    )


def untrained_engine(
    dataset: Dataset, knowledge: Knowledge, encoder: TextEncoder, seed: int
) -> Engine:
    """Return an engine that knows the catalogue and its texts, and nothing of anybody's behaviour."""
    courses, texts = courses_and_texts(dataset, knowledge.skills)
    things = _known_things(dataset, knowledge, courses)
    content = ContentSpace(common_words=_common_words(dataset.info.language), seed=seed)
    content.fit(texts, list(dict.fromkeys(chain.from_iterable(things))), encoder).unify(things)
    extractor = SkillExtractor(knowledge.skills, StaticWords(content.student_), BY_STUDENT)
    courses = with_extracted_skills(courses, extractor.fit(content.student_, texts))
    vacancies = dataset.read("vacancies")
    occupations = learn_occupations(knowledge.occupations, extractor, vacancies, courses)
    national = NationalOccupations.in_folder(knowledge.folders["occupations"])
    return Engine(
        programme=knowledge.programme,
        regions=knowledge.regions,
        skills=knowledge.skills,
        occupations=occupations,
        catalogue=build_catalogue(
            courses, dataset.read("classes"), knowledge.regions, knowledge.skills
        ),
        quality=course_quality(courses),
        demand=build_demand(vacancies, knowledge.regions, knowledge.skills, occupations),
        content=content,
        extractor=extractor,
        finder=OccupationFinder(occupations, national).fit(content.student_),
        course_vectors=content.encode_courses(texts, encoder),
        sources={},
        ranker=FixedRanker(),
    )


def train(
    dataset: Dataset,
    encoder: TextEncoder,
    home: Path,
    day: dt.date,
    seed: int = 0,
    objective: Objective = DEFAULT,
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
    """
    with _steps() as step:
        step("Reading rules, regions and skills")
        knowledge = load_knowledge(dataset)
        participants, events = dataset.read("participants"), dataset.read("interactions")
        step("Encoding the catalogue and its phrases")
        engine = replace(untrained_engine(dataset, knowledge, encoder, seed), objective=objective)
        participants = engine.understood(participants)
        interactions, rows = interactions_of(
            participants, events, engine.catalogue.index, objective
        )
        if len(interactions):
            engine = replace(engine, sources=candidate_models())
        step("Learning to rank from the earlier past")
        courses = dataset.read("courses")
        ranker = learn_ranker(engine, courses, participants, rows, interactions, seed)
        engine = replace(engine, ranker=ranker)
        step("Learning from all events")
        if len(interactions):
            fit_sources(engine.sources, interactions, Beside.of(engine, participants))
        step("Indexing trainings and participants")
        willing = _willing(participants, seed)
        neighbours = index(engine, willing)
        mix = mix_of(engine, willing, day)
        step("Sealing the bundle")
        with writing(home / "bundles") as folder:
            write_parts(folder, engine, neighbours, mix, knowledge.folders)
            Golden.of(load_engine(folder), day, seed).write(folder)
            return seal(
                folder,
                home / "bundles",
                {
                    "created_on": day.isoformat(),
                    "programme": knowledge.programme.label,
                    "regions": f"{knowledge.regions.name}@{knowledge.regions.version}",
                    "encoder": encoder.name,
                    "data": dataset.fingerprint(),
                    "newest_event": events[Interactions.at.name].max(),
                    "simulated": dataset.info.simulated,
                    "objective": objective.model_dump(),
                    "metrics": {
                        "courses": float(len(engine.catalogue)),
                        "participants": float(len(participants)),
                        "events": float(len(interactions)),
                    },
                },
            )


def candidate_models() -> dict[str, LinearModel]:
    """Return the behaviour models, unfitted, by the name of their feature."""
    return {
        "behaviour": EASE(l2=50.0),
        "regional_popularity": Popularity(half_life=0.3, shrinkage=200.0),
        BY_GROUP: Popularity(half_life=0.3, shrinkage=200.0),
        "similar_participants": SimilarParticipants(dimensions=64),
        "next_course": Transitions(),
    }


def index(engine: Engine, participants: pl.DataFrame) -> Neighbours:
    """Index the trainings and the participants."""
    wished = wishes(
        participants,
        engine.skills,
        engine.occupations,
        engine.programme.languages[0],
        engine.content,
    )
    vectors = wished.participants()
    known = np.linalg.norm(vectors, axis=1) > 0
    ids = participants[P.participant_id.name].filter(pl.Series(known)).to_list()
    dim = engine.course_vectors.shape[1]
    return Neighbours(
        FaissIndex(dim).add(engine.catalogue.ids, engine.course_vectors),
        FaissIndex(dim).add(ids, vectors[known]),
    )


def mix_of(engine: Engine, participants: pl.DataFrame, day: dt.date) -> Mix:
    """Return how many of the participants are of each kind on a day."""
    kinds = Kinds(engine.regions)
    nothing = Interactions.create_empty()
    return Mix(kinds, kinds.count(engine.ask(participants, nothing, day).batch, day.year))


def _willing(participants: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the participants who let themselves be profiled; where there are many, some of them."""
    willing = participants.filter(~P.profiling_opt_out.col)
    return willing.sample(MOST_KEPT, seed=seed) if len(willing) > MOST_KEPT else willing


def _common_words(language: str) -> dict[str, int]:
    """Return how many common words to learn of the dataset's language and of English, where counted."""
    import wordfreq  # its tables are for training only

    counted = wordfreq.available_languages()
    wished = {"en": 1000} | {language: 4000}
    return {name: count for name, count in wished.items() if name in counted}


def _known_things(
    dataset: Dataset, knowledge: Knowledge, courses: pl.DataFrame
) -> list[tuple[str, ...]]:
    """All names of each thing that profiles are made of: skills, occupations, topics, people's own words."""
    language = dataset.info.language
    vocabularies = (knowledge.skills, knowledge.occupations.vocabulary)
    named = [term.names() for vocabulary in vocabularies for term in vocabulary.terms]
    topics = courses["category"].drop_nulls().unique(maintain_order=True).to_list()
    written, _ = phrases_of(
        dataset.read("participants"), knowledge.skills, knowledge.occupations, language
    )
    return [*named, *((phrase,) for phrase in dict.fromkeys([*topics, *written]))]


def _own_or(own: Path, shipped: Path) -> Path:
    return own if own.is_dir() else shipped


@contextmanager
def _steps() -> Iterator[Callable[[str], None]]:
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
