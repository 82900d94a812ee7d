from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.text.skill_data import (
    TEST,
    VALIDATION,
    esco_annotations,
    own_sentences,
    read_labelled,
    with_missing,
    with_spans,
)
from benchmarks.text.skills import english_figures, extraction_figures, ranking_figures
from models.text.encoder import SentenceEncoder
from models.text.static_student import StaticStudent
from models.text.word_vectors import StaticWords
from training_data.skills.loading import load_skills
from training_data.skills.vocabulary import Term, Vocabulary


def test_ranking_figures_of_a_known_ranking() -> None:
    scores = np.zeros((2, 30))
    scores[0, :4] = [4, 3, 2, 1]
    scores[1, 5:25] = np.arange(20, 0, -1)
    figures = ranking_figures(scores, [[1, 3], [5, *range(25, 30)]])
    assert figures == {"RP@10": (1 + 1 / 6) / 2, "MRR": (1 / 2 + 1) / 2}


def test_precision_and_recall_count_pairs() -> None:
    figures = extraction_figures([[1, 2], [], [4]], [[1], [3], [4]])
    assert figures["precision"] == 2 / 3
    assert figures["recall"] == 2 / 3


def test_own_sentences_are_150_in_two_halves_without_overlap() -> None:
    vocabulary = load_skills()
    tuning, held_out = (own_sentences(half, vocabulary) for half in ("tuning", "held_out"))
    assert len(tuning.texts) == len(held_out.texts) == 75
    assert not set(tuning.texts) & set(held_out.texts)
    assert min(sum(not skills for skills in half.skills) for half in (tuning, held_out)) >= 5


def test_spans_become_names_and_missing_labels_terms() -> None:
    esco = Vocabulary((Term("web programming", {"en": "web programming"}),))
    spans = pl.DataFrame(
        {
            "sentence": ["a", "b", "b"],
            "span": ["web development", "SQL", "..."],
            "sub_span": [None, None, None],
            "label": ["web programming", "SQL", "SQL"],
        },
        schema_overrides={"sub_span": pl.String},
    )
    whole = with_missing(esco, {"x": spans, "y": spans.select("sentence", "label")})
    assert [term.id for term in whole.terms] == ["web programming", "SQL"]
    named = with_spans(whole, [spans])
    assert [term.names() for term in named.terms] == [
        ("web programming", "web development"),
        ("SQL",),
    ]
    assert read_labelled(spans, whole).skills == [[0], [1]]
    assert read_labelled(spans, esco).texts == ["a"]


def test_no_sentence_of_a_test_file_is_learnt_from(tmp_path: Path) -> None:
    for name in (*VALIDATION, *TEST):
        (tmp_path / f"{name}_annotations.csv").write_text(
            f"sentence,span,sub_span,label\nOnly in {name},x,,weld\n"
            "Nothing here,x,,UNDERSPECIFIED\n"
            + ("Both of them .,x,,weld\n" if name in ("tech_test", "tech_validation") else "")
        )
    annotations = esco_annotations(tmp_path)
    assert annotations["tech_validation"]["sentence"].to_list() == ["Only in tech_validation"]
    assert annotations["tech_test"]["sentence"].to_list() == ["Only in tech_test", "Both of them ."]


def test_every_system_is_measured_on_every_file_with_and_without_marked_words(
    tiny_directory: Path, tiny_encoder: SentenceEncoder
) -> None:
    """The marked words of validation are names for all systems alike; without them only labels help."""
    pytest.importorskip("rank_bm25", reason="a peer: the bench extra")
    esco = Vocabulary(tuple(Term(name, {"en": name}) for name in ("las listrik", "kue kering")))
    schema = dict.fromkeys(("sentence", "span", "sub_span", "label"), pl.String)
    rows = {
        "tech_validation": ("belajar python", "python", None, "kue kering"),
        "house_validation": ("belajar las", "las", None, "las listrik"),
    } | dict.fromkeys(TEST, ("data python", "python", None, "kue kering"))
    annotations = {
        name: pl.DataFrame([row], schema=schema, orient="row") for name, row in rows.items()
    }
    words = StaticWords(StaticStudent.load(tiny_directory))
    figures = english_figures(esco, annotations, tiny_encoder, words)
    assert len(figures) == 3
    for systems in figures.values():
        assert set(systems) == {"padan", "BM25", "TF-IDF characters"}
        assert all(set(by_test) == set(TEST) for by_test in systems.values())
    named, _, plain = figures.values()
    for system in ("padan", "TF-IDF characters"):
        assert named[system]["tech_test"]["MRR"] == 1
    assert plain["TF-IDF characters"]["tech_test"]["MRR"] < 1
