from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.skills.extraction import BY_STUDENT, SkillExtractor, add_extracted_skills
from models.skills.phrase_linking import PhraseLinker
from models.text.standard_words import StandardWords
from models.text.static_student import StaticStudent
from models.text.word_coverage import WordCoverage
from models.text.word_vectors import StaticWords
from training_data.columns import Courses
from training_data.skills.vocabulary import Term, Vocabulary
from training_data.words.spoken import SpokenWords

C = Courses
SKILLS = Vocabulary(
    (
        Term("las", {"id": "Las listrik", "en": "Arc welding"}, ("juru las",)),
        Term("jahit", {"id": "Menjahit baju"}, ()),
        Term("kue", {"id": "Kue kering"}, ("kukis",)),
        Term("python", {"id": "Pemrograman Python"}, ()),
    )
)
LAS, JAHIT, KUE, PYTHON = range(4)


@pytest.fixture(scope="module")
def student(tiny_directory: Path) -> StaticStudent:
    return StaticStudent.load(tiny_directory)


@pytest.fixture(scope="module")
def extractor(student: StaticStudent) -> SkillExtractor:
    texts = ["belajar las listrik", "kue kering", "data python", "menjahit baju"]
    return SkillExtractor(SKILLS, StaticWords(student), BY_STUDENT).fit(student, texts)


def ids(extractor: SkillExtractor, text: str) -> list[int]:
    return [one.skill for one in extractor.extract([text])[0]]


def test_finds_skills_in_the_order_of_the_text_with_the_words_that_fired(
    extractor: SkillExtractor,
) -> None:
    text = "Saya bisa menjahit baju, juga bikin kue kering."
    found = extractor.extract([text])[0]
    assert [one.skill for one in found] == [JAHIT, KUE]
    assert [text[slice(*one.span)] for one in found] == ["menjahit baju", "kue kering"]
    assert all(extractor.judgement.threshold <= one.score <= 1.001 for one in found)


def test_aliases_and_inflections_count(extractor: SkillExtractor) -> None:
    assert ids(extractor, "Pengalaman sebagai juru las") == [LAS]
    assert JAHIT in ids(extractor, "jahitan baju")


@pytest.mark.parametrize("text", ["", "...", "Kuota terbatas untuk peserta pertama"])
def test_text_without_skills_has_none(extractor: SkillExtractor, text: str) -> None:
    assert ids(extractor, text) == []


def test_words_serve_one_skill_only(student: StaticStudent) -> None:
    vocabulary = Vocabulary((*SKILLS.terms, Term("listrik", {"id": "Listrik"})))
    extractor = SkillExtractor(
        vocabulary, StaticWords(student), replace(BY_STUDENT, threshold=0.3)
    ).fit(student, ["las listrik"])
    spans = [one.span for one in extractor.extract(["las listrik dan kue kering"])[0]]
    assert all(left[1] <= right[0] for left, right in pairwise(spans))


def test_a_higher_threshold_never_finds_more(student: StaticStudent) -> None:
    text = "belajar las, jahit, kue dan python"
    counts = [
        len(
            SkillExtractor(SKILLS, StaticWords(student), replace(BY_STUDENT, threshold=threshold))
            .fit(student, [text])
            .extract([text])[0]
        )
        for threshold in (0.2, 0.5, 0.8, 1.1)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 0


def test_batch_is_the_same_as_one_by_one(extractor: SkillExtractor) -> None:
    texts = ["las listrik", "", "kue kering dan menjahit baju"]
    assert extractor.extract(texts) == [extractor.extract([text])[0] for text in texts]


def test_saved_and_loaded_finds_the_same(
    extractor: SkillExtractor, student: StaticStudent, tmp_path: Path
) -> None:
    extractor.save(tmp_path)
    loaded = SkillExtractor.load(tmp_path, SKILLS, StaticWords(student))
    text = "juru las, kukis, menjahit baju"
    assert loaded.extract([text]) == extractor.extract([text])


def test_another_vocabulary_is_refused(
    extractor: SkillExtractor, student: StaticStudent, tmp_path: Path
) -> None:
    extractor.save(tmp_path)
    with pytest.raises(ValueError, match="another skill vocabulary"):
        SkillExtractor.load(tmp_path, Vocabulary(SKILLS.terms[:2]), StaticWords(student))


@pytest.fixture(scope="module")
def linker() -> PhraseLinker:
    return PhraseLinker(SKILLS, StandardWords(SpokenWords.load(), ()))


def test_trainings_without_known_skills_get_them_and_others_keep_theirs(
    extractor: SkillExtractor, linker: PhraseLinker
) -> None:
    courses = pl.DataFrame(
        {
            C.title.name: ["Kelas las listrik", "Kelas las listrik", "Kelas santai", "Kue kering"],
            C.description.name: [None, "juga kue kering", "juga kue kering", None],
            C.skills.name: [["python"], [], [], ["Makanan dan Minuman"]],
        }
    )
    given = add_extracted_skills(courses, extractor, linker)
    assert given[C.skills.name].to_list() == [
        ["python"],
        ["las", "kue"],
        ["kue"],
        ["Makanan dan Minuman", "kue"],
    ]


def test_a_training_does_not_teach_what_its_words_are_only_like(
    student: StaticStudent, linker: PhraseLinker
) -> None:
    title = "Masakan Timur Tengah bagi juru masak"
    loose = SkillExtractor(SKILLS, StaticWords(student), replace(BY_STUDENT, threshold=0.3))
    assert LAS in ids(loose.fit(student, [title]), title)
    courses = pl.DataFrame(
        {C.title.name: [title], C.description.name: [None], C.skills.name: [[]]},
        schema_overrides={C.skills.name: pl.List(pl.String)},
    )
    assert add_extracted_skills(courses, loose, linker)[C.skills.name].to_list() == [[]]


def test_coverage_is_a_share_that_grows_with_the_run() -> None:
    coverage = WordCoverage().fit(["olahan singkong", "las listrik", "las argon"])
    likeness = coverage.likeness(["mengolah", "singkong", "argon"])
    runs = np.array([[0, 1], [1, 2], [0, 2], [0, 3]])
    held = coverage.of_runs(likeness, runs)
    assert held.shape == (4, 3)
    assert np.all((held >= 0) & (held <= 1 + 1e-6))
    assert np.all(held[2] >= held[0])
    assert np.all(held[3] >= held[2])
    assert held[2, 0] > 0.7 > held[2, 1]
