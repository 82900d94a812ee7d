"""An engine over a random world, with a tiny text encoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.content_space import ContentSpace
from models.encoder import SentenceEncoder
from recommender.demand import build_demand
from recommender.engine import Engine
from recommender.quality import course_quality
from recommender.ranking import FixedRanker
from recommender.texts import course_texts
from tests.recommender.worlds import World, table
from training_data.programme import load_programme


@pytest.fixture(scope="session")
def engine_of(tiny_encoder: SentenceEncoder) -> Callable[[World], Engine]:
    """Return an engine that knows a world's catalogue and nobody's behaviour."""
    spaces: dict[int, ContentSpace] = {}

    def build(world: World) -> Engine:
        texts = course_texts(world.courses, world.skills, "id")
        if 0 not in spaces:
            spaces[0] = ContentSpace(lexical_dim=8, common_words={}).fit(
                texts, ["las"], tiny_encoder
            )
        vectors = np.random.default_rng(len(texts)).normal(size=(len(texts), spaces[0].dim))
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
            content=spaces[0],
            course_vectors=vectors.astype(np.float32),
            sources={},
            ranker=FixedRanker(),
        )

    return build
