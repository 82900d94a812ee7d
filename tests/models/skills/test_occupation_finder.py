import pytest

from models.skills.occupation_finder import OccupationFinder
from models.text.standard_words import StandardWords
from training_data.occupations.national import NationalOccupations
from training_data.occupations.occupations import load_occupations
from training_data.skills.loading import load_skills
from training_data.text import normalise
from training_data.words.spoken import SpokenWords


@pytest.fixture(scope="module")
def finder() -> OccupationFinder:
    occupations = load_occupations(load_skills())
    names = [name for term in occupations.vocabulary.terms for name in term.names()]
    standard = StandardWords(SpokenWords.load(), " ".join(map(normalise, names)).split())
    return OccupationFinder(occupations, NationalOccupations.load(), standard)


def list_ids(finder: OccupationFinder, phrase: str) -> list[str]:
    terms = finder.occupations.vocabulary.terms
    return [terms[number].id for number in finder.find(phrase).terms]


@pytest.mark.parametrize(
    ("phrase", "occupation"),
    [
        ("ingin jadi tukang las di bengkel", "juru-las"),
        ("kerja sebagai kasir minimarket", "kasir"),
        ("penjahit baju", "penjahit"),
        ("fotografer pernikahan", "fotografer"),
        ("chef", "kepala-dapur"),
        ("5132", "barista"),
        ("admin gudang di pabrik", "staf-administrasi-gudang"),
        ("buka usaha katering", "pengusaha-katering"),
        ("perawat", "asisten-perawat"),
        ("supir truk", "pengemudi-truk"),
        ("tukang servis hape", "teknisi-elektronik"),
    ],
)
def test_words_of_a_person_lead_to_an_occupation(
    finder: OccupationFinder, phrase: str, occupation: str
) -> None:
    assert list_ids(finder, phrase)[0] == occupation


@pytest.mark.parametrize(
    "phrase",
    [
        "",
        "penjelajah waktu",
        "kerja apa saja",
        "yang penting gaji besar",
        "di rumah saja",
        "operator",
    ],
)
def test_words_that_name_no_occupation_lead_to_none(finder: OccupationFinder, phrase: str) -> None:
    assert list_ids(finder, phrase) == []


@pytest.mark.parametrize("phrase", ["hakim", "ingin jadi pilot", "dokter hewan", "polisi"])
def test_an_occupation_we_lack_is_not_taken_for_another(
    finder: OccupationFinder, phrase: str
) -> None:
    assert list_ids(finder, phrase) == []


def test_a_name_is_exact_and_a_part_of_one_is_not(finder: OccupationFinder) -> None:
    assert finder.find("kasir").exact
    assert not finder.find("ingin jadi tukang las di bengkel besar").exact
