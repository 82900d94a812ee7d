"""`padan check` from the outside: a table, a page of HTML and JSON, an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

pytestmark = pytest.mark.integration
COURSES = """course_id,title,provider_id,mode,price_idr,duration_hours,prerequisites
a,Las <b>,LPK,webinar,0,20,
b,Jahit,LPK,webinar,0,20,z
"""


def test_a_page_and_figures_are_written(tmp_path: Path) -> None:
    source, data, page = tmp_path / "c.csv", tmp_path / "data", tmp_path / "page.html"
    source.write_text(COURSES)
    runner = CliRunner()
    assert runner.invoke(app, ["import", "courses", str(source), "--out", str(data)]).exit_code == 0
    result = runner.invoke(app, ["check", str(data), "--report", str(page)])
    assert result.exit_code == 0, result.output
    found = json.loads(page.with_suffix(".json").read_text())
    assert found["rows"] == {"courses": 2}
    closed = [one for one in found["findings"] if "nobody can take" in one["said"]]
    assert [(one["said"], one["rows"], one["example"]) for one in closed] == [
        ("trainings nobody can take today: prerequisite_unknown", 1, "b")
    ]
    for one in found["findings"]:
        assert one["said"].split("<")[0] in page.read_text()


def test_a_folder_without_a_dataset_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_a_page_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    source, data = tmp_path / "c.csv", tmp_path / "data"
    source.write_text(COURSES)
    CliRunner().invoke(app, ["import", "courses", str(source), "--out", str(data)])
    result = CliRunner().invoke(
        app, ["check", str(data), "--report", str(tmp_path / "no" / "p.html")]
    )
    assert result.exit_code == 2
    assert "p.json" in result.stderr
    assert len(result.stderr.splitlines()) == 1
