"""The map of the house is true: each path that a document names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.documents import DOCUMENTS, ROOT, find_blocks, find_spans, name_document

PACKAGES = "training_data|store|models|recommender|evaluation|api|benchmarks|padan|cli|clients|tests|docs|examples"
PATH = re.compile(rf"(?<![\w/.])((?:{PACKAGES})/[\w./*-]*)")
LINK = re.compile(
    r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)|^\s*click \w+ \"([^\"]+)\"", re.MULTILINE
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_document)
def test_every_path_and_link_of_a_document_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    code = "\n".join([*find_spans(text), *find_blocks(text, "bash"), *find_blocks(text, "")])
    for name in PATH.findall(code):
        assert list(ROOT.glob(name.rstrip("/"))), f"{document.name} names {name}"
    for in_text, in_diagram in LINK.findall(text):
        target = document.parent / (in_text or in_diagram)
        assert target.exists(), f"{document.name} links to {target}"


def test_the_map_names_every_folder_of_the_house() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {
        path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"
    }
    assert packages == set(re.findall(r"\[`(\w+)/`\]", text)) - {"clients"}
