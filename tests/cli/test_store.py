"""`padan store`, what `padan serve` refuses, and that `padan train` leaves the erased out."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app
from models.bundles.promotion import current
from store import audit, keys
from store.database import open_store
from store.dataset_import import import_dataset
from store.erasure import erase
from training_data.simulation import simulate_dataset

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PADAN_HOME", str(tmp_path))
    monkeypatch.delenv("PADAN_DATABASE_URL", raising=False)
    return tmp_path


def padan(*arguments: object, status: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_a_key_is_made_listed_and_revoked(home: Path) -> None:
    assert "up to date" in padan("store", "upgrade")
    key = padan("store", "add-key", "portal", "--scope", "portal", "--days", 3).strip()
    key_id, secret = keys.split_key(key) or ("", "")
    listed = padan("store", "keys")
    assert key_id in listed
    assert secret not in listed
    padan("store", "revoke-key", key_id)
    assert "no key" in padan("store", "revoke-key", key_id, status=2)
    assert (home / "store.sqlite").exists()


def test_the_audit_of_one_participant_is_shown() -> None:
    padan("store", "upgrade")
    store = open_store()
    with store.writing() as connection:
        for name in ("p1", "p2"):
            audit.record(connection, [audit.Entry("portal", "read", store.pseudonym(name))])
    lines = padan("store", "audit", "p1").splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["read"]


def test_retention_is_counted_and_audited() -> None:
    assert "0 participants, 0 events, 0 shown, 0 audit" in padan("store", "prune")


def test_a_wrong_database_ends_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADAN_DATABASE_URL", "mysql://x/y")
    assert "neither sqlite nor postgresql" in padan("store", "upgrade", status=2)


def test_development_is_for_this_machine_only() -> None:
    for host in ("0.0.0.0", "192.0.2.1", "example.org"):  # noqa: S104
        refused = padan("serve", "--development", "--host", host, status=2)
        assert "listens on 127.0.0.1 only" in refused


def test_without_a_key_in_force_the_service_does_not_start() -> None:
    assert "add-key" in padan("serve", status=2)
    padan("store", "upgrade")
    key = padan("store", "add-key", "portal", "--scope", "portal").strip()
    padan("store", "revoke-key", (keys.split_key(key) or ("", ""))[0])
    assert "add-key" in padan("serve", status=2)


def test_an_expired_key_is_not_in_force() -> None:
    store = open_store()
    store.upgrade()
    with store.writing() as connection:
        past = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        keys.create(connection, "portal", ["portal"], past)
    assert "add-key" in padan("serve", status=2)


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADAN_MAX_BODY_BYTES", "1")
    assert "PADAN_MAX_BODY_BYTES" in padan("serve", status=2)


def test_the_next_bundle_knows_nothing_of_the_erased(home: Path, tiny_directory: Path) -> None:
    dataset = simulate_dataset(home / "data", 60, dt.date(2024, 10, 1))
    store = open_store()
    store.upgrade()
    import_dataset(store, dataset)
    interested = dataset.read("participants").filter(
        ~pl.col("profiling_opt_out") & (pl.col("interests").list.len() > 0)
    )
    gone, other = interested["participant_id"].head(2)
    with store.writing() as connection:
        erase(connection, gone, store.pseudonym(gone))
    padan("train", "--data", dataset.folder, "--encoder", tiny_directory)
    assert other in list_indexed(home)
    assert gone not in list_indexed(home)
    bundle = home / "bundles" / (home / "bundles" / "current").read_text().strip()
    files = [file for file in bundle.rglob("*") if file.is_file()]
    assert not any(gone.encode() in file.read_bytes() for file in files)


def list_indexed(home: Path) -> list[str]:
    """Ids in the index of participants of the current bundle."""
    ids: list[str] = json.loads((current(home / "bundles") / "participants.ids.json").read_text())
    return ids
