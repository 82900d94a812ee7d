"""`padan config`, and where a setting is looked for: the environment, the file, the default."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.settings import ServiceSettings
from cli.main import app
from recommender.matching.settings import AllocateSettings, BoundSettings
from store.settings import StoreSettings

ROOT = Path(__file__).parents[2]


def padan(*arguments: object, status: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    return result.output


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of settings, which is not there yet."""
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("PADAN_CONFIG", str(path))
    return path


def test_the_printed_file_is_the_one_that_is_kept_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where no file is
    defaults = ServiceSettings(), StoreSettings()
    printed = padan("config")
    assert printed == (ROOT / "padan.toml").read_text(encoding="utf-8")
    file = tmp_path / "settings.toml"
    file.write_text(printed, encoding="utf-8")
    monkeypatch.setenv("PADAN_CONFIG", str(file))
    assert "in order" in padan("config", "--check", file)
    assert (ServiceSettings(), StoreSettings()) == defaults


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("max_batch_sizes = 3", "max_batch_sizes: unknown"),
        ("max_batch_size = 0", "max_batch_size: "),
        ("audit_retention_days = 30", "audit_retention_days: "),
        ("max_batch_size =", "not valid TOML"),
        (None, "no such file"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(file: Path, written: str | None, named: str) -> None:
    if written is not None:
        file.write_text(written, encoding="utf-8")
    assert named in padan("serve", status=2)
    assert named in padan("config", "--check", file, status=2)


def test_the_environment_goes_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("max_batch_size = 7\nmax_queue_length = 70\n", encoding="utf-8")
    monkeypatch.setenv("PADAN_MAX_BATCH_SIZE", "8")
    settings = ServiceSettings()
    assert (settings.max_batch_size, settings.max_queue_length) == (8, 70)


def test_the_settings_of_an_allocation_are_printed_with_their_defaults(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["config", "allocate"]).output
    written = tomllib.loads(printed)
    assert AllocateSettings(**written) == AllocateSettings()
    for name in (*AllocateSettings.model_fields, *BoundSettings.model_fields):
        assert f"{name} =" in printed or f"[[{name}]]" in printed
    file = tmp_path / "allocate.toml"
    file.write_text(printed, encoding="utf-8")
    assert CliRunner().invoke(app, ["config", "allocate", "--check", str(file)]).exit_code == 0
    file.write_text('[[bounds]]\nregion = "31"\nflor = 3\n', encoding="utf-8")
    refused = CliRunner().invoke(app, ["config", "allocate", "--check", str(file)])
    assert refused.exit_code == 2
    assert "bounds.0.flor" in refused.output
