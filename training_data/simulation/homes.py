"""Where people live, and how far it is from there to the trainings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training_data.arrays import encode_strings
from training_data.demo import demo_places
from training_data.programmes.rules import ReachRule
from training_data.regions import RegionTable
from training_data.simulation import figures

REGION_PACK: Final = "indonesia"


@dataclass(frozen=True)
class Homes:
    """Where people live: the kabupaten/kota, R of them.

    Attributes
    ----------
    codes : Series of String
    share : ndarray of float64
        Of the programme's beneficiaries.
    rural : ndarray of float64
        Share of the people there who live in a village.
    province : ndarray of int32
        From 0 without gaps.
    """

    codes: pl.Series
    share: NDArray[np.float64]
    rural: NDArray[np.float64]
    province: NDArray[np.int32]


def read_homes() -> tuple[Homes, RegionTable]:
    regions = RegionTable.load(REGION_PACK)
    lowest = regions.level == len(regions.levels) - 1
    frame = regions.frame.filter(pl.Series(lowest))
    share = frame["beneficiaries"].to_numpy() / frame["beneficiaries"].sum()
    kota = (frame["kind"] == "kota").to_numpy()
    in_kota = share[kota].sum()
    in_kabupaten = (figures.RURAL - figures.RURAL_IN_KOTA * in_kota) / (1 - in_kota)
    _, province = np.unique(regions.parents[lowest], return_inverse=True)
    homes = Homes(
        codes=frame["code"],
        share=share,
        rural=np.where(kota, figures.RURAL_IN_KOTA, in_kabupaten),
        province=province.astype(np.int32),
    )
    return homes, regions


def way_km(
    homes: Homes, regions: RegionTable, ids: list[str], reach: ReachRule
) -> NDArray[np.float32]:
    places = demo_places()
    home = regions.ids(homes.codes)[:, None]
    place = regions.ids(places["region_code"])[None, :]
    way = regions.distance_km(home, place)
    overseas = regions.crosses_sea(home, place, regions.landmass[home], regions.landmass[place])
    way = np.where(home == place, 0.0, way + reach.sea_crossing_km * overseas)
    way += reach.farthest_km * regions.lack_road(home, place)
    found = np.zeros((len(homes.codes), len(ids)), dtype=np.float32)
    course = encode_strings(places["course_id"], ids)
    for number in np.unique(course):
        found[:, number] = way[:, course == number].min(axis=1)
    return found
