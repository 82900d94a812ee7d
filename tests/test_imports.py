"""Imports run one way: training_data <- models <- recommender <- evaluation, api <- cli."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "training_data": set(),
    "store": {"training_data"},
    "models": {"training_data"},
    "recommender": {"training_data", "store", "models"},
    "evaluation": {"training_data", "store", "models", "recommender"},
    "api": {"training_data", "store", "models", "recommender"},
    "benchmarks": {"training_data", "store", "models", "recommender", "evaluation", "api"},
    "cli": {"training_data", "store", "models", "recommender", "evaluation", "api", "benchmarks"},
}


def imported(path: Path) -> set[str]:
    """Top-level names of the absolute imports of a file, those inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_stands_before_it(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    for path in sorted((ROOT / package).rglob("*.py")):
        foreign = (imported(path) & MAY_IMPORT.keys()) - allowed
        assert not foreign, f"{path.relative_to(ROOT)} imports {', '.join(sorted(foreign))}"


def test_nothing_loads_pickle_or_evaluates_text() -> None:
    for package in MAY_IMPORT:
        for path in sorted((ROOT / package).rglob("*.py")):
            assert not imported(path) & {"pickle", "joblib", "dill", "cloudpickle"}, path
