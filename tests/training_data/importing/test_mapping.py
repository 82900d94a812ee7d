"""A wrong mapping is refused with its file and key; the shipped ones are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from training_data.importing.mapping import (
    Mapping,
    MappingError,
    find_mapping,
    load_mapping,
    shipped_mappings,
)

MINIMAL = """
kind = "courses"
[columns]
course_id = "id"
title = "name"
[constants]
provider_id = "x"
mode = "webinar"
price_idr = "0"
"""


def load(folder: Path, text: str) -> Mapping:
    path = folder / "own.toml"
    path.write_text(text)
    return load_mapping(path)


def test_a_minimal_mapping_is_enough(tmp_path: Path) -> None:
    assert load(tmp_path, MINIMAL).columns["title"].source == ("name",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"courses"', '"lessons"', "kind"),
        ('title = "name"', 'titel = "name"', "no column 'titel'"),
        ('title = "name"', 'title = { source = "name", parsr = "text" }', "columns.title.parsr"),
        ('title = "name"', 'title = { source = "name", parser = "magic" }', "columns.title.parser"),
        (
            'title = "name"',
            'title = { source = "name", discount = "d" }',
            "discount needs parser = price",
        ),
        ('title = "name"', "title = { source = [] }", "columns.title.source"),
        ('title = "name"\n', "", "courses need title"),
        ('mode = "webinar"', 'mode = "webinar"\ntitle = "x"', "'title' is a constant"),
        ("[columns]", "[columns", "not valid TOML"),
        (
            "[constants]",
            "[enumerations.mode]\na = 'webinar'\n[constants]",
            "enumerations.mode has no source",
        ),
        ('kind = "courses"', 'kind = "courses"\nmagic = 1', "magic"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in MINIMAL
    with pytest.raises(MappingError) as refusal:
        load(tmp_path, MINIMAL.replace(old, new))
    assert str(refusal.value).startswith("own.toml: ")
    assert said in str(refusal.value)


def test_an_unknown_name_lists_what_is_shipped() -> None:
    with pytest.raises(MappingError, match=r"shipped are .*skillweek"):
        load_mapping("nothing")


def test_the_shipped_mappings_load_and_are_found_by_their_columns() -> None:
    mappings = shipped_mappings()
    assert {m.name for m in mappings} >= {
        "skillweek",
        "learnfonify",
        "bbpvp",
        "alibaba",
        "dicoding",
    }
    for mapping in mappings:
        columns = [name for column in mapping.columns.values() for name in column.sources()]
        columns += [join.on for join in mapping.join]
        found = find_mapping(mapping.kind, "other.csv", [*columns, *mapping.match.columns])
        assert found == mapping


def test_a_mapping_is_found_by_file_name_and_kind() -> None:
    path = Path("prakerja_skillweek_course.json")
    found = find_mapping("courses", path.name, None)
    assert found is not None
    assert found.name == "skillweek"
    assert find_mapping("participants", path.name, None) is None
