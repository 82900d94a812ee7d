"""The guide to importing is true: its keys are the model's, its examples load, its answers come out."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

from cli.import_files import import_files
from training_data.columns import TABLES
from training_data.importing.conversion import convert
from training_data.importing.mapping import (
    Column,
    Join,
    Kind,
    Mapping,
    Match,
    ParserName,
    load_mapping,
)
from training_data.regions import RegionTable

GUIDE = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[BaseModel]] = {
    "### The file": Mapping,
    "### match": Match,
    "### columns": Column,
    "### join": Join,
}
LEAST: dict[Kind, list[str]] = {
    "courses": [
        'columns.course_id = "Kode"', 'columns.title = "Judul"', 'constants.provider_id = "Balai"',
        'constants.mode = "webinar"', 'constants.price_idr = "0"',
    ],
    "interactions": [
        'columns.event_id = "Kode"', 'columns.participant_id = "Siapa"', 'columns.course_id = "Apa"',
        'constants.kind = "click"', 'columns.at = "Waktu"',
    ],
}  # fmt: skip
TARGETS: dict[str, tuple[Kind, str]] = {
    "text": ("courses", "mode"),
    "hash": ("courses", "course_id"),
    "list": ("courses", "skills"),
    "price": ("courses", "price_idr"),
    "percent": ("courses", "placement_rate"),
    "number": ("courses", "rating_mean"),
    "integer": ("courses", "rating_count"),
    "boolean": ("courses", "needs_device"),
    "date": ("courses", "available_from"),
    "datetime": ("interactions", "at"),
    "duration_hours": ("courses", "duration_hours"),
    "duration_minutes": ("courses", "duration_hours"),
    "duration_jp": ("courses", "duration_hours"),
    "region": ("courses", "region_code"),
}


def find_rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table after a line that begins with ``heading``."""
    after = re.split(rf"^{re.escape(heading)}", GUIDE, flags=re.MULTILINE)[1]
    table = re.search(r"^\|[-|]+\|\n((?:\|.*\n)+)", after, flags=re.MULTILINE)
    assert table
    return [line.strip("| \n").split(" | ") for line in table[1].splitlines()]


def find_block(language: str, after: str = "") -> str:
    """Return the first block of code in a language, after a text."""
    found = re.search(
        rf"^```{language}\n(.*?)^```$", GUIDE[GUIDE.index(after) :], re.DOTALL | re.MULTILINE
    )
    assert found
    return found[1]


def bare(cell: str) -> str:
    return cell.strip("`")


def format_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = {} if isinstance(field.default, BaseModel) else field.default
    return "none" if default is None else f"`{json.dumps(default)}`"


def load_example(example: str, folder: Path) -> Mapping:
    """Load an example with what a mapping needs beside it."""
    target = re.match(r"\w+\.(\w+) =", example)
    kind: Kind = "interactions" if target and target[1] == "at" else "courses"
    needed = [f'kind = "{kind}"', *LEAST[kind]]
    key = target[1] if target else example.partition(" =")[0]
    others = [line for line in needed if re.split(r"[. ]", line.partition(" =")[0])[-1] != key]
    if example.startswith("enumerations.mode"):
        others.append('columns.mode = "Cara"')
    path = folder / "example.toml"
    path.write_text("\n".join([*others, example]), encoding="utf-8")
    return load_mapping(path)


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_named_with_its_default(heading: str) -> None:
    fields = SECTIONS[heading].model_fields
    named = {bare(key): default for key, _, default, *_ in find_rows(heading)}
    assert list(named) == list(fields)
    expected = {key: format_default(field) for key, field in fields.items()}
    if heading == "### The file":
        expected["name"] = "the file's name"
    assert named == expected


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_example_of_a_key_loads(heading: str, tmp_path: Path) -> None:
    for row in find_rows(heading):
        key, example = bare(row[0]), bare(row[-1])
        assert key in example
        load_example(example, tmp_path)


def test_the_parsers_are_those_of_the_model() -> None:
    assert {bare(row[0]) for row in find_rows("## Parsers")} == set(get_args(ParserName))


def test_the_needed_columns_are_those_of_the_contracts() -> None:
    rows = {
        bare(kind): set(re.findall(r"`(\w+)`", names)) for kind, names, _ in find_rows("| kind |")
    }
    for kind, contract in TABLES.items():
        columns = contract.columns().items()
        needed = {name for name, c in columns if not c.nullable and c.dtype != pl.List}
        assert rows[kind] == needed


def test_the_values_of_columns_are_those_of_the_contracts() -> None:
    values: dict[str, list[str]] = {}
    for names, cells in find_rows("| column | values |"):
        for name in re.findall(r"`(\w+)`", names):
            values[name] = re.findall(r"`(\w+)`", cells)
    for contract in TABLES.values():
        for name, column in contract.columns().items():
            if isinstance(column.dtype, pl.Enum):
                assert values[name] == column.dtype.categories.to_list()


def test_the_parsers_answer_as_the_guide_says() -> None:
    regions = RegionTable.load("indonesia")
    rows = find_rows("A text that may mean two things")
    assert {bare(row[0]) for row in rows} == set(TARGETS)
    for parser, cell, answer in rows:
        kind, target = TARGETS[bare(parser)]
        spec = Column.model_validate({"source": "cell", "parser": bare(parser)})
        mapping = Mapping.model_construct(name="guide", kind=kind, columns={target: spec})
        found = convert(pl.DataFrame({"cell": [bare(cell)]}), mapping, regions)
        value = json.dumps(found.table[target].to_list()[0], ensure_ascii=False, default=format_day)
        reasons = found.problems["reason"].to_list()
        assert answer == (reasons[0] if reasons else f"`{value}`")


def format_day(value: dt.date) -> str:
    return value.isoformat()


def test_the_worked_example_prints_what_the_guide_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "pelatihan.csv").write_text(find_block("csv"), encoding="utf-8")
    (tmp_path / "pelatihan.toml").write_text(find_block("toml"), encoding="utf-8")
    command = "padan import courses pelatihan.csv --mapping pelatihan.toml --out data"
    app = typer.Typer()
    app.command()(import_files)
    result = CliRunner().invoke(app, command.split()[2:])
    assert result.exit_code == 0
    printed = [line.rstrip() for line in result.stdout.splitlines()]
    assert printed == find_block("", after=f"`{command}`").splitlines()
    table = pl.read_parquet(tmp_path / "data" / "courses.parquet")
    columns = ["course_id", "mode", "price_idr", "duration_hours", "region_code", "skills"]
    for shown, row in zip(
        find_rows("The table then holds"), table.select(columns).iter_rows(), strict=True
    ):
        assert shown == [format_cell(cell) for cell in row]


def format_cell(cell: object) -> str:
    if isinstance(cell, list):
        return ", ".join(cell)
    return "" if cell is None else str(cell)
