"""An engine over a random world, with a tiny text encoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.skills.extraction import BY_STUDENT, SkillExtractor
from models.skills.occupation_finder import OccupationFinder
from models.text.content_space import ContentSpace
from models.text.encoder import SentenceEncoder
from models.text.word_vectors import StaticWords
from recommender.catalogue.labour_demand import build_demand
from recommender.catalogue.quality import course_quality
from recommender.engine import Engine
from recommender.ranking.rankers import FixedRanker
from tests.recommender.worlds import World, table
from training_data.occupations.national import NationalOccupations
from training_data.occupations.occupations import load_occupations
from training_data.programmes.programme import load_programme
from training_data.skills.loading import load_skills


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
