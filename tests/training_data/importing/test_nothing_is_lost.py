"""What is there stays until something better is known: the table, and the rejects of other files."""

from __future__ import annotations

import contextlib
from pathlib import Path

import polars as pl
import pytest

from training_data.dataset import Dataset
from training_data.importing.mapping import MappingError
from training_data.importing.pipeline import REJECTS, import_into
from training_data.importing.source import SourceError

HEADER = "course_id,title,provider_id,mode,price_idr\n"
GOOD = HEADER + "a,Las,LPK,webinar,0\nb,Kue,LPK,webinar,0\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "good.csv").write_text(GOOD)
    import_into(tmp_path / "data", "courses", [tmp_path / "good.csv"])
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("unknown_words.csv", HEADER + "c,Las,LPK,zoom,0\n"),
        ("empty_cells.csv", HEADER + ",,,,\n,,,,\n"),
        ("header_alone.csv", HEADER),
        ("broken_quotes.csv", HEADER + '"c,Las,LPK,webinar,0\n'),
        ("other_encoding.csv", (HEADER + "c,Caf\xe9,LPK,webinar,0\n").encode("cp1252")),
        ("other_separator.csv", GOOD.replace(",", ";")),
        ("other_columns.csv", "x,y\n1,2\n"),
        ("not_objects.json", "[1, 2]"),
        ("no_records.json", "[]"),
        ("nulls.jsonl", '{"course_id": null, "title": null}\n'),
        ("nothing.xlsx", b""),
        ("nothing.parquet", b"PAR1"),
    ],
)
@pytest.mark.parametrize("append", [True, False])
def test_a_file_of_which_no_row_is_accepted_replaces_nothing(
    data: Path, tmp_path: Path, name: str, content: str | bytes, append: bool
) -> None:
    before = Dataset.open(data).fingerprint()
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with contextlib.suppress(SourceError, MappingError):
        summary = import_into(data, "courses", [path], append=append)
        assert (summary.accepted, summary.rejected) == (0, summary.read)
    assert Dataset.open(data).fingerprint() == before


def test_of_several_files_one_that_cannot_be_read_stops_all(data: Path, tmp_path: Path) -> None:
    before = Dataset.open(data).fingerprint()
    (tmp_path / "new.csv").write_text(GOOD.replace("a,Las", "c,Las"))
    with pytest.raises(SourceError, match=r"absent\.csv"):
        import_into(data, "courses", [tmp_path / "new.csv", tmp_path / "absent.csv"], append=False)
    assert Dataset.open(data).fingerprint() == before


def test_rejects_of_a_file_of_the_same_name_elsewhere_stay(data: Path, tmp_path: Path) -> None:
    for folder in ("north", "south", "south"):
        (tmp_path / folder).mkdir(exist_ok=True)
        path = tmp_path / folder / "list.csv"
        path.write_text(GOOD + f"{folder},,LPK,webinar,0\n")
        import_into(data, "courses", [path])
    rejects = pl.read_parquet(data / f"{REJECTS}.parquet")
    assert [Path(path).parent.name for path in rejects["path"]] == ["north", "south"]
