"""The live programmes by their packs alone: import, train, recommend, explain on a day, and serve."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from cli.main import app
from models.bundles.promotion import promote
from models.text.encoder import SentenceEncoder
from recommender.bundle.bundle import load_bundle
from recommender.training.train import train
from store.database import open_store
from training_data.dataset import Dataset

pytestmark = pytest.mark.integration

TODAY = dt.date.today()
COURSES = """kind = "courses"
[columns]
course_id = "id"
title = "title"
category = "category"
price_idr = { source = "price", parser = "price" }
duration_hours = "hours"
region_code = { source = "place", parser = "region" }
mode = "mode"
[constants]
provider_id = "provider"
"""
PARTICIPANTS = """kind = "participants"
[columns]
participant_id = "id"
birth_year = "born"
education = "education"
graduated_on = "graduated"
region_code = { source = "place", parser = "region" }
[constants]
profiling_opt_out = "false"
"""
EVENTS = """kind = "interactions"
[columns]
event_id = "id"
participant_id = "who"
course_id = "course"
kind = "kind"
at = "at"
"""


class Programme:
    """One pack's dataset, from files to a promoted bundle, as its office runs it."""

    def __init__(self, folder: Path, pack: str, regions: str, places: list[str]) -> None:
        self.folder, self.places = folder, places
        self.data = folder / "data"
        self.data.mkdir()
        text = f'programme = "{pack}"\nregion_pack = "{regions}"\n'
        (self.data / "dataset.toml").write_text(text)

    def load(self, kind: str, mapping: str, rows: list[dict[str, Any]]) -> None:
        """Import rows from a file."""
        (self.folder / f"{kind}.toml").write_text(mapping)
        with (self.folder / f"{kind}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        self.padan(
            "import", kind, self.folder / f"{kind}.csv",
            "--mapping", self.folder / f"{kind}.toml", "--out", self.data,
        )  # fmt: skip

    def train(self, courses: list[dict[str, Any]], encoder: SentenceEncoder, home: Path) -> None:
        """Import trainings, people and what they did, then train and promote."""
        self.load("courses", COURSES, courses)
        people = [
            {
                "id": f"p{number}", "born": 1990 + number % 10, "education": "diploma",
                "graduated": TODAY - dt.timedelta(days=30), "place": self.places[number % 2],
            }
            for number in range(40)
        ]  # fmt: skip
        self.load("participants", PARTICIPANTS, people)
        events = [
            {
                "id": f"e{number}", "who": f"p{number % 40}", "kind": "purchase",
                "course": courses[number * 7 % len(courses)]["id"],
                "at": f"{TODAY - dt.timedelta(days=60 - number % 50)}T08:00:00",
            }
            for number in range(80)
        ]  # fmt: skip
        self.load("interactions", EVENTS, events)
        manifest = train(Dataset.open(self.data), encoder, home, TODAY)
        promote(home / "bundles", manifest.version)
        self.bundle = home / "bundles" / manifest.version

    def padan(self, *arguments: object) -> str:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        return result.output

    def recommend(self, person: dict[str, Any]) -> list[dict[str, Any]]:
        found = json.loads(self.padan("recommend", "--participant", self.write(person), "--json"))
        items: list[dict[str, Any]] = found["items"]
        return items

    def explain(self, person: dict[str, Any], course: str, day: dt.date) -> dict[str, Any]:
        arguments = ("--course", course, "--day", day, "--json")
        found = json.loads(self.padan("explain", "--participant", self.write(person), *arguments))
        decision: dict[str, Any] = found["courses"][0] | {"programme": found["programme"]}
        return decision

    def write(self, person: dict[str, Any]) -> Path:
        path = self.folder / "person.json"
        path.write_text(json.dumps(person, default=str))
        return path

    def serve(self, person: dict[str, Any]) -> dict[str, Any]:
        store = open_store()
        store.upgrade()
        client = TestClient(
            create_app(
                Releases.of(load_bundle(self.bundle)), store, ServiceSettings(), development=True
            ),
            base_url="http://localhost",
        )
        body = json.loads(json.dumps({"participant": person, "k": 5}, default=str))
        answer = client.post("/v1/recommendations", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def codes(decision: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in decision["reasons"]}


def course(number: int, category: str, place: str, **more: Any) -> dict[str, Any]:
    row = {
        "id": f"c{number}", "title": f"{category} bagian {number}", "category": category,
        "price": 0, "hours": 160, "place": place, "mode": "in_person",
    }  # fmt: skip
    return row | more


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PADAN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


JAVA = ["Kota Bandung", "Kota Cimahi"]


def test_maganghub(tmp_path: Path, home: Path, tiny_encoder: SentenceEncoder) -> None:
    programme = Programme(tmp_path, "maganghub-2025", "indonesia", JAVA)
    placements = [course(n, ("Teknik", "Keuangan")[n % 2], JAVA[n % 2]) for n in range(20)]
    programme.train(placements, tiny_encoder, home)
    graduated = TODAY - dt.timedelta(days=100)
    person = {"region": JAVA[0], "education": "bachelor", "graduated_on": graduated}
    assert programme.recommend(person)
    assert programme.serve(person)["items"]
    assert not programme.recommend(person | {"education": "upper_secondary"})

    def explain(day: dt.date, **changes: Any) -> dict[str, Any]:
        return programme.explain(person | changes, "c0", day)

    last = graduated.replace(year=graduated.year + 1)
    assert explain(last)["eligible"]
    assert codes(explain(last + dt.timedelta(days=1))) == {"graduated_too_early"}
    assert codes(explain(last, education="upper_secondary")) == {"education_too_low"}
    chosen = [{"course_id": f"c{n}", "kind": "purchase"} for n in (1, 2, 3)]
    assert explain(last, history=chosen[:2])["eligible"]
    assert codes(explain(last, history=chosen)) == {"too_many_choices"}
    begun = [{"course_id": "a placement of last year", "kind": "start"}]
    assert codes(explain(last, history=begun)) == {"took_part_already"}


def test_pelatihan_vokasi_nasional(
    tmp_path: Path, home: Path, tiny_encoder: SentenceEncoder
) -> None:
    programme = Programme(tmp_path, "pvn-2026", "indonesia", JAVA)
    trainings = [course(n, ("Teknik", "Pertanian")[n % 2], JAVA[n % 2]) for n in range(20)]
    programme.train(trainings, tiny_encoder, home)
    person = {"region": JAVA[0], "birth_year": 2000, "graduated_on": dt.date(2022, 12, 31)}
    assert programme.recommend(person)
    assert programme.serve(person)["items"]

    refused, admitted = (programme.explain(person, "c0", dt.date(2026, 3, day)) for day in (21, 22))
    assert codes(refused) == {"graduated_too_early"}
    assert not refused["can_become_eligible"]
    assert admitted["eligible"]
    later = [programme.explain(person, "c0", dt.date(2026, 3, day)) for day in (21, 22)]
    assert later == [refused, admitted]  # either answer again, from the same version of the rules
    assert programme.explain(
        person | {"graduated_on": dt.date(2023, 1, 1)}, "c0", dt.date(2026, 3, 21)
    )["eligible"]
    young = person | {"birth_year": 2010}
    assert codes(programme.explain(young, "c0", dt.date(2026, 3, 22))) == {"too_young"}
    assert programme.explain(young, "c0", dt.date(2027, 1, 1))["eligible"]


REGIONS = {
    "pack.toml": 'name = "france"\nversion = "insee-2026"\nlanguage = "fr"\n'
    'levels = ["région", "département"]\n'
    '[[kinds]]\nkind = "région"\n[[kinds]]\nkind = "département"\n',
    "regions.csv": "code,parent_code,level,kind,name,aliases,split_from,landmass,"
    "latitude,longitude,population,area_km2\n"
    "11,,0,région,Île-de-France,,,Europe,48.70,2.50,12300000,12012\n"
    "75,11,1,département,Paris,,,Europe,48.86,2.34,2100000,105\n"
    "92,11,1,département,Hauts-de-Seine,,,Europe,48.84,2.24,1640000,176\n",
    "places.csv": "name,region_code\nNanterre,92\n",
    "neighbours.csv": "code,neighbour_code\n75,92\n",
}


def test_compte_personnel_de_formation(
    tmp_path: Path, home: Path, tiny_encoder: SentenceEncoder
) -> None:
    places = ["Paris", "Hauts-de-Seine"]
    programme = Programme(tmp_path, "cpf-france-2026", "regions", places)
    (programme.data / "regions").mkdir()
    for name, text in REGIONS.items():
        (programme.data / "regions" / name).write_text(text)
    kinds = ("RNCP", "Répertoire spécifique", "Bilan de compétences", "Permis de conduire")
    trainings = [
        course(n, kinds[n % 4], places[n % 2], price=600 + 400 * (n // 4), hours=20)
        for n in range(24)
    ]
    programme.train(trainings, tiny_encoder, home)
    person = {"region": "Paris", "balance_idr": 3000}
    items = programme.recommend(person)
    assert items
    assert {item["category"] for item in items} <= set(kinds)
    served = programme.serve(person)
    assert served["items"]
    assert served["programme"].startswith("cpf-france@2026")

    def explain(number: int, day: dt.date, **changes: Any) -> dict[str, Any]:
        return programme.explain(person | changes, f"c{number}", day)

    before, after = dt.date(2026, 2, 25), dt.date(2026, 2, 26)
    # EUR 1,000 for a driving licence: 103.20 is one's own share, of 896.80 all is paid
    assert explain(7, after)["eligible"]
    # EUR 1,400: 1,296.80 is above the ceiling of 900, since that day; the rest may be paid oneself
    assert explain(11, before)["eligible"]
    found = explain(11, after)
    assert codes(found) == {"above_price_ceiling"}
    assert found["can_become_eligible"]
    assert found["reasons"][0]["remedy"]["evidence"] == {"missing": 397}
    assert found["reasons"][0]["text"].endswith("le dispositif finance jusqu'à 900 €.")
    assert found["reasons"][0]["remedy"]["text"] == "Si vous payez le reste vous-même, 397 €."
    # a diploma of the national register has no ceiling
    assert explain(20, after)["eligible"]
    assert [explain(7, after, balance_idr=euros)["eligible"] for euros in (896, 897)] == [
        False,
        True,
    ]
    short = explain(7, after, balance_idr=400)
    assert short["can_become_eligible"]
    assert short["reasons"][0]["remedy"]["evidence"]["missing"] == 497
