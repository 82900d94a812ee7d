"""The content source: what is wanted draws, what is not wanted takes away, and answers are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from recommender.engine import Engine
from tests.recommender.worlds import DAY, World, random_world


@pytest.fixture(scope="module")
def engine(engine_of: Callable[[World], Engine]) -> Engine:
    return engine_of(random_world(3, n_courses=40))


def score(engine: Engine, *interests: str, skills: tuple[str, ...] = ()) -> np.ndarray:
    world = random_world(3, n_courses=40, n_participants=1)
    columns = {
        "interests": pl.Series([list(interests)], dtype=pl.List(pl.String)),
        "skills": pl.Series([list(skills)], dtype=pl.List(pl.String)),
        "target_occupation": pl.Series([None], dtype=pl.String),
        "occupation": pl.Series([None], dtype=pl.String),
        "profiling_opt_out": pl.Series([False]),
    }
    people = world.participants.with_columns(**columns)
    profile = engine.prepare(people, world.events.clear(), DAY).profile
    return engine.relevance.score(profile, np.array([0]))[0]


def test_a_title_s_own_words_answer_best(engine: Engine) -> None:
    titles = engine.catalogue.titles
    word = titles[0].split()[0].lower()
    held = np.array([word in title.lower() for title in titles])
    scores = score(engine, titles[0])
    assert scores[0] == scores.max()
    assert held[scores.argmax()]


def test_the_best_of_several_wishes_counts(engine: Engine) -> None:
    one, other = score(engine, "las"), score(engine, "kue")
    np.testing.assert_allclose(score(engine, "las", "kue"), np.maximum(one, other), rtol=1e-6)


def test_what_is_not_wanted_takes_away(engine: Engine) -> None:
    wanted, refused = score(engine, "kue"), score(engine, "las")
    both = score(engine, "kue", "tidak mau las")
    np.testing.assert_allclose(both, wanted * (1 - refused), rtol=1e-5)
    assert not score(engine, "tidak mau las").any()


def test_what_one_can_do_counts_less_than_a_wish_and_alone_in_full(engine: Engine) -> None:
    alone = score(engine, skills=("las",))
    np.testing.assert_allclose(alone, score(engine, "las"), rtol=1e-6)
    assert (score(engine, "kue", skills=("las",)) <= np.maximum(score(engine, "kue"), alone)).all()


def test_an_answer_that_is_kept_is_the_answer(engine: Engine) -> None:
    phrase = engine.reader.understand(["las listrik"])["las listrik"][0].phrase
    first = engine.relevance.answer([phrase])
    fresh = replace(engine, relevance=engine.relevance).relevance
    np.testing.assert_array_equal(fresh.answer([phrase]), first)


def test_a_generic_word_alone_matches_nothing(engine: Engine) -> None:
    words = engine.relevance._words
    assert words is not None
    title = " ".join(["operator", "mesin"])
    assert words.cover(title.split(), words.titles).max(initial=0) < 0.5
