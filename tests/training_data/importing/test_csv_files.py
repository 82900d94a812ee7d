"""CSV as it comes from the field: every record is read, or set aside with its line and the key that would help."""

from __future__ import annotations

from pathlib import Path

import pytest

from training_data.importing.mapping import Mapping
from training_data.importing.reading import read_source
from training_data.importing.source import Source, SourceError

HEADER = "kode,judul,biaya\n"


def read(tmp_path: Path, content: str | bytes, **options: object) -> Source:
    path = tmp_path / "daftar.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    mapping = Mapping.model_validate(
        {
            "name": "daftar",
            "kind": "courses",
            "columns": {"course_id": "kode", "title": "judul"},
            "constants": {"provider_id": "B", "mode": "webinar", "price_idr": "0"},
            **options,
        }
    )
    return read_source(path, mapping)


def titles(source: Source) -> list[object]:
    return source.table["judul"].to_list()


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_line_ends_and_marks_do_not_matter(
    tmp_path: Path, ending: str, encoding: str, last: str
) -> None:
    text = (HEADER + "a,Menjahit é,1\nb,Las,2" + last).replace("\n", ending)
    source = read(tmp_path, text.encode(encoding))
    assert source.table.columns == ["kode", "judul", "biaya"]
    assert titles(source) == ["Menjahit é", "Las"]


@pytest.mark.parametrize(("separator", "key"), [(";", ";"), ("\t", "\\t"), ("|", "|")])
def test_another_separator_is_named_with_its_key(tmp_path: Path, separator: str, key: str) -> None:
    text = (HEADER + "a,Las,1\n").replace(",", separator)
    with pytest.raises(SourceError) as refusal:
        read(tmp_path, text)
    assert "line 1 looks separated by" in str(refusal.value)
    assert f'separator = "{key}" in the mapping' in str(refusal.value)
    assert titles(read(tmp_path, text, separator=separator)) == ["Las"]


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"'])
def test_a_line_that_names_the_separator_is_heeded(tmp_path: Path, line: str) -> None:
    source = read(tmp_path, f"{line}\nkode;judul;biaya\na;Las, dasar;1\n")
    assert titles(source) == ["Las, dasar"]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp850", "utf-16-le", "utf-16-be"])
def test_an_encoding_is_read_when_named(tmp_path: Path, encoding: str) -> None:
    source = read(tmp_path, (HEADER + "a,Café,1\n").encode(encoding), encoding=encoding)
    assert titles(source) == ["Café"]


def test_a_record_of_another_encoding_is_set_aside_with_its_line(tmp_path: Path) -> None:
    source = read(tmp_path, HEADER.encode() + b"a,Las,1\nb,Caf\xe9,2\nc,Kopi,3\n")
    assert titles(source) == ["Las", None, "Kopi"]
    assert source.broken.rows() == [
        (
            1,
            "line 3 holds bytes that are not of the file's encoding: "
            'encoding = "cp1252" in the mapping reads what older Excels write',
            "b,Caf\\udce9,2\n",
        )
    ]


def test_utf16_without_its_mark_is_named_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match='encoding = "utf-16-le"'):
        read(tmp_path, (HEADER + "a,Las,1\n").encode("utf-16-le"))


def test_a_record_with_too_many_cells_is_set_aside_with_its_line(tmp_path: Path) -> None:
    source = read(tmp_path, HEADER + 'a,"Las\ndasar",1\nb,Kue, kering,2\nc,Kopi,3\n')
    assert titles(source) == ["Las\ndasar", None, "Kopi"]
    ((row, reason, raw),) = source.broken.rows()
    assert (row, raw) == (1, "b,Kue, kering,2\n")
    assert reason.startswith("line 4 has 4 cells, the header 3")


def test_empty_cells_at_the_end_may_be_left_out_or_too_many(tmp_path: Path) -> None:
    source = read(tmp_path, HEADER + "a,Las\nb,Kopi,2,,\n\nc,Kue,\n")
    assert titles(source) == ["Las", "Kopi", None, "Kue"]
    assert source.broken.is_empty()


def test_quotes_within_a_cell_stay(tmp_path: Path) -> None:
    source = read(tmp_path, HEADER + 'a,Judul "khusus" ini,1\nb,"Judul ""lain"" ini",2\n')
    assert titles(source) == ['Judul "khusus" ini', 'Judul "lain" ini']


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ('"Judul \\"khusus\\" ini"', "not doubled"),
        ('"Judul "khusus" ini"', "not doubled"),
        ('"Judul tanpa akhir', "a quote"),
    ],
)
def test_a_quote_gone_wrong_costs_its_own_record_only(tmp_path: Path, bad: str, said: str) -> None:
    source = read(tmp_path, HEADER + f'a,Las,1\nb,{bad},2\nc,Kue,3\nd,"Kopi, susu",4\n')
    assert titles(source) == ["Las", None, "Kue", "Kopi, susu"]
    ((row, reason, _),) = source.broken.rows()
    assert row == 1
    assert reason.startswith("line 3: ")
    assert said in reason


def test_an_open_quote_at_the_end_costs_its_own_record_only(tmp_path: Path) -> None:
    source = read(tmp_path, HEADER + 'a,"Las,1\nb,Kue,2\nc,Kopi,3\n')
    assert titles(source) == [None, "Kue", "Kopi"]


def test_lines_above_the_header_are_named_with_their_key(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"skip_rows in the mapping"):
        read(tmp_path, "# unduhan 2026\n" + HEADER + "a,Las,1\n")
    assert titles(read(tmp_path, "# unduhan\n\n" + HEADER + "a,Las,1\n", skip_rows=1)) == ["Las"]


def test_a_column_without_a_name_or_with_one_of_two_has_one_of_its_own(tmp_path: Path) -> None:
    source = read(tmp_path, 'kode,judul,judul,,"nama\r\n pelatih"\na,b,c,d,e\n')
    assert source.table.columns == ["kode", "judul", "judul (2)", "column 4", "nama pelatih"]


@pytest.mark.parametrize("content", ["", "\n", "  \n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_has_no_header(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(SourceError, match="no header"):
        read(tmp_path, content)
