"""What the documents name is there: commands, options, settings, metrics, routes, statuses, make's targets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.settings import ServiceSettings
from cli.main import app
from recommender.ranking.features import FEATURES
from recommender.retrieval.sources import EXPLAINED, Source
from store.settings import StoreSettings
from tests.docs.documents import (
    DOCUMENTS,
    ROOT,
    find_commands,
    find_names,
    find_rows,
    find_spans,
    name_document,
    read,
)
from training_data.home import HomeSettings
from training_data.programmes.rules import RulesInForce

EACH_DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS, ids=name_document)
SETTINGS = {
    name for part in (HomeSettings, StoreSettings, ServiceSettings) for name in part.model_fields
}
# the file of settings, and the folder of real data for tests
OTHER_VARIABLES = {"PADAN_CONFIG", "PADAN_SHARED_DATA"}
PLACEHOLDER = re.compile(r"[A-Z]+")
ROUTE = re.compile(r"(?<![\w.])(/v1/[\w{}/:]*[\w}]|/healthz|/readyz|/metrics(?!\.))")


def check_command(words: list[str], command: Any) -> None:
    """Hold the words of a command to the program: its name, and each of its options."""
    for word in [bare for word in words if (bare := word.strip("[]|"))]:
        if word.startswith("-"):
            known = [
                name for option in command.params for name in option.opts + option.secondary_opts
            ]
            assert word.partition("=")[0] in known, f"{word} is no option of {command.name}"
        elif getattr(command, "invoke_without_command", False) and word not in command.commands:
            continue  # the value of an option of a command that has others below it
        elif hasattr(command, "commands") and not PLACEHOLDER.fullmatch(word):
            assert word in command.commands, f"{word} is no command of {command.name}"
            command = command.commands[word]


@EACH_DOCUMENT
def test_every_command_and_option_exists(document: Path) -> None:
    for words in find_commands(document.read_text(encoding="utf-8"), "padan"):
        check_command(words, typer.main.get_command(app))


@pytest.mark.parametrize(
    "words", ["serve --prot 1", "brecommend", "store keys --all", "bench NAME x"]
)
def test_a_wrong_command_is_found(words: str) -> None:
    with pytest.raises(AssertionError, match="is no"):
        check_command(words.split(), typer.main.get_command(app))


def test_the_documents_hold_commands_to_check() -> None:
    found = [one for path in DOCUMENTS for one in find_commands(path.read_text(), "padan")]
    assert len(found) > 50


@EACH_DOCUMENT
def test_every_target_of_make_exists(document: Path) -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for words in find_commands(document.read_text(encoding="utf-8"), "make"):
        assert set(words) <= {*targets}


@EACH_DOCUMENT
def test_every_environment_variable_is_a_setting(document: Path) -> None:
    known = {f"PADAN_{name.upper()}" for name in SETTINGS} | OTHER_VARIABLES
    named = set(re.findall(r"PADAN_[A-Z_]*[A-Z]", document.read_text(encoding="utf-8")))
    assert named <= known


def test_every_setting_that_a_guide_names_exists() -> None:
    lists = find_rows(read("data-scientists.md"), "| setting of a list |")
    degraded = find_rows(read("portal-engineers.md"), "| what | answer |")
    named = [name for row in [*lists, *degraded] for name in find_names(row[0])]
    assert len(named) > 7
    assert set(named) <= SETTINGS
    assert set(find_names(" ".join(row[1] for row in degraded))) <= {
        "overload",
        "store",
        "fault",
    } | {"up", "down"}


@EACH_DOCUMENT
def test_every_route_exists(document: Path, service: TestClient) -> None:
    routes = service.get("/openapi.json").json()["paths"]
    for name in ROUTE.findall(document.read_text(encoding="utf-8")):
        assert name in routes


def test_every_metric_exists_and_has_its_labels(service: TestClient) -> None:
    short = {"participant": {}, "k": 100, "filters": {"max_price_idr": 0}}
    service.post("/v1/recommendations", json=short).raise_for_status()
    shown = service.get("/metrics").text
    rows = find_rows(read("portal-engineers.md"), "| metric | labels |")
    for names in [name for row in rows for name in find_names(row[0])]:
        assert f"# HELP {names} " in shown
    labels = set(re.findall(r'[{,](\w+)="', shown))
    stages = set(re.findall(r'stage="(\w+)"', shown))
    (stage_row,) = [row for row in rows if row[0] == "`padan_stage_seconds`"]
    assert stages <= set(find_names(stage_row[1]))
    named = {name for row in rows for name in find_names(row[1])} - set(find_names(stage_row[1]))
    # no answer was degraded here, and no wish unmet
    assert named - {"cause", "region", "occupation", "topic", "notice"} <= labels
    everywhere = {
        name for path in DOCUMENTS for name in re.findall(r"\bpadan_[a-z_]+", path.read_text())
    }
    for name in everywhere - {"padan_client"}:
        assert f"# HELP {name} " in shown


def test_the_statuses_are_those_of_the_service(service: TestClient) -> None:
    operations = service.get("/openapi.json").json()["paths"].values()
    known = {
        int(status) for one in operations for way in one.values() for status in way["responses"]
    }
    rows = find_rows(read("portal-engineers.md"), "| status | why |")
    assert {int(row[0]) for row in rows} == {status for status in known if status >= 400} | {
        408,
        431,
        500,
    }


def test_the_fields_of_an_answer_are_those_of_the_service(service: TestClient) -> None:
    answer = service.post("/v1/recommendations", json={"participant": {}, "k": 1}).json()
    answer |= {f"items[].{name}": value for name, value in answer["items"][0].items()}
    rows = find_rows(read("portal-engineers.md"), "| field | meaning |")
    named = [name for row in rows for name in re.findall(r"`([\w.\[\]]+)`", row[0])]
    assert set(named) <= answer.keys()


def test_sources_and_features_are_those_of_the_engine() -> None:
    guide = read("data-scientists.md")
    sources = [name for row in find_rows(guide, "| source |") for name in find_names(row[0])]
    features = [name for row in find_rows(guide, "| feature |") for name in find_names(row[0])]
    more = [
        name for row in find_rows(guide, "| of real events also") for name in find_names(row[0])
    ]
    assert sorted(sources) == sorted(EXPLAINED)
    assert sorted([*sources, *more]) == sorted(Source)
    assert sorted([*sources, *features]) == sorted(FEATURES)


def test_the_kinds_of_rules_are_those_of_the_program() -> None:
    rows = find_rows(read("another-country.md"), "| kind | says |")
    assert {
        name for row in rows for name in find_names(row[0])
    } == RulesInForce.model_fields.keys() - {"day"}


def test_padan_config_prints_what_the_guide_says() -> None:
    printed = CliRunner().invoke(app, ["config"]).stdout
    spans = find_spans(read("portal-engineers.md"))
    assert "padan config" in spans
    assert all(name in printed for name in SETTINGS)
