"""An engine over a random world, with a tiny text encoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.skills.extraction import BY_STUDENT, SkillExtractor
from models.skills.occupation_finder import OccupationFinder
from models.skills.phrase_linking import PhraseLinker
from models.text.content_space import ContentSpace
from models.text.encoder import SentenceEncoder
from models.text.standard_words import StandardWords
from models.text.word_vectors import StaticWords
from recommender.catalogue.labour_demand import build_labour_demand
from recommender.catalogue.quality import build_quality
from recommender.catalogue.texts import write_texts
from recommender.engine import Engine
from recommender.explanation.takers import Takers
from recommender.messages import Messages, load_messages
from recommender.participants.phrases import Linkers
from recommender.participants.prepared import PreparedParticipants
from recommender.participants.reader import ParticipantReader
from recommender.ranking.rankers import FixedRanker
from recommender.retrieval.relevance import Relevance
from tests.recommender.worlds import DAY, World, load_vocabularies, random_world, table
from training_data.occupations.national import NationalOccupations
from training_data.profiles import Participant, to_tables
from training_data.programmes.programme import load_programme
from training_data.text import normalise
from training_data.words.spoken import SpokenWords


@pytest.fixture(scope="session")
def engine_of(tiny_encoder: SentenceEncoder) -> Callable[[World], Engine]:
    """Return an engine that knows a world's catalogue and nobody's behaviour."""
    vocabularies = load_vocabularies()
    content = ContentSpace(lexical_dim=8, common_words={}).fit(
        ["las", "kue"], ["las"], tiny_encoder
    )
    words = StaticWords(content.student_)
    extractor = SkillExtractor(vocabularies.skills, words, BY_STUDENT).fit(content.student_, [])
    names = [
        name
        for vocabulary in (vocabularies.skills, vocabularies.occupations.vocabulary)
        for term in vocabulary.terms
        for name in term.names()
    ]
    standard = StandardWords(SpokenWords.load(), " ".join(map(normalise, names)).split())
    finder = OccupationFinder(vocabularies.occupations, NationalOccupations.load(), standard)
    linkers = Linkers(
        content, extractor, standard, PhraseLinker(vocabularies.skills, standard), finder
    )

    def build(world: World) -> Engine:
        vectors = np.random.default_rng(len(world.courses)).normal(
            size=(len(world.courses), content.dim)
        )
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        known = world.vocabularies
        programme = load_programme("prakerja-2024")
        catalogue = world.catalogue()
        texts = write_texts(catalogue.table, known.skills, programme.languages[0])
        return Engine(
            programme=programme,
            catalogue=catalogue,
            quality=build_quality(world.courses),
            demand=build_labour_demand(
                table("vacancies", []), known.regions, known.skills, known.occupations
            ),
            course_vectors=vectors.astype(np.float32),
            reader=ParticipantReader(known, programme.languages[0], linkers),
            relevance=Relevance(catalogue, vectors.astype(np.float32), texts, known, linkers),
            models={},
            takers=Takers.count_nobody(len(world.courses), len(known.regions)),
            ranker=FixedRanker(),
        )

    return build


@pytest.fixture(scope="session")
def messages() -> Messages:
    """The texts of the programme's first language."""
    return load_messages("id", load_programme("prakerja-2024"))


INTERESTS = ["Teknik", "Pertanian"]


@pytest.fixture(scope="session")
def someone(engine_of: Callable[[World], Engine]) -> tuple[Engine, PreparedParticipants]:
    """An engine, and a person who may take many of its trainings."""
    engine = engine_of(random_world(5, n_courses=300))
    profile = Participant(
        region="Kota Jakarta Pusat", birth_year=1990, balance_idr=3_500_000, interests=INTERESTS
    )
    tables = to_tables([profile], ["someone"], engine.reader.vocabularies.regions)
    participant = engine.prepare(*tables, DAY)
    assert (engine.recommend(participant).slates.ids >= 0).sum() == 10
    return engine, participant
