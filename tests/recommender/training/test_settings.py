"""The file of training settings: every key with its default, and what is wrong with one is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from recommender.retrieval.sources import BEHAVIOUR, EXPLAINED, Source, build_models
from recommender.training.settings import TrainSettings, TrainSettingsError


def padan(*arguments: object, status: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_the_printed_file_holds_every_key_with_its_default_and_a_comment(tmp_path: Path) -> None:
    printed = padan("config", "train")
    file = tmp_path / "train.toml"
    file.write_text(printed, encoding="utf-8")
    assert "in order" in padan("config", "train", "--check", file)
    assert TrainSettings.load(file) == TrainSettings()
    assert "# None" not in printed.splitlines()
    written = tomllib.loads(printed)
    assert set(written["sources"]) == set(BEHAVIOUR)
    for source, registered in BEHAVIOUR.items():
        optional = {
            name
            for name, field in registered.settings.model_fields.items()
            if field.default is None
        }
        assert set(written["sources"][source]) == set(registered.settings.model_fields) - optional
        assert all(field.description for field in registered.settings.model_fields.values())


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("horizons = 'time'", "horizons"),
        ("horizon = 'week'", "horizon"),
        ("[backtest]\ncutoffs = 0", "backtest.cutoffs"),
        ("[ranker]\nkinds = ['forest']", "ranker.kinds"),
        ("[sources.behaviour]\nl3 = 1", "behaviour.l3"),
        ("[sources.behaviour]\nl2 = 'much'", "behaviour.l2"),
        ("[sources.sequence]\nuse = 'often'", "sequence.use"),
        ("[sources.content]\nuse = 'never'", "content has nothing to set"),
        ("[sources.crowd]\nuse = 'never'", "crowd"),
        ("horizon =", "train.toml"),
        (None, "train.toml"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(
    tmp_path: Path, written: str | None, named: str
) -> None:
    file = tmp_path / "train.toml"
    if written is not None:
        file.write_text(written, encoding="utf-8")
    with pytest.raises(TrainSettingsError, match=named):
        TrainSettings.load(file)
    said = padan("train", "--data", tmp_path, "--config", file, status=2)
    assert named in said.replace("\n", "")


def test_sources_and_their_parameters_are_chosen(tmp_path: Path) -> None:
    file = tmp_path / "train.toml"
    file.write_text(
        "[sources.sequence]\nuse = 'never'\n[sources.factors]\nuse = 'always'\nfactors = 7\n"
    )
    settings = TrainSettings.load(file).sources
    simulated = build_models(settings, simulated=True)
    assert set(simulated) == {*EXPLAINED, Source.FACTORS} & set(BEHAVIOUR)
    assert simulated[Source.FACTORS].factors == 7  # type: ignore[attr-defined]
    real = build_models(settings, simulated=False)
    assert set(real) == set(BEHAVIOUR) - {Source.SEQUENCE}
