from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from models.skills.extraction import BY_STUDENT, SkillExtractor
from models.skills.occupation_needs import find_occupations, learn_needs, learn_occupations
from models.text.static_student import StaticStudent
from models.text.word_vectors import StaticWords
from training_data.columns import Courses, Vacancies
from training_data.demo import demo_courses
from training_data.importing.importer import import_file
from training_data.occupations.occupations import Occupations, load_occupations
from training_data.regions import RegionTable
from training_data.skills.loading import load_skills
from training_data.skills.vocabulary import Term, Vocabulary, multi_hot

C, V = Courses, Vacancies

PRIOR = sp.csr_matrix(np.array([[1, 0.8, 0, 0], [0, 0, 1, 0]], dtype=np.float32))


def test_without_texts_the_written_profile_stays() -> None:
    needs = learn_needs(PRIOR, np.empty(0, np.int64), sp.csr_matrix((0, 4)))
    np.testing.assert_allclose(needs.toarray(), PRIOR.toarray())


def test_many_texts_outweigh_the_written_profile() -> None:
    skills = multi_hot([[3]] * 90 + [[2]] * 90, 4)
    occupation = np.repeat([0, 1], 90)
    needs = learn_needs(PRIOR, occupation, skills).toarray()
    assert needs[0].argmax() == 3
    assert needs[0, 3] > 0.85
    assert needs[0, 0] < 0.15


def test_more_texts_move_a_profile_further() -> None:
    moved = [
        learn_needs(PRIOR, np.repeat([0, 1], n), multi_hot([[3]] * n + [[2]] * n, 4))[0, 3]
        for n in (1, 5, 50)
    ]
    assert moved == sorted(moved)
    assert moved[0] < moved[-1]


def test_what_every_text_asks_for_is_no_need_of_one_occupation() -> None:
    skills = multi_hot([[0, 3]] * 50 + [[2, 3]] * 50, 4)
    needs = learn_needs(PRIOR, np.repeat([0, 1], 50), skills).toarray()
    assert needs[0, 3] == 0
    assert needs[0, 0] > 0


def test_occupation_is_the_stated_one_else_the_one_named_in_the_title() -> None:
    vocabulary = Vocabulary(
        (Term("barista", {"id": "Barista"}, ("5132",)), Term("kasir", {"id": "Kasir"}))
    )
    assert find_occupations("Lowongan kasir kafe", "5132", vocabulary) == 0
    assert find_occupations("Lowongan kasir kafe", "tidak dikenal", vocabulary) == 1
    assert find_occupations("Lowongan staf", None, vocabulary) == -1


def test_vacancies_and_trainings_teach_an_occupation_its_skills(tiny_directory: Path) -> None:
    student = StaticStudent.load(tiny_directory)
    skills = Vocabulary((Term("las", {"id": "Las listrik"}), Term("kue", {"id": "Kue kering"})))
    extractor = SkillExtractor(skills, StaticWords(student), BY_STUDENT).fit(student, [])
    occupations = Occupations(
        Vocabulary((Term("juru-las", {"id": "Juru las"}), Term("koki", {"id": "Koki"}))),
        ("7212", "5120"),
        sp.csr_matrix(np.eye(2, dtype=np.float32)),
    )
    vacancies = pl.DataFrame(
        {
            V.title.name: ["Koki hotel"] * 40,
            V.description.name: ["bisa las listrik"] * 40,
            V.occupation.name: [None] * 40,
            V.skills.name: [[]] * 40,
        },
        schema_overrides={V.occupation.name: pl.String, V.skills.name: pl.List(pl.String)},
    )
    courses = pl.DataFrame(
        {C.title.name: ["Juru las"] * 3, C.description.name: [""] * 3, C.skills.name: [["kue"]] * 3}
    )
    needs = learn_occupations(occupations, extractor, vacancies, courses).needs.toarray()
    assert needs[1, 0] > needs[1, 1]
    assert needs[0, 0] > needs[0, 1] > 0


