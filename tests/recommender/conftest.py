"""An engine over a random world, with a tiny text encoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.content_space import ContentSpace
from models.encoder import SentenceEncoder
from models.occupation_finding import OccupationFinder
from models.skill_extraction import BY_STUDENT, SkillExtractor
from models.word_vectors import StaticWords
from recommender.demand import build_demand
from recommender.engine import Engine
from recommender.quality import course_quality
from recommender.ranking import FixedRanker
from tests.recommender.worlds import World, table
from training_data.national_occupations import NationalOccupations
from training_data.programme import load_programme
from training_data.vocabulary import load_occupations, load_skills


@pytest.fixture(scope="session")
def engine_of(tiny_encoder: SentenceEncoder) -> Callable[[World], Engine]:
    """Return an engine that knows a world's catalogue and nobody's behaviour."""
    skills = load_skills()
    content = ContentSpace(lexical_dim=8, common_words={}).fit(
        ["las", "kue"], ["las"], tiny_encoder
    )
    words = StaticWords(content.student_)
    extractor = SkillExtractor(skills, words, BY_STUDENT).fit(content.student_, [])
    finder = OccupationFinder(load_occupations(skills), NationalOccupations.load()).fit(
        content.student_
    )

    def build(world: World) -> Engine:
        vectors = np.random.default_rng(len(world.courses)).normal(
            size=(len(world.courses), content.dim)
        )
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Engine(
            programme=load_programme("prakerja-2024"),
            regions=world.regions,
            skills=world.skills,
            occupations=world.occupations,
            catalogue=world.catalogue(),
            quality=course_quality(world.courses),
            demand=build_demand(
                table("vacancies", []), world.regions, world.skills, world.occupations
            ),
            content=content,
            extractor=extractor,
            finder=finder,
            course_vectors=vectors.astype(np.float32),
            sources={},
            ranker=FixedRanker(),
        )

    return build
