from pathlib import Path

import numpy as np
import pytest

from training_data.occupations.occupations import load_occupations
from training_data.skills.loading import load_skills
from training_data.skills.matching import find_named_skills
from training_data.skills.vocabulary import Family, Term, Vocabulary, VocabularyError, multi_hot


@pytest.fixture(scope="module")
def skills() -> Vocabulary:
    return load_skills()


def test_vocabulary_is_large_and_bilingual(skills: Vocabulary) -> None:
    assert len(skills) >= 600
    assert all({"id", "en"} <= term.labels.keys() for term in skills.terms)


def test_labels_stand_in_sentences_as_words_do(skills: Vocabulary) -> None:
    within = dict(zip(skills.labels("en"), skills.labels_in_sentences("en"), strict=True))
    assert within["Payroll"] == "payroll"
    assert {within[label] for label in within if label.startswith(("Python", "English for"))} == {
        label for label in within if label.startswith(("Python", "English for"))
    }
    assert all(one.casefold() == other.casefold() for one, other in within.items())


def test_every_name_leads_to_its_own_skill(skills: Vocabulary) -> None:
    lost = [
        (term.id, name)
        for number, term in enumerate(skills.terms)
        for name in (term.id, *term.labels.values())
        if skills.find(name) != number
    ]
    assert lost == []


def test_every_occupation_needs_skills_and_has_a_code(skills: Vocabulary) -> None:
    occupations = load_occupations(skills)
    assert occupations.needs.shape == (len(occupations.vocabulary), len(skills))
    assert np.all(occupations.needs.getnnz(axis=1) >= 3)
    assert all(code[0].isdigit() for code in occupations.codes)


def test_occupation_codes_stand_in_the_national_table(
    skills: Vocabulary, shared_data: Path
) -> None:
    import polars as pl

    table = pl.read_csv(shared_data / "taxonomy" / "kbji2014.csv", infer_schema=False)
    assert set(load_occupations(skills).codes) <= set(table["kode"])


def test_spelling_makes_no_difference() -> None:
    vocabulary = Vocabulary((Term("las", {"id": "Las listrik"}, ("C++", "Café")),))
    assert vocabulary.find("  LAS-listrik ") == 0
    assert vocabulary.find("cafe") == 0
    assert vocabulary.find("c") == -1


def test_longest_name_wins() -> None:
    vocabulary = Vocabulary(
        (Term("desain", {"id": "Desain"}), Term("desain-grafis", {"id": "Desain grafis"}))
    )
    assert find_named_skills("Belajar desain grafis, lalu desain.", vocabulary) == [1, 0]


def test_occupation_with_unknown_skill_is_refused(tmp_path: Path, skills: Vocabulary) -> None:
    (tmp_path / "a.toml").write_text(
        '[[occupation]]\nid = "x"\ncode = "1"\nid_label = "X"\nskills = ["no-such"]\n'
    )
    with pytest.raises(VocabularyError, match="occupation 'x' needs 'no-such'"):
        load_occupations(skills, tmp_path)


def test_same_id_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text('[[skill]]\nid = "x"\nid_label = "X"\n')
    with pytest.raises(VocabularyError, match=r"b\.toml: skill 'x' stands in a\.toml too"):
        load_skills(tmp_path)


def test_a_folder_with_a_file_of_esco_is_that_vocabulary(tmp_path: Path) -> None:
    (tmp_path / "skills_en.csv").write_text("conceptUri,preferredLabel\nhttp://x/2,weld\n")
    assert [term.id for term in load_skills(tmp_path).terms] == ["http://x/2"]


def test_an_occupation_may_leave_its_needs_to_be_learnt(tmp_path: Path, skills: Vocabulary) -> None:
    (tmp_path / "a.toml").write_text(
        '[[occupation]]\nid = "x"\ncode = "1"\nid_label = "X"\nskills = []\n'
    )
    assert load_occupations(skills, tmp_path).needs.nnz == 0


def test_multi_hot_drops_unknown_and_repeated() -> None:
    assert multi_hot([[2, -1, 2], []], 3).toarray().tolist() == [[0, 0, 1], [0, 0, 0]]


def test_a_family_with_an_unknown_skill_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "las.toml").write_text(
        '[[skill]]\nid = "las"\nid_label = "Las"\n[[family]]\nskills = ["las", "ngelas"]\n'
    )
    with pytest.raises(VocabularyError, match=r"las\.toml: .*'ngelas'"):
        load_skills(tmp_path)


def test_families_are_numbers_of_skills(tmp_path: Path) -> None:
    (tmp_path / "las.toml").write_text(
        '[[skill]]\nid = "las"\nid_label = "Las"\n[[skill]]\nid = "pagar"\nid_label = "Pagar"\n'
        '[[family]]\nskills = ["pagar"]\nalso = ["las"]\n'
    )
    assert load_skills(tmp_path).families == (Family((1,), (0,)),)