def test_vacancies_without_a_description_teach_nothing(tiny_directory: Path) -> None:
    student = StaticStudent.load(tiny_directory)
    skills = Vocabulary((Term("las", {"id": "Las listrik"}), Term("kue", {"id": "Kue kering"})))
    extractor = SkillExtractor(skills, StaticWords(student), BY_STUDENT).fit(student, [])
    occupations = Occupations(
        Vocabulary((Term("koki", {"id": "Koki"}),)), ("5120",), multi_hot([[1]], 2)
    )
    vacancies = pl.DataFrame(
        {
            V.title.name: ["Koki las listrik"] * 40,
            V.description.name: [None, ""] * 20,
            V.occupation.name: [None] * 40,
            V.skills.name: [[]] * 40,
        },
        schema_overrides={V.occupation.name: pl.String, V.skills.name: pl.List(pl.String)},
    )
    courses = pl.DataFrame(
        {C.title.name: [], C.description.name: [], C.skills.name: []},
        schema={
            C.title.name: pl.String,
            C.description.name: pl.String,
            C.skills.name: pl.List(pl.String),
        },
    )
    needs = learn_occupations(occupations, extractor, vacancies, courses).needs.toarray()
    np.testing.assert_array_equal(needs, [[0, 1]])


TITLES = ("data analyst", "web developer", "accounting", "purchasing", "it support")


class FromAdvertisements:
    """What JobStreet's advertisements teach of occupations, with their written profiles and without."""

    def __init__(self, encoder: Path, shared_data: Path) -> None:
        path = shared_data / "vacancies" / "jobstreet_alterra_7617.csv"
        vacancies = import_file(path, "vacancies", None, RegionTable.load("indonesia")).accepted
        vacancies = vacancies.filter(V.title.col.str.to_lowercase().str.contains("|".join(TITLES)))
        self.skills = load_skills()
        self.occupations = load_occupations(self.skills)
        self.written = self.occupations.needs.toarray()
        student = StaticStudent.load(encoder)
        words = StaticWords(student)
        extractor = SkillExtractor(self.skills, words, BY_STUDENT).fit(student, [])
        unwritten = replace(self.occupations, needs=sp.csr_matrix(self.written.shape))
        self.learnt, self.shown = (
            learn_occupations(known, extractor, vacancies, demo_courses()).needs.toarray()
            for known in (self.occupations, unwritten)
        )

    def most_needed(self, needs: np.ndarray, occupation: str, count: int) -> set[str]:
        row = needs[self.occupations.vocabulary.find(occupation)]
        best = np.argsort(-row)[:count]
        return {self.skills.terms[number].id for number in best if row[number] > 0}


@pytest.fixture(scope="module")
def taught(tiny_directory: Path, shared_data: Path) -> FromAdvertisements:
    return FromAdvertisements(tiny_directory, shared_data)


def test_real_vacancies_teach_sensible_needs(taught: FromAdvertisements) -> None:
    def most_needed(occupation: str, count: int) -> set[str]:
        return taught.most_needed(taught.learnt, occupation, count)

    assert "analisis-data" in most_needed("analis-data", 1)
    assert {"kueri-sql", "statistika-terapan"} <= most_needed("analis-data", 4)
    assert "pengadaan-barang-jasa" in most_needed("staf-pengadaan", 1)
    assert "negosiasi-pemasok" in most_needed("staf-pengadaan", 5)
    assert "perangkat-lunak-akuntansi" in most_needed("staf-akuntansi", 5)
    assert "pengelolaan-akun-utama" not in most_needed("staf-akuntansi", 14)
    assert "penangkapan-ikan" not in most_needed("pengembang-web", len(taught.skills))


@pytest.mark.parametrize("occupation", ["analis-data", "staf-akuntansi"])
def test_an_unwritten_occupation_has_what_its_vacancies_say(
    taught: FromAdvertisements, occupation: str
) -> None:
    written = taught.most_needed(taught.written, occupation, len(taught.skills))
    assert len(written & taught.most_needed(taught.shown, occupation, 10)) >= 2


@pytest.mark.xfail(
    strict=True, reason="few of these advertisements' short descriptions name a skill of purchasing"
)
def test_purchasing_is_learnt_from_its_vacancies_alone(taught: FromAdvertisements) -> None:
    found = taught.most_needed(taught.shown, "staf-pengadaan", 3)
    assert "administrasi-pengadaan" in found


def test_an_occupation_without_vacancies_learns_nothing(taught: FromAdvertisements) -> None:
    assert not taught.most_needed(taught.shown, "barista", 1)
