"""`padan config`: the settings, every key with its default and what it means."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel, TypeAdapter, ValidationError

from cli.exits import UNUSABLE, exit_on_bad_input
from training_data.settings import config_file

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from training_data.settings import FileSettings

WIDTH = 100
HEAD = (
    "The settings of Padan. The program reads ./padan.toml, or the file that PADAN_CONFIG names; an "
    "environment variable such as PADAN_LOG_LEVEL goes before it."
)
TRAIN_HEAD = (
    "What `padan train --config` reads: sources, rankers and how far back to look. A key that is left out "
    "keeps the default that stands here; the bundle's manifest tells what was used."
)
ALLOCATE_HEAD = (
    "What `padan allocate --config` reads: what is best, who comes first, least and most. A key that is left out "
    "keeps the default that stands here; docs/matching.md explains them."
)
BOUNDS = {"ge": "from", "gt": "above", "le": "to"}


class Subject(StrEnum):
    """What the settings are for."""

    SERVICE = "service"
    TRAIN = "train"
    ALLOCATE = "allocate"


def config(
    subject: Annotated[
        Subject,
        typer.Argument(help="Settings of the service, of `padan train` or of `padan allocate`."),
    ] = Subject.SERVICE,
    check: Annotated[
        Path | None, typer.Option(help="Check a file of settings instead of printing one.")
    ] = None,
) -> None:
    """Print a file of settings in which every key stands with its default, or check one."""
    if check is None:
        typer.echo(RENDER[subject](), nl=False)
        return
    if subject == Subject.SERVICE:
        _exit_on_problems(check)
    elif subject == Subject.ALLOCATE:
        from recommender.matching.settings import AllocateSettings, AllocateSettingsError

        with exit_on_bad_input(AllocateSettingsError):
            AllocateSettings.load(check)
    else:
        from recommender.training.settings import TrainSettings, TrainSettingsError

        with exit_on_bad_input(TrainSettingsError):
            TrainSettings.load(check)
    typer.echo(f"{check}: in order")


def render() -> str:
    """Return the text of a file of settings with the defaults."""
    lines = _comment(HEAD)
    for part in _parts():
        lines += ["", *_comment(f"--- {part.__doc__}")]
        lines += _render_keys(part.model_fields)
    return "\n".join(lines) + "\n"


def render_training() -> str:
    """Return the text of a file of training settings with the defaults."""
    from recommender.retrieval.sources import BEHAVIOUR
    from recommender.training.settings import TrainSettings

    lines = _comment(TRAIN_HEAD)
    sections: list[tuple[str, str, dict[str, FieldInfo]]] = []
    plain: dict[str, FieldInfo] = {}
    for name, field in TrainSettings.model_fields.items():
        if isinstance(field.default, BaseModel):
            described = type(field.default)
            sections.append((name, described.__doc__ or "", described.model_fields))
        elif name != "sources":
            plain[name] = field
    for source, registered in BEHAVIOUR.items():
        words = (registered.model.__doc__ or "").split("\n", 1)[0]
        sections.append((f"sources.{source}", words, registered.settings.model_fields))
    lines += _render_keys(plain)
    for name, words, fields in sections:
        lines += ["", *_comment(f"--- {words}"), f"[{name}]", *_render_keys(fields)]
    return "\n".join(lines) + "\n"


def render_allocation() -> str:
    """Return the text of a file of settings of an allocation with the defaults."""
    from recommender.matching.settings import AllocateSettings, BoundSettings

    keys = {
        name: field for name, field in AllocateSettings.model_fields.items() if name != "bounds"
    }
    lines = [*_comment(ALLOCATE_HEAD), *_render_keys(keys)]
    bound = ["[[bounds]]", *_render_keys(BoundSettings.model_fields)]
    lines += ["", *_comment(f"--- {BoundSettings.__doc__} As many of these as are needed:")]
    lines += [line if line.startswith("#") else f"# {line}".rstrip() for line in bound]
    return "\n".join(lines) + "\n"


RENDER: dict[Subject, Callable[[], str]] = {
    Subject.SERVICE: render,
    Subject.TRAIN: render_training,
    Subject.ALLOCATE: render_allocation,
}


def _render_keys(fields: Mapping[str, FieldInfo]) -> list[str]:
    """Return each key with its default below what it means."""
    lines: list[str] = []
    for name, field in fields.items():
        lines += ["", *_comment(f"{field.description} {_bounds(field)}".strip())]
        lines.append(f"# {name} =" if field.default is None else f"{name} = {_toml(field.default)}")
    return lines


def find_problems(path: Path) -> Iterator[str]:
    """Yield what is wrong with a file of settings: each key that is unknown or out of range."""
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield "no such file"
        return
    except tomllib.TOMLDecodeError as error:
        yield f"not valid TOML: {error}"
        return
    fields = {name: field for part in _parts() for name, field in part.model_fields.items()}
    for name, value in written.items():
        if name not in fields:
            yield f"{name}: unknown; `padan config` prints every key"
            continue
        try:
            _validator(fields[name]).validate_python(value)
        except ValidationError as error:
            yield f"{name}: {error.errors()[0]['msg']}"


def exit_on_bad_settings() -> None:
    """End the command where the file of settings, if there is one, has a key that is unknown or wrong."""
    path = config_file()
    if path.exists():
        _exit_on_problems(path)


def _exit_on_problems(path: Path) -> None:
    problems = list(find_problems(path))
    for problem in problems:
        typer.echo(f"padan: {path}: {problem}", err=True)
    if problems:
        raise typer.Exit(UNUSABLE)


def _validator(field: FieldInfo) -> TypeAdapter[Any]:
    annotated: Any = field.annotation
    if field.metadata:
        annotated = Annotated[(annotated, *field.metadata)]
    return TypeAdapter(annotated)


def _parts() -> tuple[type[FileSettings], ...]:
    from api.settings import ServiceSettings  # seconds to import
    from store.settings import StoreSettings
    from training_data.home import HomeSettings

    return HomeSettings, StoreSettings, ServiceSettings


def _toml(default: Any) -> str:
    match default:
        case tuple() as values:
            return f"[{', '.join(map(_toml, values))}]"
        case bool() as value:
            return str(value).lower()
        case int() as value:
            return f"{value:_}"
        case float() as value:
            return str(value)
        case value:
            return f'"{value}"'


def _bounds(field: FieldInfo) -> str:
    """Return the bounds of a number in words."""
    words = [
        f"{word} {bound:,}"
        for name, word in BOUNDS.items()
        for part in field.metadata
        if (bound := getattr(part, name, None)) is not None
    ]
    return f"({' '.join(words)})" if words else ""


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH - 2)]
