"""What is wanted, what is not, and what somebody cannot do yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from training_data.words.spoken import Clause, SpokenWords, SpokenWordsError


@pytest.fixture(scope="module")
def spoken() -> SpokenWords:
    return SpokenWords.load()


@pytest.mark.parametrize(
    ("phrase", "wanted", "unwanted"),
    [
        ("ternak kambing", ["ternak kambing"], []),
        ("tidak mau jualan", [], ["jualan"]),
        ("gak suka masak", [], ["masak"]),
        ("emoh nyupir", [], ["nyupir"]),
        ("bahasa asing selain inggris", ["bahasa asing"], ["inggris"]),
        ("beternak, bukan jualan", ["beternak"], ["jualan"]),
        ("tidak mau jualan tapi ternak lele", ["ternak lele"], ["jualan"]),
        ("I do not want cooking", [], ["cooking"]),
        ("bukannya", ["bukannya"], []),
    ],
)
def test_a_negation_reaches_to_the_end_or_a_turn(
    spoken: SpokenWords, phrase: str, wanted: list[str], unwanted: list[str]
) -> None:
    clauses = spoken.split(phrase)
    assert [one.text for one in clauses if one.wanted] == wanted
    assert [one.text for one in clauses if not one.wanted] == unwanted


def test_no_clause_ends_with_the_turn_before_a_negation(spoken: SpokenWords) -> None:
    clauses = spoken.split("I want to be a tour guide but not in a hotel")
    assert [one.text for one in clauses] == ["i want to be a tour guide", "in a hotel"]


def test_a_lack_is_no_skill_but_may_be_a_wish(spoken: SpokenWords) -> None:
    assert spoken.split("belum bisa komputer") == [Clause("komputer", lacking=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mau belajar las", True),
        ("Pengen bisa masak", True),
        ("I want to learn Excel", True),
        ("kurang paham komputer", True),
        ("sudah belajar las", False),
        ("bisa mengelas", False),
    ],
)
def test_what_is_still_to_be_learnt_is_told_from_what_is_known(
    spoken: SpokenWords, text: str, expected: bool
) -> None:
    assert spoken.is_to_learn(text) == expected


def test_a_phrase_without_negation_stays_as_it_was_written(spoken: SpokenWords) -> None:
    assert spoken.split("Jualan, Online!") == [Clause("Jualan, Online!")]


@pytest.mark.parametrize(
    ("sentence", "wish"),
    [
        (
            "kulo petani ten gunung, lahane garing, pengin nandur sayur nanging banyune angel",
            "nandur sayur",
        ),
        (
            "Dulu saya kerja di toko roti, sekarang ingin usaha kue kering kecil-kecilan di rumah.",
            "usaha kue kering kecil kecilan di rumah",
        ),
        (
            "I was laid off from a garment factory last year and would like to sew wedding dresses",
            "sew wedding dresses",
        ),
    ],
)
def test_the_wish_within_a_long_sentence_stands_beside_the_whole(
    spoken: SpokenWords, sentence: str, wish: str
) -> None:
    assert spoken.split(sentence) == [Clause(wish, lacking=True), Clause(sentence)]


@pytest.mark.parametrize(
    "sentence",
    [
        "pengen jualan online",  # short: the whole is the wish
        "lulusan smk otomotif dua tahun menganggur, sudah melamar ke mana mana, ingin bekerja saja",
        "bisa menjahit, membordir, membuat pola, memotong kain, menyulam, dan memasang ritsleting",
    ],
)
def test_a_sentence_whose_wish_says_nothing_is_one_clause(
    spoken: SpokenWords, sentence: str
) -> None:
    assert spoken.split(sentence) == [Clause(sentence)]


def test_things_side_by_side_are_told_apart(spoken: SpokenWords) -> None:
    assert spoken.parts("menjahit dan memasak") == ["menjahit", "memasak"]
    assert spoken.parts("sandal") == ["sandal"]


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    empty = SpokenWords.load(tmp_path)
    assert empty.split("tidak mau jualan") == [Clause("tidak mau jualan")]
    assert empty.content("saya mau jualan") == ["saya", "mau", "jualan"]


def test_a_list_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    (tmp_path / "xx.toml").write_text('filers = ["a"]')
    with pytest.raises(SpokenWordsError, match=r"xx\.toml: unknown list 'filers'"):
        SpokenWords.load(tmp_path)
