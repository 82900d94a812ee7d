"""Texts by language: a country may bring its own, and nothing may be left out."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from recommender.messages import SHIPPED_MESSAGES, MessagesError, load_messages
from training_data.programmes.programme import load_programme

PROGRAMME = load_programme("prakerja-2024")
PORTUGUESE = SHIPPED_MESSAGES.parents[1] / "examples" / "ilhas-serenas" / "messages"


def write(folder: Path, language: str, text: str) -> Path:
    (folder / f"{language}.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_country_may_put_some_texts_in_other_words(tmp_path: Path) -> None:
    own = write(tmp_path, "en", '[exclusion]\nwithdrawn = "Gone."\n')
    messages, shipped = load_messages("en", PROGRAMME, own), load_messages("en", PROGRAMME)
    assert messages.text("exclusion", "withdrawn", {}) == "Gone."
    assert messages.texts["reason"] == shipped.texts["reason"]


def test_a_language_of_its_own_needs_every_text(tmp_path: Path) -> None:
    own = write(tmp_path, "pt", '[exclusion]\nwithdrawn = "Já não existe."\n')
    with pytest.raises(MessagesError, match=r"pt.toml lacks \[reason\] matches_phrase"):
        load_messages("pt", PROGRAMME, own)
    whole = (SHIPPED_MESSAGES / "en.toml").read_text(encoding="utf-8")
    assert load_messages("pt", PROGRAMME, write(tmp_path, "pt", whole)).language == "pt"


def test_a_language_that_is_nowhere_is_refused() -> None:
    with pytest.raises(MessagesError, match="messages in 'xx'"):
        load_messages("xx", PROGRAMME)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MessagesError, match=r"en.toml: not valid TOML"):
        load_messages("en", PROGRAMME, write(tmp_path, "en", "[reason\n"))


@pytest.mark.parametrize(
    ("language", "price", "km"),
    [
        ("id", "Rp 850.000", "2.726 km"),
        ("en", "Rp 850,000", "2,726 km"),
        ("fr", "850\u202f000 Rp", "2\u202f726 km"),
    ],
)
def test_numbers_are_written_as_is_usual_in_the_language(
    language: str, price: str, km: str
) -> None:
    messages = load_messages(language, PROGRAMME)
    assert messages.price(850_000) == price
    assert km in messages.text("reason", "near", {"region": "Bima", "km": 2_726})


def test_a_year_has_no_thousands_and_words_of_a_person_stay_as_they_are() -> None:
    messages = load_messages("id", PROGRAMME)
    decade = messages.text("reason", "chosen_by_age", {"decade": 1990, "people": 1_200})
    assert decade == "Sering dipilih peserta kelahiran 1990-an (1.200 orang)."
    evidence = {"closeness": "close", "phrase": "student"}
    assert "“student”" in messages.text("reason", "matches_phrase", evidence)


@pytest.mark.parametrize(
    ("language", "own"), [("id", None), ("en", None), ("fr", None), ("pt", PORTUGUESE)]
)
def test_no_text_is_unused(language: str, own: Path | None) -> None:
    """Each code stands in the program; which reasons are told is held in `explanation/test_truth.py`."""
    root = SHIPPED_MESSAGES.parents[1]
    folders = ("recommender", "cli", "api", "training_data")
    program = "".join(
        path.read_text(encoding="utf-8") for name in folders for path in (root / name).rglob("*.py")
    )
    for codes in load_messages(language, PROGRAMME, own).texts.values():
        for code in codes:
            assert f'"{code}"' in program, code


COUNTED = {"count", "days", "hours", "weeks", "minimum", "maximum"}
MANY = re.compile(
    r"\b1 (?:(?:hour|day|week|training|heure|jour|semaine|formation|hora|dia|semana)s|formações)\b"
)


@pytest.mark.parametrize(("language", "own"), [("en", None), ("fr", None), ("pt", PORTUGUESE)])
def test_one_is_not_written_as_many(language: str, own: Path | None) -> None:
    """What is known to be several, hours of weeks of being there and the days of a remedy, may be."""
    messages = load_messages(language, PROGRAMME, own)
    several = {("advice", "hours_beside_work"), ("remedy", "too_many_hours_a_day")}
    for section in ("exclusion", "remedy", "advice", "plan"):
        for code, text in messages.texts[section].items():
            if (section, code) in several:
                continue
            places = {name for _, name, _, _ in Formatter().parse(text) if name}
            filled = text.format_map({name: 1 if name in COUNTED else "x" for name in places})
            assert not MANY.search(filled), filled


def test_every_text_is_filled_as_its_format_has_it(tmp_path: Path) -> None:
    text = "100% {{of}} {region}: {km}, {km}"
    own = write(tmp_path, "en", f'[reason]\nnear = "{text}"\n')
    messages = load_messages("en", PROGRAMME, own)
    written = messages.text("reason", "near", {"km": "x", "region": ["y", "z"], "c": 1})
    assert written == text.format(km="x", region="y, z")


def test_a_percent_sign_and_a_layout_stand_as_written(tmp_path: Path) -> None:
    own = write(tmp_path, "en", '[reason]\npopular_here = "100% of {region:>8}"\n')
    text = load_messages("en", PROGRAMME, own).text("reason", "popular_here", {"region": "Bima"})
    assert text == "100% of     Bima"


@pytest.mark.parametrize("text", ["{kilometre} km", "{km", "{0} km"])
def test_a_text_with_a_place_that_nothing_fills_is_refused_by_name(
    tmp_path: Path, text: str
) -> None:
    own = write(tmp_path, "id", f'[reason]\nnear = "{text}"\n')
    with pytest.raises(MessagesError, match=r"messages in 'id': \[reason\] near"):
        load_messages("id", PROGRAMME, own)
