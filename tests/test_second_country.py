"""Another country by data alone: import, train, recommend, explain, serve and evaluate, in one go."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from cli.main import app
from evaluation.cutoff import task_from_dataset, write_past
from evaluation.entrants import rank_entrants
from evaluation.evaluate import evaluate
from evaluation.task import Task
from models.bundles.promotion import promote
from models.text.encoder import SentenceEncoder
from recommender.bundle.bundle import load_bundle
from recommender.engine import Engine
from recommender.training.train import train
from store.database import open_store
from store.dataset_import import import_dataset
from tests.second_country.country import write_country, write_sources
from training_data.dataset import Dataset

pytestmark = pytest.mark.integration

TODAY = dt.date.today()
FISHER = {
    "region": "Bairro Novo",
    "birth_year": TODAY.year - 16,
    "education": "primary",
    "target_occupation": "pescador",
    "interests": ["motor de barco"],
    "groups": ["pescadores"],
}


def padan(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_second_country_runs_through_everything_by_data_alone(
    tmp_path: Path, tiny_encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder = tmp_path / "home", tmp_path / "pais"
    monkeypatch.setenv("PADAN_HOME", str(home))

    write_country(folder)
    for table, (source, mapping) in write_sources(tmp_path, TODAY).items():
        output = padan("import", table, source, "--mapping", mapping, "--out", folder, "--json")
        counts = json.loads(output.splitlines()[-1])
        assert counts["rejected"] == 0
        assert counts["accepted"] == counts["read"] > 0
    dataset = Dataset.open(folder)
    assert dataset.read("courses").height == 40
    assert set(dataset.read("participants")["region_code"]) == {
        "N1a", "N1b", "N2a", "N2b", "S1a", "S1b", "S2a", "S2b",
    }  # fmt: skip

    manifest = train(dataset, tiny_encoder, home, TODAY)
    promote(home / "bundles", manifest.version)
    assert manifest.programme.startswith("serenas@1+")
    assert manifest.regions == "ilhas-serenas@2025"

    check_needs(load_bundle(home / "bundles" / manifest.version).engine)
    check_recommend(tmp_path)
    check_explain(tmp_path)
    check_service(home / "bundles" / manifest.version, dataset)
    check_evaluation(dataset, tiny_encoder, home)


def write_participant(folder: Path, **changes: object) -> Path:
    path = folder / "perfil.json"
    path.write_text(json.dumps(FISHER | changes))
    return path


def check_needs(engine: Engine) -> None:
    """An occupation of which nothing is written needs what its vacancies ask for."""
    vocabularies = engine.reader.vocabularies
    occupations = vocabularies.occupations
    diver = occupations.needs[occupations.vocabulary.find("mergulhador")]
    needed = {vocabularies.skills.terms[skill].id for skill in diver.indices}
    assert needed == {"motor-de-barco", "conservação-de-peixe"}


def check_recommend(folder: Path) -> None:
    """Lists keep the country's own rules, and are written in its language and money."""
    found = json.loads(
        padan("recommend", "--participant", write_participant(folder), "-k", 20, "--json")
    )
    items = found["items"]
    assert items
    assert {item["mode"] for item in items} == {"in_person", "webinar"}  # self-paced is not paid
    assert max(item["price_idr"] for item in items) <= 4000
    assert {item["region"] for item in items} <= {None, "Porto Claro", "Vila Alta"}  # no crossing
    assert {item["price_text"] for item in items} >= {"gratuita", "ISE 1.500"}
    assert {item["level"] for item in items} == {"beginner"}  # advanced asks for more schooling
    assert items[0]["category"] == "pesca"


def check_explain(folder: Path) -> None:
    """The decision names the country's rules, in its language, and what would change it."""
    output = padan(
        "explain", "--participant", write_participant(folder, balance_idr=1000, occupation="Guarda Costeira"),
        "--course", "pes-2", "--course", "pes-6", "--course", "pes-9", "--json",
    )  # fmt: skip
    courses = {course["course_id"]: course for course in json.loads(output)["courses"]}
    texts = {reason["code"]: reason["text"] for c in courses.values() for reason in c["reasons"]}
    assert texts["occupation_excluded"] == ("O programa não é para esta ocupação: Guarda Costeira.")
    assert texts["mode_not_paid"] == (
        "O programa não paga formações deste tipo: a distância, ao seu ritmo."
    )
    assert texts["balance_too_low"] in (
        "Custa ISE 1.500; o seu saldo é ISE 1.000.",
        "Custa ISE 4.500; o seu saldo é ISE 1.000.",
    )
    assert texts["above_price_ceiling"] == "Custa ISE 4.500; o programa paga até ISE 4.000."
    assert "out_of_reach" in {reason["code"] for reason in courses["pes-6"]["reasons"]}
    assert not courses["pes-9"]["can_become_eligible"]
    unknown = CliRunner().invoke(
        app, ["explain", "--participant", str(write_participant(folder)), "--course", "nada"]
    )
    assert unknown.exit_code == 2
    assert "no training has the id 'nada'" in unknown.output


def check_service(bundle: Path, dataset: Dataset) -> None:
    """The service speaks the country's language without being told, and knows no other."""
    store = open_store()
    store.upgrade()
    assert import_dataset(store, dataset)
    client = TestClient(
        create_app(Releases.of(load_bundle(bundle)), store, ServiceSettings(), development=True),
        base_url="http://localhost",
    )
    response = client.post("/v1/recommendations", json={"participant": FISHER, "k": 5})
    assert response.status_code == 200, response.text
    assert response.json()["items"]
    by_id = client.post("/v1/recommendations", json={"participant_id": "p3", "k": 5})
    assert by_id.status_code == 200, by_id.text
    quality = client.get("/v1/courses/pes-0").json()["quality"]
    assert quality["completion"]["enough"]
    assert not quality["placement"]["enough"]
    other = client.post("/v1/recommendations", json={"participant": FISHER, "language": "id"})
    assert other.status_code == 422
    unknown = client.post(
        "/v1/recommendations", json={"participant": FISHER | {"region": "Kota Kupang"}}
    )
    assert unknown.status_code == 422


def check_evaluation(dataset: Dataset, encoder: SentenceEncoder, home: Path) -> None:
    task = task_from_dataset(dataset)

    def train_on_the_past(task: Task) -> Path:
        past = write_past(task, home / "past")
        return home / "bundles" / train(past, encoder, home, task.border.date()).version

    evaluation = evaluate(*rank_entrants(["train"], task, train_on_the_past), draws=100)
    means = dict(evaluation.headline.select("metric", "mean").iter_rows())
    assert 0 < means["ndcg@10"] < 1
    assert set(evaluation.regions["code"]) <= set(dataset.read("participants")["region_code"])
