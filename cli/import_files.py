"""`padan import`: a programme's files into a dataset directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import INPUT_ERRORS, UNUSABLE, exit_where_strict
from cli.notices import SHOWN_REASONS, warn_of_rows, warn_of_untakeable
from training_data.dataset import INFO_FILE, Dataset, DatasetInfo
from training_data.home import padan_home
from training_data.importing.mapping import Kind, MappingError, load_mapping
from training_data.importing.pipeline import REJECTS, ImportSummary, import_into
from training_data.importing.source import SourceError
from training_data.importing.sql_rows import as_database
from training_data.importing.suggestion import suggest_mapping
from training_data.regions import RegionTable


def import_files(
    kind: Annotated[Kind, typer.Argument(help="The table that the rows are for.")],
    sources: Annotated[
        list[str],
        typer.Argument(
            help="CSV, JSON, JSONL, XLSX or Parquet files, or a database's URL.", metavar="FILES..."
        ),
    ],
    mapping: Annotated[
        str | None,
        typer.Option(
            help="A shipped mapping's name or a TOML file; else found by name or columns."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Dataset directory.", show_default="PADAN_HOME/dataset")
    ] = None,
    append: Annotated[
        bool,
        typer.Option(
            "--append/--replace", help="Merge into the table that is there, or begin anew."
        ),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON.")] = False,
    suggest: Annotated[
        bool,
        typer.Option("--suggest", help="Print a first mapping of the file, and import nothing."),
    ] = False,
) -> None:
    """Import files into a dataset; every row is accepted, or rejected with its reason."""
    folder = out or padan_home() / "dataset"
    if suggest:
        _print_suggestion(kind, sources[0], folder)
        return
    try:
        places = [as_database(source) or Path(source) for source in sources]
        chosen = load_mapping(mapping) if mapping else None
        summary = import_into(folder, kind, places, chosen, append)
    except (MappingError, SourceError, *INPUT_ERRORS) as error:
        _stop(str(error))
    if as_json:
        _print_json(summary, folder)
    else:
        _print_table(summary, folder)
    if summary.accepted:
        if kind in ("courses", "classes"):
            warn_of_untakeable(folder)
        warn_of_rows(folder, [kind])
        exit_where_strict(summary.rejected)
    else:
        why = f", such as {summary.reasons[0].example}" if summary.reasons else ""
        _stop(
            f"no row was accepted, so the dataset is as it was; the reasons are in "
            f"{folder / REJECTS}.csv{why}"
        )


def _print_suggestion(kind: Kind, source: str, folder: Path) -> None:
    info = Dataset.open(folder).info if (folder / INFO_FILE).exists() else DatasetInfo()
    regions = RegionTable.load(Dataset(folder, info).own_or_named(info.region_pack))
    try:
        if as_database(source):
            raise SourceError(
                "--suggest looks at files; write what it reads of a database to a CSV"
            )
        typer.echo(suggest_mapping(Path(source), kind, regions), nl=False)
    except SourceError as error:
        _stop(str(error))


def _stop(message: str) -> NoReturn:
    typer.echo(" ".join(message.split()), err=True)
    raise typer.Exit(UNUSABLE)


def _print_json(summary: ImportSummary, folder: Path) -> None:
    counts = {
        name: getattr(summary, name)
        for name in ("read", "accepted", "rejected", "added", "replaced")
    }
    told = {
        "assumed": summary.assumed,
        "reasons": [
            {"kind": one.kind, "rows": one.rows, "example": one.example} for one in summary.reasons
        ],
        "notes": [f"{name}: {note}" for name, result in summary.files for note in result.notes],
        "dataset": str(folder),
    }
    typer.echo(json.dumps({**counts, **told}, ensure_ascii=False))


def _print_table(summary: ImportSummary, folder: Path) -> None:
    table = Table("file", "mapping", "read", "accepted", "rejected", "assumed")
    for name, result in summary.files:
        assumed = ", ".join(f"{column} in {count}" for column, count in result.assumed.items())
        counts = (result.read, result.accepted.height, result.rejects.height)
        table.add_row(name, result.mapping, *map(str, counts), assumed or "nothing")
    console = Console()
    console.print(table)
    for name, result in summary.files:
        for note in result.notes:
            console.print(f"{name}: {note}", markup=False)
    console.print(f"{summary.added} rows added, {summary.replaced} replaced in {folder}")
    for one in summary.reasons[:SHOWN_REASONS]:
        shown = "" if one.kind == one.example else f", such as {one.example}"
        console.print(f"rejected, {one.rows} rows: {one.kind}{shown}", markup=False)
    if summary.rejected:
        console.print(f"All rejected rows with their reasons: {folder / REJECTS}.csv")
