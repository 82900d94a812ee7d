"""`padan train`: a dataset directory into a sealed bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.exits import exit_on_bad_input
from cli.manifest import print_manifest
from cli.notices import warn_of_rows, warn_of_untakeable
from recommender.objective import DEFAULT, Objective, ObjectiveError
from training_data.home import padan_home


def train(
    data: Annotated[Path, typer.Option(help="Dataset directory.")],
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Text encoder: a directory, or a name on a model hub.", show_default="installed e5"
        ),
    ] = None,
    objective: Annotated[
        Path | None,
        typer.Option(
            help="TOML file: what each kind of event is worth, and the share of outcomes.",
            show_default="see docs/data-scientists.md",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="TOML file: sources, rankers and how far back to look.",
            show_default="see `padan config train`",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Everything random follows from it.")] = 0,
) -> None:
    """Train on a dataset and make the new bundle the current one."""
    import padan  # seconds to import
    from recommender.training.settings import TrainSettings, TrainSettingsError

    with exit_on_bad_input(ObjectiveError, TrainSettingsError):
        aim = DEFAULT if objective is None else Objective.load(objective)
        settings = TrainSettings() if config is None else TrainSettings.load(config)
        model = padan.train(
            data, encoder=encoder, objective=aim, settings=settings, seed=seed, promote=True
        )
    print_manifest(model.bundle.manifest, padan_home())
    warn_of_untakeable(data)
    warn_of_rows(data)
