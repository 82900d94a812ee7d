from pathlib import Path

import pytest

from training_data.skills.esco import load_esco
from training_data.skills.vocabulary import VocabularyError


def write(folder: Path, text: str) -> Path:
    path = folder / "skills.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_official_export_has_uri_label_and_aliases_by_line(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "conceptUri,preferredLabel,altLabels\n"
        'http://x/1,manage staff,"lead staff\nManage Staff\nsupervise staff"\nhttp://x/2,weld,\n',
    )
    skills = load_esco(path)
    assert [term.id for term in skills.terms] == ["http://x/1", "http://x/2"]
    assert skills.terms[0].aliases == ("lead staff", "supervise staff")
    assert skills.find("Supervise staff") == 0
    assert skills.find("WELD") == 1


def test_plain_table_takes_the_label_as_id(tmp_path: Path) -> None:
    skills = load_esco(write(tmp_path, "skill_label,description\nweld,Join metal\n"))
    assert skills.terms[0].id == "weld"
    assert skills.terms[0].labels == {"en": "weld"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\nweld\n", r"skills\.csv: columns conceptUri and preferredLabel.*it has name"),
        ("skill_label,description\nweld,a\n,b\n", r"skills\.csv, row 3: the label or id is empty"),
        ("skill_label,description\nweld,a\nweld,b\n", r"skills\.csv, row 3: 'weld' occurs twice"),
    ],
)
def test_unusable_file_is_refused_with_the_row(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(VocabularyError, match=message):
        load_esco(write(tmp_path, text))


def test_real_file(shared_data: Path) -> None:
    skills = load_esco(shared_data / "taxonomy" / "esco_skills_label_description.csv")
    assert len(skills) == 12_572
    occupations = load_esco(shared_data / "taxonomy" / "occupations_en.csv")
    assert len(occupations) == 2_942
    assert occupations.find("technical and operations director") >= 0
