"""The README's commands, run as a newcomer would, from its own code blocks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from filelock import FileLock

from tests.ports import free_port
from training_data.home import padan_home

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)
MINUTES = 60


def block_with(words: str) -> str:
    (found,) = [block for block in BLOCKS if words in block]
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, e5_directory: Path) -> Path:
    return make_home(tmp_path_factory.mktemp("readme-home"), e5_directory)


def make_home(folder: Path, e5_directory: Path) -> Path:
    """Make a PADAN_HOME of its own that shares the installed encoder and the kept embeddings."""
    (folder / "encoders").symlink_to(e5_directory.parent.resolve())
    kept = padan_home().resolve() / "embeddings.sqlite"
    (folder / "embeddings.sqlite").symlink_to(kept)
    return folder


def run(command: str, home: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PADAN_HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=10 * MINUTES,
        check=False,
    )


def test_make_demo_and_make_test_are_what_the_readme_says() -> None:
    listed = subprocess.run(
        ["make", "--dry-run", "--always-make", "demo", "test"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert block_with("make demo").strip() == "make demo"
    assert block_with("make test").strip() == "make test"
    assert "padan demo" in listed
    assert "pytest" in listed


@pytest.fixture(scope="module")
def demo(home: Path, teachers_turn: FileLock) -> Iterator[tuple[str, str]]:
    """The running demo: its address and what it printed before it listened."""
    with teachers_turn, run_demo(home, Path(sys.executable)) as url:
        yield url, (home / "demo.log").read_text(encoding="utf-8")


@contextmanager
def run_demo(home: Path, python: Path) -> Iterator[str]:
    """Run `padan demo` of an environment until it answers; yield its address."""
    port = free_port()
    log = home / "demo.log"
    url = f"http://127.0.0.1:{port}"
    process = _start(port, home, log, python)
    try:
        _wait_until_ready(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def _start(port: int, home: Path, log: Path, python: Path) -> subprocess.Popen[bytes]:
    with log.open("w", encoding="utf-8") as output:
        return subprocess.Popen(
            [python.parent / "padan", "demo", "--port", str(port)],
            cwd=home,
            env=os.environ | {"PADAN_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(10 * MINUTES):
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(1)
    pytest.fail(log.read_text(encoding="utf-8"))


def test_the_curl_line_of_the_readme_gets_ten_trainings_and_why_they_fit(
    demo: tuple[str, str], home: Path, tmp_path: Path
) -> None:
    url, printed = demo
    command = block_with("curl").replace("http://127.0.0.1:8000", url)
    assert "".join(command.split()) in "".join(printed.split())
    done = run(command, home, tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert len(answer["items"]) == 10
    assert answer["items"][0]["reasons"]
    assert all(item["reasons"] or item["fit"] == "other" for item in answer["items"])
    assert all(item["price_idr"] <= 1_500_000 for item in answer["items"])
    assert not answer["degraded"]


def test_the_commands_on_own_data_work(home: Path, tmp_path: Path) -> None:
    (tmp_path / "catalogue.csv").write_text(
        "kode,judul,lembaga,jenis,harga\n"
        'k1,Menjahit Baju untuk Pemula,LPK Contoh,Online,"Rp 250.000"\n'
        "k2,Las Listrik Dasar,LPK Contoh,Online,Gratis\n"
        "k3,Tanpa Harga,LPK Contoh,Online,entah\n",
        encoding="utf-8",
    )
    (tmp_path / "mapping.toml").write_text(
        'kind = "courses"\n'
        '[columns]\ncourse_id = "kode"\ntitle = "judul"\nprovider_id = "lembaga"\n'
        'mode = "jenis"\nprice_idr = { source = "harga", parser = "price" }\n'
        '[enumerations.mode]\nOnline = "self_paced"\n',
        encoding="utf-8",
    )
    participant = re.search(r"```json\n(.*?)```", README, flags=re.DOTALL)
    file = re.search(r"--participant (\S+)", block_with("padan import"))
    assert participant
    assert file
    (tmp_path / file[1]).write_text(participant[1], encoding="utf-8")
    commands = [
        line
        for line in block_with("padan import").splitlines()
        if not line.startswith("padan serve")
    ]
    done = run("\n".join(commands), home, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Las Listrik Dasar" in done.stdout
    assert "1 rows" in done.stdout  # the row without a readable price is told of, not lost


@pytest.mark.slow
def test_a_wheel_in_an_empty_environment_does_what_the_readme_says(
    e5_directory: Path,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    teachers_turn: FileLock,
) -> None:
    home = make_home(tmp_path_factory.mktemp("wheel-home"), e5_directory)
    python = install_wheel(tmp_path)
    with teachers_turn, run_demo(home, python) as url:
        assert httpx.get(f"{url}/readyz").is_success
    (lines,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    done = subprocess.run(
        [python, "-c", lines],
        cwd=tmp_path,
        env=os.environ | {"PADAN_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(f"│ {place} │" in done.stdout for place in range(1, 6)), done.stdout


def install_wheel(folder: Path) -> Path:
    """Build the checkout's wheel and install it into an environment of its own; return its Python."""
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("padan-*.whl")
    subprocess.run([sys.executable, "-m", "venv", folder / "environment"], check=True)
    python = folder / "environment" / "bin" / "python"
    lock = ROOT / "requirements.lock"
    subprocess.run([python, "-m", "pip", "install", "-q", "-c", lock, wheel], check=True)
    return python


@pytest.mark.slow
def test_simulate_and_evaluate_work(home: Path, tmp_path: Path) -> None:
    done = run(block_with("padan evaluate"), home, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ndcg" in done.stdout.lower()
