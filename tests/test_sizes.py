"""No bags: a class of many fields or a function of many parameters has a reason that stands here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).parents[1]
FOLDERS = (
    "training_data",
    "store",
    "models",
    "recommender",
    "evaluation",
    "api",
    "benchmarks",
    "padan",
    "cli",
    "clients",
)
MAX_FIELDS, MAX_PARAMETERS = 12, 7

COMMAND = "each parameter is an option of the command"
PUBLIC = "the contract's fields, which others read"
STATISTICS = "keyword options with defaults; most callers give none"
DEFENDED = {
    "api/settings.py:ServiceSettings": "each field is a setting",
    "benchmarks/quality/run.py:run": "keyword options of the command, with defaults",
    "cli/allocate.py:allocate": COMMAND,
    "cli/bench_quality.py:quality": COMMAND,
    "cli/evaluate.py:evaluate": COMMAND,
    "cli/serve.py:serve": COMMAND,
    "clients/python/padan_client/_calls.py:courses": "each parameter is one of the query",
    "clients/python/padan_client/models.py:AllocateSettings": PUBLIC,
    "clients/python/padan_client/models.py:Profile": PUBLIC,
    "clients/python/padan_client/models.py:Item": PUBLIC,
    "clients/python/padan_client/models.py:RecommendationResponse": PUBLIC,
    "clients/python/padan_client/models.py:PlanResponse": PUBLIC,
    "clients/python/padan_client/models.py:LatestRecommendations": PUBLIC,
    "models/bundles/sealing.py:Manifest": PUBLIC,
    "recommender/matching/settings.py:AllocateSettings": "each field is a setting",
    "recommender/responses/recommendations.py:Item": PUBLIC,
    "training_data/profiles.py:Profile": PUBLIC,
    "training_data/programmes/rules.py:RulesInForce": "each field is a kind of rule",
    "evaluation/comparison.py:compare": STATISTICS,
    "recommender/reranking/greedy.py:rerank": STATISTICS,
    "models/text/static_student.py:distil": STATISTICS,
    "evaluation/evaluate.py:Evaluation": "each field is a part of the report",
    "models/text/e5_installer.py:PackedModel": "what the packed model's metadata states",
    "recommender/catalogue/catalogue.py:Catalogue": "each field is a column of the catalogue",
    "training_data/simulation/people.py:People": "each field is a column of the people",
    "training_data/simulation/world.py:World": "each field is a column or a constant of the simulated world",
    "training_data/simulation/choices.py:_visit": "the state of a walk that its step reads and changes",
    "training_data/simulation/events.py:_frame": "each parameter is a column of the table",
}


def find_bags() -> Iterator[str]:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if is_bag(node):
                    yield f"{name}:{node.name}"


def is_bag(node: ast.AST) -> TypeGuard[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    if isinstance(node, ast.ClassDef):
        return count_fields(node) > MAX_FIELDS
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return count_parameters(node.args) > MAX_PARAMETERS
    return False


def count_fields(node: ast.ClassDef) -> int:
    fields = [child for child in node.body if isinstance(child, ast.AnnAssign)]
    return sum("ClassVar" not in ast.unparse(field.annotation) for field in fields)


def count_parameters(arguments: ast.arguments) -> int:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in every)


def test_every_bag_has_a_reason_and_every_reason_a_bag() -> None:
    assert sorted(find_bags()) == sorted(DEFENDED)
