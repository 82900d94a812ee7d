"""From a dataset directory to a sealed bundle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from models.bundles.sealing import Manifest, open_draft, seal
from models.bundles.training_report import TrainingReport
from models.index.flat import FaissIndex
from models.ranking.pair_features import PairFeatures
from models.skills.extraction import BY_STUDENT, SkillExtractor, add_extracted_skills
from models.skills.occupation_finder import OccupationFinder
from models.skills.occupation_needs import learn_occupations
from models.skills.phrase_linking import PhraseLinker
from models.text.content_space import ContentSpace
from models.text.encoder import TextEncoder
from models.text.standard_words import StandardWords
from models.text.word_vectors import StaticWords
from recommender.bundle.bundle import load_engine, write_parts
from recommender.bundle.golden import Golden
from recommender.catalogue.catalogue import build_catalogue
from recommender.catalogue.labour_demand import build_labour_demand
from recommender.catalogue.quality import build_quality
from recommender.catalogue.texts import read_courses, write_texts
from recommender.engine import MAX_BLOCK, Engine
from recommender.explanation.takers import Takers
from recommender.objective import DEFAULT, Objective
from recommender.participants.phrases import Linkers
from recommender.participants.population import PopulationDistribution, PopulationGroups
from recommender.participants.profile_embedding import COLUMNS, list_phrases
from recommender.participants.reader import ParticipantReader
from recommender.ranking.rankers import FixedRanker, reads_log
from recommender.retrieval.neighbours import Neighbours
from recommender.retrieval.relevance import Relevance
from recommender.retrieval.sources import build_models
from recommender.training.costs import Costs
from recommender.training.log import Log, collect_interactions, fit_models, read_side
from recommender.training.ranker import learn_ranker
from recommender.training.reference_data import ReferenceData, load_reference_data
from recommender.training.settings import TrainSettings
from training_data.arrays import explode
from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset
from training_data.occupations.national import NationalOccupations
from training_data.references import require_trainings, require_usable_events
from training_data.words.spoken import SpokenWords

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
    language = reference.programme.languages[0]
    standard = _learn_words(reference, texts, [language, dataset.info.language, "en"])
    names = _list_names(dataset, reference, courses, standard)
    content = ContentSpace(common_words=_count_common_words(dataset.info.language), seed=seed)
    content.fit(texts, list(dict.fromkeys(chain.from_iterable(names))), encoder).unify(names)
    extractor = SkillExtractor(vocabularies.skills, StaticWords(content.student_), BY_STUDENT)
    linker = PhraseLinker(vocabularies.skills, standard)
    courses = add_extracted_skills(courses, extractor.fit(content.student_, texts), linker)
    vacancies = dataset.read("vacancies")
    occupations = learn_occupations(vocabularies.occupations, extractor, vacancies, courses)
    vocabularies = replace(vocabularies, occupations=occupations)
    national = NationalOccupations.in_folder(reference.folders["occupations"])
    linkers = Linkers(
        content,
        extractor,
        standard,
        linker,
        OccupationFinder(occupations, national, standard),
    )
    catalogue = build_catalogue(
        courses, dataset.read("classes"), vocabularies.regions, vocabularies.skills
    )
    vectors = content.encode_courses(texts, encoder)
    told = write_texts(courses, vocabularies.skills, language)
    return Engine(
        programme=reference.programme,
        catalogue=catalogue,
        quality=build_quality(courses),
        demand=build_labour_demand(
            vacancies, vocabularies.regions, vocabularies.skills, occupations
        ),
        course_vectors=vectors,
        reader=ParticipantReader(vocabularies, language, linkers),
        relevance=Relevance(catalogue, vectors, told, vocabularies, linkers),
        models={},
        takers=Takers.count_nobody(len(courses), len(vocabularies.regions)),
        ranker=FixedRanker(),
    )


def train(
    dataset: Dataset,
    encoder: TextEncoder,
    home: Path,
    day: dt.date | None = None,
    seed: int = 0,
    objective: Objective = DEFAULT,
    settings: TrainSettings = TrainSettings(),
) -> Manifest:
    """Train everything on a dataset and seal it as a bundle below ``home``.

    Parameters
    ----------
    day : date, optional
        Written into the manifest, and that of the golden answers; by default today in the programme.
    seed : int
        Everything random follows from it.
    objective : Objective
        What the ranking is to achieve; recorded in the manifest.
    settings : TrainSettings
        Sources, rankers and how far back to look; recorded in the manifest.

    Raises
    ------
    DatasetError
        There is no training, or of all events none is of a known training and person.
    """
    require_trainings(dataset)
    require_usable_events(dataset)
    simulated = dataset.info.simulated
    costs = Costs()
    with _show_steps(costs) as step:
        step("Reading rules, regions and skills")
        reference = load_reference_data(dataset)
        day = reference.programme.today() if day is None else day
        participants, events = dataset.read("participants"), dataset.read("interactions")
        step("Encoding the catalogue and its phrases")
        untrained = build_untrained_engine(dataset, reference, encoder, seed)
        engine = replace(untrained, objective=objective)
        side = read_side(engine, participants)
        interactions, rows = collect_interactions(
            participants, events, engine.catalogue.index, objective
        )
        if len(interactions):
            engine = replace(engine, models=build_models(settings.sources, simulated=simulated))
        step("Learning to rank from backtest cutoffs")
        courses = dataset.read("courses")
        log = Log(courses, participants, rows, interactions, side, settings.horizon)
        ranker, validation = learn_ranker(engine, log, settings, costs, seed, simulated=simulated)
        engine = replace(engine, ranker=ranker)
        step("Learning from all events")
        if len(interactions):
            living, of_group = (side[name].user_attributes for name in ("regions", "groups"))
            index = engine.catalogue.index
            takers = Takers.count(
                participants, events, index, living, of_group, simulated=simulated
            )
            engine = replace(engine, takers=takers)
            fit_models(engine.models, interactions, side, costs)
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
                    "simulated": simulated,
                    "objective": objective.model_dump(),
                    "metrics": {
                        "courses": float(len(engine.catalogue)),
                        "participants": float(len(participants)),
                        "events": float(len(interactions)),
                    },
                    "training": TrainingReport(
                        settings=settings.model_dump(mode="json"),
                        validation=validation,
                        costs=costs.list(),
                    ),
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


def _learn_words(reference: ReferenceData, texts: list[str], languages: list[str]) -> StandardWords:
    """Return what puts phrases into standard words: of the vocabularies, the trainings and the languages."""
    spoken = SpokenWords.load(reference.folders["words"])
    vocabularies = (
        reference.vocabularies.skills,
        reference.vocabularies.occupations.vocabulary,
    )
    names = [
        name for vocabulary in vocabularies for term in vocabulary.terms for name in term.names()
    ]
    return StandardWords.of(spoken, [*names, *texts], list(dict.fromkeys(languages)))


def _list_names(
    dataset: Dataset, reference: ReferenceData, courses: pl.DataFrame, standard: StandardWords
) -> list[tuple[str, ...]]:
    """Return all names of each thing that profiles are made of: skills, occupations, topics, common own words."""
    skills = reference.vocabularies.skills
    occupations = reference.vocabularies.occupations.vocabulary
    named = [term.names() for vocabulary in (skills, occupations) for term in vocabulary.terms]
    topics = courses["category"].drop_nulls().unique(maintain_order=True).to_list()
    participants = dataset.read("participants")
    clauses = [
        (phrase, standard.standardise(clause.text))
        for phrase in list_phrases(participants)
        if skills.find(phrase) < 0 and occupations.find(phrase) < 0
        for clause in standard.spoken.split(phrase)
    ]
    written = _list_common(participants, clauses)
    return [*named, *((phrase,) for phrase in dict.fromkeys([*topics, *written]))]


def _list_common(participants: pl.DataFrame, clauses: list[tuple[str, str]]) -> list[str]:
    """Return the clauses, given with the phrases that they are of, that enough people wrote."""
    phrases = pl.DataFrame(clauses, schema={"phrase": pl.String, "clause": pl.String}, orient="row")
    people = [
        pl.DataFrame({"person": rows, "phrase": texts}, schema_overrides={"phrase": pl.String})
        for rows, texts in (explode(participants[name]) for name in COLUMNS)
    ]
    return (
        phrases.join(pl.concat(people), on="phrase", maintain_order="left")
        .unique(["person", "clause"], maintain_order=True)
        .group_by("clause", maintain_order=True)
        .len("people")
        .filter(pl.col("people") >= MIN_PEOPLE)["clause"]
        .to_list()
    )


@contextmanager
def _show_steps(costs: Costs) -> Iterator[Callable[[str], None]]:
    """Show one line of progress a step, and note what it costs."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns) as progress, ExitStack() as running:

        @contextmanager
        def show(name: str) -> Iterator[None]:
            task = progress.add_task(name, total=None)
            with costs.measure(name):
                yield
            progress.update(task, total=1, completed=1)

        def step(name: str) -> None:
            running.close()
            running.enter_context(show(name))

        yield step
