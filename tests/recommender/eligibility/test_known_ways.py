"""Known roads and ferries of Indonesia: who comes to whose class within the distance people travel daily.

Each pair says what is known of the way. "In" is a way that people go and come back in a day for a course.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from recommender.catalogue.locations import Locations
from recommender.eligibility.travel import measure_km
from training_data.programmes.programme import load_programme
from training_data.regions import RegionTable

IN, OUT = True, False

# home, class, whether it is in reach, what is known
NAMED = [
    ("Kota Ternate", "Kota Tidore Kepulauan", IN, "speedboats Bastiong-Rum all day, 10 minutes"),
    ("Kab. Puncak", "Kab. Puncak Jaya", OUT, "no road Ilaga-Mulia, by air"),
    ("Kab. Manggarai", "Kab. Manggarai Barat", OUT, "Ruteng-Labuan Bajo 126 km over mountains"),
    ("Kota Jayapura", "Kab. Jayapura", IN, "Jayapura-Sentani 33 km"),
    ("Kec. Leihitu, Maluku Tengah", "Kota Ambon", IN, "on Ambon island, 30 km by road"),
    ("Kec. Salahutu, Maluku Tengah", "Kota Ambon", IN, "Tulehu on Ambon island, 24 km by road"),
    ("Kec. Kota Masohi, Maluku Tengah", "Kota Ambon", OUT, "on Seram, fast boat 2 hours"),
    ("Kab. Maluku Tengah", "Kota Ambon", OUT, "the kabupaten alone: its people live on Seram"),
]
PAIRS = [
    ("Kota Surabaya", "Kab. Sidoarjo", IN, "one built-up area"),
    ("Kota Surabaya", "Kab. Bangkalan", IN, "Suramadu bridge"),
    ("Kota Surabaya", "Kab. Malang", OUT, "90 km"),
    ("Kota Bandung", "Kab. Bandung Barat", IN, "Padalarang 20 km"),
    ("Kota Bandung", "Kota Jakarta Selatan", OUT, "150 km"),
    ("Kota Semarang", "Kab. Demak", IN, "26 km"),
    ("Kota Yogyakarta", "Kab. Gunungkidul", IN, "Wonosari 40 km"),
    ("Kota Medan", "Kab. Deli Serdang", IN, "Lubuk Pakam 30 km"),
    ("Kota Makassar", "Kab. Gowa", IN, "Sungguminasa 11 km"),
    ("Kota Makassar", "Kab. Maros", IN, "30 km"),
    ("Kota Bandar Lampung", "Kab. Pesawaran", IN, "Gedong Tataan 22 km"),
    ("Kota Denpasar", "Kab. Badung", IN, "Mangupura 12 km"),
    ("Kota Palu", "Kab. Sigi", IN, "Bora 20 km"),
    ("Kota Palu", "Kab. Donggala", IN, "34 km along the bay"),
    ("Kota Samarinda", "Kab. Kutai Kartanegara", IN, "Tenggarong 28 km"),
    ("Kota Balikpapan", "Kab. Penajam Paser Utara", IN, "ferry over the bay"),
    ("Kota Samarinda", "Kota Balikpapan", OUT, "100 km of toll road"),
    ("Kota Sorong", "Kab. Sorong", IN, "Aimas 20 km"),
    ("Kota Kendari", "Kab. Konawe", OUT, "Unaaha 73 km"),
    ("Kota Manado", "Kab. Minahasa", IN, "Tondano 35 km"),
    ("Kota Banjarmasin", "Kota Banjarbaru", IN, "35 km"),
    ("Kota Gorontalo", "Kab. Gorontalo", IN, "Limboto 16 km"),
    ("Kota Kupang", "Kab. Kupang", IN, "Oelamasi 40 km"),
    ("Kec. Semau, Kab. Kupang", "Kota Kupang", IN, "boats Semau-Tenau all day"),
    ("Kota Kupang", "Kab. Rote Ndao", OUT, "fast boat 2 hours, twice a day"),
    ("Kota Batam", "Kota Tanjung Pinang", IN, "fast ferries all day, an hour"),
    ("Kota Batam", "Kab. Natuna", OUT, "by air"),
    ("Kota Sabang", "Kota Banda Aceh", IN, "fast ferry, 45 minutes"),
    ("Kota Bau Bau", "Kab. Buton Tengah", IN, "ferry to Wamengkoli, half an hour"),
    ("Kota Bau Bau", "Kab. Wakatobi", OUT, "a night's ship"),
    ("Kab. Banyuwangi", "Kab. Jembrana", OUT, "ferry, and 50 km of road: half a day"),
    ("Kota Cilegon", "Kab. Lampung Selatan", OUT, "ferry over the Sunda strait, 2 hours"),
    ("Kab. Lombok Timur", "Kab. Sumbawa Barat", OUT, "ferry 90 minutes, and the roads"),
    ("Kota Ambon", "Kab. Seram Bagian Barat", OUT, "ferry 2 hours"),
    ("Kota Padang", "Kab. Kepulauan Mentawai", OUT, "a night's ship, fast boat 4 hours"),
    ("Kota Jakarta Utara", "Kab. Kepulauan Seribu", OUT, "boat 2 hours, once a day"),
    ("Kab. Merauke", "Kab. Boven Digoel", OUT, "400 km of road"),
    ("Kab. Yahukimo", "Kab. Jayawijaya", OUT, "no road Dekai-Wamena, by air"),
    ("Kab. Asmat", "Kab. Mappi", OUT, "no road, by boat"),
    ("Kab. Intan Jaya", "Kab. Paniai", OUT, "no road, by air"),
    ("Kab. Mimika", "Kab. Paniai", OUT, "no road, by air"),
    ("Kab. Biak Numfor", "Kab. Supiori", IN, "bridge and road"),
    ("Kab. Belitung", "Kab. Belitung Timur", IN, "Tanjung Pandan-Manggar 90 minutes"),
    ("Kec. Nusa Penida, Klungkung", "Kec. Klungkung, Kab. Klungkung", IN, "fast boats, half an hour"),
    ("Kec. Lembeh Utara, Kota Bitung", "Kec. Maesa, Kota Bitung", IN, "boats all day, 15 minutes"),
    ("Kec. Sangkapura, Gresik", "Kec. Kebomas, Gresik", OUT, "Bawean: ship 3 to 9 hours"),
    ("Kec. Arjasa, Sumenep", "Kec. Kota Sumenep, Sumenep", OUT, "Kangean: ship 9 hours"),
    ("Kec. Banda, Maluku Tengah", "Kec. Kota Masohi, Maluku Tengah", OUT, "Banda: a night's ship"),
    ("Kec. Karimunjawa, Jepara", "Kec. Jepara, Jepara", OUT, "ship 2 to 4 hours"),
    ("Kec. Oba Utara, Tidore Kepulauan", "Kota Ternate", IN, "speedboats Sofifi-Ternate, 40 minutes"),
    ("Kab. Ende", "Kab. Sikka", OUT, "148 km over the mountains"),
    ("Kab. Flores Timur", "Kab. Sikka", OUT, "137 km over the mountains"),
    ("Kab. Flores Timur", "Kab. Lembata", OUT, "boat 4 hours"),
    ("Kab. Belu", "Kab. Timor Tengah Utara", OUT, "80 km"),
    ("Kab. Timor Tengah Selatan", "Kab. Timor Tengah Utara", OUT, "86 km"),
    ("Kab. Kupang", "Kab. Timor Tengah Selatan", OUT, "Oelamasi-Soe 75 km"),
    ("Kab. Sumba Barat", "Kab. Sumba Barat Daya", IN, "Waikabubak-Tambolaka 42 km"),
    ("Kab. Sumba Timur", "Kab. Sumba Barat", OUT, "137 km"),
    ("Kota Tual", "Kab. Maluku Tenggara", IN, "bridge to Kei Kecil"),
    ("Kab. Buru", "Kab. Buru Selatan", OUT, "Namlea-Namrole, half a day over the mountains"),
    ("Kota Ternate", "Kab. Halmahera Selatan", OUT, "a night's ship"),
    ("Kab. Halmahera Barat", "Kab. Halmahera Utara", OUT, "Jailolo-Tobelo, half a day"),
    ("Kab. Biak Numfor", "Kab. Kepulauan Yapen", OUT, "ship or by air"),
    ("Kab. Manokwari", "Kab. Pegunungan Arfak", OUT, "half a day by four-wheel drive"),
    ("Kota Sorong", "Kab. Raja Ampat", OUT, "fast ferry 2 hours, twice a day"),
    ("Kab. Jayawijaya", "Kab. Lanny Jaya", OUT, "Wamena-Tiom 3 hours"),
    ("Kab. Jayawijaya", "Kab. Nduga", OUT, "by air"),
    ("Kab. Jayawijaya", "Kab. Mamberamo Tengah", OUT, "by air"),
    ("Kab. Puncak Jaya", "Kab. Tolikara", OUT, "Mulia-Karubaga 85 km over the mountains"),
    ("Kab. Nabire", "Kab. Dogiyai", OUT, "200 km over the mountains"),
    ("Kab. Dogiyai", "Kab. Deiyai", IN, "Moanemani-Waghete 45 km"),
    ("Kab. Deiyai", "Kab. Paniai", IN, "Waghete-Enarotali 30 km"),
    ("Kab. Polewali Mandar", "Kab. Mamasa", OUT, "92 km over the mountains"),
    ("Kab. Polewali Mandar", "Kab. Majene", IN, "55 km along the coast"),
    ("Kab. Tana Toraja", "Kab. Toraja Utara", IN, "Makale-Rantepao 18 km"),
    ("Kab. Tana Toraja", "Kab. Enrekang", OUT, "75 km over the mountains"),
    ("Kota Pare Pare", "Kab. Pinrang", IN, "28 km"),
    ("Kota Bau Bau", "Kab. Buton Selatan", IN, "Batauga 25 km"),
    ("Kota Bau Bau", "Kab. Muna", OUT, "Raha: speedboat 2 hours"),
    ("Kota Kendari", "Kab. Konawe Kepulauan", OUT, "boat 3 hours"),
    ("Kab. Banggai", "Kab. Banggai Kepulauan", OUT, "fast boat 3 hours"),
    ("Kota Banjarmasin", "Kab. Kapuas", IN, "Kuala Kapuas 42 km"),
    ("Kota Palangka Raya", "Kab. Pulang Pisau", OUT, "95 km"),
    ("Kota Palangka Raya", "Kab. Kapuas", OUT, "Kuala Kapuas 140 km"),
    ("Kota Pontianak", "Kab. Kubu Raya", IN, "Sungai Raya 10 km"),
    ("Kota Pontianak", "Kota Singkawang", OUT, "145 km"),
    ("Kota Tarakan", "Kab. Nunukan", OUT, "speedboat more than 2 hours"),
    ("Kota Serang", "Kab. Pandeglang", IN, "22 km"),
    ("Kota Serang", "Kab. Lebak", IN, "Rangkasbitung 40 km"),
    ("Kab. Jember", "Kab. Banyuwangi", OUT, "105 km over Gumitir"),
    ("Kab. Jember", "Kab. Bondowoso", IN, "33 km"),
    ("Kab. Pacitan", "Kab. Ponorogo", OUT, "78 km over the mountains"),
    ("Kota Denpasar", "Kab. Karangasem", OUT, "Amlapura 75 km"),
    ("Kota Denpasar", "Kab. Buleleng", OUT, "Singaraja 80 km over the mountains"),
    ("Kota Denpasar", "Kab. Bangli", IN, "40 km"),
    ("Kab. Merangin", "Kab. Kerinci", OUT, "Bangko-Sungai Penuh 160 km over the mountains"),
    ("Kota Bukittinggi", "Kota Payakumbuh", IN, "33 km"),
    ("Kota Gunungsitoli", "Kab. Nias Selatan", OUT, "Teluk Dalam 100 km"),
    ("Kota Pangkal Pinang", "Kab. Bangka", IN, "Sungailiat 33 km"),
    ("Kota Pangkal Pinang", "Kab. Bangka Barat", OUT, "Muntok 130 km"),
    ("Kab. Aceh Tengah", "Kab. Bener Meriah", IN, "Takengon-Redelong 18 km"),
    ("Kab. Aceh Tengah", "Kab. Bireuen", OUT, "100 km over the mountains"),
    ("Kab. Kepulauan Meranti", "Kab. Siak", OUT, "ferry 2 hours"),
    ("Kab. Jayapura", "Kec. Jayapura Selatan, Kota Jayapura", IN, "a known place in town, too"),
    ("Kota Jayapura", "Kec. Sentani, Kab. Jayapura", IN, "33 km"),
    ("Kota Jayapura", "Kec. Kaureh, Kab. Jayapura", OUT, "far inland"),
    ("Kab. Manggarai", "Kec. Komodo, Manggarai Barat", OUT, "Labuan Bajo"),
    ("Kab. Manggarai Barat", "Kec. Langke Rembong, Manggarai", OUT, "Ruteng"),
    ("Kab. Kapuas", "Kec. Banjarmasin Tengah, Kota Banjarmasin", IN, "42 km"),
    ("Kec. Kabaena, Bombana", "Kec. Rumbia, Bombana", OUT, "boat 3 hours"),
    ("Kec. Enggano, Bengkulu Utara", "Kec. Kota Arga Makmur, Bengkulu Utara", OUT, "a night's ship"),
    ("Kec. Numfor Barat, Biak Numfor", "Kec. Biak Kota, Biak Numfor", OUT, "ship 4 hours"),
    ("Kec. Misool Selatan, Raja Ampat", "Kec. Waigeo Selatan, Raja Ampat", OUT, "ship half a day"),
    ("Kec. Bunyu, Bulungan", "Kec. Tanjung Selor, Bulungan", OUT, "speedboat 90 minutes"),
    ("Kec. Batu Atas, Buton Selatan", "Kec. Batauga, Buton Selatan", OUT, "ship 5 hours"),
    ("Kec. Kimaam, Merauke", "Kec. Merauke, Kab. Merauke", OUT, "by air or a night's ship"),
    ("Kec. Raijua, Sabu Raijua", "Kec. Sabu Barat, Sabu Raijua", OUT, "boat 2 hours"),
    ("Kec. Nanusa, Kepulauan Talaud", "Kec. Melonguane, Kepulauan Talaud", OUT, "ship"),
    ("Kec. Pulau Batang Dua, Kota Ternate", "Kec. Kota Ternate Tengah, Kota Ternate", OUT, "a night's ship"),
    ("Kec. Pulau Hiri, Kota Ternate", "Kec. Kota Ternate Tengah, Kota Ternate", IN, "15 minutes"),
]  # fmt: skip


@cache
def load_regions() -> RegionTable:
    return RegionTable.load("indonesia")


def locate(name: str) -> Locations:
    """Where somebody lives, or a class is held, of whom this name is known."""
    regions = load_regions()
    found = regions.locate(name)
    region = np.array([regions.id(found.code)], dtype=np.int32)
    return Locations.in_regions(region, [found.latitude], [found.longitude], regions)


@pytest.mark.parametrize(("home", "venue", "reached", "known"), NAMED + PAIRS)
def test_who_comes_to_whose_class(home: str, venue: str, reached: bool, known: str) -> None:
    """By rule the radius is 60 km in the country and 50 km in town; both ways are the same."""
    rule = load_programme("prakerja-2024").rule[-1]
    there, back = (
        float(measure_km(locate(a), locate(b), load_regions(), rule)[0])
        for a, b in ((home, venue), (venue, home))
    )
    assert there == back
    assert (there <= rule.urban_km) == reached, f"{there:.0f} km, but {known}"


def test_pairs_of_our_own_choosing_are_forty_and_more() -> None:
    assert len({frozenset(pair[:2]) for pair in PAIRS}) >= 40
