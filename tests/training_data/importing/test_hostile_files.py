"""Whatever a file holds, its rows are accepted or rejected, and the dataset is never the worse for it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.training_data.importing.workbooks import write_workbook
from training_data.dataset import Dataset, DatasetInfo
from training_data.importing.mapping import Kind, Mapping, MappingError, load_mapping
from training_data.importing.pipeline import import_into
from training_data.importing.source import SourceError
from training_data.importing.suggestion import suggest_mapping
from training_data.regions import RegionTable

ISLANDS = Path(__file__).parents[3] / "examples" / "ilhas-serenas" / "regioes"  # few: soon read
NAMES = ["course_id", "title", "provider_id", "mode", "price_idr", "duration_hours", "region_code",
         "skills", "prerequisites", "available_from", "needs_device", "description"]  # fmt: skip
LIKELY = st.sampled_from(
    ["a", "b/1", "Las\nlistrik", "LPK", "webinar", "In Person", "Rp 1.250,-", "150.125", "gratis", "40 JP",
     "1.080 menit", "32.1", "3215", "Kota Antah", '["a", 1, null]', "[", "31/02/2026", "1 Nopember 2025", "T",
     "<p>x</p>", "&#0;", "-", "NaN", "", " ", "=1+1", "#N/A", "1e400", "-0", "\u2028", "\x00", "\ufeff", "9" * 400]
)  # fmt: skip
TEXTS = LIKELY | st.text(max_size=12)
SCALARS = TEXTS | st.none() | st.booleans() | st.integers() | st.floats() | st.dates().map(str)
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=4
)  # fmt: skip
HEADERS = st.permutations(NAMES).map(lambda names: names[:9]) | st.lists(TEXTS, max_size=9)
GOOD = {"course_id": "good", "title": "T", "provider_id": "P", "mode": "webinar", "price_idr": "0"}
MAPPING = {
    "name": "m", "kind": "courses",
    "columns": {
        "course_id": {"source": ["course_id", "title"], "parser": "hash"},
        "title": {"source": "title", "replace": {"a": ""}},
        "price_idr": {"source": "price_idr", "parser": "price", "discount": "duration_hours"},
        "duration_hours": {"source": "duration_hours", "parser": "duration_jp"},
        "region_code": {"source": "region_code", "parser": "region", "province": "title"},
        "skills": {"source": "skills", "parser": "list", "separator": ";", "prefix": "x-"},
    },
    "constants": {"provider_id": "P"},
    "enumerations": {"title": {"*": "T", "las": ""}},
    "assumptions": {"mode": {"": "webinar"}},
    "missing": ["-"],
    "join": [{"name": "p", "file": "second*.csv", "on": "title", "to": "title"}],
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[Any]) -> list[list[Any]]:
    header = draw(HEADERS)
    width = max(len(header), 1)
    ragged = st.lists(cells, min_size=max(width - 1, 0), max_size=width + 1)
    whole = st.lists(cells, min_size=width, max_size=width)
    return [header, *draw(st.lists(whole | whole | ragged, max_size=6))]


@st.composite
def csv_files(draw: st.DrawFn) -> tuple[str, bytes]:
    text = io.StringIO(newline="")
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    separator = draw(st.sampled_from([",", ",", ",", ";", "\t"]))
    writer = csv.writer(text, delimiter=separator, lineterminator=ending, escapechar="\\")
    with contextlib.suppress(csv.Error):
        writer.writerows(draw(tables(TEXTS)))
    noise = draw(st.sampled_from(["", "", "sep=,\n", "# x\n", '"', "a,b\n"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"]))
    return "csv", (noise + text.getvalue()).encode(encoding, errors="replace")


@st.composite
def json_files(draw: st.DrawFn) -> tuple[str, bytes]:
    records = draw(
        st.lists(st.dictionaries(st.sampled_from(NAMES) | TEXTS, NESTED, max_size=9) | NESTED, max_size=5)
    )  # fmt: skip
    form = draw(st.sampled_from(["json", "jsonl"]))
    if form == "jsonl":
        return form, "\n".join(map(json.dumps, records)).encode()
    wrapped = draw(st.sampled_from([records, {"data": records}, {"a": records, "b": [{}]}]))
    return form, json.dumps(wrapped).encode()


@st.composite
def parquet_files(draw: st.DrawFn) -> tuple[str, bytes]:
    names = draw(st.lists(st.sampled_from(NAMES) | TEXTS, min_size=1, max_size=9, unique=True))
    kinds = [st.integers(-(2**40), 2**40), st.floats(), st.booleans(), st.dates(), st.datetimes(),
             st.binary(max_size=4), TEXTS, st.lists(TEXTS, max_size=2)]  # fmt: skip
    height = draw(st.integers(0, 4))
    buffer = io.BytesIO()
    columns = {}
    for name in names:
        kind = draw(st.sampled_from(kinds))
        columns[name] = draw(st.lists(st.none() | kind, min_size=height, max_size=height))
    pl.DataFrame(columns, strict=False).write_parquet(buffer)
    return "parquet", buffer.getvalue()


@st.composite
def workbooks(draw: st.DrawFn) -> tuple[str, bytes]:
    plain = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=9)
    cells = st.none() | plain | st.booleans() | st.integers(-(10**9), 10**9)
    cells |= st.floats(allow_nan=False, allow_infinity=False)
    rows = draw(tables(cells))
    rows[0] = [name if str(name).isprintable() else "x" for name in rows[0]]
    return "xlsx", json.dumps({"Data": {"merged": [], "rows": rows}}).encode()


FILES = (
    csv_files()
    | json_files()
    | parquet_files()
    | workbooks()
    | st.tuples(
        st.sampled_from(["csv", "json", "jsonl", "xlsx", "parquet"]), st.binary(max_size=60)
    )
)


@pytest.fixture(scope="module")
def one_training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of one training, of which each file begins with a copy."""
    folder = tmp_path_factory.mktemp("one")
    Dataset.create(folder / "data", DatasetInfo(region_pack=str(ISLANDS)))
    pl.DataFrame([GOOD]).write_csv(folder / "good.csv")
    import_into(folder / "data", "courses", [folder / "good.csv"])
    return folder / "data"


