"""The examples of the guides run: what portals send, notebooks, models, rules, skills."""

from __future__ import annotations

import ast
import importlib
import json
import tomllib
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from recommender.eligibility.exclusion_codes import Exclusion
from recommender.eligibility.remedies import REMEDIES
from recommender.objective import DEFAULT, Objective
from tests.docs.documents import (
    DOCUMENTS,
    ROOT,
    find_blocks,
    find_commands,
    find_names,
    find_rows,
    name_document,
    read,
)
from training_data.programmes.rules import Rule
from training_data.skills.loading import load_skills

PORTAL, SCIENTISTS = read("portal-engineers.md"), read("data-scientists.md")


def find_block(text: str, language: str, words: str) -> str:
    (found,) = [block for block in find_blocks(text, language) if words in block]
    return found


def test_the_service_takes_what_the_guide_sends(service: TestClient) -> None:
    sent = list(find_commands(PORTAL, "curl"))
    assert len(sent) == 4
    for words in sent:
        (url,) = [word for word in words if word.startswith("http://")]
        body = json.loads(words[words.index("-d") + 1])
        answer = service.post(httpx.URL(url).path, json=body)
        assert answer.is_success, answer.text


def test_the_client_asks_as_the_guide_does(
    service: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(httpx, "Client", lambda **_: service)
    exec(find_block(PORTAL, "python", "padan_client"), {})  # noqa: S102
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_the_notebook_runs(
    tiny_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PADAN_HOME", str(tiny_home))
    exec(find_block(SCIENTISTS, "python", "import padan"), {})  # noqa: S102
    assert "training" in capsys.readouterr().out


def test_the_model_of_the_guide_is_the_example() -> None:
    example = (ROOT / "examples" / "own_model.py").read_text(encoding="utf-8")
    assert example.endswith(find_block(SCIENTISTS, "python", "class NextByCount"))


def test_the_objective_of_the_guide_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "objective.toml"
    path.write_text(find_block(SCIENTISTS, "toml", "outcome_share"), encoding="utf-8")
    assert Objective.load(path) == DEFAULT


def test_the_config_of_the_guide_makes_a_model() -> None:
    config = tomllib.loads(find_block(SCIENTISTS, "toml", "[parameters]"))
    module, _, name = config["class"].partition(":")
    assert getattr(importlib.import_module(module), name)(**config["parameters"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_document)
def test_every_import_of_an_example_works(document: Path) -> None:
    for block in find_blocks(document.read_text(encoding="utf-8"), "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                exec(ast.unparse(node), {})  # noqa: S102


@pytest.mark.parametrize("document", ["officers.md", "another-country.md"])
def test_the_rule_of_a_guide_is_a_rule(document: str) -> None:
    (rule,) = tomllib.loads(find_block(read(document), "toml", "[[rule]]"))["rule"]
    TypeAdapter(Rule).validate_python(rule)


def test_the_skill_of_the_guide_is_a_skill(tmp_path: Path) -> None:
    skills = find_block(read("another-country.md"), "toml", "[[skill]]")
    (tmp_path / "skills.toml").write_text(skills, encoding="utf-8")
    (term,) = load_skills(tmp_path).terms
    assert term.names() == ("motor de barco", "motor fora de borda")


def test_the_exclusions_are_those_of_the_engine() -> None:
    rows = find_rows(read("officers.md"), "| about | reasons (code) |")
    named = [(name, row[2]) for row in rows for name in find_names(row[1])]
    assert sorted(name for name, _ in named) == sorted(Exclusion)
    assert {name for name, helps in named if helps == "nothing"} == {*Exclusion} - REMEDIES.keys()
