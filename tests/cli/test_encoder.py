from __future__ import annotations

import pytest
from typer.testing import CliRunner

from cli.encoder import app
from training_data.home import padan_home


def test_install_prints_where_the_encoder_is() -> None:
    result = CliRunner().invoke(app, ["install"])
    assert result.exit_code == 0
    assert "multilingual-e5-small" in result.output
    assert (padan_home() / "encoders" / "multilingual-e5-small" / "modules.json").is_file()


def test_home_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADAN_HOME", "elsewhere")
    assert str(padan_home()) == "elsewhere"
    monkeypatch.delenv("PADAN_HOME")
    assert str(padan_home()) == "var"
