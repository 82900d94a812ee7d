"""A workbook from its rows as JSON: so that a diff shows what is in it, and no binary is kept."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Final
from xml.sax.saxutils import escape, quoteattr

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_CONTENT: Final = "application/vnd.openxmlformats"
_DAY_ZERO: Final = dt.date(1899, 12, 30)

_TYPES: Final = f"""<Types xmlns="{_PACKAGE}/content-types">
<Default Extension="rels" ContentType="{_CONTENT}-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="{_CONTENT}-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
_ROOT: Final = f"""<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
_STYLES: Final = f"""<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/>
<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>"""  # 14: a date


def write_workbook(source: Path, folder: Path) -> Path:
    """Write ``NAME.xlsx`` into a folder from ``NAME.xlsx.json``.

    Parameters
    ----------
    source : Path
        ``{sheet: {"merged": [ranges], "rows": [cells]}}``; a cell is null, a text, a number, a
        boolean or ``{"date": "2026-03-01"}``, and keeps its type.
    """
    sheets = json.loads(source.read_text(encoding="utf-8"))
    path = folder / source.stem
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _ROOT)
        archive.writestr("xl/styles.xml", _STYLES)
        archive.writestr("xl/workbook.xml", _format_workbook(list(sheets)))
        archive.writestr("xl/_rels/workbook.xml.rels", _format_relationships(len(sheets)))
        for number, sheet in enumerate(sheets.values(), 1):
            text = _format_sheet(sheet["rows"], sheet["merged"])
            archive.writestr(f"xl/worksheets/sheet{number}.xml", text)
    return path


def _format_workbook(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, 1)
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _format_relationships(sheets: int) -> str:
    targets = {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, sheets + 1)}
    targets["styles"] = ("styles", "styles.xml")
    links = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'


def _format_sheet(rows: Sequence[Sequence[object]], merged: Sequence[str]) -> str:
    lines = "".join(
        f'<row r="{number}">{"".join(_format_cells(row, number))}</row>'
        for number, row in enumerate(rows, 1)
    )
    ranges = "".join(f'<mergeCell ref="{cells}"/>' for cells in merged)
    merges = f"<mergeCells>{ranges}</mergeCells>" if merged else ""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData>{merges}</worksheet>'


def _format_cells(row: Sequence[object], number: int) -> list[str]:
    places = (f"{letter}{number}" for letter in ascii_uppercase)
    return [_format_cell(place, cell) for place, cell in zip(places, row, strict=False)]


def _format_cell(place: str, cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return f'<c r="{place}" t="b"><v>{cell:d}</v></c>'
        case int() | float():
            return f'<c r="{place}"><v>{cell}</v></c>'
        case {"date": str(day)}:
            days = (dt.date.fromisoformat(day) - _DAY_ZERO).days
            return f'<c r="{place}" s="1"><v>{days}</v></c>'
        case _:
            text = f'<t xml:space="preserve">{escape(str(cell))}</t>'
            return f'<c r="{place}" t="inlineStr"><is>{text}</is></c>'
