"""`padan allocate`: people to scarce seats, with a lottery that anybody can verify."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import UNUSABLE, exit_on_bad_input
from cli.inputs import BundleFolder
from training_data.home import padan_home

if TYPE_CHECKING:
    import polars as pl

    from recommender.matching.case import Case
    from recommender.matching.outcome import Outcome
    from recommender.matching.request import Request
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
        bool, typer.Option("--commit", help="Only promise a seed, and what it will decide.")
    ] = False,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Only publish the seed that was promised.")
    ] = False,
) -> None:
    """Give seats to people, or one of the steps before and after."""
    if context.invoked_subcommand is not None:
        return
    from recommender.matching.bounded import UnmetError  # seconds to import
    from recommender.matching.record import RecordError
    from recommender.matching.settings import AllocateSettings, AllocateSettingsError

    with exit_on_bad_input(AllocateSettingsError, RecordError, UnmetError):
        folder = _require(out, "--out")
        if dry_run + commit + reveal > 1:
            _refuse("--dry-run, --commit and --reveal are steps of their own; name one")
        if reveal:
            _reveal(folder)
            return
        people = _read("participants", _require(participants, "--participants"))
        settings = AllocateSettings() if config is None else AllocateSettings.load(config)
        request = _read_request(people, _require(classes, "--classes"), events)
        request = _add_decisions(request, accepted, offered, refused, choices)
        asked = _Asked(folder, request, settings, bundle, None if day is None else day.date())
        if dry_run:
            _check(asked)
        elif commit:
            _commit(asked)
        else:
            _print(folder, _give(asked, language))


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="Folder of the allocation.")],
    commitment: Annotated[
        Path | None, typer.Option(help="commitment.json as you kept it from before.")
    ] = None,
) -> None:
    """Recompute lottery, seats and tables from what was published; exit status 1 where anything differs."""
    from recommender.matching.record import RecordError
    from recommender.matching.verification import verify as recompute

    with exit_on_bad_input(RecordError):
        findings = recompute(folder, commitment)
    for finding in findings:
        typer.echo(f"{'yes' if finding.holds else 'NO '} {finding.what}")
    raise typer.Exit(0 if all(finding.holds for finding in findings) else 1)


@dataclass(frozen=True)
class _Asked:
    """What the command was given."""

    folder: Path
    request: Request
    settings: AllocateSettings
    bundle: Path | None
    day: dt.date | None

    def build(self, seed: str, day: dt.date | None = None) -> tuple[Case, dt.date]:
        """Return what is decided from, its people in the order of the lottery, and the day whose rules count."""
        from models.bundles.promotion import current
        from recommender.bundle.bundle import load_bundle
        from recommender.matching.case import build_case

        engine = load_bundle(self.bundle or current(padan_home() / "bundles")).engine
        today = self.day or day or engine.programme.today()
        return build_case(engine, self.request, self.settings, seed, today), today


def _check(asked: _Asked) -> None:
    from recommender.matching.run import check_floors

    case, _ = asked.build("")
    check_floors(case)
    typer.echo("every floor can be kept")


def _commit(asked: _Asked) -> None:
    """Promise a seed, and what it will decide; nothing where that cannot be decided."""
    from recommender.matching.lottery import make_seed
    from recommender.matching.promise import check_new, commit
    from recommender.matching.record import COMMITMENT
    from recommender.matching.run import check_floors

    check_new(asked.folder)
    seed = make_seed()
    case, day = asked.build(seed)
    check_floors(case)
    promised = commit(asked.folder, case, asked.settings.aim, seed, day)
    typer.echo(f"{asked.folder / COMMITMENT}: {promised.entrants:,} entrants; publish this file")


def _give(asked: _Asked, language: PageLanguage) -> Outcome:
    """Give the seats as was promised; where nothing was, promise it once they can be given."""
    from recommender.matching.lottery import make_seed
    from recommender.matching.promise import commit, hold_to_promise, open_promise
    from recommender.matching.record import write_outcome
    from recommender.matching.run import decide

    folder, aim = asked.folder, asked.settings.aim
    promised = open_promise(folder, asked.request.participants["participant_id"].to_list())
    seed = make_seed() if promised is None else promised.seed
    case, day = asked.build(seed, None if promised is None else promised.day)
    if promised is not None:
        hold_to_promise(folder, case, aim)
    outcome = decide(case, asked.settings)
    if promised is None:
        commit(folder, case, aim, seed, day)
    write_outcome(folder, outcome, language.value)
    return outcome


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


def _reveal(folder: Path) -> None:
    from recommender.matching.promise import REVEALED, reveal

    reveal(folder)
    typer.echo(f"{folder / REVEALED}: publish this file with the folder")


def _read_request(people: pl.DataFrame, classes: Path, events: Path | None) -> Request:
    from recommender.matching.request import Request
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
    from recommender.matching.request import read_choices, read_decisions

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
        _refuse(f"{option} is missing")
    return path


def _refuse(why: str) -> NoReturn:
    typer.echo(f"padan: {why}", err=True)
    raise typer.Exit(UNUSABLE)
