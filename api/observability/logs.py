"""Logs: one line of JSON a record, with the request's id and without anything that was sent.

Messages of exceptions may repeat values, of a profile or of a database's row; so an exception is logged by
its types and the places it came through, never by its message.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from api.observability.request_ids import current

FIELDS = ("levelname", "name", "message")
ALWAYS = "padan.process"  # start and stop are told whatever else is
QUIET = ("httpx", "httpcore")  # they log addresses, with whatever stands in them

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def start(level: str) -> None:
    """Write every record of the process to standard error from here on.

    Parameters
    ----------
    level : str
        The least that is written, as `logging` names it; at ``INFO`` that is a line for each request.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger(ALWAYS).setLevel(min(logging.INFO, logging.getLevelNamesMapping()[level]))
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class Lines(JsonFormatter):
    """Formats a record as a line of JSON."""

    def __init__(self) -> None:
        super().__init__(
            FIELDS,
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
            timestamp="at",
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Add the id of the request that is being answered."""
        request_id = current()
        return log_data if request_id is None else log_data | {"request_id": request_id}

    def formatException(self, ei: ExcInfo) -> list[str]:  # type: ignore[override]  # noqa: N802
        """Return the types of an exception and of its causes, each with the places it came through."""
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            lines.append(type(error).__qualname__)
            frames = traceback.extract_tb(error.__traceback__)
            lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
            error = error.__cause__ or error.__context__
        return lines
