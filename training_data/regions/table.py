"""The regions of one country as arrays: tree, lookup and distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from training_data.regions.geo import great_circle_km
from training_data.regions.names import NameIndex, RegionNotFoundError
from training_data.regions.pack import RegionPack, read_pack


@dataclass(frozen=True)
class Located:
    """A region's code, and the coordinates of the place within it that was named, if any."""

    code: str
    latitude: float | None = None
    longitude: float | None = None


class RegionTable:
    """Regions of one code set; a region's id is its row, so every attribute is an array by id.

    Attributes
    ----------
    name, version, language : str
        Of the pack; ``version`` names the code set, as in "kemendagri-2025".
    levels : tuple of str
        Names of the levels from the top: ("island", "province", "kabupaten/kota").
    frame : DataFrame, R rows
        All columns of the pack, in the order of the ids.
    codes : tuple of str
    parents : ndarray of int32, shape (R,)
        Id of the parent, -1 at the top.
    level : ndarray of int8, shape (R,)
    landmass : ndarray of int32, shape (R,)
        Number of the island a region lies on; -1 where it lies on several or is not known.
    latitude, longitude : ndarray of float64, shape (R,)
        Degrees north and east.
    population : ndarray of int64, shape (R,)
    """

    def __init__(self, pack: RegionPack) -> None:
        frame = pack.regions
        self.name = pack.settings.name
        self.version = pack.settings.version
        self.language = pack.settings.language
        self.levels = pack.settings.levels
        self.frame = frame
        self.codes: tuple[str, ...] = tuple(frame["code"])
        self._id_of = {code: row for row, code in enumerate(self.codes)}
        # Without dots, or as a number that has lost a last zero: "3215", and "32.1" for 32.10.
        self._as_numbers = {
            form: row
            for row, code in enumerate(self.codes)
            for form in (code.replace(".", ""), code.rstrip("0") if "." in code else code)
        }
        self.parents = self.ids(frame["parent_code"])
        self.level = frame["level"].to_numpy()
        self._places = pack.places
        self.landmass, self._place_landmass = self._number_landmasses(pack)
        self.latitude = frame["latitude"].to_numpy()
        self.longitude = frame["longitude"].to_numpy()
        self.population = frame["population"].to_numpy()
        self._inside = self._containment(self.ids(frame["split_from"]))
        self._names = NameIndex(pack, self.parents, self._inside)
        self._neighbours = np.zeros((len(self.codes), len(self.codes)), dtype=np.bool_)
        a, b = (self.ids(pack.neighbours[column]) for column in ("code", "neighbour_code"))
        self._neighbours[a, b] = self._neighbours[b, a] = True
        self._has_ferry, self._has_no_road, self._way_km = self._read_ways(pack.ways)

    @classmethod
    def load(cls, name_or_directory: str | Path) -> RegionTable:
        """Read a shipped pack by its name ("indonesia"), or any pack by its directory.

        A shipped pack is read once: it is of the program, and tables do not change.

        Raises
        ------
        FileNotFoundError, ValueError
            From ``read_pack``, naming the file.
        """
        if Path(name_or_directory).is_dir():
            return cls(read_pack(name_or_directory))
        return _load_shipped(str(name_or_directory))

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def around(self) -> NDArray[np.int32]:
        """Each region and those it lies in, the smallest first, shape (R + 1, levels), padded with -1.

        The last row is of -1 alone: that of a region that is not known.
        """
        levels = [np.append(np.arange(len(self)), -1)]
        for _ in self.levels[1:]:
            below = levels[-1]
            levels.append(np.where(below >= 0, self.parents[below], -1))
        return np.column_stack(levels).astype(np.int32)

    def id(self, code: str) -> int:
        """Id of a code of this pack, exactly as the pack writes it."""
        try:
            return self._id_of[code]
        except KeyError:
            raise RegionNotFoundError(
                f"no region code {code!r} in {self.name} {self.version}"
            ) from None

    def find(self, code: str) -> int:
        """Id of a code, -1 where the pack has none of that name."""
        return self._id_of.get(code, -1)

    def ids(self, codes: pl.Series | Sequence[str | None]) -> NDArray[np.int32]:
        """Ids of codes, -1 for null.

        Raises
        ------
        RegionNotFoundError
            A code is not one of this pack.
        """
        wanted = pl.Series("code", codes, dtype=pl.String)
        found = wanted.replace_strict(
            self.codes, range(len(self)), default=None, return_dtype=pl.Int32
        )
        unknown = wanted.filter(wanted.is_not_null() & found.is_null())
        if len(unknown):
            raise RegionNotFoundError(
                f"no region codes {unknown.unique().sort().to_list()[:5]} "
                f"in {self.name} {self.version}"
            )
        return found.fill_null(-1).to_numpy()

    def lookup(self, name_or_code: str, within: str | None = None) -> str:
        """Code of the region that a code or a name, however written, stands for.

        A code may lack its dots ("3172"), or a last zero behind them ("32.1" for 32.10), and is read in
        this pack's own code set; codes of another agency are not recognised as such and must be translated
        before. A name may carry a word for its kind or none, be abbreviated, English, an old one, a place
        inside the region, or a list ("Kebayoran Lama, Jakarta Selatan"). ``pack.toml`` has the rule on
        names without a kind.

        Parameters
        ----------
        name_or_code : str
        within : str, optional
            Code or name of a region it lies in, as a province; a region split since then will do.

        Raises
        ------
        RegionNotFoundError
            None, or no single one, is meant; the message suggests some.
        """
        found = self._find(name_or_code, None if within is None else self.id(self.lookup(within)))
        if found is None:
            near = ", ".join(
                f"{self.codes[i]} {self.frame['name'][i]}"
                for i in self._names.suggest(name_or_code)
            )
            place = f" within {within!r}" if within is not None else ""
            raise RegionNotFoundError(
                f"no single region {name_or_code!r}{place} in {self.name} {self.version}; "
                f"near: {near}"
            )
        return self.codes[found]

    def locate(self, name_or_code: str) -> Located:
        """Code of the region that a text stands for, and where the district lies that it names.

        "Kec. Leihitu, Maluku Tengah" lies on the island Ambon; of "Maluku Tengah" only the region is known.

        Raises
        ------
        RegionNotFoundError
            As of ``lookup``.
        """
        code = self.lookup(name_or_code)
        place = self._names.find_place(name_or_code, self.id(code))
        if place < 0:
            return Located(code)
        return Located(code, self._places["latitude"][place], self._places["longitude"][place])

    def resolve(self, names: pl.Series, within: pl.Series | None = None) -> pl.Series:
        """``lookup`` of a column: codes, null where a name (or its ``within``) is not resolved.

        Parameters
        ----------
        names : Series of String
            Names or codes; bare numbers are refused, they have lost their leading zeros and dots.
        within : Series of String, optional
            Region each lies in; null where it is not known.

        Raises
        ------
        TypeError
            A column is not text.
        """
        pairs = (
            pl.DataFrame({"name": names, "within": within})
            if within is not None
            else (pl.DataFrame({"name": names}).with_columns(within=pl.lit(None, pl.String)))
        )
        for column in pairs:
            if column.dtype not in (pl.String, pl.Null):
                raise TypeError(f"region {column.name} is {column.dtype}, expected text")
        distinct = pairs.unique()
        codes = [self._resolve_one(name, outer) for name, outer in distinct.iter_rows()]
        found = distinct.with_columns(code=pl.Series(codes, dtype=pl.String))
        joined = pairs.join(
            found, on=["name", "within"], how="left", nulls_equal=True, maintain_order="left"
        )
        return joined["code"].alias(names.name)

    def locate_districts(self, names: pl.Series, codes: pl.Series) -> pl.DataFrame:
        """Return ``latitude`` and ``longitude`` of the district that each text names within its region.

        Parameters
        ----------
        names, codes : Series of String
            What was written of each region, and its code; null where there is none.
        """
        schema = {"latitude": pl.Float64, "longitude": pl.Float64}
        pairs = pl.DataFrame({"name": names, "code": codes})
        distinct = pairs.drop_nulls().unique()
        places = [
            self._names.find_place(name, self.id(code)) for name, code in distinct.iter_rows()
        ]
        rows = [
            [None if place < 0 else self._places[column][place] for place in places]
            for column in schema
        ]
        found = distinct.hstack(pl.DataFrame(dict(zip(schema, rows, strict=True)), schema=schema))
        joined = pairs.join(
            found, on=["name", "code"], how="left", nulls_equal=True, maintain_order="left"
        )
        return joined.select(*schema)

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Codes of the regions around one, nearest first."""
        return tuple(self.codes[i] for i in self._ancestor_ids(self.id(code)))

    def children(self, code: str) -> tuple[str, ...]:
        """Codes of the regions one level below."""
        return tuple(self.codes[i] for i in np.flatnonzero(self.parents == self.id(code)))

    def at_level(self, level: int | str) -> NDArray[np.int32]:
        """For each region its ancestor (or itself) at a level, -1 where it lies above that level.

        Parameters
        ----------
        level : int or str
            Number or name of the level.

        Returns
        -------
        ndarray of int32, shape (R,)
        """
        wanted = self.levels.index(level) if isinstance(level, str) else level
        found = np.arange(len(self), dtype=np.int32)
        for _ in self.levels:
            found = np.where(self.level[found] > wanted, self.parents[found], found)
        return np.where(self.level >= wanted, found, np.int32(-1)).astype(np.int32)

    def distance_km(self, a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
        """Great-circle kilometres between ids; shapes broadcast, an id of -1 gives NaN."""
        a, b = np.asarray(a), np.asarray(b)
        distance = great_circle_km(
            self.latitude[a], self.longitude[a], self.latitude[b], self.longitude[b]
        )
        return np.where((a < 0) | (b < 0), np.nan, distance)

    def landmass_at(
        self,
        region: NDArray[np.int32],
        latitude: NDArray[np.float64],
        longitude: NDArray[np.float64],
    ) -> NDArray[np.int32]:
        """Island of points within regions: that of the nearest district where a region has several.

        Parameters
        ----------
        region : ndarray of int32
            -1 where it is not known; ``latitude`` and ``longitude`` are NaN where they are not.
        """
        found = np.where(region >= 0, self.landmass[region], -1).astype(np.int32)
        on_islands = np.isin(region, list(self._archipelagos)) & ~np.isnan(latitude)
        for row in np.unique(region[on_islands]):
            here = on_islands & (region == row)
            places, landmasses = self._archipelagos[int(row)]
            km = great_circle_km(latitude[here][:, None], longitude[here][:, None], *places)
            found[here] = landmasses[km.argmin(axis=1)]
        return found

    @cached_property
    def _archipelagos(self) -> dict[int, tuple[NDArray[np.float64], NDArray[np.int32]]]:
        """Regions on several islands: where their districts lie, (2, P), and on which island each."""
        region = self.ids(self._places["region_code"])
        degrees = self._places.select("latitude", "longitude").to_numpy().T
        landmass = np.where(self._place_landmass >= 0, self._place_landmass, self.landmass[region])
        known = ~np.isnan(degrees[0])
        return {
            int(row): (degrees[:, here], landmass[here])
            for row in np.unique(region[self._place_landmass >= 0])
            if (here := known & (region == row)).any()
        }

    def crosses_sea(
        self, a: ArrayLike, b: ArrayLike, landmass_a: ArrayLike, landmass_b: ArrayLike
    ) -> NDArray[np.bool_]:
        """Whether a sea that no usual ferry crosses lies between places in two regions.

        Parameters
        ----------
        a, b : array-like of int
            Ids, -1 where not known; all shapes broadcast.
        landmass_a, landmass_b : array-like of int
            Islands of the two places, -1 where not known: no sea is assumed then.
        """
        a, b = np.asarray(a), np.asarray(b)
        on_a, on_b = np.asarray(landmass_a), np.asarray(landmass_b)
        by_ferry = self._has_ferry[a, b] & (a >= 0) & (b >= 0)
        return np.asarray((on_a != on_b) & (on_a >= 0) & (on_b >= 0) & ~by_ferry)

    def lack_road(self, a: ArrayLike, b: ArrayLike) -> NDArray[np.bool_]:
        """Whether ids are known to have no road between them; shapes broadcast."""
        a, b = np.asarray(a), np.asarray(b)
        return np.asarray(self._has_no_road[a, b] & (a >= 0) & (b >= 0))

    def way_km(self, a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
        """Kilometres between the seats of two regions where they are known, else NaN; shapes broadcast."""
        a, b = np.asarray(a), np.asarray(b)
        return np.where((a >= 0) & (b >= 0), self._way_km[a, b], np.nan)

    @cached_property
    def names(self) -> list[str]:
        """Name of each region."""
        names: list[str] = self.frame["name"].to_list()
        return names

    def are_neighbours(self, a: ArrayLike, b: ArrayLike) -> NDArray[np.bool_]:
        """Whether ids touch; shapes broadcast. A region is not its own neighbour."""
        a, b = np.asarray(a), np.asarray(b)
        return np.asarray(self._neighbours[a, b] & (a >= 0) & (b >= 0))

    def _number_landmasses(self, pack: RegionPack) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Equal islands as equal numbers from 0, null as -1: of the regions, and of the places."""
        labels = pl.concat([pack.regions["landmass"], pack.places["landmass"]])
        numbers = (labels.rank("dense").cast(pl.Int32) - 1).fill_null(-1).to_numpy()
        return numbers[: len(self)], numbers[len(self) :]

    def _read_ways(
        self, ways: pl.DataFrame
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
        """Ferries, missing roads, and km between the seats, each of shape (R, R)."""
        shape = (len(self), len(self))
        ferry, no_road = np.zeros((2, *shape), dtype=np.bool_)
        km = np.full(shape, np.nan)
        a, b = (self.ids(ways[column]) for column in ("code", "neighbour_code"))
        way = ways["way"].cast(pl.String)
        ferry[a, b] = ferry[b, a] = (way == "ferry").to_numpy()
        no_road[a, b] = no_road[b, a] = (way == "none").to_numpy()
        km[a, b] = km[b, a] = ways["km"].to_numpy()
        return ferry, no_road, km

    def _resolve_one(self, name: str | None, within: str | None) -> str | None:
        outer = None
        if name is None:
            return None
        if within is not None and (outer := self._find(within, None)) is None:
            return None
        found = self._find(name, outer)
        return None if found is None else self.codes[found]

    def _find(self, text: str, within: int | None) -> int | None:
        stripped = text.strip()
        coded = self._id_of.get(stripped, self._as_numbers.get(stripped))
        if coded is None:
            return self._names.find(text, within)
        outside = within is not None and coded != within and not self._inside[within, coded]
        return None if outside else coded

    def _ancestor_ids(self, region: int) -> list[int]:
        chain: list[int] = []
        while (region := int(self.parents[region])) >= 0:
            chain.append(region)
        return chain

    def _containment(self, split_from: NDArray[np.int32]) -> NDArray[np.bool_]:
        """``inside[a, b]``: b lies within a, now or before a region around b was split from a."""
        inside = np.zeros((len(self), len(self)), dtype=np.bool_)
        for region in range(len(self)):
            around = self._ancestor_ids(region)
            for outer in around:  # grows while it is walked: a split of a split counts too
                if split_from[outer] >= 0:
                    around.append(int(split_from[outer]))
            inside[around, region] = True
        return inside


@cache
def _load_shipped(name: str) -> RegionTable:
    return RegionTable(read_pack(name))
