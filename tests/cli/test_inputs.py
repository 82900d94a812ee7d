"""`padan recommend` and `padan explain` on input that cannot be used: one clear line, exit status 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

COMMANDS = (["recommend"], ["explain", "--course", "makanan-001"])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("written", "named"),
    [
        ('{"regio": "Kota Kupang"}', "regio"),
        ('{"birth_year": "soon"}', "birth_year"),
        ("not json", "participant"),
        (None, "no such file"),
        ("{}", "padan train"),  # a good file, and no bundle yet
    ],
)
def test_the_message_names_what_is_wrong(
    command: list[str],
    written: str | None,
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PADAN_HOME", str(tmp_path / "home"))
    file = tmp_path / "file.json"
    if written is not None:
        file.write_text(written, encoding="utf-8")
    result = CliRunner().invoke(app, [*command, "--participant", str(file)])
    assert result.exit_code == 2
    assert named in result.output
