"""Imports run one way, among packages, folders and files.

training_data <- store, models <- recommender <- evaluation, api <- benchmarks <- padan <- cli
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
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
}
MAY_IMPORT["padan"] = {*MAY_IMPORT}
MAY_IMPORT["cli"] = {*MAY_IMPORT}
FLAT = {"__init__.py", "engine.py", "settings.py", "objective.py", "trace.py"}  # in recommender/
RUN_WHAT_THEY_READ = {"pickle", "joblib", "dill", "cloudpickle"}
Graph = dict[str, set[str]]


def find_files(package: str) -> Iterator[Path]:
    """Yield the source files of a package, and the stubs of its compiled modules."""
    for suffix in ("py", "pyi"):
        yield from sorted((ROOT / package).rglob(f"*.{suffix}"))


def name_module(path: Path) -> str:
    """Return the dotted name of a file's module; a package's is that of its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def read_imports(path: Path) -> frozenset[str]:
    """Return the dotted names that a file imports, inside functions and for type checks too."""
    module = name_module(path)
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            names |= {f"{source}.{alias.name}" for alias in node.names}
    return frozenset(names)


def list_packages(path: Path) -> set[str]:
    """Return the top-level packages that a file imports."""
    return {name.partition(".")[0] for name in read_imports(path)}


def find_module(name: str, files: Mapping[str, Path]) -> str | None:
    """Return the module that an imported name is or lies in; None for one of others."""
    while name and name not in files:
        name = name.rpartition(".")[0]
    return name or None


@cache
def build_file_graph() -> Graph:
    """Return the files that each file imports."""
    files = {name_module(path): path for package in MAY_IMPORT for path in find_files(package)}
    graph: Graph = {}
    for path in files.values():
        found = {find_module(name, files) for name in read_imports(path)}
        graph[show(path)] = {show(files[module]) for module in found if module is not None}
    return graph


def build_folder_graph(package: str) -> Graph:
    """Return what each folder of a package imports; its own files are nodes, but one that only re-exports."""

    def find_folder(file: str) -> str | None:
        top, _, rest = file.partition("/")
        if top != package or (rest == "__init__.py" and only_reexports(ROOT / file)):
            return None
        return f"{package}/{rest.partition('/')[0]}"

    graph: Graph = {}
    for file, imported in build_file_graph().items():
        if (folder := find_folder(file)) is not None:
            others = {find_folder(other) for other in imported} - {None, folder}
            graph.setdefault(folder, set()).update(filter(None, others))
    return graph


def only_reexports(path: Path) -> bool:
    """Whether a file holds nothing but a docstring, imports and ``__all__``."""
    return all(
        isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
    )


def find_circle(graph: Graph) -> str:
    """Return one circle, each importing the next; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(reversed(error.args[1]))
    return ""


def show(path: Path) -> str:
    """Return where a file lies in the checkout."""
    return path.relative_to(ROOT).as_posix()


def test_every_package_has_its_place() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages == MAY_IMPORT.keys()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_stands_before_it(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    for path in find_files(package):
        foreign = (list_packages(path) & MAY_IMPORT.keys()) - allowed
        assert not foreign, f"{show(path)} imports {', '.join(sorted(foreign))}"


def test_no_files_import_each_other() -> None:
    assert not find_circle(build_file_graph())


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_folders_of_a_package_import_each_other(package: str) -> None:
    assert not find_circle(build_folder_graph(package))


def test_no_stage_lies_flat_in_the_recommender() -> None:
    assert {path.name for path in (ROOT / "recommender").iterdir() if path.is_file()} <= FLAT


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_nothing_imports_what_runs_the_files_it_reads(package: str) -> None:
    for path in find_files(package):
        found = list_packages(path) & RUN_WHAT_THEY_READ
        assert not found, f"{show(path)} imports {', '.join(sorted(found))}"
