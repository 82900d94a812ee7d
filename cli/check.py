"""`padan check`: what a careful colleague would say of a dataset before it is trained on."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from jinja2 import Environment, StrictUndefined
from rich.console import Console
from rich.table import Table

from cli.exits import exit_on_bad_input
from training_data.checks import Finding, check_dataset
from training_data.dataset import Dataset
from training_data.regions import RegionTable


def check(
    data: Annotated[Path, typer.Argument(help="Dataset directory.")],
    report: Annotated[
        Path | None, typer.Option(help="HTML file; JSON is written beside it.")
    ] = None,
) -> None:
    """Say what in a dataset is empty, mangled, doubled, out of time, or can never be taken."""
    with exit_on_bad_input():
        dataset = Dataset.open(data)
        sizes = {table: dataset.read(table).height for table in dataset.tables()}
        regions = RegionTable.load(dataset.own_or_named(dataset.info.region_pack))
        findings = check_dataset(dataset, regions, dt.datetime.now(dt.UTC))
        findings += _find_closed(dataset)
    _print(sizes, findings)
    if report is not None:
        with exit_on_bad_input():
            _write_report(report, data.name, sizes, findings)


def _write_report(
    report: Path, name: str, sizes: dict[str, int], findings: Sequence[Finding]
) -> None:
    """Write the page, and the same as JSON beside it."""
    content = {"rows": sizes, "findings": [dataclasses.asdict(one) for one in findings]}
    report.with_suffix(".json").write_text(json.dumps(content, ensure_ascii=False, indent=1))
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        (resources.files("cli") / "check.html.jinja").read_text(encoding="utf-8")
    )
    report.write_text(page.render(name=name, **content), encoding="utf-8")
    typer.echo(f"Report: {report}, figures: {report.with_suffix('.json')}")


def _find_closed(dataset: Dataset) -> list[Finding]:
    """Return by which rules trainings are closed to everybody today."""
    from recommender.catalogue.catalogue import build_catalogue  # seconds to import
    from recommender.eligibility.course_rules import Availability
    from recommender.eligibility.exclusion_codes import Exclusion, list_exclusions
    from recommender.training.reference_data import load_reference_data

    courses = dataset.read("courses")
    if courses.is_empty():
        return []
    reference = load_reference_data(dataset)
    known = reference.vocabularies
    catalogue = build_catalogue(courses, dataset.read("classes"), known.regions, known.skills)
    rules = reference.programme.in_force(reference.programme.today())
    closed = Availability(catalogue, rules).closed
    found: dict[Exclusion, list[str]] = {}
    for course_id, bits in zip(catalogue.ids, closed.tolist(), strict=True):
        for exclusion in list_exclusions(bits):
            found.setdefault(exclusion, []).append(course_id)
    return [
        Finding(
            "courses", f"trainings nobody can take today: {why}", len(ids), len(courses), ids[0]
        )
        for why, ids in found.items()
    ]


def _print(sizes: dict[str, int], findings: Sequence[Finding]) -> None:
    console = Console()
    console.print(", ".join(f"{rows:,} {table}" for table, rows in sizes.items()))
    table = Table("table", "what", "rows", "of", "such as")
    for one in findings:
        table.add_row(one.table, one.said, f"{one.rows:,}", f"{one.of:,}", one.example)
    if findings:
        console.print(table)
    else:
        console.print("Nothing to look at was found.")
