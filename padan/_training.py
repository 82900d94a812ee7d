"""From a dataset directory to a bundle in memory."""

from __future__ import annotations

from pathlib import Path

from models.bundles.promotion import promote as promote_bundle
from models.text.teacher import open_teacher
from padan._model import Model, load
from recommender.objective import DEFAULT, Objective
from recommender.training.settings import TrainSettings
from recommender.training.train import train as train_bundle
from store.erasure import open_without_erased
from training_data.home import padan_home


def train(
    data: str | Path,
    *,
    encoder: str | None = None,
    objective: Objective = DEFAULT,
    settings: TrainSettings = TrainSettings(),
    seed: int = 0,
    promote: bool = False,
) -> Model:
    """Train on a dataset directory; who was erased from the store is left out.

    Parameters
    ----------
    encoder : str, optional
        A sentence-transformers directory, or a name on a model hub; by default the installed encoder.
    objective : Objective
        What the ranking is to achieve.
    settings : TrainSettings
        Sources, rankers and how far back to look.
    seed : int
        Everything random follows from it.
    promote : bool
        Make the new bundle the current one, which running services take up.

    Raises
    ------
    DatasetError
        If the directory cannot be used; the message names the file.
    """
    home = padan_home()
    manifest = train_bundle(
        open_without_erased(Path(data)),
        open_teacher(home, encoder),
        home,
        seed=seed,
        objective=objective,
        settings=settings,
    )
    if promote:
        promote_bundle(home / "bundles", manifest.version)
    return load(home / "bundles" / manifest.version)
