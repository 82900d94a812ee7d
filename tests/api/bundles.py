"""Bundles made from a trained one by changing parts, without training again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from models.bundles.sealing import MANIFEST, open_draft, seal
from recommender.bundle.bundle import load_engine
from recommender.bundle.golden import Golden

Change = Callable[[Path], None]


def reseal(
    original: Path, bundles: Path, *changes: Change, head: dict[str, str] | None = None
) -> str:
    """Seal a changed copy of a bundle below ``bundles``; return its version."""
    with open_draft(bundles) as folder:
        shutil.copytree(original, folder, dirs_exist_ok=True)
        said = json.loads((folder / MANIFEST).read_text()) | (head or {})
        for change in changes:
            change(folder)
        for name in ("format", "version", "parts"):
            del said[name]
        return seal(folder, bundles, said).version


def rename(number: int) -> Change:
    """Another version that answers alike."""

    def change(folder: Path) -> None:
        (folder / "note.txt").write_text(str(number))

    return change


def reorder(folder: Path) -> None:
    """Rank by the fixed weights alone, and say so in the golden answers."""
    parts = json.loads((folder / "parts.json").read_text())
    (folder / "parts.json").write_text(json.dumps(parts | {"ranker": {"kind": "fixed"}}))
    golden = Golden.read(folder)
    Golden.of(load_engine(folder), golden.day, seed=0).write(folder)


def swap_features(folder: Path) -> None:
    """Say that the ranker's first two features stand in another order."""
    parts = json.loads((folder / "parts.json").read_text())
    first, second, *others = parts["features"]
    parts["features"] = [second, first, *others]
    (folder / "parts.json").write_text(json.dumps(parts))


def break_golden(folder: Path) -> None:
    """Say that the first participant with a list gets it in another order."""
    golden = json.loads((folder / "golden.json").read_text())
    case = next(case for case in golden["cases"] if case["course_ids"])
    case["course_ids"].reverse()
    (folder / "golden.json").write_text(json.dumps(golden))


def leave_out(name: str) -> Change:
    """Leave a part out."""
    return lambda folder: (folder / name).unlink()


def write_text(name: str, text: str) -> Change:
    """Give a part another content."""
    return lambda folder: (folder / name).write_text(text) and None
