import pytest

from models.text.affixes import roots


@pytest.mark.parametrize(
    ("one", "other", "root"),
    [
        ("memangkas", "pangkas", "pangkas"),
        ("memasak", "masakan", "masak"),
        ("menulis", "penulisan", "tulis"),
        ("menyapu", "sapu", "sapu"),
        ("mengolah", "olahan", "olah"),
        ("mengemas", "kemasan", "kemas"),
        ("pemrograman", "program", "program"),
        ("membersihkan", "kebersihan", "bersih"),
        ("melayani", "pelayanannya", "layan"),
        ("petani", "pertanian", "tani"),
        ("mengecat", "cat", "cat"),
        ("sayur-sayuran", "sayur", "sayur"),
    ],
)
def test_forms_of_one_root_share_it(one: str, other: str, root: str) -> None:
    assert root in roots(one) & roots(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("terapi", "merapikan"),
        ("kereta", "keramik"),
        ("bata", "batik"),
        ("e-filing", "filing"),
        ("kelas", "pengelasan"),
    ],
)
def test_other_words_share_none(one: str, other: str) -> None:
    assert not roots(one) & roots(other)


def test_a_word_is_its_own_root() -> None:
    assert "las" in roots("las")
    assert roots("") == {""}
