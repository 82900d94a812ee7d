"""How commands end on input that cannot be used: one clear line, exit status 2 (of a part: 3, if ``--strict``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import typer

from models.bundles.sealing import BundleError
from recommender.messages import MessagesError
from store.errors import StoreError
from training_data.dataset import DatasetError
from training_data.profiles import ProfileError
from training_data.programmes.programme import PackError
from training_data.settings import SettingsError
from training_data.skills.vocabulary import VocabularyError

UNUSABLE = 2
SET_ASIDE = 3
STRICT: ContextVar[bool] = ContextVar("STRICT", default=False)
INPUT_ERRORS = (
    BundleError,
    DatasetError,
    ProfileError,
    PackError,
    VocabularyError,
    MessagesError,
    StoreError,
    SettingsError,
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)


@contextmanager
def exit_on_bad_input(*more: type[Exception]) -> Iterator[None]:
    """Turn an error about the input into its message and exit status 2; any other error is a fault.

    Parameters
    ----------
    *more : type
        Further errors that are about the input of this command.
    """
    ours: tuple[type[Exception], ...] = (*INPUT_ERRORS, *more)
    try:
        yield
    except ours as error:
        typer.echo(f"padan: {error}", err=True)
        raise typer.Exit(UNUSABLE) from error


def exit_where_strict(set_aside: int) -> None:
    """End with exit status 3 where rows were set aside and the user asked for ``padan --strict``."""
    if set_aside and STRICT.get():
        raise typer.Exit(SET_ASIDE)
