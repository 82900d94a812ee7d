"""Reasons: what raised a score above the others, what speaks of the person, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from recommender.engine import Engine
from recommender.explanation.context import Reason
from recommender.explanation.quotes import says_as_much
from recommender.explanation.reasons import drop_repeated, explain, speak_of_person
from recommender.messages import load_messages
from recommender.participants.prepared import PreparedParticipants
from recommender.ranking.features import FEATURES
from recommender.settings import SlateSettings
from tests.recommender.worlds import DAY, World, random_world
from training_data.programmes.programme import load_programme

PROGRAMME = load_programme("prakerja-2024")
EngineOf = Callable[[World], Engine]


def test_what_all_candidates_have_in_common_is_no_reason_but_what_speaks_of_the_person(
    someone: tuple[Engine, PreparedParticipants],
) -> None:
    """A contribution counts against the other candidates; of one's own words something is told all the same."""
    engine, participant = someone
    found = engine.recommend(participant)
    context = engine.explanation_context(found, "en")
    moved = np.ones((len(context.rows), len(FEATURES)), dtype=np.float32)
    own = speak_of_person(context)
    assert own.any()
    for reasons, speaks in zip(explain(context, moved, np.zeros_like(moved)), own, strict=True):
        assert [reason.code for reason in reasons] == (["interest"] if speaks else [])


def test_two_features_that_say_the_same_give_one_reason(engine_of: EngineOf) -> None:
    world = random_world(5, n_courses=60)
    engine = engine_of(world)
    willing = world.participants.with_columns(profiling_opt_out=pl.lit(False))
    found = engine.recommend(engine.prepare(willing, world.events, DAY), SlateSettings())
    ids = np.arange(2 * len(willing), dtype=np.int32).reshape(-1, 2)
    moved = np.zeros((ids.size, len(FEATURES)), dtype=np.float32)
    for name in ("group_popularity", "regional_popularity"):
        moved[:, FEATURES.index(name)] = 1
    counts = np.full((1, len(engine.catalogue)), 30, dtype=np.int32)
    everybody = replace(
        engine.takers,
        everywhere=counts[0],
        in_groups=sp.csr_matrix(np.repeat(counts, engine.takers.in_groups.shape[0], axis=0)),
    )
    narrowed = replace(found, slates=replace(found.slates, ids=ids))
    context = replace(engine, takers=everybody).explanation_context(narrowed, "en")
    reasons = explain(context, moved, moved)
    texts = load_messages("en", PROGRAMME).texts["reason"]
    codes = {"popular"} | {code for code in texts if code.startswith("chosen_by")}
    assert all(sum(reason.code in codes for reason in each) == 1 for each in reasons)


def test_what_builds_on_a_finished_training_says_on_which(engine_of: EngineOf) -> None:
    world = random_world(5, n_courses=60)
    needing = pl.when(pl.col("course_id") == "c1").then(pl.lit(["c0"]))
    courses = world.courses.with_columns(
        prerequisites=needing.otherwise(pl.lit([], pl.List(pl.String)))
    )
    events = world.events[:1].with_columns(
        course_id=pl.lit("c0"), kind=pl.lit("complete").cast(world.events["kind"].dtype)
    )
    person = world.participants.filter(pl.col("participant_id") == events["participant_id"][0])
    engine = engine_of(replace(world, courses=courses))
    willing = person.with_columns(profiling_opt_out=pl.lit(False))
    found = engine.recommend(engine.prepare(willing, events, DAY))
    ids = np.array([[1, 0]], dtype=np.int32)
    narrowed = replace(found, slates=replace(found.slates, ids=ids))
    moved = np.zeros((2, len(FEATURES)), dtype=np.float32)
    moved[:, FEATURES.index("builds_on")] = 1
    first, second = explain(engine.explanation_context(narrowed, "en"), moved, moved)
    assert [(one.code, one.evidence) for one in first] == [("builds_on", {"course": "Training 0"})]
    assert second == []


def test_no_skill_is_named_twice_as_taught_and_no_training_twice_as_taken_before() -> None:
    quote = {"closeness": "close", "phrase": "baca gambar"}
    teaches = Reason("teaches_phrase", quote | {"skill": "gambar teknik"})
    deepens = Reason("deepens_skills", {"occupation": "juru las", "skills": ["gambar teknik"]})
    closes = Reason("closes_gap", {"occupation": "juru las", "skills": ["gambar teknik", "las"]})
    after = Reason("next_course", {"course": "Las", "people": 12})
    another = Reason("next_course", {"course": "Bor", "people": 12})
    builds = Reason("builds_on", {"course": "Las"})
    assert drop_repeated([teaches, deepens]) == [teaches]
    assert drop_repeated([teaches, closes]) == [teaches, closes]
    assert drop_repeated([after, builds, another]) == [builds, another]
    first, second = drop_repeated([closes, teaches])
    assert first == closes
    assert (second.code, second.evidence) == ("matches_phrase", quote)


@pytest.mark.parametrize(
    ("words", "label", "same"),
    [
        ("membaca gambar teknik", "pembacaan gambar teknik", True),
        ("merawat lansia", "perawatan lansia", True),
        ("bisa HTML dan CSS", "HTML dan CSS", True),
        ("html", "HTML dan CSS", False),
        ("las listrik", "pengelasan SMAW", False),
        ("ternak lele", "budidaya ikan air tawar", False),
    ],
)
def test_a_skill_is_not_named_where_the_quote_says_it(words: str, label: str, same: bool) -> None:
    assert says_as_much(words, label) == same
