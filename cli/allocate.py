"""`padan allocate`: people to scarce seats, with a lottery that anybody can verify."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import UNUSABLE, exit_on_bad_input
from cli.inputs import BundleFolder
from training_data.home import padan_home

if TYPE_CHECKING:
    import polars as pl

    from recommender.matching.case import Case, Request
    from recommender.matching.outcome import Outcome
    from recommender.matching.settings import AllocateSettings

app = typer.Typer(invoke_without_command=True)


class PageLanguage(StrEnum):
    """Languages of the officer's page."""

    en = "en"
    id = "id"


Out = Annotated[Path, typer.Option(help="Folder of the allocation.")]
TableFile = Annotated[Path | None, typer.Option(help="Parquet: participant_id, class_id.")]


@app.callback(help="Give people seats in classes: the most fit, or the most people served.")
def allocate(
    context: typer.Context,
    participants: Annotated[
        Path | None, typer.Option(help="Parquet under the contract of participants.")
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help="Parquet under the contract of classes.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="TOML: objective, tiers, bounds.", show_default="see `padan config allocate`"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the allocation.")] = None,
    events: Annotated[
        Path | None, typer.Option(help="Parquet under the contract of interactions.")
    ] = None,
    accepted: TableFile = None,
    offered: TableFile = None,
    refused: TableFile = None,
    choices: Annotated[
        Path | None,
        typer.Option(
            help="Parquet: participant_id, class_id, rank, and standing if providers choose."
        ),
    ] = None,
    day: Annotated[
        dt.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Whose rules and dates count.", show_default="today"
        ),
    ] = None,
    bundle: BundleFolder = None,
    language: Annotated[PageLanguage, typer.Option(help="Of the page.")] = PageLanguage.en,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say whether the floors can be kept.")
    ] = False,
    commit: Annotated[
        bool, typer.Option("--commit", help="Only promise a seed for these participants.")
    ] = False,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Only publish the seed that was promised.")
    ] = False,
) -> None:
    """Give seats to people, or one of the steps before and after."""
    if context.invoked_subcommand is not None:
        return
    from recommender.matching.bounded import UnmetError  # seconds to import
    from recommender.matching.record import RecordError, write_case, write_outcome
    from recommender.matching.run import check_floors, decide
    from recommender.matching.settings import AllocateSettings, AllocateSettingsError

    with exit_on_bad_input(AllocateSettingsError, RecordError, UnmetError):
        folder = _require(out, "--out")
        if reveal:
            _reveal(folder)
            return
        people = _read("participants", _require(participants, "--participants"))
        if commit:
            _commit(folder, people)
            return
        settings = AllocateSettings() if config is None else AllocateSettings.load(config)
        request = _read_request(people, _require(classes, "--classes"), events)
        request = _add_decisions(request, accepted, offered, refused, choices)
        case = _build(folder, request, settings, bundle, day, dry_run=dry_run)
        if dry_run:
            check_floors(case)
            typer.echo("every floor can be kept")
            return
        outcome = decide(case, settings)
        write_case(folder, case, settings.aim)
        write_outcome(folder, outcome, language.value)
    _print(folder, outcome)


@app.command()
def verify(folder: Annotated[Path, typer.Argument(help="Folder of the allocation.")]) -> None:
    """Recompute lottery and seats from what was published; exit status 1 where anything differs."""
    from recommender.matching.record import RecordError
    from recommender.matching.record import verify as recompute

    with exit_on_bad_input(RecordError):
        findings = recompute(folder)
    for finding in findings:
        typer.echo(f"{'yes' if finding.holds else 'NO '} {finding.what}")
    raise typer.Exit(0 if all(finding.holds for finding in findings) else 1)


def _build(
    folder: Path,
    request: Request,
    settings: AllocateSettings,
    bundle: Path | None,
    day: dt.datetime | None,
    *,
    dry_run: bool,
) -> Case:
    """Return what is decided from, its people in the order of the lottery that was promised."""
    from models.bundles.promotion import current
    from recommender.bundle.bundle import load_bundle
    from recommender.matching.case import build_case
    from recommender.matching.record import COMMITMENT, commit, open_seed

    engine = load_bundle(bundle or current(padan_home() / "bundles")).engine
    ids = request.participants["participant_id"].to_list()
    if dry_run:
        seed = ""
    else:
        if not (folder / COMMITMENT).exists():
            commit(folder, ids)
        seed = open_seed(folder, ids)
    today = day.date() if day else engine.programme.today()
    return build_case(engine, request, settings, seed, today)


def _print(folder: Path, outcome: Outcome) -> None:
    console = Console()
    told = outcome.summary
    table = Table("", "", title="Allocation", show_header=False)
    rows = {
        "people": f"{told['participants']:,}",
        "served": f"{told['served']:,} (at most {told['most_people']:,})",
        "seats": f"{told['seats']:,}",
        "fit": f"{told['fit']:,.1f}",
        "certified gap": f"{told['gap']:.2%}",
        "without a seat": ", ".join(
            f"{name} {count:,}" for name, count in told["unserved"].items()
        ),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    for bound in outcome.bounds.iter_rows(named=True):
        limits = f"{bound['floor']} to {'any' if bound['ceiling'] is None else bound['ceiling']}"
        table.add_row(bound["name"], f"{bound['seated']:,} ({limits}), {bound['price']:g} a person")
    console.print(table)
    if not told["finished"]:
        console.print("[bold]Stopped before the gap was reached: the best so far.[/bold]")
    console.print(f"{folder}: {outcome.classes.height:,} classes")


def _commit(folder: Path, people: pl.DataFrame) -> None:
    from recommender.matching.record import COMMITMENT
    from recommender.matching.record import commit as promise

    promised = promise(folder, people["participant_id"].to_list())
    typer.echo(f"{folder / COMMITMENT}: {promised['entrants']:,} entrants; publish this file")


def _reveal(folder: Path) -> None:
    from recommender.matching.record import REVEALED
    from recommender.matching.record import reveal as publish

    publish(folder)
    typer.echo(f"{folder / REVEALED}: publish this file with the folder")


def _read_request(people: pl.DataFrame, classes: Path, events: Path | None) -> Request:
    from recommender.matching.case import Request
    from training_data.columns import Interactions

    past = Interactions.create_empty() if events is None else _read("interactions", events)
    return Request(people, _read("classes", classes), past)


def _add_decisions(
    request: Request,
    accepted: Path | None,
    offered: Path | None,
    refused: Path | None,
    choices: Path | None,
) -> Request:
    from dataclasses import replace

    from recommender.matching.case import read_decisions
    from recommender.matching.choices import read_choices

    if choices is not None:
        request = replace(request, choices=read_choices(choices))
    named = {"accepted": accepted, "offered": offered, "refused": refused}
    return replace(
        request, **{name: read_decisions(path) for name, path in named.items() if path is not None}
    )


def _read(table: str, path: Path) -> pl.DataFrame:
    from training_data.dataset import read_table

    return read_table(table, path)


def _require(path: Path | None, option: str) -> Path:
    if path is None:
        typer.echo(f"padan: {option} is missing", err=True)
        raise typer.Exit(UNUSABLE)
    return path
