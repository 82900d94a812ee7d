"""`padan promote`, `padan rollback`, `padan bundles`: which bundle running services answer with."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from cli.exits import exit_on_bad_input
from cli.manifest import print_manifest
from models.bundles import promotion
from models.bundles.sealing import BundleError, verify
from training_data.home import padan_home

FOLLOWED = "running services take it up within seconds"


app = typer.Typer(help="The bundles: a list of them, and what they still hold of people.")


def promote(
    bundle: Annotated[str, typer.Argument(help="Its version, as `padan bundles` shows it.")],
) -> None:
    """Make a bundle the current one, after its golden answers were asked for again."""
    from recommender.bundle.bundle import load_checked  # seconds to import

    bundles = padan_home() / "bundles"
    with exit_on_bad_input():
        load_checked(bundles / bundle)
        promotion.promote(bundles, bundle)
    typer.echo(f"{bundle} is current; {FOLLOWED}")


def rollback() -> None:
    """Return to the bundle that was current before the last promotion."""
    with exit_on_bad_input():
        version = promotion.rollback(padan_home() / "bundles")
    typer.echo(f"{version} is current again; {FOLLOWED}")


@app.callback(invoke_without_command=True)
def list_bundles(
    context: typer.Context,
    show: Annotated[
        str | None, typer.Option(help="Tell all that one of them says of its training.")
    ] = None,
) -> None:
    """List the bundles: the promoted ones first, in the order in which `rollback` returns to them."""
    if context.invoked_subcommand:
        return
    folder = padan_home() / "bundles"
    if show is not None:
        with exit_on_bad_input():
            print_manifest(verify(folder / show), padan_home())
        return
    promoted = list(dict.fromkeys(promotion.list_promoted(folder)))
    others = sorted({path.parent.name for path in folder.glob("[!.]*/manifest.json")} - {*promoted})
    table = Table(Column("bundle", no_wrap=True), "", "made on", "rules", "regions", "data")
    for version in [*promoted, *others]:
        place = "current" if [version] == promoted[:1] else ""
        try:
            manifest = verify(folder / version)
        except BundleError as error:
            table.add_row(version, place, f"refused: {error}")
            continue
        said = (manifest.created_on, manifest.programme, manifest.regions, manifest.data[:16])
        table.add_row(version, place, *said)
    Console().print(table)


@app.command()
def prune() -> None:
    """Write bundles that name people who were erased or pruned anew without them; run it daily.

    Their lists go out of the results in the folder `batch` of the home, and their profiles out of the
    index of everybody.

    Deleted are the bundles that were written anew, those that cannot be used, and what a training left that
    was ended. Services that were started with a bundle's folder go on until they are started anew.
    """
    from recommender.batch.everybody import prune_everybody  # seconds to import
    from recommender.batch.parts import BatchError
    from recommender.batch.pruning import delete_left_splits, prune_results
    from recommender.bundle.pruning import prune_bundles
    from store.audit import Entry, record
    from store.database import open_store
    from store.erasure import list_gone

    home = padan_home()
    with exit_on_bad_input(BatchError):
        store = open_store()
        store.prepare()
        gone = list_gone(store)
        pruned = prune_bundles(home / "bundles", gone)
        indexed = prune_everybody(home / "bundles", gone)
        lists = prune_results(home / "batch", gone)
        delete_left_splits(home / "shards")
    with store.writing() as connection:
        decision = {one.version: one.rewritten for one in pruned}
        record(connection, [Entry("padan bundles prune", "prune", decision=decision)])
    for version, rewritten, reason in pruned:
        what = f"written anew as {rewritten}" if rewritten else "deleted"
        typer.echo(f"{version} {what}: {reason}")
    if not pruned:
        typer.echo("no bundle names anybody who is gone")
    if indexed:
        typer.echo(f"{indexed} people who are gone taken out of the index of everybody")
    if lists:
        typer.echo(f"{home / 'batch'}: {lists} lists of people who are gone taken out")
