"""padan-client as a distribution of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "clients" / "python"
MAX_MODULES = 400
SERVER = (
    "api",
    "benchmarks",
    "cli",
    "evaluation",
    "models",
    "padan",
    "recommender",
    "store",
    "training_data",
)
COUNT = """
import json, sys
import padan_client
print(json.dumps([len(sys.modules), sorted({name.split(".")[0] for name in sys.modules})]))
"""


def test_the_client_loads_little_and_lives_beside_folders_of_the_same_names(tmp_path: Path) -> None:
    for name in SERVER:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('of the portal')\n")
    ran = subprocess.run(
        [sys.executable, "-c", COUNT], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    count, names = json.loads(ran.stdout)
    print(f"{count} modules")
    assert count < MAX_MODULES
    assert not set(names) & {*SERVER, "fastapi", "numpy", "polars", "sqlalchemy"}


@pytest.mark.slow
def test_a_wheel_works_in_an_empty_environment(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(CLIENT, source, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("padan_client-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert "padan_client/py.typed" in names
    assert any(name.endswith("LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"padan_client"}
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run([python, "-m", "pip", "--quiet", "install", wheel], check=True)
    ran = subprocess.run(
        [python, "-c", COUNT], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    count, _ = json.loads(ran.stdout)
    print(f"{count} modules")
    assert count < MAX_MODULES
