"""The documents of the project, and what stands in them as code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "clients" / "python" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")


def read(name: str) -> str:
    """Return the text of a document of ``docs``."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def name_document(path: Path) -> str:
    """Return where a document lies in the checkout."""
    return path.relative_to(ROOT).as_posix()


def find_blocks(text: str, language: str) -> list[str]:
    """Return the blocks of code in a language."""
    return [code for name, code in BLOCK.findall(text) if name == language]


def find_spans(text: str) -> list[str]:
    """Return the code that stands within lines."""
    return SPAN.findall(BLOCK.sub("", text))


def find_commands(text: str, program: str) -> Iterator[list[str]]:
    """Yield the words of each command of a program, in blocks of shell and within lines."""
    blocks = "\n".join(find_blocks(text, "bash")).replace("\\\n", " ")
    for words in _split_commands(blocks):
        if words[0].rpartition("/")[2] == program:
            yield words[1:]
    for span in find_spans(text):
        if span.startswith(f"{program} "):
            yield shlex.split(span)[1:]


def _split_commands(shell: str) -> Iterator[list[str]]:
    """Yield the words of each command; one in quotes may go over several lines."""
    waiting = ""
    for line in shell.splitlines():
        waiting = f"{waiting}\n{line}" if waiting else line
        try:
            words = shlex.split(waiting, comments=True)
        except ValueError:  # a quotation that goes on
            continue
        waiting = ""
        if words:
            yield words


def find_rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table whose head begins with ``heading``."""
    table = re.search(rf"^{re.escape(heading)}.*\n\|[-|]+\|\n((?:\|.*\n?)+)", text, re.MULTILINE)
    assert table, heading
    return [line.strip("| ").split(" | ") for line in table[1].splitlines()]


def find_names(cell: str) -> list[str]:
    """Return the names that a cell gives as code."""
    return re.findall(r"`([\w.-]+)`", cell)
