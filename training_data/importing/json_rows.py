"""JSON and JSON Lines, record by record; what is nested has a dotted name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from training_data.importing.source import Source, SourceBuilder, as_text

Record = dict[str, str | None]


def read_json(path: Path, records: str) -> Source:
    """Read a list of objects, or the one list of objects within an object.

    Parameters
    ----------
    records : str
        Dotted path of the list; "" where there is one only.

    Raises
    ------
    ValueError
        If there is no such list, or more than one and none is named.
    """
    content = json.loads(path.read_bytes())
    return build_source([_take_apart(one) for one in _find_records(content, records)])


def read_json_lines(path: Path) -> Source:
    """Read an object a line; empty lines are passed over."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
        return build_source(
            [_take_line_apart(number, line) for number, line in enumerate(file, 1) if line.strip()]
        )


def build_source(found: Sequence[Record | tuple[str, str]]) -> Source:
    """Return records by name, and those that are none as (reason, raw).

    Raises
    ------
    ValueError
        If not one record has a field.
    """
    names = dict.fromkeys(name for one in found if isinstance(one, dict) for name in one)
    if not names:
        raise ValueError("no object with a field is there")
    builder = SourceBuilder(list(names))
    for one in found:
        if isinstance(one, dict):
            builder.add([one.get(name) for name in names])
        else:
            builder.add_broken(*one)
    return builder.build()


def flatten(record: dict[str, object]) -> Iterator[tuple[str, str | None]]:
    """Yield the dotted name and the text of each value; lists stay lists, in JSON.

    Of a list of objects, each of their fields is a list, too.
    """
    for name, value in record.items():
        if isinstance(value, dict) and value:
            yield from ((f"{name}.{inner}", text) for inner, text in flatten(value))
            continue
        yield name, as_text(value)
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for inner in dict.fromkeys(inner for one in value for inner in one):
                yield f"{name}.{inner}", as_text([one.get(inner) for one in value])


def _take_line_apart(number: int, line: str) -> Record | tuple[str, str]:
    try:
        return _take_apart(json.loads(line))
    except (ValueError, RecursionError):
        return f"line {number} is not JSON", line


def _take_apart(one: object) -> Record | tuple[str, str]:
    if not isinstance(one, dict):
        return "is no object", json.dumps(one)
    record = dict(flatten(one))
    try:
        "".join((*record, *filter(None, record.values()))).encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)", json.dumps(one)
    return record


def _find_records(content: object, path: str) -> list[object]:
    """Return the list at a path, or the only list of objects."""
    if path:
        at: object = content
        for name in path.split("."):
            at = at.get(name) if isinstance(at, dict) else None
        if isinstance(at, list):
            return at
        raise ValueError(f"no list at records = {path!r}")
    if isinstance(content, list):
        return content
    lists = dict(_lists(content, ""))
    if len(lists) == 1:
        return next(iter(lists.values()))
    if lists:
        raise ValueError(
            f'lists of objects are at {", ".join(lists)}: records = "{next(iter(lists))}" '
            "in the mapping names the one that is meant"
        )
    raise ValueError("a list of objects is needed")


def _lists(content: object, at: str) -> Iterator[tuple[str, list[object]]]:
    """Yield each list that holds an object, with its path; lists within lists are not looked at."""
    if isinstance(content, list) and any(isinstance(one, dict) for one in content):
        yield at, content
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from _lists(value, f"{at}.{name}" if at else name)
