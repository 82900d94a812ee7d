from pathlib import Path

import pytest

from models.skills.occupation_finder import FoundOccupation, OccupationFinder, link_occupations
from models.text.static_student import StaticStudent
from training_data.occupations.national import NationalOccupations
from training_data.occupations.occupations import load_occupations
from training_data.skills.loading import load_skills


@pytest.fixture(scope="module")
def finder(tiny_directory: Path) -> OccupationFinder:
    occupations = load_occupations(load_skills())
    student = StaticStudent.load(tiny_directory)
    return OccupationFinder(occupations, NationalOccupations.load()).fit(student)


def one(finder: OccupationFinder, phrase: str) -> FoundOccupation | None:
    return finder.find([phrase])[0]


@pytest.mark.parametrize(
    ("phrase", "occupation", "words"),
    [
        ("ingin jadi tukang las di bengkel", "juru-las", "tukang las"),
        ("kerja sebagai kasir minimarket", "kasir", "kasir"),
        ("penjahit baju", "penjahit", "penjahit"),
        ("fotografer pernikahan", "fotografer", "fotografer pernikahan"),
        ("chef", "kepala-dapur", "chef"),
        ("5132", "barista", "5132"),
        ("admin gudang di pabrik", "staf-administrasi-gudang", "admin gudang"),
        ("buka usaha katering", "pengusaha-katering", "usaha katering"),
        ("perawat", "asisten-perawat", "perawat"),
    ],
)
def test_words_of_a_person_lead_to_an_occupation(
    finder: OccupationFinder, phrase: str, occupation: str, words: str
) -> None:
    found = one(finder, phrase)
    assert found is not None
    assert finder.occupations.vocabulary.terms[found.occupation].id == occupation
    assert phrase[slice(*found.span)] == words
    assert 0.8 <= found.score <= 1.001


@pytest.mark.parametrize(
    "phrase",
    ["", "penjelajah waktu", "kerja apa saja", "yang penting gaji besar", "di rumah saja"],
)
def test_words_that_name_no_occupation_lead_to_none(finder: OccupationFinder, phrase: str) -> None:
    assert one(finder, phrase) is None


@pytest.mark.parametrize("phrase", ["hakim", "ingin jadi pilot", "dokter hewan", "polisi"])
def test_an_occupation_we_lack_is_not_taken_for_another(
    finder: OccupationFinder, phrase: str
) -> None:
    assert one(finder, phrase) is None


def test_many_are_the_same_as_one_by_one(finder: OccupationFinder) -> None:
    phrases = ["hakim", "kasir toko", "", "tukang las"]
    assert finder.find(phrases) == [one(finder, phrase) for phrase in phrases]


def test_a_column_gets_ids_and_keeps_what_is_unknown(finder: OccupationFinder) -> None:
    written = ["tukang las listrik", None, "hakim", "kasir", "hakim"]
    assert link_occupations(written, finder) == ["juru-las", None, "hakim", "kasir", "hakim"]
