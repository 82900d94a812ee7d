"""Nothing stands above what fits better, whatever else a list follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.engine import Engine
from recommender.participants.prepared import PreparedParticipants
from recommender.ranking.features import FEATURES
from recommender.ranking.fit import FITS, RELATED_FROM, STRONG_FROM, Fit, grade_fit
from recommender.responses.notices import find_unmet
from recommender.settings import Exploration, SlateSettings
from tests.recommender.worlds import DAY, World, random_world

EngineOf = Callable[[World], Engine]
WISHES = ("las", "kue", "menjahit", "tidak mau las", "terbang ke bulan", "data", "teknik")
FEW = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def wish(world: World, seed: int) -> World:
    rng = np.random.default_rng(seed)
    wishes = [rng.choice(WISHES, rng.integers(3)).tolist() for _ in range(len(world.participants))]
    column = pl.Series("interests", wishes, dtype=pl.List(pl.String))
    return replace(world, participants=world.participants.with_columns(column))


def prepare(engine: Engine, world: World) -> PreparedParticipants:
    return engine.prepare(world.participants, world.events, DAY)


def test_thresholds_are_where_fit_changes() -> None:
    features = np.zeros((4, len(FEATURES)), dtype=np.float32)
    features[:, FEATURES.index("content")] = [0, RELATED_FROM, STRONG_FROM, 1]
    graded = [FITS[place] for place in grade_fit(features)]
    assert graded == [Fit.OTHER, Fit.RELATED, Fit.STRONG, Fit.STRONG]


@FEW
@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 0.5]), st.booleans())
def test_fit_never_rises_along_a_list(
    engine_of: EngineOf, seed: int, relevance_weight: float, explored: bool
) -> None:
    world = wish(random_world(seed, n_courses=60, n_participants=8), seed)
    engine = engine_of(world)
    asked = SlateSettings(
        k=8,
        relevance_weight=relevance_weight,
        small_provider_places=2,
        exploration=Exploration(share=1.0) if explored else None,
    )
    seeds = [f"{seed}-{row}" for row in range(8)] if explored else None
    slates = engine.recommend(prepare(engine, world), asked, seeds=seeds).slates
    for ids, features in zip(slates.ids, slates.features, strict=True):
        fits = grade_fit(features[ids >= 0])
        assert (np.diff(fits) <= 0).all()


@FEW
@given(st.integers(0, 2**32 - 1))
def test_who_is_told_that_nothing_fits_has_nothing_that_does(
    engine_of: EngineOf, seed: int
) -> None:
    world = wish(random_world(seed, n_courses=60, n_participants=8), seed)
    engine = engine_of(world)
    found = engine.recommend(prepare(engine, world))
    unmet = find_unmet(found)
    best = grade_fit(found.slates.features).max(axis=1, initial=0)
    for row in range(8):
        weights = found.participants.profile.weights[row]
        wished = any(
            weight > 0 and found.participants.profile.phrases[phrase].words
            for weight, phrase in zip(weights.data, weights.indices, strict=True)
        )
        assert (row in unmet) == (wished and best[row] == 0)