def write(folder: Path, form: str, content: bytes) -> Path:
    """Write a file; a workbook that is described is made."""
    path = folder / f"file.{form}"
    path.write_bytes(content)
    if form == "xlsx" and content.startswith(b'{"Data"'):
        return write_workbook(path.rename(folder / "file.xlsx.json"), folder)
    return path


def hold(one_training: Path, form: str, content: bytes, *, mapped: bool, append: bool) -> None:
    """Import one file into a dataset of one training, and hold the result to what is promised."""
    folder = one_training.parent / "file"
    shutil.rmtree(folder, ignore_errors=True)
    data = shutil.copytree(one_training, folder / "data")
    before = Dataset.open(data).fingerprint()
    path = write(folder, form, content)
    mapping = Mapping.model_validate(MAPPING) if mapped else None
    try:
        summary = import_into(data, "courses", [path], mapping, append)
    except (SourceError, MappingError):
        assert Dataset.open(data).fingerprint() == before
        return
    assert summary.read == summary.accepted + summary.rejected
    assert summary.added + summary.replaced == summary.accepted
    held = Dataset.open(data).read("courses")
    if summary.accepted:
        assert held.height == summary.added + append
    else:
        assert Dataset.open(data).fingerprint() == before
    rejects = pl.read_parquet(data / "rejects.parquet")
    assert rejects.height == summary.rejected
    assert rejects["reason"].str.len_chars().min() != 0


@given(file=FILES, mapped=st.booleans(), append=st.booleans())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_rows_in_are_rows_accepted_and_rejected(
    one_training: Path, file: tuple[str, bytes], mapped: bool, append: bool
) -> None:
    hold(one_training, *file, mapped=mapped, append=append)


@given(file=FILES, kind=st.sampled_from(["courses", "participants", "interactions"]))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_suggestion_is_a_mapping_or_one_line(
    one_training: Path, file: tuple[str, bytes], kind: Kind
) -> None:
    folder = one_training.parent
    path = write(folder, *file)
    with contextlib.suppress(SourceError):
        suggestion = suggest_mapping(path, kind, RegionTable.load(ISLANDS))
        (folder / "suggested.toml").write_text(suggestion, encoding="utf-8")
        assert load_mapping(folder / "suggested.toml").kind == kind


@pytest.mark.slow
@given(file=FILES, mapped=st.booleans(), append=st.booleans())
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
def test_rows_in_are_rows_accepted_and_rejected_in_2000_files(
    one_training: Path, file: tuple[str, bytes], mapped: bool, append: bool
) -> None:
    hold(one_training, *file, mapped=mapped, append=append)
