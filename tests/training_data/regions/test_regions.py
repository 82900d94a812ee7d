"""Region packs: the shipped one, messy names, tree, distances, and a pack of another country."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from python_calamine import CalamineWorkbook

from training_data.regions import RegionNotFoundError, RegionTable, great_circle_km

INDONESIA = RegionTable.load("indonesia")
REGENCIES = [
    (code, kind, name)
    for code, kind, name, level in INDONESIA.frame.select(
        "code", "kind", "name", "level"
    ).iter_rows()
    if level == 2
]


def test_counts_of_the_code_set() -> None:
    kinds = dict(INDONESIA.frame["kind"].value_counts().iter_rows())
    assert kinds == {"pulau": 7, "provinsi": 38, "kabupaten": 416, "kota": 98}
    assert INDONESIA.version == "kemendagri-2025"
    assert INDONESIA.frame["beneficiaries"].filter(INDONESIA.level == 2).sum() == 19_867_589


@pytest.mark.parametrize("column", ["population", "beneficiaries"])
def test_provinces_are_the_sums_of_their_regencies(column: str) -> None:
    value = INDONESIA.frame[column].to_numpy()
    province = INDONESIA.at_level("province")
    regencies = INDONESIA.level == 2
    sums = np.bincount(province[regencies], value[regencies], len(INDONESIA))
    provinces = INDONESIA.level == 1
    np.testing.assert_array_equal(sums[provinces], value[provinces])


def test_beneficiaries_are_the_sum_of_the_years() -> None:
    years = [f"beneficiaries_{year}" for year in range(2020, 2025)]
    assert (INDONESIA.frame.select(pl.sum_horizontal(years)).to_series()).equals(
        INDONESIA.frame["beneficiaries"], check_names=False
    )


def test_coordinates_lie_in_indonesia_and_near_their_province() -> None:
    assert INDONESIA.latitude.min() > -11.2
    assert INDONESIA.latitude.max() < 6.2
    assert INDONESIA.longitude.min() > 94.9
    assert INDONESIA.longitude.max() < 141.1
    regencies = np.flatnonzero(INDONESIA.level == 2)
    to_province = INDONESIA.distance_km(regencies, INDONESIA.parents[regencies])
    assert to_province.max() < 550  # Kepulauan Aru, of Maluku
    nearest_neighbour = INDONESIA.distance_km(regencies[:, None], regencies[None, :])
    np.fill_diagonal(nearest_neighbour, np.inf)
    assert nearest_neighbour.min() > 0.5  # a kabupaten around its kota: Cirebon


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("kab pahuwato", "75.04"),
        ("Kota Adm. Jakarta Timur", "31.75"),
        (" KOTA ADM. JAKARTA TIMUR", "31.75"),
        ("KAB. BANDUNG", "32.04"),
        ("Bandung", "32.73"),
        ("Bandung Regency", "32.04"),
        ("KabBandungBarat", "32.17"),
        ("West Bandung", "32.17"),
        ("Jakarta Raya", "31"),
        ("South Jakarta", "31.74"),
        ("West Java", "32"),
        ("Prov. Jawa Barat", "32"),
        ("Yogyakarta", "34.71"),
        ("D.I Yogyakarta", "34"),
        ("Jambi", "15"),
        ("Kota Jambi", "15.71"),
        ("Papua", "91"),
        ("Sumatra", "SM"),
        ("Kab. Adm. Kep. Seribu", "31.01"),
        ("Kab Maluku Tenggara Barat", "81.03"),
        ("Pangkajene Kepulauan", "73.10"),
        ("MUKO MUKO", "17.06"),
        ("Kota Garut", "32.05"),
        ("SEDENRENG RAPPANG", "73.14"),
        ("Kab. Tanjung Jabung Bara", "15.06"),
        ("Tanggerang", "36.71"),
        ("Makasar", "73.71"),  # a common slip, and a district of Jakarta Timur
        ("Kec. Makasar", "31.75"),
        ("Jakarta Selatan, Jakarta Raya", "31.74"),
        ("Jakarta Raya, Jakarta Selatan", "31.74"),
        ("Surakarta / Solo", "33.72"),
        ("Kecamatan Tangerang", "36.71"),
        ("Taman, Sidoarjo", "35.15"),
        ("Jl. Melati 5, Kebayoran Lama, Jakarta Selatan", "31.74"),
        ("Cisarua", "32"),  # a district in Bogor, Sumedang and Bandung Barat: the province is sure
        ("31.72", "31.72"),
        ("3172", "31.72"),
        ("31", "31"),
    ],
)
def test_lookup(text: str, code: str) -> None:
    assert INDONESIA.lookup(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "Banjar",
        "Taman",
        "Remote",
        "",
        "31.99",
        "3199",
        "Bandung Utama Raya",
        "Bandun",
        "Lampung Baru",
    ],
)
def test_lookup_refuses_what_is_not_one_region(text: str) -> None:
    with pytest.raises(RegionNotFoundError, match="no single region"):
        INDONESIA.lookup(text)


def test_lookup_suggests_the_candidates() -> None:
    with pytest.raises(RegionNotFoundError, match=r"32\.79 Kota Banjar, 63\.03 Kabupaten Banjar"):
        INDONESIA.lookup("Banjar")


@pytest.mark.parametrize(
    ("text", "within", "code"),
    [
        ("Banjar", "Jawa Barat", "32.79"),
        ("Banjar", "63", "63.03"),
        ("Jambi", "Jambi", "15.71"),
        ("Jawa Barat", "Jawa Barat", "32"),
        ("Merauke", "Papua", "93.01"),  # split off in 2022
        ("Maybrat", "Papua Barat", "96.05"),
        ("Maybrat", "Papua", "96.05"),  # split off twice
        ("Tana Tidung", "Kalimantan Timur", "65.04"),
    ],
)
def test_lookup_within(text: str, within: str, code: str) -> None:
    assert INDONESIA.lookup(text, within) == code


@pytest.mark.parametrize("text", ["Kota Surabaya", "35.78"])
def test_lookup_within_another_province_is_refused(text: str) -> None:
    with pytest.raises(RegionNotFoundError):
        INDONESIA.lookup(text, "Jawa Barat")


def test_resolve_keeps_order_length_and_name() -> None:
    names = pl.Series("place", ["Banjar", None, "nowhere", "Banjar", "Banjar", "31.74"])
    within = pl.Series(["Jawa Barat", None, None, "Kalimantan Selatan", None, "Atlantis"])
    codes = INDONESIA.resolve(names, within)
    assert codes.name == "place"
    assert codes.dtype == pl.String
    assert codes.to_list() == ["32.79", None, None, "63.03", None, None]


def test_resolve_refuses_numbers() -> None:
    with pytest.raises(TypeError, match="Int64, expected text"):
        INDONESIA.resolve(pl.Series([3172]))


@given(st.sampled_from(REGENCIES), st.randoms(use_true_random=False))
def test_noise_does_not_matter(regency: tuple[str, str, str], rng: random.Random) -> None:
    code, kind, name = regency
    bare = name.split(" ", 1)[1].removeprefix("Administrasi ")
    prefixes = {
        "kota": ["Kota", "KOTA ADM.", "Kota Administrasi", "Kotamadya", "kodya"],
        "kabupaten": ["Kabupaten", "Kab.", "kab", "KAB. ADM.", "Kab "],
    }
    noisy = f"{rng.choice(prefixes[kind])} {bare}"
    if rng.random() < 0.5:
        noisy = noisy.replace("Kepulauan", "Kep.")
    noisy = "".join(rng.choice([c.lower(), c.upper()]) for c in noisy)
    noisy = "".join(c if c != " " else rng.choice([" ", "", "-", ".", "  ", "_"]) for c in noisy)
    assert INDONESIA.lookup(rng.choice(["", " ", "."]) + noisy + rng.choice(["", " ", "."])) == code


@given(st.sampled_from([r for r in REGENCIES if len(r[2]) >= 14]), st.data())
def test_one_wrong_letter_never_gives_another_region_for_long_names(
    regency: tuple[str, str, str], data: st.DataObject
) -> None:
    code, _, name = regency
    at = data.draw(st.integers(0, len(name) - 1))
    mistyped = name[:at] + "x" + name[at + 1 :]
    codes = INDONESIA.resolve(pl.Series([mistyped]))
    assert codes[0] in (code, None)


def test_tree() -> None:
    assert INDONESIA.ancestors("31.72") == ("31", "JW")
    assert INDONESIA.ancestors("JW") == ()
    assert INDONESIA.children("34") == ("34.01", "34.02", "34.03", "34.04", "34.71")
    assert len(INDONESIA.children("JW")) == 6
    island = INDONESIA.at_level("island")
    assert INDONESIA.codes[island[INDONESIA.id("71.71")]] == "SL"
    assert INDONESIA.at_level(2)[INDONESIA.id("71")] == -1


def test_around_a_region_are_those_it_lies_in() -> None:
    around = [INDONESIA.codes[row] for row in INDONESIA.around[INDONESIA.id("53.71")]]
    assert around[:2] == ["53.71", "53"]
    assert INDONESIA.level[INDONESIA.id(around[2])] == 0
    assert INDONESIA.around[INDONESIA.id("53"), 0] == INDONESIA.id("53")
    assert INDONESIA.around[INDONESIA.id("53"), -1] == -1
    assert (INDONESIA.around[-1] == -1).all()
    assert INDONESIA.find("53.71") == INDONESIA.id("53.71")
    assert INDONESIA.find("5371") == -1


def test_ids() -> None:
    ids = INDONESIA.ids(pl.Series(["31.72", None]))
    assert ids.dtype == np.int32
    assert INDONESIA.codes[ids[0]] == "31.72"
    assert ids[1] == -1
    with pytest.raises(RegionNotFoundError, match=r"99\.99"):
        INDONESIA.ids(["31.72", "99.99"])


def test_great_circle_km() -> None:
    assert great_circle_km(0, 0, 0, 1) == pytest.approx(111.195, abs=0.001)
    assert great_circle_km(51.5074, -0.1278, 48.8566, 2.3522) == pytest.approx(343.56, abs=0.1)
    assert great_circle_km(0, 0, 0, 180) == pytest.approx(20015.1, abs=0.1)
    assert great_circle_km(np.zeros((3, 1)), 0.0, 0.0, np.arange(4.0)).shape == (3, 4)


def test_distances_between_regions() -> None:
    central_jakarta, bandung, jayapura, sabang = INDONESIA.ids(["31.71", "32.73", "91.71", "11.72"])
    distances = INDONESIA.distance_km(central_jakarta, np.array([bandung, jayapura, sabang, -1]))
    assert distances[0] == pytest.approx(117, abs=5)
    assert distances[1] == pytest.approx(3790, abs=40)
    assert distances[2] == pytest.approx(1854, abs=20)
    assert np.isnan(distances[3])


def are_joined(a: ArrayLike, b: ArrayLike) -> NDArray[np.bool_]:
    """Whether regions are joined by land."""
    a, b = np.asarray(a), np.asarray(b)
    on_a, on_b = INDONESIA.landmass[a], INDONESIA.landmass[b]
    return np.asarray((on_a == on_b) & (on_a >= 0) & (a >= 0) & (b >= 0))


@pytest.mark.parametrize(
    ("a", "b", "joined"),
    [
        ("34.04", "36.04", True),
        ("35.26", "35.78", True),  # the Suramadu bridge
        ("81.02", "81.72", True),
        ("21.71", "21.01", False),
        ("51.71", "52.71", False),
        ("81.71", "81.06", False),
        ("12.71", "12.04", False),
        ("53.71", "53.07", False),
        ("53", "53.71", False),  # many islands
        ("32", "35.78", True),
    ],
)
def test_same_landmass(a: str, b: str, joined: bool) -> None:
    assert are_joined(INDONESIA.id(a), INDONESIA.id(b)) == joined


def test_landmass_is_known_of_every_regency() -> None:
    assert (INDONESIA.landmass[INDONESIA.level == 2] >= 0).all()
    assert not are_joined(-1, -1)


def test_neighbours() -> None:
    regencies = np.flatnonzero(INDONESIA.level == 2)
    touching = INDONESIA.are_neighbours(regencies[:, None], regencies[None, :])
    assert (touching == touching.T).all()
    assert not touching.diagonal().any()
    a, b = (regencies[side] for side in np.nonzero(touching))
    assert are_joined(a, b).all()
    assert INDONESIA.distance_km(a, b).max() < 350
    bandung = INDONESIA.id("32.73")
    around = regencies[INDONESIA.are_neighbours(bandung, regencies)]
    assert {INDONESIA.codes[i] for i in around} == {"32.04", "32.17", "32.11", "32.77"}
    assert not INDONESIA.are_neighbours(INDONESIA.id("71.71"), INDONESIA.id("34.04"))


@pytest.fixture
def other_country(tmp_path: Path) -> Path:
    (tmp_path / "pack.toml").write_text(
        """
        name = "ruritania"
        version = "2030"
        language = "de"
        levels = ["land", "kreis"]
        [[kinds]]
        kind = "land"
        prefixes = ["land"]
        [[kinds]]
        kind = "kreis"
        prefixes = ["kreis", "landkreis"]
        """
    )
    (tmp_path / "regions.csv").write_text(
        "code,parent_code,level,kind,name,aliases,split_from,landmass,latitude,longitude,"
        "population,area_km2,gdp\n"
        "07,,0,land,Hentzau,,,main,50.5,14.5,900,10,1.5\n"
        "07-1,07,1,kreis,Kreis Zenda,Alt Zenda,,main,50.2,14.2,600,6,2.5\n"
        "07-2,07,1,kreis,Kreis Strelsau,,,main,50.8,14.8,300,4,0.5\n"
    )
    (tmp_path / "places.csv").write_text("name,region_code\nTarlenheim,07-2\n")
    (tmp_path / "neighbours.csv").write_text("code,neighbour_code\n07-1,07-2\n")
    return tmp_path


def test_a_pack_of_another_country(other_country: Path) -> None:
    table = RegionTable.load(other_country)
    assert table.levels == ("land", "kreis")
    assert table.lookup("Landkreis ZENDA") == "07-1"
    assert table.lookup("alt-zenda") == "07-1"
    assert table.lookup("Tarlenheim") == "07-2"
    assert table.children("07") == ("07-1", "07-2")
    assert table.frame["gdp"].to_list() == [1.5, 2.5, 0.5]
    assert table.are_neighbours(table.id("07-2"), table.id("07-1"))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("regions.csv", "07-2,07,1", "07-2,08,1", "no parent one level up for .*07-2"),
        ("regions.csv", "07-2,07,1", "07-1,07,1", "primary_key"),
        ("regions.csv", "50.8,14.8", "98.0,14.8", "latitude"),
        ("regions.csv", "kreis,Kreis Strelsau", "amt,Kreis Strelsau", "amt"),
        ("regions.csv", "07-2,07,1", "07-2,07,x", "level"),
        ("pack.toml", '["land", "kreis"]', '["land", "kreis", "dorf"]', "dorf"),
        ("pack.toml", "version", "vresion", "vresion"),
        ("places.csv", "07-2", "07-9", "unknown region_code .*07-9"),
        ("neighbours.csv", "neighbour_code", "other", "other"),
        ("neighbours.csv", "07-1,", "07-8,", "07-8"),
    ],
)
def test_a_broken_pack_is_refused_by_file_and_reason(
    other_country: Path, file: str, old: str, new: str, message: str
) -> None:
    path = other_country / file
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=rf"(?s){file}.*{message}"):
        RegionTable.load(other_country)


def test_an_unknown_pack_names_the_shipped_ones() -> None:
    with pytest.raises(FileNotFoundError, match="indonesia"):
        RegionTable.load("atlantis")


def test_every_place_of_the_beneficiaries_file_resolves_to_its_own_count(shared_data: Path) -> None:
    rows = json.loads(
        (shared_data / "regions/prakerja_participants_by_kabkota_2020_2024.json").read_text()
    )
    names = pl.Series([row["KOTA_KABUPATEN"] for row in rows])
    provinces = pl.Series([row["PROVINSI"] for row in rows])
    totals = [int(str(row["TOTAL"]).replace(",", "")) for row in rows]
    for codes in (INDONESIA.resolve(names), INDONESIA.resolve(names, provinces)):
        assert codes.null_count() == 0
        assert codes.n_unique() == 514
        assert INDONESIA.frame["beneficiaries"].gather(INDONESIA.ids(codes)).to_list() == totals


@pytest.mark.parametrize(
    ("file", "place", "province", "share"),
    [
        ("maganghub_semua_lowongan_2026.xlsx", "Wilayah", None, 0.997),
        ("maganghub_posisi_luthfan05.csv", "nama_kabupaten", "nama_provinsi", 1.0),
        ("jobstreet_alterra_7617.csv", "Location", None, 0.988),
        ("lowongan_latlon_kiora_1221.csv", "Lokasi", None, 0.985),
    ],
)
def test_places_of_vacancies_resolve(
    shared_data: Path, file: str, place: str, province: str | None, share: float
) -> None:
    path = shared_data / "vacancies" / file
    frame = read_sheet(path) if path.suffix == ".xlsx" else pl.read_csv(path, infer_schema=False)
    codes = INDONESIA.resolve(frame[place], frame[province] if province else None)
    unresolved = frame[place].filter(codes.is_null()).value_counts(sort=True)
    assert 1 - codes.null_count() / len(codes) >= share, unresolved


def read_sheet(path: Path) -> pl.DataFrame:
    """Return the first sheet of a workbook as texts."""
    head, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    texts = [[str(cell) for cell in row] for row in rows]
    return pl.DataFrame(texts, schema=[str(name) for name in head], orient="row")
