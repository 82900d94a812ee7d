"""`padan bench quality`: ours against the peer libraries on public data, or on one's own table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.exits import UNUSABLE

SPLITS = ("time", "leave-last-out", "given")


def quality(
    name: Annotated[
        str | None, typer.Argument(help="mars, coco, xuetangx or ml-100k; or none with --events")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder that holds the public sets")] = None,
    events: Annotated[
        Path | None,
        typer.Option(help="CSV or Parquet with participant, course and, where known, at and part"),
    ] = None,
    split: Annotated[str, typer.Option(help="time, leave-last-out or given (by part)")] = "time",
    texts: Annotated[Path | None, typer.Option(help="Table of course, text")] = None,
    attributes: Annotated[Path | None, typer.Option(help="Table of course, attribute")] = None,
    user_attributes: Annotated[
        Path | None, typer.Option(help="Table of participant, attribute")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Tuning trials of each peer")] = 30,
    seconds: Annotated[
        float, typer.Option(min=1, help="Seconds for tuning each peer, at most")
    ] = 120.0,
    peer: Annotated[
        list[str] | None, typer.Option(help="Only peers whose name holds this; may be repeated")
    ] = None,
    cuts: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Cuts in time to take the mean over (peers keep the latest cut's parameters)",
            show_default="10 for mars, else 1",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Tune and run the peers anew, kept results or not")
    ] = False,
    kept_rankings: Annotated[
        list[Path] | None,
        typer.Option(
            help="Rankings of a model tuned elsewhere (npz, see docs); may be repeated",
            show_default="those of the peers beside the public sets",
        ),
    ] = None,
) -> None:
    """Measure recommendation quality against implicit, RecTools and LensKit (the extra named bench)."""
    from benchmarks.quality.data import read_tables
    from benchmarks.quality.kept_rankings import find_kept
    from benchmarks.quality.peers import choose_peers
    from benchmarks.quality.public import CUTS, read_public
    from benchmarks.quality.run import run
    from benchmarks.quality.screen import show
    from benchmarks.quality.tuning import Budget
    from models.text.teacher import open_teacher
    from training_data.home import padan_home

    try:
        if name is not None and events is not None:
            raise ValueError("give the name of a public set, or --events, not both")
        if events is not None:
            loaded = read_tables(events, split, texts, attributes, user_attributes)
        elif name is not None:
            if data is None:
                raise ValueError("--data is missing: the folder that holds the public sets")
            loaded = read_public(name, data)
        else:
            raise ValueError("give the name of a public set, or --events FILE")
        peers = choose_peers(peer)
        kept = find_kept(name, data) if kept_rankings is None else kept_rankings
        encoder = open_teacher(padan_home(), None)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        typer.echo(f"padan bench quality: {error}", err=True)
        raise typer.Exit(UNUSABLE) from error
    budget = Budget(trials, seconds)
    outcome = run(
        loaded,
        encoder,
        budget=budget,
        only=peers,
        kept=kept,
        fresh=fresh,
        cuts=CUTS.get(name or "", 1) if cuts is None else cuts,
    )
    show(outcome, Console())
    outcome.write()
    typer.echo(outcome.line())
    raise typer.Exit(0 if outcome.holds else 1)
