from pathlib import Path

import pytest

from training_data.occupations.national import NationalOccupations
from training_data.occupations.occupations import Occupations, load_occupations
from training_data.skills.loading import load_skills


@pytest.fixture(scope="module")
def national() -> NationalOccupations:
    return NationalOccupations.load()


@pytest.fixture(scope="module")
def occupations() -> Occupations:
    return load_occupations(load_skills())


def test_code_and_title_give_the_code(national: NationalOccupations) -> None:
    assert len(national.titles) == 2_766
    assert national.find_code(" 5132 ") == "5132"
    assert national.find_code("pramutama bar / BARTENDER") == "5132"
    assert national.find_code("penjelajah waktu") is None


def test_every_own_occupation_is_found_by_name_and_its_code_leads_to_its_group(
    national: NationalOccupations, occupations: Occupations
) -> None:
    for number, (term, code) in enumerate(
        zip(occupations.vocabulary.terms, occupations.codes, strict=True)
    ):
        assert national.nearest(term.id, occupations) == number
        assert occupations.codes[national.nearest(code, occupations)][:4] == code[:4]


def test_an_occupation_we_lack_stands_for_one_of_its_unit_group(
    national: NationalOccupations, occupations: Occupations
) -> None:
    lacking = next(
        code
        for code in national.titles
        if len(code) > 4 and code not in occupations.codes and code[:4] in occupations.codes
    )
    found = national.nearest(lacking, occupations)
    assert occupations.codes[found][:4] == lacking[:4]


def test_a_wide_group_or_nonsense_stands_for_none(
    national: NationalOccupations, occupations: Occupations
) -> None:
    assert national.nearest("5", occupations) == -1
    assert national.nearest("penjelajah waktu", occupations) == -1


def test_a_folder_without_a_classification_knows_no_title(tmp_path: Path) -> None:
    assert NationalOccupations.in_folder(tmp_path).titles == {}
    (tmp_path / "own.csv").write_text("code,title\n1234,Astronaut\n", encoding="utf-8")
    assert NationalOccupations.in_folder(tmp_path).find_code("astronaut") == "1234"
