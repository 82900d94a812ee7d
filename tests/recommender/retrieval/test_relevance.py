"""The content source: what is wanted draws, what is not wanted takes away, and answers are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.vectors import unit
from recommender.catalogue.catalogue import build_catalogue
from recommender.engine import Engine
from recommender.participants.profile_embedding import ProfileEmbedding
from recommender.ranking.fit import RELATED_FROM, STRONG_FROM
from recommender.retrieval.relevance import Relevance
from tests.recommender.worlds import DAY, World, random_world


@pytest.fixture(scope="module")
def engine(engine_of: Callable[[World], Engine]) -> Engine:
    return engine_of(random_world(3, n_courses=40))


def score(
    engine: Engine,
    *interests: str,
    skills: tuple[str, ...] = (),
    by: Relevance | None = None,
) -> np.ndarray:
    profile = read_profile(engine, *interests, skills=skills)
    return (by or engine.relevance).score(profile, np.array([0]))[0]


def read_profile(engine: Engine, *interests: str, skills: tuple[str, ...] = ()) -> ProfileEmbedding:
    world = random_world(3, n_courses=40, n_participants=1)
    columns = {
        "interests": pl.Series([list(interests)], dtype=pl.List(pl.String)),
        "skills": pl.Series([list(skills)], dtype=pl.List(pl.String)),
        "target_occupation": pl.Series([None], dtype=pl.String),
        "occupation": pl.Series([None], dtype=pl.String),
        "profiling_opt_out": pl.Series([False]),
    }
    people = world.participants.with_columns(**columns)
    return engine.prepare(people, world.events.clear(), DAY).profile


def test_a_title_s_own_words_answer_best(engine: Engine) -> None:
    titles = engine.catalogue.titles
    word = titles[0].split()[0].lower()
    held = np.array([word in title.lower() for title in titles])
    scores = score(engine, titles[0])
    assert scores[0] == scores.max()
    assert held[scores.argmax()]


def test_a_topic_is_answered_by_what_belongs_to_it(engine: Engine) -> None:
    """Whoever chose a topic is not told that nothing fits it."""
    scores = score(engine, "teknik")
    belongs = engine.catalogue.category == engine.catalogue.category_index["teknik"]
    read = engine.catalogue.table["language"].is_in(["id", None], nulls_equal=True).to_numpy()
    assert (belongs & read).any()
    assert scores[belongs & read].min() >= RELATED_FROM
    assert scores[~belongs].max() < RELATED_FROM


def test_a_phrase_is_told_to_be_answered_as_well_as_it_scores(engine: Engine) -> None:
    """A training in a language that the person does not read answers no phrase in full."""
    profile, courses = read_profile(engine, "las listrik"), np.arange(40, dtype=np.int32)
    phrase, answers, _ = engine.relevance.find_phrases(profile, np.zeros(40, np.intp), courses)
    assert (phrase == 0).all()
    np.testing.assert_allclose(answers, score(engine, "las listrik"), rtol=1e-5)


def test_the_best_of_several_wishes_counts(engine: Engine) -> None:
    one, other = score(engine, "las"), score(engine, "kue")
    np.testing.assert_allclose(score(engine, "las", "kue"), np.maximum(one, other), rtol=1e-6)


def test_what_is_not_wanted_takes_away(engine: Engine) -> None:
    wanted, refused = score(engine, "kue"), score(engine, "las")
    both = score(engine, "kue", "tidak mau las")
    read = engine.catalogue.table["language"].is_in(["id", None], nulls_equal=True).to_numpy()
    assert 0 < read.mean() < 1
    np.testing.assert_allclose(both[read], (wanted * (1 - refused))[read], rtol=1e-5)
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


def teach(engine: Engine, *languages: str | None) -> Relevance:
    """The answers of the engine's first training alone, once in each language."""
    table = engine.catalogue.table[:1]
    courses = pl.concat(
        table.with_columns(
            pl.lit(f"c{place}").alias("course_id"),
            pl.lit(language, pl.String).alias("language"),
            pl.lit("Las listrik").alias("title"),
        )
        for place, language in enumerate(languages)
    )
    world = replace(random_world(3), courses=courses, classes=random_world(3).classes.clear())
    catalogue = build_catalogue(
        courses, world.classes, engine.catalogue.regions, engine.reader.vocabularies.skills
    )
    alike = np.repeat(engine.course_vectors[:1], len(languages), axis=0)
    return Relevance(
        catalogue,
        alike,
        catalogue.titles,
        engine.reader.vocabularies,
        engine.reader.linkers,
    )


def test_a_language_that_the_person_does_not_read_takes_away(engine: Engine) -> None:
    taught = teach(engine, "id", None, "en", "es", "ja")
    own, unknown, learnt, foreign, _ = score(engine, "las", by=taught)
    assert own == unknown > learnt > foreign > 0
    assert learnt < STRONG_FROM


@pytest.mark.parametrize(
    ("said", "reads"),
    [
        ("I want to learn welding", "en"),
        ("bhs inggris", "en"),
        ("kursus bahasa jepang", "ja"),
        ("bahasa spanyol", "es"),
    ],
)
def test_who_writes_in_a_language_or_wishes_to_learn_it_is_taken_to_read_it(
    engine: Engine, said: str, reads: str
) -> None:
    own, other = score(engine, "las", said, by=teach(engine, "id", reads))
    assert own == other


def test_what_is_like_the_best_answer_comes_before_what_is_not(engine: Engine) -> None:
    courses = engine.catalogue.table[:3].with_columns(
        pl.Series("title", ["Las listrik", "Satu", "Dua"]), pl.lit("id").alias("language")
    )
    catalogue = build_catalogue(
        courses,
        random_world(3).classes.clear(),
        engine.catalogue.regions,
        engine.reader.vocabularies.skills,
    )
    phrase = engine.reader.understand(["las listrik"])["las listrik"][0].phrase
    vectors = engine.course_vectors[:3].copy()
    for row in (1, 2):  # as far from the phrase as each other
        vectors[row] -= (vectors[row] @ phrase.vector) * phrase.vector
    vectors[1] = 0.9 * vectors[0] + 0.1 * vectors[1]
    vectors[1] -= (vectors[1] @ phrase.vector) * phrase.vector
    relevance = Relevance(
        catalogue,
        unit(vectors),
        catalogue.titles,
        engine.reader.vocabularies,
        engine.reader.linkers,
    )
    best, like, unlike = relevance.answer([phrase])[0]
    assert best > like > unlike
