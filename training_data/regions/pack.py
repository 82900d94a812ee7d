"""A region pack on disk: ``pack.toml``, ``regions.csv``, ``places.csv``, ``neighbours.csv`` and ``ways.csv``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import dataframely as dy
import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from training_data.columns import complete_columns

SHIPPED = Path(__file__).parent


class Regions(dy.Schema):
    """One region a row, of any level. ``regions.csv``; further columns are kept as they are."""

    code = dy.String(primary_key=True, min_length=1, max_length=32)
    parent_code = dy.String(nullable=True, max_length=32, description="null at the top level")
    level = dy.Int8(min=0, description="0 is the top of the tree")
    kind = dy.String(min_length=1, description="one of the kinds in pack.toml")
    name = dy.String(min_length=1, max_length=200, description="name for display")
    aliases = dy.String(nullable=True, description="other names of the same region, joined by |")
    split_from = dy.String(nullable=True, description="code of the region this one was cut out of")
    landmass = dy.String(
        nullable=True, description="island; two regions of one need no sea crossing"
    )
    latitude = dy.Float64(min=-90, max=90, description="degrees north")
    longitude = dy.Float64(min=-180, max=180, description="degrees east")
    population = dy.Int64(min=0, description="inhabitants")
    area_km2 = dy.Float64(min_exclusive=0, description="square kilometres")


class Places(dy.Schema):
    """One place within a region a row: a district, a seat. ``places.csv``; the last three columns may be absent."""

    name = dy.String(min_length=1)
    region_code = dy.String()
    latitude = dy.Float64(nullable=True, min=-90, max=90, description="degrees north")
    longitude = dy.Float64(nullable=True, min=-180, max=180, description="degrees east")
    landmass = dy.String(nullable=True, description="island, where it is not that of the region")

    @dy.rule()
    def both_degrees_or_none(cls) -> pl.Expr:  # noqa: N805
        return cls.latitude.col.is_null() == cls.longitude.col.is_null()


class Ways(dy.Schema):
    """What is known of the way between two regions, or within one. ``ways.csv``, optional."""

    code = dy.String(primary_key=True)
    neighbour_code = dy.String(
        primary_key=True, description="of the same region: between its islands"
    )
    way = dy.Enum(("road", "ferry", "none"), description="none: people fly, or sail for a day")
    km = dy.Float64(
        nullable=True, min=0, description="between the two seats; null: as far as the centroids"
    )
    known = dy.String(min_length=1, description="what is known of it, in words")


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Affixes(_Settings):
    """Words that are written before or after a name to tell its kind."""

    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()


class Kind(Affixes):
    """A kind of region; kinds come in the order in which they claim a name without its kind."""

    kind: str


class PackSettings(_Settings):
    """``pack.toml``."""

    name: str
    version: str
    language: str
    levels: tuple[str, ...]
    kinds: tuple[Kind, ...]
    places: Affixes = Affixes()
    spellings: dict[str, tuple[str, ...]] = {}


@dataclass(frozen=True)
class RegionPack:
    """The contents of a pack, validated.

    Attributes
    ----------
    settings : PackSettings
    regions : DataFrame
        ``Regions`` and whatever further columns the pack has.
    places : DataFrame
        ``Places``: districts and seats, by which regions and people are found.
    neighbours : DataFrame
        ``code``, ``neighbour_code``: regions that touch, each pair once.
    ways : DataFrame
        ``Ways``: ferries that count as land, roads that the centroids misplace, and missing roads.
    """

    settings: PackSettings
    regions: pl.DataFrame
    places: pl.DataFrame
    neighbours: pl.DataFrame
    ways: pl.DataFrame


def read_pack(name_or_directory: str | Path) -> RegionPack:
    """Read a shipped pack by its name ("indonesia"), or any pack by its directory.

    Raises
    ------
    FileNotFoundError
        No such pack, or one of its files is missing.
    ValueError
        A file is not what it should be; the message names the file and the rule.
    """
    directory = Path(name_or_directory)
    if not directory.is_dir():
        directory = SHIPPED / name_or_directory
    if not (directory / "pack.toml").is_file():
        shipped = sorted(path.parent.name for path in SHIPPED.glob("*/pack.toml"))
        raise FileNotFoundError(
            f"no region pack at {name_or_directory!s}: give a directory with a pack.toml, "
            f"or one of {shipped}"
        )
    settings = _read_settings(directory / "pack.toml")
    regions = _read_regions(directory / "regions.csv", settings)
    codes = regions["code"]
    pair = ("code", "neighbour_code")
    return RegionPack(
        settings,
        regions,
        _read_table(directory / "places.csv", Places, ("region_code",), codes),
        _read_codes(directory / "neighbours.csv", pair, pair, codes),
        _read_ways(directory / "ways.csv", codes),
    )


def _read_ways(path: Path, codes: pl.Series) -> pl.DataFrame:
    if not path.is_file():
        return Ways.create_empty()
    return _read_table(path, Ways, ("code", "neighbour_code"), codes)


def _read_table(
    path: Path, table: type[dy.Schema], code_columns: tuple[str, ...], codes: pl.Series
) -> pl.DataFrame:
    try:
        schema = table.create_empty().schema
        frame = complete_columns(table, pl.read_csv(path, schema_overrides=schema))
        frame = table.validate(frame, cast=True)
    except (dy.exc.ValidationError, dy.exc.SchemaError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"{path}: {error}") from error
    _check_codes(path, frame, code_columns, codes)
    return frame


def _read_settings(path: Path) -> PackSettings:
    try:
        return PackSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ValueError(f"{path}: {error}") from error


def _read_regions(path: Path, settings: PackSettings) -> pl.DataFrame:
    try:
        frame = pl.read_csv(path, schema_overrides=Regions.create_empty().schema)
        Regions.validate(frame)
    except (dy.exc.ValidationError, dy.exc.SchemaError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"{path}: {error}") from error
    _check_tree(path, frame, settings)
    return frame


def _check_tree(path: Path, regions: pl.DataFrame, settings: PackSettings) -> None:
    parents = regions.select(parent_code="code", parent_level="level")
    orphans = regions.join(parents, on="parent_code", how="left").filter(
        pl.when(pl.col("level") == 0)
        .then(pl.col("parent_code").is_not_null())
        .otherwise(pl.col("parent_level").fill_null(-2) != pl.col("level") - 1)
    )
    if orphans.height:
        raise ValueError(f"{path}: no parent one level up for {orphans['code'].to_list()[:5]}")
    levels = sorted(regions["level"].unique())
    if levels != list(range(len(settings.levels))):
        raise ValueError(f"{path}: levels {levels}, but pack.toml names {settings.levels}")
    unknown = set(regions["kind"]) - {kind.kind for kind in settings.kinds}
    if unknown:
        raise ValueError(f"{path}: kinds {sorted(unknown)} are not in pack.toml")
    strangers = set(regions["split_from"].drop_nulls()) - set(regions["code"])
    if strangers:
        raise ValueError(f"{path}: split_from {sorted(strangers)} are not codes of this pack")


def _read_codes(
    path: Path, columns: tuple[str, str], code_columns: tuple[str, ...], codes: pl.Series
) -> pl.DataFrame:
    frame = pl.read_csv(path, infer_schema=False)
    if tuple(frame.columns) != columns:
        raise ValueError(f"{path}: columns {frame.columns}, expected {list(columns)}")
    _check_codes(path, frame, code_columns, codes)
    return frame


def _check_codes(
    path: Path, frame: pl.DataFrame, code_columns: tuple[str, ...], codes: pl.Series
) -> None:
    for column in code_columns:
        unknown = frame[column].filter(~frame[column].is_in(codes.implode()))
        if len(unknown):
            raise ValueError(f"{path}: unknown {column} {unknown.head(5).to_list()}")
