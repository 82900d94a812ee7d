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


def bundles(
    show: Annotated[
        str | None, typer.Option(help="Tell all that one of them says of its training.")
    ] = None,
) -> None:
    """List the bundles: the promoted ones first, in the order in which `rollback` returns to them."""
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
