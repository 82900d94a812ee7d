"""A table or query of a database is read as a file is: row by row, and nothing is written there."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from tests.cli.test_import_files import run
from training_data.dataset import Dataset
from training_data.importing.mapping import Mapping, MappingError
from training_data.importing.pipeline import ImportSummary, import_into
from training_data.importing.source import SourceError
from training_data.importing.sql_rows import as_database

COLUMNS = {
    "course_id": "kode",
    "title": "Judul",
    "price_idr": {"source": "biaya", "parser": "price"},
    "available_from": "mulai",
    "mode": "cara",
}


def mapping(**reads: str) -> Mapping:
    constants = {"provider_id": "LPK"}
    return Mapping.model_validate(
        {"name": "m", "kind": "courses", "columns": COLUMNS, "constants": constants, **reads}
    )


def load(folder: Path, url: str, **reads: str) -> ImportSummary:
    database = as_database(url)
    assert database is not None
    return import_into(folder / "data", "courses", [database], mapping(**reads))


def reasons(folder: Path) -> dict[int, str]:
    return dict(pl.read_parquet(folder / "data" / "rejects.parquet").select("row", "reason").rows())


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    path = tmp_path / "lpk #1.db"
    with sqlite3.connect(path) as database:
        database.execute('create table "Pelatihan" (kode, "Judul", biaya, mulai, cara)')
        database.executemany(
            'insert into "Pelatihan" values (?, ?, ?, ?, ?)',
            [
                (1, "Las", 150000.0, "2026-03-01", "webinar"),
                (2.0, "Kue\nkering", "Rp 75.000,-", None, "in_person"),
                ("3", "Sepeda", 150.125, None, "webinar"),
                (4, None, 0, None, "webinar"),
            ],
        )
        database.execute(
            "insert into \"Pelatihan\" values (5, cast(x'436166e9' as text), 0, null, 'webinar')"
        )
    return f"sqlite:///{path}"


def test_each_row_of_a_table_is_accepted_or_rejected_with_its_reason(
    sqlite: str, tmp_path: Path
) -> None:
    summary = load(tmp_path, sqlite, table="Pelatihan")
    assert (summary.read, summary.accepted, summary.rejected) == (5, 2, 3)
    held = Dataset.open(tmp_path / "data").read("courses")
    assert held.select("course_id", "title", "price_idr", "available_from").rows() == [
        ("1", "Las", 150_000, dt.date(2026, 3, 1)),
        ("2", "Kue kering", 75_000, None),
    ]
    assert reasons(tmp_path) == {
        3: "price_idr: '150.1250' groups its digits in no known way",
        4: "title: is empty",
        5: "holds bytes that are not UTF-8",
    }


def test_a_query_says_what_is_read_and_nothing_is_written(sqlite: str, tmp_path: Path) -> None:
    query = "select *, ':x 50%' from \"Pelatihan\" where kode = 1;"
    assert load(tmp_path, sqlite, query=query).accepted == 1
    for change in ('delete from "Pelatihan"', "pragma user_version", 'drop table "Pelatihan"'):
        with pytest.raises((SourceError, MappingError)):
            load(tmp_path, sqlite, query=change)
    assert load(tmp_path, sqlite, table="Pelatihan").read == 5


def test_two_queries_of_one_database_keep_their_rejects_apart(sqlite: str, tmp_path: Path) -> None:
    database = as_database(sqlite)
    assert database is not None
    for name in ("a", "b", "b"):
        own = mapping(table="Pelatihan").model_copy(update={"name": name})
        import_into(tmp_path / "data", "courses", [database], own)
    rejects = pl.read_parquet(tmp_path / "data" / "rejects.parquet")
    assert rejects["path"].str.slice(-4).value_counts(sort=True).rows() == [
        ("by a", 3),
        ("by b", 3),
    ]


@pytest.mark.parametrize(
    ("url", "reads", "said"),
    [
        ("sqlite:///absent.db", {"table": "t"}, "cannot be read"),
        ("sqlite:///{here}", {"table": "t"}, "no such table"),
        ("sqlite:///{here}", {}, "`table` or `query` in the mapping"),
        ("nonsense://host/x", {"table": "t"}, "cannot be read"),
        ("postgresql://u:secret@127.0.0.1:1/x?password=secret", {"table": "t"}, "cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line_without_the_password(
    tmp_path: Path, url: str, reads: dict[str, str], said: str
) -> None:
    (tmp_path / "m.toml").write_text(
        "\n".join(f"{key} = {json.dumps(value)}" for key, value in reads.items())
        + '\nkind = "courses"\n[columns]\ncourse_id = "kode"\ntitle = "judul"\n'
        '[constants]\nprovider_id = "x"\nmode = "webinar"\nprice_idr = "0"\n'
    )
    sqlite3.connect(tmp_path / "here.db").close()
    source = url.format(here=tmp_path / "here.db")
    result = run("courses", source, "--mapping", tmp_path / "m.toml", "--out", tmp_path / "data")
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "secret" not in result.output
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "absent.db").exists()


def test_a_database_needs_a_mapping(sqlite: str, tmp_path: Path) -> None:
    result = run("courses", sqlite, "--out", tmp_path / "data")
    assert (result.exit_code, "--mapping" in result.stderr) == (2, True)
    with pytest.raises(SourceError, match="URL cannot be read"):
        as_database("://")


def test_table_and_query_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="keep one"):
        mapping(table="a", query="select 1")


def test_rows_of_postgresql_have_the_fates_of_rows_of_a_file(
    postgresql: str, tmp_path: Path
) -> None:
    engine = sa.create_engine(sa.make_url(postgresql).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(sa.text("drop schema if exists lpk cascade"))
        connection.execute(sa.text("create schema lpk"))
        connection.execute(
            sa.text(
                'create table lpk."Pelatihan" '
                '(kode bigint, "Judul" text, biaya numeric, mulai timestamptz, cara text)'
            )
        )
        connection.execute(
            sa.text(
                'insert into lpk."Pelatihan" values '
                "(1, 'Las', 150000.00, '2026-03-01 08:00+07', 'webinar'), "
                "(2, 'Kue', 150.125, null, 'webinar'), "
                "(3, 'Roti', 'NaN', null, 'webinar'), "
                "(4, 'Tari', 0, 'infinity', 'webinar'), "
                "(5, 'Batik', 0, null, 'zoom')"
            )
        )
    summary = load(tmp_path, postgresql, table="lpk.Pelatihan")
    assert (summary.read, summary.accepted) == (5, 1)
    held = Dataset.open(tmp_path / "data").read("courses")
    assert held.select("course_id", "price_idr", "available_from").rows() == [
        ("1", 150_000, dt.date(2026, 3, 1))
    ]
    said = reasons(tmp_path)
    assert [said[row].partition(":")[0] for row in (2, 3, 4, 5)] == [
        "price_idr", "price_idr", "available_from", "mode",
    ]  # fmt: skip
    with pytest.raises(SourceError):
        load(tmp_path, postgresql, query='delete from lpk."Pelatihan" returning *')
    assert load(tmp_path, postgresql, query='select * from lpk."Pelatihan"').read == 5
    engine.dispose()
